"""One process per run folder: wait for a living owner, end an orphan."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock, Timeout

from egma_lib.artefacts import read_json, write_json

_log = logging.getLogger(__name__)

_OWNER_FILE = "owner.json"
_END_GRACE_S = 5.0


@contextmanager
def run_lock(folder: Path, poll_s: float = 1.0) -> Iterator[None]:
    """Hold the lock of a run folder.

    The lock is the operating system's, so it goes with its process. `owner.json` names who holds it: while
    that process and the one that started it live, this call waits; an orphan (its parent is gone, so nobody
    will take its result) is ended.

    Parameters
    ----------
    folder
        Run folder; made if need be.
    poll_s
        Seconds between looks at the owner.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".lock")
    waiting = False
    while True:
        try:
            lock.acquire(timeout=poll_s)
            break
        except Timeout:
            owner = _read_owner(folder)
            if owner is not None and _is_orphan(owner):
                _log.warning(
                    "ending process %s, which holds %s and has lost its parent", owner["pid"], folder
                )
                _end(owner)
            elif not waiting:
                _log.warning("waiting for %s, which another process is training", folder)
                waiting = True
    try:
        write_json(folder / _OWNER_FILE, _describe_self())
        yield
    finally:
        (folder / _OWNER_FILE).unlink(missing_ok=True)
        lock.release()


def _describe_self() -> dict[str, Any]:
    me = psutil.Process()
    parent = me.parent()
    return {
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "started_s": me.create_time(),
        "parent_pid": None if parent is None else parent.pid,
        "parent_started_s": None if parent is None else parent.create_time(),
    }


def _read_owner(folder: Path) -> dict[str, Any] | None:
    """Return who holds the lock, or None in the moment before the holder has written it."""
    path = folder / _OWNER_FILE
    return read_json(path) if path.exists() else None


def _is_running(pid: int | None, started_s: float | None) -> bool:
    """Whether the very process still runs; a reused number belongs to another start time."""
    if pid is None or started_s is None:
        return False
    try:
        process = psutil.Process(pid)
        return abs(process.create_time() - started_s) < 1.0 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _is_orphan(owner: dict[str, Any]) -> bool:
    here = owner["host"] == socket.gethostname()
    return (
        here
        and _is_running(owner["pid"], owner["started_s"])
        and not _is_running(owner["parent_pid"], owner["parent_started_s"])
    )


def _end(owner: dict[str, Any]) -> None:
    try:
        process = psutil.Process(owner["pid"])
        process.terminate()
        try:
            process.wait(_END_GRACE_S)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(_END_GRACE_S)
    except psutil.NoSuchProcess:
        return
