"""The runs of a study on an engine that is already there: a dask scheduler with its workers, or SLURM."""

from egma_lib.experiments.cluster.train import train_on_cluster

__all__ = ["train_on_cluster"]
