"""Ctrl-C and SIGTERM: end the kernel and its training workers, then leave."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupted(BaseException):
    """The user or the system asked the runner to stop; no `except Exception` may swallow it.

    Parameters
    ----------
    signal_number
        SIGINT or SIGTERM.
    """

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal.Signals(signal_number).name)
        self.exit_status = 128 + signal_number


@contextmanager
def interruptible() -> Iterator[None]:
    """Turn the first SIGINT or SIGTERM into `Interrupted`; later ones are ignored: cleaning up has to end."""
    signals = (signal.SIGINT, signal.SIGTERM)

    def stop(number: int, frame: FrameType | None) -> None:
        for other in signals:
            signal.signal(other, signal.SIG_IGN)
        raise Interrupted(number)

    before = {number: signal.signal(number, stop) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def end_children(grace_s: float = 3.0) -> None:
    """End every process below this one: ask, wait `grace_s` seconds, kill.

    The kernel lives in a session of its own and its workers below it, so a signal to this process's group
    would reach neither; the tree of parents does.
    """
    import psutil

    # Listed before any is ended: the children of a dead parent can no longer be found.
    children = psutil.Process().children(recursive=True)
    for act, wait_s in ((psutil.Process.terminate, grace_s), (psutil.Process.kill, 1.0)):
        for process in children:
            try:
                act(process)
            except psutil.NoSuchProcess:
                continue
        _, children = psutil.wait_procs(children, timeout=wait_s)
