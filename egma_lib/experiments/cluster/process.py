"""The process of one run, started by `remote_run`: python -m egma_lib.experiments.cluster.process PIPE."""

from __future__ import annotations

import sys
from multiprocessing.connection import Connection

from egma_lib.training.worker import work

if __name__ == "__main__":
    with Connection(int(sys.argv[1])) as pipe:
        try:
            work(pipe)
        except BrokenPipeError:
            sys.exit("whoever started this run is gone; it stops here, and its last state stays")
