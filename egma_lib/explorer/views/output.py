"""From a figure to bytes or a file, and the figure that only says something."""

from __future__ import annotations

import textwrap
from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from egma_lib.artefacts import atomic_path
from egma_lib.errors import ArtefactError
from egma_lib.figures.style import new_figure, styled

_SUFFIXES = (".png", ".pdf")


def pixels(figure: Figure, dpi: float = 100) -> np.ndarray:
    """Return the figure as uint8, shape (height, width, 3), `dpi` pixels an inch."""
    before = figure.dpi
    figure.set_dpi(dpi)
    # One drawing of the canvas; `savefig` draws everything twice, once only to measure.
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    drawn = np.asarray(canvas.buffer_rgba())[..., :3].copy()
    figure.set_dpi(before)
    return drawn


def png_bytes(figure: Figure, dpi: float = 100) -> bytes:
    """Return the figure as PNG, `dpi` pixels an inch; the same figure gives the same bytes."""
    buffer = BytesIO()
    # Level 1: the picture is sent once over the loopback, so the time to compress it is what is felt.
    Image.fromarray(pixels(figure, dpi)).save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()


def save_view(figure: Figure, path: Path, dpi: float = 200) -> Path:
    """Write the figure as PNG or PDF, by the suffix of `path`, whole or not at all, and return `path`.

    Raises
    ------
    ArtefactError
        The suffix is neither `.png` nor `.pdf`.
    """
    suffix = path.suffix.lower()
    if suffix not in _SUFFIXES:
        raise ArtefactError(
            f"{path}: a view is saved as {' or '.join(_SUFFIXES)}, not as {suffix or 'no suffix'!r}"
        )
    # Dates inside the files would make two equal views differ.
    metadata = {"CreationDate": None} if suffix == ".pdf" else {"Software": None}
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=dpi, metadata=metadata)
    return path


@styled
def draw_message(text: str, width: float = 6.2, height: float = 6.2) -> Figure:
    """Draw words where a picture would stand: what is missing, and what to do.

    Parameters
    ----------
    text
        Lines of the text are kept, long ones wrapped.
    width, height
        Inches.
    """
    figure = new_figure(width, height)
    columns = int(width * 11)
    lines = [part for line in text.splitlines() for part in textwrap.wrap(line, columns) or [""]]
    figure.text(0.5, 0.5, "\n".join(lines), ha="center", va="center", fontsize=11, color="0.25")
    figure.set_layout_engine("none")
    return figure
