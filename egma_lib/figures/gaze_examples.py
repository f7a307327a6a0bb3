"""Which readings the gaze figures show: chosen by stated rules, never by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd

from egma_lib.datasets.contract import CaseTable, ReportCorpus
from egma_lib.datasets.pixels import film_to_uint8_square
from egma_lib.errors import DataError
from egma_lib.experiments.naming import affirms
from egma_lib.figures.denoising import DenoisedRecording
from egma_lib.figures.normal_abnormal import reading_measures
from egma_lib.figures.readers import ReaderOnFinding
from egma_lib.figures.sentence_heatmaps import DISPLAY_GRID, SpokenHeatmaps, spoken_heatmaps
from egma_lib.gaze.artefact import GazeArtefact
from egma_lib.gaze.frames import ImageFrame
from egma_lib.gaze.heatmaps import sentence_heatmaps, whole_report_heatmap
from egma_lib.gaze.preprocess import preprocess_recording
from egma_lib.gaze.recording import Recording
from egma_lib.gaze.recordings import read_recording
from egma_lib.gaze.study_readings import find_study_readings
from egma_lib.settings import GazeSettings
from egma_lib.study import Study

FILM_SIZE = 448
"""Side of the films drawn in figures (pixels)."""

DEVICE_LABELS = {"reflacx": "REFLACX (EyeLink)", "eye_gaze": "EYE GAZE (Gazepoint)"}


def film_of(corpus: ReportCorpus, sample_id: str) -> np.ndarray:
    """Return the padded square film of a sample, uint8, shape (FILM_SIZE, FILM_SIZE)."""
    path = corpus.samples.loc[corpus.samples["sample_id"] == sample_id, "image_path"].iloc[0]
    return film_to_uint8_square(path, FILM_SIZE)


def frame_of(corpus: ReportCorpus, sample_id: str) -> ImageFrame:
    """Return the image frame of a sample."""
    row = corpus.samples.loc[corpus.samples["sample_id"] == sample_id, ["rows", "columns"]]
    return ImageFrame(*row.to_numpy(dtype=int)[0].tolist())


def spoken_example(
    artefact: GazeArtefact, corpus: ReportCorpus, n_sentences: int = 3
) -> tuple[str, list[SpokenHeatmaps]]:
    """Return the reading of median length, and its sentences with most words (for Figure 5).

    Parameters
    ----------
    artefact, corpus
        Used readings and their films.
    n_sentences
        Sentences returned, in dictated order; of equally long ones the first.

    Returns
    -------
    (str, list of SpokenHeatmaps)
        Reading id (the middle one of the readings sorted by number of sentences, then id), and its sentences.
    """
    lengths = artefact.sentences.groupby("reading_id").size()
    known = lengths[lengths.index.isin(corpus.samples["sample_id"])].sort_index()
    chosen = str(known.sort_values(kind="stable").index[len(known) // 2])
    spoken = spoken_heatmaps(artefact, chosen, frame_of(corpus, chosen))
    longest = sorted(range(len(spoken)), key=lambda index: -len(spoken[index].words))[:n_sentences]
    return chosen, [spoken[index] for index in sorted(longest)]


def denoised_examples(
    study: Study, artefact: GazeArtefact, corpus: ReportCorpus, settings: GazeSettings
) -> list[DenoisedRecording]:
    """Return, per device, the recording of median noise (for Figure 6).

    Parameters
    ----------
    study
        Where the recordings are.
    artefact, corpus
        Used readings and their films.
    settings
        Decides the event detector.

    Returns
    -------
    list of DenoisedRecording
        One per device, REFLACX first; of its readings sorted by RMS-S2S (degrees), then id, the middle one.
    """
    usable = artefact.readings[artefact.readings["reading_id"].isin(corpus.samples["sample_id"])]
    chosen = {}
    for source, readings in usable.groupby("source", sort=True):
        ranked = readings.sort_values(["rms_s2s_deg", "reading_id"])
        chosen[str(ranked["reading_id"].iloc[len(ranked) // 2])] = str(source)
    references = {item.reading_id: item for item in find_study_readings(study) if item.reading_id in chosen}
    return [
        _denoised(
            read_recording(references[reading_id], settings),
            artefact.fixations_of(reading_id).drop_duplicates("order"),
            settings,
            DEVICE_LABELS[source],
            film_of(corpus, reading_id),
        )
        for reading_id, source in sorted(chosen.items(), key=lambda pair: pair[1], reverse=True)
    ]


def _denoised(
    recording: Recording, fixations: pd.DataFrame, settings: GazeSettings, label: str, film: np.ndarray
) -> DenoisedRecording:
    """Bring a recording's samples, events and fixations together, positions in 0-1 of the padded square."""
    processed = preprocess_recording(recording, settings)
    frame = recording.frame
    x, y = frame.to_padded(fixations["x"].to_numpy(), fixations["y"].to_numpy())
    raw_x, raw_y = frame.to_padded(*frame.to_fraction(recording.x_px, recording.y_px))
    x_deg, y_deg = recording.to_degrees()
    return DenoisedRecording(
        label=label,
        sampling_hz=recording.sampling_hz,
        method=str(processed.reading["method"]),
        time_s=recording.time_s,
        x_deg=x_deg,
        y_deg=y_deg,
        events=processed.events,
        x=x,
        y=y,
        duration_s=fixations["duration_s"].to_numpy(),
        raw_x=raw_x,
        raw_y=raw_y,
        film=film,
    )


