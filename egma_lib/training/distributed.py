"""One run in several processes, started by torchrun (by hand, by SLURM or by `launch`).

Run: torchrun --standalone --nproc-per-node 4 -m egma_lib.training.distributed JOB.json
On several machines torchrun takes --nnodes and --rdzv-endpoint as always. The first process prints one JSON
object per line, {"step", "loss"}, now and then; a process that fails prints {"error"}.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from pathlib import Path

import torch
from accelerate import PartialState

from egma_lib.errors import EgmaError, TrainingError
from egma_lib.models.vocabulary import load_tokenizer
from egma_lib.training.data import TrainingData
from egma_lib.training.jobs import TrainJob, load_job
from egma_lib.training.loop import Progress
from egma_lib.training.ranks import Ranks
from egma_lib.training.run import WEIGHTS_FILE, train_run

_REPORT_EVERY_S = 0.5


def train_job(job: TrainJob, ranks: Ranks) -> Path:
    """Train a job's run in the calling process, one of those that share it, and return the run's folder.

    Raises
    ------
    TrainingError
        There are not as many processes as `training.processes` says, or the run fails.
    """
    wanted = job.settings.training.processes
    if ranks.count != wanted:
        raise TrainingError(
            f"{job.run_id}: training.processes is {wanted}, but {ranks.count} were started; give torchrun "
            f"--nproc-per-node {wanted} (times --nnodes), or write the job again with --set "
            f"training.processes={ranks.count}"
        )
    start = None if job.spec.start is None else job.runs_folder / job.spec.start / WEIGHTS_FILE
    return train_run(
        job.spec,
        job.settings,
        TrainingData.load(job.data_folder),
        job.runs_folder,
        load_tokenizer(job.tokenizer_folder),
        start,
        _print_progress() if ranks.is_first else None,
        ranks,
    )


def main() -> int:
    """Train the job whose file is the only argument; return the exit code."""
    job = load_job(Path(sys.argv[1]))
    on_cpu = job.settings.training.device == "cpu" or not torch.cuda.is_available()
    state = PartialState(cpu=on_cpu)
    ranks = Ranks(state.process_index, state.num_processes, state.local_process_index)
    try:
        train_job(job, ranks)
    except EgmaError as error:
        _say({"error": str(error)})
        return 1
    except Exception:
        _say({"error": traceback.format_exc()})
        return 1
    finally:
        state.destroy_process_group()
    return 0


def _print_progress() -> Progress:
    last_s = time.monotonic()

    def report(step: int, n_steps: int, loss: float) -> None:
        nonlocal last_s
        if time.monotonic() - last_s >= _REPORT_EVERY_S or step == n_steps:
            last_s = time.monotonic()
            _say({"step": step, "loss": loss})

    return report


def _say(message: dict[str, object]) -> None:
    # Whoever started this run reads it; when nobody does any more, writing fails and the run ends.
    print(json.dumps(message), flush=True)


if __name__ == "__main__":
    sys.exit(main())
