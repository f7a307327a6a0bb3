"""Metrics of a run under every patient resample, kept beside its scores so that they are computed once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from egma_lib.artefacts import atomic_path, content_hash
from egma_lib.code_behind import code_behind
from egma_lib.errors import ArtefactError
from egma_lib.settings import EvaluationSettings

Metrics = dict[str, np.ndarray]
"""Metric name (any but `key`) to its values, shape (1 + n_resamples,) or with more axes around it."""

KEPT_IN = "metrics"
"""Folder beside the tables of scores."""
_CODE = (
    "egma_lib.experiments.score_measurements",
    "egma_lib.experiments.grounding_measurements",
    "egma_lib.experiments.probe_measurements",
)


def stored_metrics(
    name: str,
    folder: Path,
    tables: Sequence[str],
    settings: EvaluationSettings,
    compute: Callable[[], Metrics],
) -> Metrics:
    """Return what `compute` gives for some tables of scores, from disk where it was computed before.

    What is kept counts only for the same bytes of the tables, the same bootstrap and the same code of the
    metrics; anything else is computed anew and replaces it.

    Parameters
    ----------
    name
        What is computed, such as `rsna-fine_grained`; names a file in the folder's `metrics/`.
    folder
        Folder of a run's scores.
    tables
        Names of the tables in it that `compute` reads, such as `rsna`.
    settings
        Bootstrap size and seed.
    compute
        Computes the metrics from the tables; arrays of numbers only.

    Returns
    -------
    dict
        As `compute` returned it, bit for bit.

    Raises
    ------
    ArtefactError
        A table is missing, or what is kept cannot be read.
    """
    files = [_existing(folder / f"{table}.parquet") for table in tables]
    key = content_hash(name, settings.bootstrap, settings.seed, _code_of_metrics(), *files, length=32)
    path = folder / KEPT_IN / f"{name}.npz"
    kept = _read(path) if path.exists() else {}
    if str(kept.pop("key", "")) == key:
        return kept
    computed = compute()
    with atomic_path(path) as temporary:
        np.savez(temporary, allow_pickle=False, **{"key": np.array(key), **computed})
    return computed


def _existing(path: Path) -> Path:
    if not path.exists():
        raise ArtefactError(f"{path}: no predictions; run notebook 02 (or 05) first")
    return path


def _read(path: Path) -> Metrics:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return dict(arrays)
    except (ValueError, EOFError, BadZipFile) as error:
        raise ArtefactError(
            f"{path}: not a file of metrics as this suite writes it ({error}); delete it, it is made again"
        ) from error


@lru_cache(maxsize=1)
def _code_of_metrics() -> str:
    code = code_behind(_CODE, ["egma_lib.experiments", "egma_lib.evaluation"])
    return content_hash(code)
