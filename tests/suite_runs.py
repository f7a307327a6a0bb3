"""Calls of ./run_all.sh from the outside, as a new user makes them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from egma_lib.study import REPOSITORY


def run_all(results: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Call ./run_all.sh on the smoke profile with the interpreter that runs the tests; it must succeed."""
    done = subprocess.run(
        ["./run_all.sh", "--profile", "smoke", "--results", str(results), *options],
        cwd=REPOSITORY,
        env={**os.environ, "VIRTUAL_ENV": sys.prefix},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-6000:]
    return done
