"""One call of the runner: settings, phantom, then every stage that is not up to date."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from egma_lib.artefacts import content_hash, write_text
from egma_lib.errors import EgmaError, StageError
from egma_lib.runner.console import Console
from egma_lib.runner.interrupts import Interrupted, end_children, interruptible
from egma_lib.runner.manifest import in_order, write_manifest
from egma_lib.runner.options import RunOptions
from egma_lib.runner.stages import FIRST_TRAINING, READS, RUNS_SIDE_STUDIES, Stage, discover, select
from egma_lib.runner.state import Record, Snapshot, State, snapshot
from egma_lib.settings import Settings, load_settings, parse_overrides
from egma_lib.side_studies import side_studies
from egma_lib.study import REPOSITORY, Study, open_study, phantom_folder


@dataclass(frozen=True)
class Place:
    """Where the suite lies; the tests put other folders here.

    Attributes
    ----------
    notebooks
        Folder of the notebooks.
    state
        Folder of the up-to-date state, ignored by git.
    code
        Folders whose files decide results: the library, and the reference data that come with it.
    reads
        Which stage reads what another wrote.
    """

    notebooks: Path = REPOSITORY / "notebooks"
    state: Path = REPOSITORY / ".egma"
    code: tuple[Path, ...] = (REPOSITORY / "egma_lib", REPOSITORY / "data" / "reference")
    reads: Mapping[str, Sequence[str]] = field(default_factory=lambda: READS)


def run_suite(options: RunOptions, place: Place | None = None, console: Console | None = None) -> int:
    """Run what is not up to date; return the exit status: 0, 1 after an error, 130 or 143 after a signal."""
    console = console or Console()
    try:
        with interruptible():
            return _Suite(options, place or Place(), console).run()
    except EgmaError as error:
        console.line(f"error: {error}")
        return 1
    except Interrupted as stopped:
        end_children(stopped.older)
        console.line(f"stopped ({stopped}); nothing is half written, and the next call goes on from here")
        return stopped.exit_status


class _Suite:
    def __init__(self, options: RunOptions, place: Place, console: Console) -> None:
        self.options, self.console = options, console
        self.overrides: dict[str, Any] = parse_overrides(options.overrides)
        if options.seeds is not None:
            self.overrides["experiments.seeds"] = list(range(options.seeds))
        if options.jobs is not None:
            self.overrides["experiments.jobs"] = options.jobs
        if options.cluster is not None:
            self.overrides["experiments.cluster"] = options.cluster
        self.settings = load_settings(options.profile, self.overrides)
        self.stages = discover(place.notebooks, place.reads)
        self.chosen = select(self.stages, options.only, options.start)
        self.state_folder = place.state
        # What decides every stage alike; `hash_of` leaves out where runs train.
        groups = [name for name in Settings.model_fields if name != "profile"]
        self.common = [code_hash(place.code), self.settings.profile, self.settings.hash_of(*groups)]

    def run(self) -> int:
        if self.options.list_only:
            return self.list()
        self.make_phantom()
        study = self.open_study()
        study.results.mkdir(parents=True, exist_ok=True)
        with results_lock(study.results):
            state = State(self.state_folder, study.results)
            self.require_earlier_stages(state)
            ran = [self.run_stage(stage, number, study, state) for number, stage in enumerate(self.chosen, 1)]
            if not (study.results / "manifest.json").exists():
                write_manifest(study, self.settings, in_order(self.stages, state.records))
        self.console.line(closing(study, ran))
        return 0

    def open_study(self) -> Study:
        return open_study(self.settings, self.options.data_root, self.options.results)

    def make_phantom(self) -> None:
        """Make the built-in study, and those beside it where a chosen stage runs them."""
        if self.options.data_root:
            return
        self._make_phantom(self.settings, "phantom", "the built-in study (once per settings)")
        if any(stage.number in RUNS_SIDE_STUDIES for stage in self.chosen):
            for side in side_studies(self.settings, self.options.data_root):
                self._make_phantom(side.settings, f"phantom {side.name}", "a study beside the main one")

    def _make_phantom(self, settings: Settings, name: str, what: str) -> None:
        folder = phantom_folder(settings)
        if folder.is_dir():
            self.console.line(f"{name}: up to date")
            return
        self.console.line(f"{name}: making {what}")
        from egma_lib.phantom.build import build_phantom

        started = time.monotonic()
        jobs = settings.experiments.n_workers
        build_phantom(settings.phantom, folder, recipe_hash=folder.name, jobs=jobs)
        self.console.line(f"{name}: done in {time.monotonic() - started:.0f} s")

    def inputs_hash(self, stage: Stage, study: Study, state: State) -> str:
        read = [state.records[name].outputs_hash for name in stage.reads if name in state.records]
        return content_hash(stage.source_hash(), *self.common, study.data_hash, read)

    def require_earlier_stages(self, state: State) -> None:
        """Refuse to start a stage whose input no earlier call wrote and this one does not either."""
        names = {stage.name for stage in self.chosen}
        for stage in self.chosen:
            for other in stage.reads:
                record = state.records.get(other)
                if other not in names and (record is None or record.status != "done"):
                    raise StageError(
                        f"{stage.name} reads what {other} writes, which has not been run to its end here; "
                        f"call with --from {other[:2]}, or without --only"
                    )

    def run_stage(self, stage: Stage, number: int, study: Study, state: State) -> bool:
        """Run a stage unless it is up to date; return whether it ran."""
        inputs_hash = self.inputs_hash(stage, study, state)
        reason = state.reason_to_run(stage.name, inputs_hash)
        if not reason and not self.options.force:
            self.console.line(f"{stage.name}: up to date")
            return False
        self.console.line(f"{stage.name}: running ({reason or 'as asked by --force'})")
        from egma_lib.runner.execute import CellFailedError, check_parameters, execute

        check_parameters(stage)
        if stage.number == FIRST_TRAINING:
            from egma_lib.experiments.resources import describe_study

            self.console.line(f"training, if none has been done: {describe_study(self.settings)}")
        state.begin(stage.name)
        before, started = snapshot(study.results), time.monotonic()
        parameters = {
            "profile": self.settings.profile,
            "data_root": self.options.data_root,
            "results_dir": str(study.results),
            "overrides": self.overrides,
        }
        try:
            execute(
                stage, study.folder("notebooks"), parameters, self.console, f"{number} of {len(self.chosen)}"
            )
        except CellFailedError as error:
            seconds = time.monotonic() - started
            failed = Record("failed", seconds, inputs_hash, failed_cell=error.failed_cell)
            self.record(stage, failed, before, study, state)
            raise
        # An interruption comes past here: the stage then stays marked as begun, and runs again.
        done = Record("done", time.monotonic() - started, inputs_hash)
        self.record(stage, done, before, study, state)
        self.console.line(f"{stage.name}: done in {done.seconds:.0f} s")
        return True

    def record(self, stage: Stage, record: Record, before: Snapshot, study: Study, state: State) -> None:
        state.finish(stage.name, record, before)
        write_manifest(study, self.settings, in_order(self.stages, state.records))

    def list(self) -> int:
        """Say for each chosen stage whether it would run, and why; nothing is made or changed."""
        if not self.options.data_root and not phantom_folder(self.settings).is_dir():
            self.console.line("phantom: to be made")
            for stage in self.chosen:
                self.console.line(f"{stage.name}: to run (its data are to be made)")
            return 0
        study = self.open_study()
        state, to_run = State(self.state_folder, study.results), set[str]()
        for stage in self.chosen:
            read = [name for name in stage.reads if name in to_run]
            reason = state.reason_to_run(stage.name, self.inputs_hash(stage, study, state))
            if read or reason or self.options.force:
                to_run.add(stage.name)
                why = reason or (f"reads {', '.join(read)}" if read else "as asked by --force")
                self.console.line(f"{stage.name}: to run ({why})")
            else:
                self.console.line(f"{stage.name}: up to date")
        return 0


def code_hash(folders: Sequence[Path]) -> str:
    """Return a hash of the names and contents of the files in `folders`.

    Compiled files are left out, and measured speeds, which decide no result.
    """
    files = [
        (path.relative_to(folder).as_posix(), path)
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts and path.name != "resources.csv"
    ]
    return content_hash([name for name, _ in files], *[path for _, path in files])


@contextmanager
def results_lock(results: Path) -> Iterator[None]:
    """Hold a results folder; two runners must not write the same results.

    Raises
    ------
    StageError
        Another runner holds it: names its process.
    """
    from filelock import FileLock, Timeout

    owner = results / ".runner.pid"
    lock = FileLock(results / ".runner.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        pid = owner.read_text(encoding="utf-8").strip() if owner.exists() else "unknown"
        raise StageError(
            f"{results} is being written by another runner (process {pid}); wait for it, end it, or give "
            "--results another folder"
        ) from error
    try:
        write_text(owner, f"{os.getpid()}\n")
        yield
    finally:
        owner.unlink(missing_ok=True)
        lock.release()


def closing(study: Study, ran: Sequence[bool]) -> str:
    """Return the last line: how much ran and where the results are."""
    report = study.results / "report.html"
    where = f"report: {report}" if report.exists() else f"results: {study.results}"
    count = sum(ran)
    return f"{count} of {len(ran)} notebooks ran; {where}" if count else f"everything is up to date; {where}"
