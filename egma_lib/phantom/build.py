"""Building the phantom study: every corpus, case by case, in the real layouts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path

from joblib import Parallel, delayed
from tqdm import tqdm

from egma_lib.artefacts import atomic_path, write_json
from egma_lib.errors import SettingsError
from egma_lib.phantom.identifiers import CORPORA
from egma_lib.phantom.planning import corpus_indices
from egma_lib.phantom.writers import chexpert, mimic_cxr, mimic_eye, rsna, siim
from egma_lib.phantom.writers.mimic_study import patient_of
from egma_lib.phantom.writers.tables import Rows, Table, TableStreams
from egma_lib.settings import PhantomSettings

CaseWriter = Callable[[PhantomSettings, Path, list[int]], Rows]
_CASES_PER_TASK = 8


@dataclass(frozen=True)
class CorpusWriter:
    """How one corpus is written: its tables, and a function that writes the cases of one patient."""

    tables: tuple[Table, ...]
    write: CaseWriter


def build_phantom(
    settings: PhantomSettings, target: Path, *, recipe_hash: str, jobs: int, progress: bool = True
) -> Path:
    """Write the whole phantom study and return its folder.

    The study is written under a temporary name and takes its own at the end, so that an interrupted call
    leaves nothing half made. Cases are streamed: memory does not grow with their number. The bytes written do
    not depend on `jobs`.

    Parameters
    ----------
    settings
        Sizes, strengths and seed.
    target
        Folder to make, `data/phantom/<hash>`. Kept as it is where it exists.
    recipe_hash
        Hash of settings and simulator, recorded in `study.json`.
    jobs
        Number of worker processes.
    progress
        Show a progress bar on standard error.

    Raises
    ------
    SettingsError
        `jobs` is less than one.
    """
    if jobs < 1:
        raise SettingsError(f"jobs is {jobs}; at least 1 process is needed")
    if target.exists():
        return target
    counts = {corpus: len(corpus_indices(settings, corpus)) for corpus in CORPORA}
    with (
        atomic_path(target) as folder,
        tqdm(total=sum(counts.values()), unit="case", desc="phantom", disable=not progress) as bar,
        Parallel(n_jobs=jobs, return_as="generator", pre_dispatch="4*n_jobs") as pool,
    ):
        for corpus in CORPORA:
            bar.set_postfix_str(corpus)
            _write_corpus(settings, folder, corpus, pool, bar)
        chexpert.write_text_queries(folder)
        write_json(folder / "study.json", _about(settings, recipe_hash))
    return target


def _about(settings: PhantomSettings, recipe_hash: str) -> dict[str, str]:
    note = "phantom study, synthetic"
    if settings.preset == "null":
        note = "phantom study (null preset), synthetic"
    return {
        "name": f"phantom-{settings.preset}",
        "kind": "synthetic",
        "title_note": note,
        "recipe_hash": recipe_hash,
    }


def _write_corpus(settings: PhantomSettings, folder: Path, corpus: str, pool: Parallel, bar: tqdm) -> None:
    writer = _corpus_writer(corpus)
    batches = list(_batches(settings, corpus))
    with TableStreams(folder, writer.tables) as streams:
        results = pool(delayed(_write_batch)(writer.write, settings, folder, batch) for batch in batches)
        # Results come back in the order of the batches, so tables do not depend on who finished first.
        for batch, rows in zip(batches, results, strict=True):
            streams.append(rows)
            bar.update(sum(len(patient) for patient in batch))


def _write_batch(write: CaseWriter, settings: PhantomSettings, folder: Path, batch: list[list[int]]) -> Rows:
    rows: Rows = {}
    for patient in batch:
        for name, values in write(settings, folder, patient).items():
            rows.setdefault(name, []).extend(values)
    return rows


def _batches(settings: PhantomSettings, corpus: str) -> Iterator[list[list[int]]]:
    """Yield lists of patients, a patient being the list of its cases."""
    indices = corpus_indices(settings, corpus)
    if corpus in ("gaze", "reports"):
        patients = [list(cases) for _, cases in groupby(indices, key=partial(patient_of, corpus))]
    else:
        patients = [[index] for index in indices]
    for start in range(0, len(patients), _CASES_PER_TASK):
        yield patients[start : start + _CASES_PER_TASK]


def _corpus_writer(corpus: str) -> CorpusWriter:
    if corpus == "gaze":
        return CorpusWriter(mimic_eye.TABLES, mimic_eye.write_patient)
    if corpus == "reports":
        return CorpusWriter(mimic_cxr.TABLES, partial(_each_case, mimic_cxr.write_case, corpus))
    if corpus == "siim":
        return CorpusWriter(siim.TABLES, partial(_each_case, siim.write_case, corpus))
    if corpus in ("rsna", "rsna_test"):
        tables = rsna.TABLES if corpus == "rsna" else rsna.TEST_TABLES
        return CorpusWriter(tables, partial(_each_case, rsna.write_case, corpus))
    return CorpusWriter(chexpert.tables(corpus), partial(_each_case, chexpert.write_case, corpus))


def _each_case(
    write_case: Callable[[PhantomSettings, Path, str, int], Rows],
    corpus: str,
    settings: PhantomSettings,
    folder: Path,
    indices: list[int],
) -> Rows:
    rows: Rows = {}
    for index in indices:
        for name, values in write_case(settings, folder, corpus, index).items():
            rows.setdefault(name, []).extend(values)
    return rows
