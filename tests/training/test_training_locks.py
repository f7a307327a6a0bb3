import json
import socket
import subprocess
import sys
import threading
import time

import psutil
import pytest
from filelock import FileLock

from egma_lib.training.locks import run_lock

_HOLDER = """
import sys, time
from filelock import FileLock

with FileLock(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Yield a process that holds the lock of the run folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(tmp_path / ".lock")], stdout=subprocess.PIPE
    )
    process.stdout.readline()
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def write_owner(folder, process, parent_pid, parent_started_s, host=None):
    owner = {
        "host": host or socket.gethostname(),
        "pid": process.pid,
        "started_s": psutil.Process(process.pid).create_time(),
        "parent_pid": parent_pid,
        "parent_started_s": parent_started_s,
    }
    (folder / "owner.json").write_text(json.dumps(owner))


def test_an_orphan_is_ended_and_its_lock_taken(tmp_path, holder):
    write_owner(tmp_path, holder, parent_pid=psutil.Process().pid, parent_started_s=1.0)  # a reused number
    with run_lock(tmp_path, poll_s=0.05):
        holder.wait(5)
    assert not (tmp_path / "owner.json").exists()


@pytest.mark.parametrize("host", [None, "another-host"], ids=["parent_lives", "on_another_host"])
def test_a_living_owner_is_waited_for(tmp_path, holder, host):
    me = psutil.Process()
    write_owner(tmp_path, holder, me.pid, me.create_time() if host is None else 1.0, host)
    entered = threading.Event()

    def enter():
        with run_lock(tmp_path, poll_s=0.05):
            entered.set()

    waiting = threading.Thread(target=enter)
    waiting.start()
    assert not entered.wait(0.5)
    assert holder.poll() is None
    holder.kill()
    waiting.join(10)
    assert entered.is_set()


def test_the_owner_is_named_while_the_lock_is_held(tmp_path):
    with run_lock(tmp_path / "run"):
        owner = json.loads((tmp_path / "run" / "owner.json").read_text())
        assert owner["pid"] == psutil.Process().pid
        assert not FileLock(tmp_path / "run" / ".lock").is_locked
    start = time.monotonic()
    with run_lock(tmp_path / "run"):
        assert time.monotonic() - start < 1
