"""Runs on the workers of a dask scheduler."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from distributed import Client, Future, KilledWorker, as_completed

from egma_lib.errors import SettingsError, TrainingError
from egma_lib.experiments.cluster.remote_run import Outcome, run_job
from egma_lib.training.jobs import TrainJob

_log = logging.getLogger(__name__)

# Times that a run is given to a worker again after its process was killed and the worker lived on. A run
# whose worker is lost goes to another one without this, as often as the scheduler's `allowed-failures` says.
_RETRIES = 2
_CONNECT_TIMEOUT_S = 20


class _DaskRuns:
    def __init__(self, client: Client, address: str) -> None:
        self._client, self._address = client, address
        self._names: dict[Future, str] = {}
        self._ended = as_completed(loop=client.loop)

    def submit(self, job: TrainJob, run_id: str) -> None:
        # A key of its own: dask would answer the key of an earlier call with that call's outcome.
        key = f"{run_id}-{uuid.uuid4().hex[:8]}"
        future = self._client.submit(run_job, job, run_id, key=key, pure=False, retries=_RETRIES)
        self._names[future] = run_id
        self._ended.add(future)

    def finished(self) -> Sequence[tuple[str, Outcome]]:
        future = next(self._ended)
        run_id = self._names.pop(future)
        if future.cancelled():
            raise TrainingError(
                f"run {run_id}: the dask scheduler at {self._address} was lost; start it "
                "again and call again, finished runs are kept"
            )
        try:
            return [(run_id, future.result())]
        except KilledWorker as error:
            raise TrainingError(
                f"run {run_id}: every dask worker that trained it was lost, most often for lack of memory "
                f"({error}); call again to go on"
            ) from error


@contextmanager
def dask_engine(address: str) -> Iterator[_DaskRuns]:
    """Connect to a scheduler and yield an engine that sends runs to its workers.

    Parameters
    ----------
    address
        Of the scheduler, such as `tcp://HOST:8786`.

    Raises
    ------
    SettingsError
        Nothing answers there.
    """
    try:
        client = Client(address, timeout=_CONNECT_TIMEOUT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"no dask scheduler answers at {address} ({error}); start one with `dask scheduler`, see "
            "docs/cluster.md"
        ) from error
    with client:
        if not client.scheduler_info(n_workers=-1)["workers"]:
            _log.warning("the dask scheduler at %s has no workers yet; runs wait for them", address)
        yield _DaskRuns(client, address)
