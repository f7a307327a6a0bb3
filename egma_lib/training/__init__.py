"""Training: data, batches, one resumable run, and many runs in worker processes."""

from egma_lib.training.data import TrainingData
from egma_lib.training.jobs import TrainJob, TrainResult
from egma_lib.training.run import RunSpec, is_finished, run_id, train_run
from egma_lib.training.workers import train_all

__all__ = [
    "RunSpec",
    "TrainJob",
    "TrainResult",
    "TrainingData",
    "is_finished",
    "run_id",
    "train_all",
    "train_run",
]
