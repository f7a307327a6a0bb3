"""Who reads a film of the gaze corpus, and the files of each reading."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pyarrow as pa

from egma_lib.phantom.case import PlannedSentence, SimulatedReading, SpokenWord
from egma_lib.phantom.identifiers import reading_id
from egma_lib.phantom.planning import case_rng
from egma_lib.phantom.writers.drawn_case import DrawnCase
from egma_lib.phantom.writers.eye_gaze import box_rows, master_row, write_transcript
from egma_lib.phantom.writers.gazepoint import ScreenPicture, fixation_table, sample_table
from egma_lib.phantom.writers.mimic_study import MimicStudy
from egma_lib.phantom.writers.reflacx import ReadingRecord, metadata_row, write_reading
from egma_lib.phantom.writers.tables import Row, Rows, fixed_decimals, write_columns
from egma_lib.phantom.writers.truth import write_events, write_sentence_truth
from egma_lib.settings import PhantomSettings

REFLACX_READERS = 5
_EVERY = 4
_IN_BOTH = 40
_FILMS_PER_SESSION = 30
_SAMPLES_PER_CASE = 10_000
_EYE_GAZE_HZ = 60.0
_CLOCK = "TIMETICK(f=10000000)"
_CALIBRATION_EVERY = 20
_CALIBRATION_ROWS = 3
_EYE_GAZE_READER = "egd reader"

Dictation = tuple[tuple[PlannedSentence, ...], tuple[SpokenWord, ...], SimulatedReading]


def in_reflacx(index: int) -> bool:
    """Whether a film was read for REFLACX: one in four."""
    return index % _EVERY == 0


def in_eye_gaze(index: int) -> bool:
    """Whether a film was read for EYE GAZE: all others, and one in forty films has both."""
    return index % _EVERY != 0 or index % _IN_BOTH == _EVERY


def reflacx_records(settings: PhantomSettings, index: int) -> list[ReadingRecord]:
    """Return the readings of one REFLACX film.

    The first `multi_reader_cases` films, half of them in phase 1 and half in phase 2, have three to five
    readers; the first of each phase has a reading whose eye tracking failed. All others have one (phase 3).
    """
    several, order = settings.sizes.multi_reader_cases, index // _EVERY
    halves = several - several // 2
    if order >= several:
        return [ReadingRecord(reading_id(3, 0, index, 0), 3, False, order - several)]
    phase, first = (1, 0) if order < halves else (2, halves)
    before = sum(_reader_count(earlier, earlier == first) for earlier in range(first, order))
    count = _reader_count(order, order == first)
    trial = (order - first) % 99 + 1
    return [
        ReadingRecord(
            reading_id(phase, trial, index, reader),
            phase,
            discarded=order == first and reader == count - 1,
            row_number=before + reader,
        )
        for reader in range(count)
    ]


def _reader_count(order: int, with_discarded: bool) -> int:
    return 5 if with_discarded else 3 + order % 3


def write_reflacx(
    settings: PhantomSettings, target: Path, folder: Path, case: DrawnCase, study: MimicStudy
) -> Rows:
    """Write every REFLACX reading of a film and return its rows of `metadata.csv`."""
    index = case.plan.index
    rows = []
    for number, record in enumerate(reflacx_records(settings, index)):
        reader = (index // _EVERY + number) % REFLACX_READERS
        rng = case_rng(settings.seed, "gaze", index, f"reflacx files {number}")
        words: tuple[SpokenWord, ...] = ()
        reading = None
        if not record.discarded:
            sentences, words, reading = _dictate_and_look(
                settings,
                case,
                f"reader {reader}",
                f"reflacx {number}",
                settings.sampling_hz_reflacx,
                "eyelink",
            )
            write_events(target, record.reading_id, reading)
            write_sentence_truth(target, "readings", record.reading_id, sentences)
        certainties = write_reading(folder, record, case, reading, words, rng)
        rows.append(metadata_row(record, study, certainties))
    return {"reflacx": rows}


def write_eye_gaze(
    settings: PhantomSettings,
    target: Path,
    folder: Path,
    case: DrawnCase,
    study: MimicStudy,
    stay_id: str,
) -> Rows:
    """Write transcript and samples of a film's EYE GAZE reading and return its rows of the other tables."""
    index, dicom_id = case.plan.index, study.dicom_id
    sentences, words, reading = _dictate_and_look(
        settings, case, _EYE_GAZE_READER, "eye gaze", _EYE_GAZE_HZ, "gazepoint"
    )
    rng = case_rng(settings.seed, "gaze", index, "eye gaze files")
    picture = ScreenPicture.of_frame(case.frame_rows, case.frame_columns)
    session = (index // _FILMS_PER_SESSION + 1, index % _FILMS_PER_SESSION + 1)
    samples = sample_table(reading, picture, dicom_id, session, rng)
    samples.insert(0, "", range(index * _SAMPLES_PER_CASE, index * _SAMPLES_PER_CASE + len(samples)))
    fixations = fixation_table(samples)
    columns = {name: pa.array(samples[name]) for name in samples.columns}
    # As text with one decimal; Arrow's own form of so large a float would be 1.5e+11.
    columns[_CLOCK] = fixed_decimals(samples[_CLOCK].to_numpy(), 1)
    write_columns(folder / "eye_gaze.csv", columns, append=True)
    transcripts = folder / "audio_segmentation_transcripts" / dicom_id
    write_transcript(transcripts / "transcript.json", words, index, rng)
    write_events(target, dicom_id, reading)
    write_sentence_truth(target, "readings", dicom_id, sentences)
    fixation_rows = list(fixations.astype(object).itertuples(index=False, name=None))
    sheet_rows = fixation_rows + _calibration_rows(index, dicom_id, fixation_rows)
    boxes = [(index * 100 + number, *row) for number, row in enumerate(box_rows(case, dicom_id))]
    return {
        "boxes": boxes,
        "fixations": fixation_rows,
        "sheet_fixations": sheet_rows,
        "sheet_eye_gaze": sheet_rows,
        "master": [(index, *master_row(case, study, stay_id, picture))],
    }


def _calibration_rows(index: int, dicom_id: str, rows: list[Row]) -> list[Row]:
    """Return rows of a calibration screen shown after every twentieth film, under a cut-off image id.

    Only the spreadsheets over all patients hold such rows; the patients' own tables are filtered by id.
    """
    if index % _CALIBRATION_EVERY != _CALIBRATION_EVERY - 1:
        return []
    name = f"{dicom_id[:-5]}_calibration"
    # Cells 0-3 are the saved index, session, media and image id.
    return [(row[0] + 5000, row[1], row[2] + 1, name, *row[4:]) for row in rows[:_CALIBRATION_ROWS]]


def _dictate_and_look(
    settings: PhantomSettings,
    case: DrawnCase,
    reader_name: str,
    purpose: str,
    sampling_hz: float,
    tracker: Literal["eyelink", "gazepoint"],
) -> Dictation:
    from egma_lib.phantom.reading import draw_reader, simulate_reading
    from egma_lib.phantom.reports import write_sentences
    from egma_lib.phantom.speech import dictate

    index = case.plan.index
    # A reader keeps habits over all films, so the profile hangs on the name alone.
    reader = draw_reader(reader_name, case_rng(settings.seed, "readers", 0, reader_name))
    rngs = {
        part: case_rng(settings.seed, "gaze", index, f"{purpose} {part}")
        for part in ("text", "speech", "gaze")
    }
    sentences = tuple(write_sentences(case.plan, rngs["text"]))
    words = tuple(dictate(sentences, reader, rngs["speech"]))
    reading = simulate_reading(
        case.plan,
        case.film,
        sentences,
        words,
        reader,
        rngs["gaze"],
        sampling_hz=sampling_hz,
        frame_rows=case.frame_rows,
        frame_columns=case.frame_columns,
        accuracy=settings.gaze_accuracy,
        informative=settings.gaze_informative,
        tracker=tracker,
    )
    return sentences, words, reading