def readers_example(artefact: GazeArtefact, corpus: ReportCorpus) -> tuple[str, str, list[ReaderOnFinding]]:
    """Return the image and finding that most readers marked and named, with what each did (for Figure 7).

    A study without an image of several readers gives the first finding that one reader marked and named.

    Returns
    -------
    (str, str, list)
        A sample id of the image, the finding, and one entry per reader.

    Raises
    ------
    DataError
        No finding was marked and named by a reader.
    """
    if corpus.regions is None or corpus.regions.empty:
        raise DataError(f"{corpus.name}: no reading has marked regions; Figure 7 needs REFLACX readings")
    marked = corpus.regions[["case_id", "finding"]].drop_duplicates()
    marked = marked.merge(corpus.samples, left_on="case_id", right_on="sample_id")
    best: tuple[str, list[ReaderOnFinding]] = ("", [])
    for key, same in marked.groupby(["dicom_id", "finding"], sort=True):
        if len(same) <= len(best[1]):
            continue
        finding = str(key[1])
        readers = [
            reader
            for sample_id in sorted(same["sample_id"])
            if (reader := _reader_on_finding(artefact, corpus, sample_id, finding)) is not None
        ]
        if len(readers) > len(best[1]):
            best = (finding, readers)
    if not best[1]:
        raise DataError(f"{corpus.name}: no finding was marked and named by a reader; Figure 7 needs one")
    return best[1][0].reading_id, *best


def _reader_on_finding(
    artefact: GazeArtefact, corpus: ReportCorpus, sample_id: str, finding: str
) -> ReaderOnFinding | None:
    """Return what a reader did while saying the finding's name; None if it was not said, or without gaze."""
    sentences = artefact.sentences_of(sample_id)
    naming = sentences[affirms(sentences["text"], finding)]
    fixations = artefact.fixations_of(sample_id)
    mine = fixations[fixations["sentence_index"].isin(naming["sentence_index"])]
    if mine.empty or corpus.regions is None:
        return None
    frame = frame_of(corpus, sample_id)
    heat = sentence_heatmaps(mine.assign(sentence_index=0), 1, DISPLAY_GRID, frame)[0]
    once = mine.drop_duplicates("order")
    x, y = frame.to_padded(once["x"].to_numpy(), once["y"].to_numpy())
    regions = corpus.regions[
        (corpus.regions["case_id"] == sample_id) & (corpus.regions["finding"] == finding)
    ].reset_index(drop=True)
    left, top = frame.to_padded(regions["x_min"].to_numpy(), regions["y_min"].to_numpy())
    right, bottom = frame.to_padded(regions["x_max"].to_numpy(), regions["y_max"].to_numpy())
    padded = regions.assign(x_min=left, y_min=top, x_max=right, y_max=bottom)
    text = " / ".join(naming["text"])
    return ReaderOnFinding(sample_id, text, heat, x, y, once["duration_s"].to_numpy(), padded)


def normal_abnormal_example(
    artefact: GazeArtefact, corpus: ReportCorpus, labels: CaseTable, max_films: int = 60
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], pd.DataFrame]:
    """Return mean films, mean heatmaps and per-reading measures of normal and abnormal films (for Figure 8).

    Normal is the CheXpert label `No Finding`. A reading whose label is unknown (NaN), or that has fewer than
    two fixations, is left out.

    Parameters
    ----------
    artefact, corpus
        Used readings and their films.
    labels
        The 14 CheXpert labels of the corpus's samples, in its order.
    max_films
        Films averaged per group.

    Returns
    -------
    (dict, dict, pandas.DataFrame)
        Group to mean film of the first `max_films`, shape (FILM_SIZE, FILM_SIZE), 0-255; group to mean
        whole-report heatmap, shape `DISPLAY_GRID`; and a row per reading: patient_id, group and what
        `reading_measures` gives.

    Raises
    ------
    DataError
        One of the groups has no reading.
    """
    no_finding = labels.labels[:, labels.class_names.index("No Finding")]
    rows: list[dict[str, object]] = []
    heat: dict[str, list[np.ndarray]] = {"normal": [], "abnormal": []}
    films: dict[str, list[np.ndarray]] = {"normal": [], "abnormal": []}
    columns = corpus.samples[["sample_id", "patient_id"]].to_numpy(dtype=str)
    for (sample_id, patient_id), is_normal in zip(columns, no_finding, strict=True):
        fixations = artefact.fixations_of(sample_id).drop_duplicates("order")
        if len(fixations) < 2 or np.isnan(is_normal):
            continue
        group = "normal" if is_normal == 1 else "abnormal"
        rows.append({"patient_id": patient_id, "group": group, **reading_measures(fixations)})
        heat[group].append(whole_report_heatmap(fixations, DISPLAY_GRID, frame_of(corpus, sample_id)))
        if len(films[group]) < max_films:
            films[group].append(film_of(corpus, sample_id))
    for group, maps in heat.items():
        if not maps:
            raise DataError(f"{corpus.name}: no {group} reading; Figure 8 needs both groups")
    return (
        {group: np.mean(values, axis=0) for group, values in films.items()},
        {group: np.mean(values, axis=0) for group, values in heat.items()},
        pd.DataFrame(rows),
    )
