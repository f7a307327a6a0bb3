"""Settings of the built-in study, of the data sets, and of gaze."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from egma_lib.setting_groups.base import Group

DATASET_KEYS = (
    "mimic-eye", "reflacx", "egd-cxr", "mimic-cxr-jpg", "mimic-cxr", "chexpert", "rsna", "siim", "ms-cxr",
)  # fmt: skip
"""Keys of the data sets: their folders below a data root."""


class PhantomSizes(Group):
    """How many cases of each kind the phantom study holds."""

    gaze_cases: int = Field(ge=4)
    """Patients whose film was read with gaze (MIMIC-EYE tree)."""
    multi_reader_cases: int = Field(ge=0)
    """Of the REFLACX-style cases, how many were read by three to five readers."""
    report_cases: int = Field(ge=4)
    """Report-only patients (MIMIC-CXR-JPG tree), the base pretraining corpus."""
    chexpert_5x200_per_class: int = Field(ge=2)
    """Cases per class of the 5x200-style test set."""
    chexpert_marked_cases: int = Field(ge=0)
    """Cases of 5x200 that also exist as a copy with a confounding mark."""
    chexpert_8x200_per_class: int = Field(ge=2)
    """Candidates per class of the 8x200-style retrieval set."""
    chexpert_train: int = Field(ge=0)
    """Rows of the CheXpert-style train.csv of other patients (linear probe)."""
    chexpert_valid: int = Field(ge=0)
    """Rows of the CheXpert-style valid.csv of other patients."""
    rsna_cases: int = Field(ge=4)
    """RSNA-style DICOM films."""
    siim_cases: int = Field(ge=4)
    """SIIM-style DICOM films."""


class PhantomSettings(Group):
    """The built-in study; fixed in the profile before any comparison is run."""

    preset: Literal["main", "null"] = "main"
    """`main`, or `null`: no confounder, and gaze independent of the findings (sets the two strengths)."""
    seed: int = Field(default=2024, ge=0)
    """Case k depends on this seed, its corpus and k alone."""
    sizes: PhantomSizes
    frame_rows: int = Field(default=3056, ge=512)
    """Rows of the full-size frame that gaze, boxes and tables refer to (pixels)."""
    frame_columns: int = Field(default=2544, ge=512)
    """Columns of the full-size frame (pixels)."""
    stored_rows: int = Field(default=336, ge=64)
    """Rows of the stored JPG, a smaller copy of the same aspect ratio (pixels)."""
    dicom_size: int = Field(default=256, ge=64)
    """Rows and columns of the square RSNA- and SIIM-style DICOM films (pixels)."""
    confounder_strength: float = Field(default=0.8, ge=0, le=1)
    """Probability that an abnormal pretraining film carries the mark that belongs to its finding."""
    gaze_accuracy: float = Field(default=0.85, ge=0, le=1)
    """Probability that a fixation made while a finding is dictated falls on the region spoken of."""
    gaze_informative: bool = True
    """False: gaze targets are drawn from another case's findings."""
    sampling_hz_reflacx: float = Field(default=1000.0, ge=250)
    """Sampling rate of the EyeLink-style recordings (Hz)."""
    positive_share_rsna: float = Field(default=0.225, gt=0, lt=1)
    """Share of RSNA-style films with pneumonia."""
    positive_share_siim: float = Field(default=0.22, gt=0, lt=1)
    """Share of SIIM-style films with pneumothorax."""

    @model_validator(mode="before")
    @classmethod
    def _preset_sets_its_strengths(cls, values: Any) -> Any:
        # `--set phantom.preset=null` reaches us as YAML's null.
        if isinstance(values, dict) and "preset" in values and values["preset"] in (None, "null"):
            return {"confounder_strength": 0.0, "gaze_informative": False, **values, "preset": "null"}
        return values

    @model_validator(mode="after")
    def _null_preset_is_null(self) -> PhantomSettings:
        if self.preset == "null" and (self.confounder_strength > 0 or self.gaze_informative):
            raise ValueError("preset 'null' needs confounder_strength 0 and gaze_informative false")
        return self


class DataSettings(Group):
    """Where single data sets are when they are not under the data root, and how images are stored."""

    paths: dict[str, Path] = Field(default_factory=dict)
    """Redirects, data set key (such as `rsna`) to folder."""
    image_size: int = Field(default=112, ge=32)
    """Side of the padded square that the image encoder sees (pixels)."""
    pixel_mean: float = 0.5862785803043838
    """Mean subtracted from pixels in 0-1 (released code)."""
    pixel_std: float = Field(default=0.27950088968644304, gt=0)
    """Standard deviation that pixels are divided by (released code)."""
    validation_share: float = Field(default=0.1, gt=0, lt=0.5)
    """Share of patients held out for validation where the data bring no split."""
    uncertain_as: Literal["nan", "positive", "negative", "gloria"] = "nan"
    """CheXpert label -1 (linear probe): left out of loss and score, 1, 0, or GLoRIA's per-class rule."""

    @model_validator(mode="after")
    def _known_keys(self) -> DataSettings:
        unknown = sorted(set(self.paths) - set(DATASET_KEYS))
        if unknown:
            raise ValueError(f"unknown data set {unknown}; known: {', '.join(DATASET_KEYS)}")
        return self


class GazeSettings(Group):
    """From samples to sentence heatmaps."""

    method_high_rate: Literal["adaptive", "nystrom_holmqvist", "ivt", "vendor"] = "adaptive"
    """Event detector for recordings of 250 Hz and more."""
    method_low_rate: Literal["ivt", "vendor"] = "ivt"
    """Event detector below 250 Hz; adaptive velocity methods are refused there."""
    minimum_fixation_s: float = Field(default=0.06, ge=0)
    """Shorter fixations are dropped (seconds)."""
    lead_s: float = Field(default=1.0, ge=0)
    """A sentence's window starts this long before its first word (eyes lead the voice; seconds)."""
    lag_s: float = Field(default=0.0, ge=0)
    """A sentence's window ends this long after its last word (seconds)."""
    assignment: Literal["largest_overlap", "all_overlaps"] = "largest_overlap"
    """A fixation belongs to the sentence it overlaps most, or to each with its overlap as weight."""
    sigma_deg: float = Field(default=1.0, gt=0)
    """Standard deviation of the Gaussian drawn per fixation (degrees of visual angle)."""
    gaze_floor: float = Field(default=0.05, ge=0, lt=1)
    """Patch cells under this share of the sentence's maximum are 0 (released code: 0, any tail counts)."""
    whole_report_fallback: bool = False
    """True: a sentence without gaze takes the whole report's heatmap (released code)."""
    egd_screen_width_cm: float = Field(default=52.7, gt=0)
    """EYE GAZE states no degrees: assumed width of its 1920 x 1080 screen (cm)."""
    egd_viewing_distance_cm: float = Field(default=65.0, gt=0)
    """EYE GAZE: assumed viewing distance (cm)."""
    minimum_valid_share: float = Field(default=0.3, ge=0, le=1)
    """A recording with a smaller share of valid samples is excluded, with this as reason."""
