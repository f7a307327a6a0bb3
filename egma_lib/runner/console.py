"""Progress as plain lines on stderr: one per heading of a notebook, rewritten in place on a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Any, TextIO


class Console:
    """Writes what the runner does.

    Parameters
    ----------
    stream
        Where to; stderr by default, so that stdout stays free.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr
        self._open_line = False

    def line(self, text: str) -> None:
        """Write a line of its own."""
        self._write(("\n" if self._open_line else "") + text + "\n")
        self._open_line = False

    def rewrite(self, text: str) -> None:
        """Write a line that the next one replaces (terminals only)."""
        if self.stream.isatty():
            self._write(f"\r\033[K{text[:100]}")
            self._open_line = True

    def _write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()


class CellProgress:
    """Follows the cells of one notebook.

    Parameters
    ----------
    console
        Where to write.
    label
        Name and position of the notebook, such as `03_zero_shot (4 of 8)`.
    cells
        The notebook's cells, in the order in which they are executed.
    """

    def __init__(self, console: Console, label: str, cells: Sequence[Any]) -> None:
        self.console = console
        self.label = label
        self.headings = _headings(cells)
        self.started = time.monotonic()
        self.position = 0
        self.heading = ""

    def __call__(self, cell: Any, cell_index: int) -> None:
        """Show that a code cell begins; nbclient calls this."""
        heading = self.headings[cell_index]
        text = (
            f"  {self.label} · cell {cell_index + 1}/{len(self.headings)} · {heading} · "
            f"{time.monotonic() - self.started:.0f} s"
        )
        if self.console.stream.isatty():
            self.console.rewrite(text)
        elif heading != self.heading:
            self.console.line(text)
        self.position, self.heading = cell_index + 1, heading


def _headings(cells: Sequence[Any]) -> list[str]:
    """Return for each cell the last markdown heading at or above it."""
    headings, last = [], ""
    for cell in cells:
        if cell["cell_type"] == "markdown":
            titles = [line for line in "".join(cell["source"]).splitlines() if line.startswith("#")]
            last = titles[-1].lstrip("# ").strip() if titles else last
        headings.append(last)
    return headings
