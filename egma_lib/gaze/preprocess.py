"""Stage 01: readings to the gaze artefact."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from egma_lib.artefacts import content_hash
from egma_lib.errors import GazeError
from egma_lib.gaze.artefact import READING_COLUMNS, GazeArtefact, load_gaze_artefact, save_artefact
from egma_lib.gaze.assignment import assign_fixations
from egma_lib.gaze.events import detect_events
from egma_lib.gaze.fixations import event_method, fixations_from_events, vendor_fixations
from egma_lib.gaze.quality import QUALITY_COLUMNS, measure_quality
from egma_lib.gaze.recording import ReadingReference, Recording
from egma_lib.gaze.recordings import find_readings, read_recording
from egma_lib.gaze.sentences import split_sentences
from egma_lib.gaze.tables import RecordingError
from egma_lib.settings import GazeSettings, Settings

EVENT_COLUMNS = (
    "event", "onset_s", "offset_s", "x_deg", "y_deg", "amplitude_deg", "peak_velocity_deg_s",
)  # fmt: skip
_READINGS_PER_TASK = 8
Exclusion = tuple[str, Path | None, str]
"""reading_id, the file at fault, the reason."""


@dataclass(frozen=True)
class ProcessedReading:
    """One reading after preprocessing; tables as in the artefact, without `reading_id`.

    Attributes
    ----------
    reading
        The reading's row of `readings.parquet`.
    words, sentences, fixations
        As in the artefact.
    events
        As `detect_events` gives them; no rows with the method `vendor`.
    file_at_fault
        The file that the row's `reason` speaks of; None without one.
    """

    reading: dict[str, str | float]
    words: pd.DataFrame
    sentences: pd.DataFrame
    fixations: pd.DataFrame
    events: pd.DataFrame
    file_at_fault: Path | None = None


def preprocess_recording(recording: Recording, settings: GazeSettings) -> ProcessedReading:
    """Detect events, cut sentences, assign fixations and measure quality of one recording.

    A recording with too few valid samples, or without a sentence, is measured all the same, and the `reason`
    of its row says why it is not to be used.

    Raises
    ------
    GazeError
        The method in the settings does not allow the sampling rate.
    """
    words, sentences = split_sentences(recording.words)
    method = event_method(recording, settings)
    if method == "vendor":
        events = pd.DataFrame({name: [] for name in EVENT_COLUMNS}).astype({"event": str})
        fixations = vendor_fixations(recording, settings)
    else:
        events = detect_events(recording.time_s, *recording.to_degrees(), method=method)
        fixations = fixations_from_events(events, recording, settings)
    assigned = assign_fixations(fixations, sentences, settings)
    has_gaze = np.zeros(len(sentences), dtype=bool)
    has_gaze[assigned["sentence_index"].dropna().to_numpy(dtype=np.int64)] = True
    sentences["has_gaze"] = has_gaze
    quality = measure_quality(recording, events, fixations, sentences)
    reason, file_at_fault = _reason(recording, quality, settings)
    reading = _reading_row(recording, method) | quality | {"reason": reason}
    return ProcessedReading(reading, words, sentences, assigned, events, file_at_fault)


def _reason(
    recording: Recording, quality: dict[str, float], settings: GazeSettings
) -> tuple[str, Path | None]:
    share = 1 - quality["data_loss"]
    if share < settings.minimum_valid_share:
        reason = f"valid samples {share:.1%}, below minimum_valid_share {settings.minimum_valid_share:.1%}"
        return reason, recording.samples_file
    return ("", None) if quality["n_sentences"] else ("the transcript has no sentence", recording.words_file)


def _reading_row(recording: Recording, method: str) -> dict[str, str | float]:
    return {
        "reading_id": recording.reading_id,
        "dicom_id": recording.dicom_id,
        "subject_id": recording.subject_id,
        "reader": recording.reader,
        "source": recording.source,
        "sampling_hz": recording.sampling_hz,
        "method": method,
        "rows": recording.frame.rows,
        "columns": recording.frame.columns,
    }


def build_gaze_artefact(
    mimic_eye_folder: Path, settings: Settings, parent: Path, data_hash: str, *, jobs: int, progress: bool
) -> GazeArtefact:
    """Preprocess every reading, or load the artefact if it was made from the same data, settings and code.

    Parameters
    ----------
    mimic_eye_folder
        MIMIC-EYE tree.
    settings
        Its `gaze` group decides the result.
    parent
        Results folder; the artefact goes to `parent/gaze/<hash>`.
    data_hash
        Hash of what the data are (`Study.data_hash`).
    jobs
        Processes; changes no bit of the result.
    progress
        Whether to show a bar.

    Raises
    ------
    DataError
        There is no patient folder.
    GazeError
        Not one reading could be used; says how many were found and the first reason.
    ArtefactError
        An existing artefact is damaged.
    """
    folder = gaze_folder(settings, parent, data_hash)
    if not folder.is_dir():
        references = find_readings(mimic_eye_folder)
        preprocess_readings(references, (mimic_eye_folder,), settings, folder, jobs=jobs, progress=progress)
    return load_gaze_artefact(folder)


def preprocess_readings(
    references: list[ReadingReference],
    roots: Sequence[Path],
    settings: Settings,
    folder: Path,
    *,
    jobs: int,
    progress: bool,
) -> Path:
    """Preprocess readings and save the artefact to `folder`, which is returned.

    `excluded.csv` names files relative to the one of `roots` they lie under.

    Raises
    ------
    GazeError
        Not one reading could be used; says how many were found and the first reason.
    """
    if not references:
        raise GazeError(f"{roots[0]}: the tables of the gaze data name no reading; complete the download")
    outcomes = list(_run(references, settings.gaze, jobs=jobs, progress=progress))
    excluded = _excluded_table(outcomes, roots)
    processed = [outcome for outcome in outcomes if isinstance(outcome, ProcessedReading)]
    if len(excluded) == len(references):
        first = excluded.iloc[0]
        raise GazeError(
            f"{roots[0]}: none of {len(references)} readings can be used; the first, "
            f"{first['reading_id']}: {first['reason']} {first['file']}"
        )
    return save_artefact(_join(processed, excluded, folder), settings.gaze)


def gaze_folder(settings: Settings, parent: Path, data_hash: str) -> Path:
    """Return `parent/gaze/<hash>` for these settings, data and this version of the gaze code."""
    sources = sorted(Path(__file__).parent.rglob("*.py"))
    return parent / "gaze" / content_hash(settings.gaze.model_dump(mode="json"), data_hash, *sources)


def _run(
    references: list[ReadingReference], settings: GazeSettings, *, jobs: int, progress: bool
) -> Iterator[ProcessedReading | Exclusion]:
    from joblib import Parallel, delayed
    from tqdm import tqdm

    tasks = [references[i : i + _READINGS_PER_TASK] for i in range(0, len(references), _READINGS_PER_TASK)]
    results: Iterable[list[ProcessedReading | Exclusion]] = Parallel(
        n_jobs=min(jobs, len(tasks)), return_as="generator"
    )(delayed(_process_all)(task, settings) for task in tasks)
    with tqdm(total=len(references), desc="gaze", unit="reading", disable=not progress) as bar:
        for outcomes in results:
            bar.update(len(outcomes))
            yield from outcomes


def _process_all(
    references: list[ReadingReference], settings: GazeSettings
) -> list[ProcessedReading | Exclusion]:
    return [_process(reference, settings) for reference in references]


def _process(reference: ReadingReference, settings: GazeSettings) -> ProcessedReading | Exclusion:
    try:
        return preprocess_recording(read_recording(reference, settings), settings)
    except RecordingError as error:
        return reference.reading_id, error.file, error.reason
    except GazeError as error:
        return reference.reading_id, None, str(error)


def _excluded_table(outcomes: list[ProcessedReading | Exclusion], roots: Sequence[Path]) -> pd.DataFrame:
    rows = []
    for outcome in outcomes:
        if isinstance(outcome, ProcessedReading):
            reading_id, reason = str(outcome.reading["reading_id"]), str(outcome.reading["reason"])
            file = outcome.file_at_fault
        else:
            reading_id, file, reason = outcome
        if reason:
            rows.append((reading_id, "" if file is None else _below(file, roots), reason))
    return pd.DataFrame(rows, columns=["reading_id", "file", "reason"], dtype=str)


def _below(file: Path, roots: Sequence[Path]) -> str:
    return next((file.relative_to(root) for root in roots if file.is_relative_to(root)), file).as_posix()


def _join(processed: list[ProcessedReading], excluded: pd.DataFrame, folder: Path) -> GazeArtefact:
    readings = pd.DataFrame([item.reading for item in processed], columns=list(READING_COLUMNS))
    used = [item for item in processed if not item.reading["reason"]]
    ids = [str(item.reading["reading_id"]) for item in used]
    return GazeArtefact(
        readings=readings.astype(dict.fromkeys(QUALITY_COLUMNS, np.float64)),
        words=_stack(ids, [item.words for item in used]),
        sentences=_stack(ids, [item.sentences for item in used]),
        fixations=_stack(ids, [item.fixations for item in used]),
        excluded=excluded,
        folder=folder,
    )


def _stack(ids: list[str], tables: list[pd.DataFrame]) -> pd.DataFrame:
    joined = pd.concat(tables, ignore_index=True)
    joined.insert(0, "reading_id", np.repeat(np.array(ids, dtype=object), [len(table) for table in tables]))
    return joined.astype({"reading_id": "str"})
