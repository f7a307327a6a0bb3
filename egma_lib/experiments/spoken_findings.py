"""Sentences that name a finding marked on their film, and the eye-voice lag of each reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from egma_lib.datasets.contract import ReportCorpus
from egma_lib.evaluation.eye_voice_lag import EyeVoiceLag, SpokenFinding, eye_voice_lag, inside_regions
from egma_lib.experiments.naming import affirms
from egma_lib.gaze.artefact import GazeArtefact
from egma_lib.settings import EvaluationSettings

ALL_READERS = "all readers"
MINIMUM_PATIENTS = 5
"""A reader with fewer patients has no row of its own: resampling so few says nothing."""
LAG_METRIC = "eye_voice_lag_s"


def spoken_findings(gaze: GazeArtefact, corpus: ReportCorpus) -> list[SpokenFinding]:
    """Return every sentence that affirms a finding with a region, once per finding.

    Parameters
    ----------
    gaze
        Artefact with fixations and times of the sentences.
    corpus
        The gaze corpus; its regions (case_id = reading id) are the reader's own ellipses or boxes.

    Returns
    -------
    list of SpokenFinding
        Empty where the corpus has no regions, or no sentence names one.
    """
    if corpus.regions is None or corpus.regions.empty:
        return []
    samples = corpus.samples.set_index("sample_id")
    found = []
    for (reading_id, finding), regions in corpus.regions.groupby(["case_id", "finding"], sort=False):
        sentences = gaze.sentences_of(str(reading_id))
        named = sentences[affirms(sentences["text"], str(finding))]
        if named.empty:
            continue
        fixations = gaze.fixations_of(str(reading_id)).drop_duplicates("order")
        fixations = fixations[fixations["on_image"]]
        x, y, onset_s, duration_s = (
            fixations[name].to_numpy(dtype=float) for name in ("x", "y", "onset_s", "duration_s")
        )
        inside = inside_regions(x, y, regions)
        sample = samples.loc[str(reading_id)]
        found += [
            SpokenFinding(
                reader=str(sample["reader"]),
                patient_id=str(sample["patient_id"]),
                start_s=float(start_s),
                end_s=float(end_s),
                onset_s=onset_s,
                duration_s=duration_s,
                on_region=inside,
            )
            for start_s, end_s in zip(named["start_s"], named["end_s"], strict=True)
        ]
    return found


def lag_by_reader(spoken: Sequence[SpokenFinding], settings: EvaluationSettings) -> dict[str, EyeVoiceLag]:
    """Measure the eye-voice lag of all readers together and of each with enough patients.

    Parameters
    ----------
    spoken
        From `spoken_findings`.
    settings
        Bootstrap size and seed.

    Returns
    -------
    dict
        `ALL_READERS` first, then readers by name; empty where no sentence is given.
    """
    if not spoken:
        return {}
    groups = {ALL_READERS: list(spoken)}
    for reader in sorted({one.reader for one in spoken}):
        mine = [one for one in spoken if one.reader == reader]
        if len({one.patient_id for one in mine}) >= MINIMUM_PATIENTS:
            groups[reader] = mine
    return {
        name: eye_voice_lag(group, settings.bootstrap, np.random.default_rng(settings.seed))
        for name, group in groups.items()
    }


def lag_rows(lags: Mapping[str, EyeVoiceLag]) -> list[dict[str, Any]]:
    """Return the long rows of measured lags, one per reader: seconds, with sentences as cases."""
    return [
        {
            "dataset": "gaze",
            "method": name,
            "setting": "",
            "metric": LAG_METRIC,
            "value": lag.peak_s,
            "ci_low": lag.peak_low_s,
            "ci_high": lag.peak_high_s,
            "sd": np.nan,
            "n_cases": lag.n_sentences,
            "n_seeds": 0,
            "kind": "measured",
            "source": "this run",
            "comparison": "",
            "smallest_effect": np.nan,
        }
        for name, lag in lags.items()
    ]


def lag_curves(lags: Mapping[str, EyeVoiceLag]) -> pd.DataFrame:
    """Return one row per reader and shift: reader, shift_s, share, low, high, peak_s and its interval, n."""
    tables = [
        pd.DataFrame(
            {
                "reader": name,
                "shift_s": lag.shifts_s,
                "share": lag.share,
                "low": lag.low,
                "high": lag.high,
                "peak_s": lag.peak_s,
                "peak_low_s": lag.peak_low_s,
                "peak_high_s": lag.peak_high_s,
                "n_sentences": lag.n_sentences,
                "n_patients": lag.n_patients,
            }
        )
        for name, lag in lags.items()
    ]
    return pd.concat(tables, ignore_index=True)
