"""What the simulator's parts hand each other: a planned case, its film, its sentences and its recording."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

FINDINGS = (
    "Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Pleural Effusion",
    "Pneumonia", "Pneumothorax", "Fracture", "Support Devices",
)  # fmt: skip
"""Findings the simulator can draw; a film with none of the first eight is 'No Finding'."""

MARK_FINDINGS = (*FINDINGS[:8], "No Finding")
"""Findings that have a confounding mark of their own."""

Side = Literal["left", "right", "bilateral", "none"]
Zone = Literal["upper", "mid", "lower", "none"]
Severity = Literal["mild", "moderate", "severe"]


@dataclass(frozen=True)
class Finding:
    """One finding of a planned case; `side` is the patient's (the patient's left is on the image's right)."""

    name: str
    side: Side
    zone: Zone
    severity: Severity
    size: float
    """0 (smallest) to 1 (largest)."""


@dataclass(frozen=True)
class CasePlan:
    """Everything decided about a case before it is drawn."""

    corpus: str
    index: int
    findings: tuple[Finding, ...]
    mark: str | None = None
    """The finding whose confounding mark the film carries, or None."""
    view: Literal["PA", "AP"] = "PA"
    scanner: str = "mimic"
    """Name of the acquisition chain (exposure, blur, noise): `mimic`, `chexpert`, `rsna` or `siim`."""

    @property
    def abnormal(self) -> tuple[Finding, ...]:
        """Findings other than support devices."""
        return tuple(finding for finding in self.findings if finding.name != "Support Devices")


@dataclass(frozen=True)
class Film:
    """A drawn film and its ground truth.

    Attributes
    ----------
    image
        float32, shape (rows, columns), 0 (air) to 1 (bone).
    finding_masks
        One boolean mask of the same shape per entry of the plan's `findings`, in that order.
    regions
        Named anatomical regions as (x_min, y_min, x_max, y_max) in 0-1 of the image, among them the ones of
        `REGION_NAMES`.
    """

    image: np.ndarray
    finding_masks: tuple[np.ndarray, ...]
    regions: dict[str, tuple[float, float, float, float]]


REGION_NAMES = (
    "right lung", "right upper lung zone", "right mid lung zone", "right lower lung zone",
    "right hilar structures", "right costophrenic angle", "right hemidiaphragm", "right clavicle",
    "right apical zone",
    "left lung", "left upper lung zone", "left mid lung zone", "left lower lung zone",
    "left hilar structures", "left costophrenic angle", "left hemidiaphragm", "left clavicle",
    "left apical zone",
    "cardiac silhouette", "mediastinum", "upper mediastinum", "aortic knob", "trachea", "spine",
)  # fmt: skip


@dataclass(frozen=True)
class PlannedSentence:
    """A report sentence and what it speaks of.

    Attributes
    ----------
    text
        Lower case, no final period.
    finding_indices
        Indices into the plan's `findings` that the sentence speaks of (several for a combination).
    region_names
        Regions spoken of where the sentence is about normal anatomy; empty where nothing can be pointed at.
    """

    text: str
    finding_indices: tuple[int, ...] = ()
    region_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class SpokenWord:
    """One dictated word; the period that ends a sentence is a word of its own."""

    word: str
    start_s: float
    end_s: float
    sentence_index: int


@dataclass(frozen=True)
class ReaderProfile:
    """How one simulated radiologist looks and speaks."""

    name: str
    accuracy: float
    """Probability that a fixation made while a region is spoken of falls on it."""
    eye_voice_lead_s: float
    """Seconds by which the eyes reach a region before its words."""
    fixation_median_s: float
    words_per_s: float
    silent_search_s: float


@dataclass(frozen=True)
class SimulatedReading:
    """One recording of one reading.

    Attributes
    ----------
    samples
        One row per sample: time_s (from audio start = image onset), x_px, y_px (float pixels of the full-size
        frame; NaN in blinks and drop-outs), pupil (normalised area, about 1), px_per_deg (frame pixels per
        degree at that time; zooming changes it), the shown part of the image x_min_px, y_min_px, x_max_px,
        y_max_px and its place on the screen screen_x_min, screen_y_min, screen_x_max, screen_y_max (screen
        pixels), and the truth: `event` in {fixation, saccade, pso, blink, lost}.
    true_fixations
        onset_s, offset_s, x_px, y_px and `target` (text: the region or finding aimed at, or 'off target').
    sampling_hz
        Nominal sampling rate (Hz).
    """

    samples: pd.DataFrame
    true_fixations: pd.DataFrame
    sampling_hz: float
    reader: str
    words: tuple[SpokenWord, ...] = field(default=())
