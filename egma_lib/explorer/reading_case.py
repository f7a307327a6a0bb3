"""A reading of the gaze corpus as a case of the explorer."""

from __future__ import annotations

import numpy as np
import pandas as pd

from egma_lib.datasets.contract import ReportCorpus
from egma_lib.datasets.pixels import film_shape, film_to_uint8_square
from egma_lib.errors import DataError
from egma_lib.evaluation.pointing import REGION_RASTER, raster_boxes
from egma_lib.experiments.gaze_controls.oracle import coverage_on_patches, has_truth
from egma_lib.explorer.case import ExplorerCase, Region
from egma_lib.explorer.sources import GAZE_CORPUS, StudySources
from egma_lib.gaze.frames import ImageFrame
from egma_lib.gaze.heatmaps import sentence_heatmaps

LARGEST_FILM = 1024
"""Side of a film for display at most (pixels)."""

_QUALITY = (
    ("duration_s", "Recording", "{:.1f} s"),
    ("sampling_hz", "Sampling rate", "{:.0f} Hz"),
    ("data_loss", "Samples lost", "{:.1%}"),
    ("off_image_share", "Samples off the film", "{:.1%}"),
    ("rms_s2s_deg", "Precision (RMS-S2S)", "{:.2f} deg"),
    ("n_fixations", "Fixations", "{:.0f}"),
    ("sentences_with_gaze_share", "Sentences with gaze", "{:.0%}"),
)
"""Column of the readings, name and format of what is said about a recording's quality."""


def display_film(path: str) -> np.ndarray:
    """Return a film on the padded square as stored, of at most LARGEST_FILM pixels a side; uint8, (S, S)."""
    return film_to_uint8_square(path, min(LARGEST_FILM, max(film_shape(path))))


def reading_case(sources: StudySources, reading_id: str, findings: str) -> ExplorerCase:
    """Return a reading with its film, sentences, gaze and regions.

    Parameters
    ----------
    sources
        The study.
    reading_id
        A reading of the gaze corpus.
    findings
        Its findings in words.
    """
    corpus = sources.reading_corpus(reading_id)
    gaze, frame = sources.gaze, sources.frame_of(reading_id)
    data, sample = sources.data, sources.sample_of[reading_id]
    sentences = gaze.sentences_of(reading_id).drop(columns="reading_id").reset_index(drop=True)
    fixations = gaze.fixations_of(reading_id)
    return ExplorerCase(
        corpus=GAZE_CORPUS,
        case_id=reading_id,
        film=display_film(str(corpus.samples["image_path"].iloc[0])),
        model_input=np.array(data.images[data.image_index[sample]]),
        sentences=sentences[["sentence_index", "text", "start_s", "end_s", "has_gaze"]],
        words=gaze.words_of(reading_id)[["sentence_index", "word", "start_s", "end_s"]].reset_index(
            drop=True
        ),
        fixations=_fixations(fixations, frame),
        heatmaps=sentence_heatmaps(fixations, len(sentences), sources.grid, frame),
        regions=(
            *_truth(sources, reading_id, frame),
            *_marked(corpus, frame),
            *_boxes(sources, corpus, frame),
        ),
        facts=_facts(sources, reading_id, findings),
    )


def _fixations(fixations: pd.DataFrame, frame: ImageFrame) -> pd.DataFrame:
    """Return the fixations on the film, in 0-1 of the padded square; one row per sentence each belongs to."""
    seen = fixations[fixations["on_image"].to_numpy(dtype=bool)]
    x, y = frame.to_padded(seen["x"].to_numpy(dtype=float), seen["y"].to_numpy(dtype=float))
    return pd.DataFrame(
        {
            "order": seen["order"].to_numpy(),
            "onset_s": seen["onset_s"].to_numpy(dtype=float),
            "duration_s": seen["duration_s"].to_numpy(dtype=float),
            "x": x,
            "y": y,
            "sentence_index": seen["sentence_index"].to_numpy(dtype=float, na_value=np.nan),
        }
    )


def _marked(corpus: ReportCorpus, frame: ImageFrame) -> list[Region]:
    """Return what the reader marked, a region per finding."""
    if corpus.regions is None:
        return []
    return [
        Region(str(finding), "reader", raster_boxes(boxes, frame))
        for finding, boxes in corpus.regions.groupby("finding", sort=True)
    ]


def _boxes(sources: StudySources, corpus: ReportCorpus, frame: ImageFrame) -> list[Region]:
    """Return the anatomical structures of the film."""
    boxes = sources.structure_boxes
    mine = boxes[boxes["case_id"] == corpus.samples["dicom_id"].iloc[0]]
    if mine.empty:
        return []
    return [
        Region(str(name), "structures", raster_boxes(box, frame))
        for name, box in mine.groupby("finding", sort=True)
    ]


def _truth(sources: StudySources, reading_id: str, frame: ImageFrame) -> list[Region]:
    """Return the true masks of the film's findings, where the data root states them.

    A cell belongs to the region where at least half as much of it is covered as of the cell covered most.
    """
    root = sources.study.data_root
    if not has_truth(root):
        return []
    film = str(sources.readings.loc[reading_id, "dicom_id"])
    path = root / "truth" / "masks" / "gaze" / f"{film}.npz"
    if not path.is_file():
        return []
    with np.load(path) as stored:
        coverage, names = stored["coverage"] / 255, [str(name) for name in stored["names"]]
    if len(coverage) != len(names):
        raise DataError(f"{path}: {len(names)} names for {len(coverage)} masks; make the data root again")
    if not names:
        return []
    cells = coverage_on_patches(coverage, frame, (REGION_RASTER, REGION_RASTER))
    return [
        Region(name, "truth", share >= share.max() / 2)
        for name, share in zip(names, cells, strict=True)
        if share.any()
    ]


def _facts(sources: StudySources, reading_id: str, findings: str) -> dict[str, str]:
    row, sample = sources.readings.loc[reading_id], sources.sample_of[reading_id]
    held_out = bool(sources.data.is_validation[sample])
    facts = {
        "Reading": reading_id,
        "Patient": sources.data.patient_ids[sample],
        "Film": f"{row['dicom_id']} ({row['columns']} x {row['rows']} pixels)",
        "Split": "validation (no training saw it)" if held_out else "training",
        "Reader": str(row["reader"]),
        "Collection": {"reflacx": "REFLACX", "eye_gaze": "EYE GAZE"}.get(
            str(row["source"]), str(row["source"])
        ),
        "Findings": findings or "none",
        "Event detector": str(row["method"]),
    }
    measured = [(name, form, row[column]) for column, name, form in _QUALITY]
    return facts | {name: form.format(value) for name, form, value in measured if pd.notna(value)}
