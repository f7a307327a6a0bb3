"""Ctrl-C and SIGTERM: end the kernel and its training workers, then leave."""

from __future__ import annotations

import signal
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psutil import Process


class Interrupted(BaseException):
    """The user or the system asked the runner to stop; no `except Exception` may swallow it.

    Parameters
    ----------
    signal_number
        SIGINT or SIGTERM.
    older
        The processes below this one that were there before the work that is stopped: not ours to end.
    """

    def __init__(self, signal_number: int, older: Collection[Process] = ()) -> None:
        super().__init__(signal.Signals(signal_number).name)
        self.exit_status = 128 + signal_number
        self.older = older


@contextmanager
def interruptible() -> Iterator[None]:
    """Turn the first SIGINT or SIGTERM into `Interrupted`; later ones are ignored: cleaning up has to end."""
    import psutil

    signals = (signal.SIGINT, signal.SIGTERM)
    older = psutil.Process().children(recursive=True)

    def stop(number: int, frame: FrameType | None) -> None:
        for other in signals:
            signal.signal(other, signal.SIG_IGN)
        raise Interrupted(number, older)

    before = {number: signal.signal(number, stop) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def end_children(older: Collection[Process]) -> None:
    """End every process below this one but the `older` ones.

    The kernel lives in a session of its own and its workers below it, so a signal to this process's group
    would reach neither; the tree of parents does.
    """
    import psutil

    _end([child for child in psutil.Process().children(recursive=True) if child not in older])


def end_family(pid: int) -> None:
    """End a process and every one below it; nothing to do where it has ended."""
    import psutil

    try:
        head = psutil.Process(pid)
        family = [head, *head.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    _end(family)


def _end(processes: Sequence[Process], grace_s: float = 3.0) -> None:
    """Ask, wait `grace_s` seconds, kill.

    All are listed before any is ended: the children of a dead parent can no longer be found.
    """
    import psutil

    for act, wait_s in ((psutil.Process.terminate, grace_s), (psutil.Process.kill, 1.0)):
        for process in processes:
            try:
                act(process)
            except psutil.NoSuchProcess:
                continue
        _, processes = psutil.wait_procs(processes, timeout=wait_s)
