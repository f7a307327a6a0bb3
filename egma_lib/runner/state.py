"""What has been run, from which inputs and with which outputs; kept out of the results and of git.

A stage is up to date when its inputs (notebook source, code, settings, data, outputs of the stages it reads)
and its own outputs are as they were when it ended. The state lies in an ignored folder, so a fresh clone with
committed tables still runs everything.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path

from egma_lib.artefacts import content_hash, read_json, write_json

# Larger files (weights, caches) are compared by size and time only.
HASHED_BELOW_BYTES = 5_000_000
# The runner's own files; every other file in the results is some stage's output.
RUNNER_FILES = ("manifest.json", ".runner.lock", ".runner.pid")

Snapshot = dict[str, tuple[int, int]]


@dataclass
class Output:
    """A file that a stage wrote: size (bytes), time of change (ns), content hash (empty for large files)."""

    size: int
    changed_ns: int
    sha256: str


@dataclass
class Record:
    """How a stage ended last time.

    Attributes
    ----------
    status
        `done`, `failed`, or `running` (which after the call means: was interrupted).
    seconds
        Wall time.
    inputs_hash, outputs_hash
        Of what it read, and of what it had written when it ended.
    outputs
        Its files by path relative to the results folder.
    failed_cell
        Position, title and error of the failing cell, or None.
    """

    status: str
    seconds: float
    inputs_hash: str
    outputs_hash: str = ""
    outputs: dict[str, Output] = field(default_factory=dict)
    failed_cell: dict[str, str] | None = None


class State:
    """The records of one results folder.

    Parameters
    ----------
    folder
        Where states are kept (`.egma`).
    results
        Results folder that the records are about; its path names the state file.
    """

    def __init__(self, folder: Path, results: Path) -> None:
        self.results = results
        self.path = folder / f"{content_hash(str(results))}.json"
        stored = read_json(self.path)["stages"] if self.path.exists() else {}
        self.records = {name: _record(content) for name, content in stored.items()}

    def save(self) -> None:
        """Write the records atomically."""
        stages = {name: asdict(record) for name, record in self.records.items()}
        write_json(self.path, {"results": str(self.results), "stages": stages})

    def reason_to_run(self, name: str, inputs_hash: str) -> str:
        """Return why a stage has to run, or an empty text when it is up to date."""
        record = self.records.get(name)
        if record is None:
            return "not run yet"
        if record.status != "done":
            return {"failed": "failed last time", "running": "was interrupted"}[record.status]
        if record.inputs_hash != inputs_hash:
            return "notebook, code, settings or data changed"
        for path, output in record.outputs.items():
            if not (self.results / path).exists():
                return f"{path} is missing"
            if not _same(self.results / path, output):
                return f"{path} was changed"
        return ""

    def begin(self, name: str) -> None:
        """Mark a stage as begun, so that it runs again after an interruption; its outputs stay listed."""
        record = self.records.setdefault(name, Record("running", 0.0, ""))
        record.status, record.failed_cell = "running", None
        self.save()

    def finish(self, name: str, record: Record, before: Snapshot) -> None:
        """Record a stage's end; what changed in the results since `before` is its output.

        A file that several stages write (a list of runs, say) belongs to the last one; the outputs hash of
        the others stays what it was when they ended.
        """
        after = snapshot(self.results)
        changed = {path for path, about in after.items() if before.get(path) != about}
        kept = set(self.records[name].outputs) & set(after)
        record.outputs = {path: _output(self.results / path) for path in sorted(changed | kept)}
        record.outputs_hash = content_hash(
            [(path, out.sha256 or (out.size, out.changed_ns)) for path, out in record.outputs.items()]
        )
        for other in self.records.values():
            for path in changed & set(other.outputs):
                del other.outputs[path]
        self.records[name] = record
        self.save()


def snapshot(results: Path) -> Snapshot:
    """Return size and time of change (ns) of every stage output in a results folder, by relative path."""
    found = {}
    for path in results.rglob("*"):
        relative = path.relative_to(results)
        if relative.parts[0] == "notebooks" or relative.name in RUNNER_FILES or not path.is_file():
            continue
        if ".tmp" not in relative.name and relative.suffix not in {".lock", ".pid"}:
            about = path.stat()
            found[relative.as_posix()] = (about.st_size, about.st_mtime_ns)
    return found


def _record(content: dict) -> Record:
    outputs = {path: Output(**about) for path, about in content["outputs"].items()}
    return Record(**{**content, "outputs": outputs})


def _output(path: Path) -> Output:
    about = path.stat()
    digest = content_hash(path, length=64) if about.st_size < HASHED_BELOW_BYTES else ""
    return Output(about.st_size, about.st_mtime_ns, digest)


def _same(path: Path, output: Output) -> bool:
    about = path.stat()
    if (about.st_size, about.st_mtime_ns) == (output.size, output.changed_ns):
        return True
    return (
        bool(output.sha256)
        and about.st_size == output.size
        and content_hash(path, length=64) == output.sha256
    )
