"""One frozen, validated settings object; `configs/*.yaml` and explicit overrides are its only sources."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from egma_lib.artefacts import content_hash
from egma_lib.errors import SettingsError

CONFIG_FOLDER = Path(__file__).resolve().parents[1] / "configs"
PROFILES = ("smoke", "phantom", "paper")
DATASET_KEYS = (
    "mimic-eye", "reflacx", "egd-cxr", "mimic-cxr-jpg", "mimic-cxr", "chexpert", "rsna", "siim", "ms-cxr",
)  # fmt: skip


# `local` is submitit's engine of processes on this machine.
_ENGINE = r"^(dask=\S+|(slurm|local)(:\w+=[^\s,]+(,\w+=[^\s,]+)*)?)$"


class Group(BaseModel):
    """Base of every settings group: frozen, keyword-only, unknown fields refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


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


class ModelSettings(Group):
    """Encoders and projections."""

    image_encoder: Literal[
        "resnet_small", "swin_small", "swin_t", "resnet50", "vit_b_16", "vit_small",
        "clip_vit_b_16", "open_clip_vit_b_16",
    ]  # fmt: skip
    """Image encoder by name."""
    start_weights: str | None = None
    """File that `egma weights convert` wrote; fills a new model's encoders, projections if they fit."""
    image_weights: str | None = None
    """Folder or hub name of pretrained weights; None is random initialisation."""
    image_channels: tuple[int, ...] = (32, 64, 128)
    """Stage widths of the small encoders."""
    patch_grid: int = Field(default=7, ge=2)
    """Patches per side; 7 is the last stage, 14 takes the stage before with a projection of its own."""
    text_encoder: Literal["bert_small", "bert"] = "bert_small"
    """Text encoder: a small BERT with a vocabulary learned from the corpus, or a pretrained one."""
    text_weights: str | None = None
    """Folder or hub name of a pretrained BERT; None is random initialisation."""
    text_layers: int = Field(default=2, ge=1)
    """Layers of the small BERT (or of the pretrained one that are kept)."""
    text_width: int = Field(default=128, ge=16)
    """Hidden size of the small BERT."""
    text_heads: int = Field(default=4, ge=1)
    """Attention heads of the small BERT."""
    lowercase: bool = True
    """Lower-case texts before tokenising (as published code does by default)."""
    max_tokens: int = Field(default=77, ge=8)
    """Longer texts are cut to this many tokens; padding is always to the longest in the batch."""
    pool_padding: bool = False
    """True: token mean runs over padding too (released code)."""
    embed_dim: int = Field(default=128, ge=8)
    """Width d of the shared space."""


class LossSettings(Group):
    """Switches of Eq. 1-9; defaults are the paper's text, others the released code's."""

    egm_threshold: float = Field(default=2 / 7, ge=0, le=1)
    """omega cuts the min-max similarity here (the paper gives no number)."""
    egm_threshold_without_gaze: float | None = Field(default=None, ge=0, le=1)
    """Threshold for samples without gaze; None is the same (released code: 1/7, with gaze 3/7)."""
    egm_gaze: Literal["union", "mean"] = "union"
    """Eq. 7: omega(M) + GS, or omega((M + GS) / 2) (released code)."""
    egm_floor: float = Field(default=0.0, ge=0)
    """Added to every real cell of the mapping before its row is normalised (released code: 0.01)."""
    egm_weight_image: float = Field(default=0.5, ge=0)
    """Weight of mL_I in Eq. 9 (released code: 0.7)."""
    egm_weight_text: float = Field(default=0.5, ge=0)
    """Weight of mL_T in Eq. 9 (released code: 0.3)."""
    mlce_weight_sentence_to_patch: float = Field(default=0.5, ge=0)
    """Weight of the sentence-to-patch half of Eq. 6 (released code: 0.8)."""
    mlce_weight_patch_to_sentence: float = Field(default=0.5, ge=0)
    """Weight of the patch-to-sentence half (released code: 0.2, or 0 with partial gaze)."""
    mlce_denominator: Literal["batch", "with_gaze"] = "batch"
    """Eq. 4's batch mean divides by b (Eq. 6) or by the samples with gaze (released code)."""
    t2i_axis: Literal["paper", "upstream"] = "paper"
    """Axis of the text-to-image cross-entropy: over images, or over texts (released code)."""
    padding: Literal["masked", "upstream"] = "masked"
    """Padded sentence slots are masked, or count as zero similarity in Eq. 5's max (released code)."""
    chunk: int = Field(default=16, ge=1)
    """Rows of the batch per chunk of Eq. 5; changes memory, not results."""


class StageSettings(Group):
    """One training stage."""

    image_passes: int = Field(ge=0)
    """Training length counted in images shown; 0 keeps the weights as they start, such as a checkpoint's."""
    batch_size: int = Field(default=32, ge=2)
    """Images per step."""
    learning_rate: float = Field(gt=0)
    """Peak learning rate of AdamW."""
    weight_decay: float = Field(default=0.05, ge=0)
    """Weight decay of AdamW."""
    warmup_share: float = Field(default=0.1, ge=0, lt=1)
    """Share of the steps with linearly rising learning rate; cosine after it."""
    gradient_clip: float = Field(default=1.0, gt=0)
    """Largest gradient norm."""
    max_sentences: int = Field(default=12, ge=1)
    """Sentence slots per sample; the rest of a longer report is cut (and counted)."""


class TrainingSettings(Group):
    """What both stages share."""

    base: StageSettings
    """Stage 1: pretraining without gaze on the report corpus."""
    continued: StageSettings
    """Stage 2: continued pretraining on the gaze corpus."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to train; auto takes a GPU where there is one."""
    bf16: Literal["auto", "on", "off"] = "auto"
    """Mixed precision; auto is on for a GPU only."""
    threads: int = Field(default=1, ge=1)
    """Threads per training process on CPU; the same number gives the same bits."""
    processes: int = Field(default=1, ge=1)
    """Processes that train one run together, one GPU each; the loss sees the whole batch all the same."""
    micro_batch: int | None = Field(default=None, ge=1)
    """Images that one process encodes at a time; None is its whole share of the batch. Saves memory and
    changes nothing but rounding: features are kept and the loss is computed over the whole batch."""
    brightness: float = Field(default=0.2, ge=0, lt=1)
    """Colour jitter: factor drawn from [1 - x, 1 + x]."""
    contrast: float = Field(default=0.2, ge=0, lt=1)
    """Contrast jitter: factor drawn from [1 - x, 1 + x], with probability one half."""
    checkpoint_every_s: float = Field(default=30.0, gt=0)
    """Seconds between saved training states."""
    validate_every: int = Field(default=100, ge=1)
    """Steps between validation losses."""
    select: Literal["last", "validation"] = "last"
    """The fixed last step decides; validation loss may only in `paper`."""
    tensorboard: bool = False
    """Also write TensorBoard event files (needs the tensorboard package)."""

    @field_validator("bf16", mode="before")
    @classmethod
    def _on_and_off_are_words(cls, value: Any) -> Any:
        # `--set training.bf16=off` reaches us as YAML's false.
        return {True: "on", False: "off"}[value] if isinstance(value, bool) else value


class EvaluationSettings(Group):
    """Zero-shot, retrieval, pointing and their intervals."""

    bootstrap: int = Field(default=1000, ge=50)
    """Bootstrap resamples of patients."""
    prompt_draws: int = Field(default=20, ge=1)
    """Draws of `prompts_per_draw` prompts whose spread is shown."""
    prompts_per_draw: int = Field(default=5, ge=1)
    """Prompts per class in one draw."""
    seed: int = Field(default=7, ge=0)
    """Seed of bootstrap and prompt draws."""
    batch_size: int = Field(default=64, ge=1)
    """Images encoded at a time."""
    zero_shot_split: Literal["all", "test"] = "test"
    """RSNA and SIIM films that are scored: the published test split, or all (none was trained on)."""
    siim_prevalence: Literal["natural", "balanced"] = "natural"
    """SIIM: every film of the split, or all positives and as many negatives drawn with `seed`."""
    allow_overlap: tuple[Annotated[str, Field(pattern=r"^\w+/\w+$")], ...] = ()
    """Pairs of sets, such as `base_train/rsna`, whose shared patients or films do not stop the run."""


class ProbeSettings(Group):
    """The linear probe: shares of the labels, and the two heads."""

    shares: tuple[Annotated[float, Field(gt=0, le=1)], ...] = Field(default=(0.01, 0.1, 1.0), min_length=1)
    """Shares of the training patients; those of one draw are nested."""
    draws: int = Field(default=3, ge=1)
    """Draws of every share below 1."""
    seed: int = Field(default=7, ge=0)
    """Seed of the draws, the same for all encoders."""
    epochs: int = Field(default=30, ge=1)
    """The paper's head: passes over the training share."""
    warmup_epochs: int = Field(default=6, ge=0)
    """The paper's head: epochs of linearly rising learning rate; cosine after them."""
    learning_rate: float = Field(default=5e-7, gt=0)
    """The paper's head: peak learning rate of AdamW."""
    weight_decay: float = Field(default=1e-4, ge=0)
    """The paper's head: weight decay of AdamW."""
    batch_size: int = Field(default=40, ge=1)
    """The paper's head: films per step (the paper gives none; the released code's pretraining has 40)."""
    inverse_regularisation: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        default=(1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0), min_length=1
    )
    """The converged head: values of C that the validation part chooses from."""


class ExperimentSettings(Group):
    """Which runs make the tables."""

    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    """Seed s fixes initialisation, order and gaze subset; the data are the same for all."""
    arms: tuple[str, ...] = ("start", "clip", "no_gaze", "mlce", "egf", "egm", "egma")
    """Rows of Table 4, by registered name."""
    gaze_shares: tuple[float, ...] = (0.01, 0.05, 0.10, 0.50)
    """Shares of samples that keep their gaze in the gaze-quantity ablation."""
    extra_pair_seeds: tuple[int, ...] = (5, 6, 7, 8, 9)
    """Seeds of the main pair, EGMA against continued training without gaze, beyond `seeds`."""
    n_few_seeds: int = Field(default=3, ge=1)
    """Seeds, the first ones, of what costs most runs: methods, backbones, confounder strength, switches."""
    methods: tuple[str, ...] = ("convirt", "filip", "gloria", "medclip", "sparc")
    """Comparison methods of Tables 2 and 3, by registered name."""
    backbones: dict[str, dict[str, Any]] = {}
    """Other backbones of Table 7: label to the settings that make it, such as `model.image_encoder`."""
    controls: tuple[str, ...] = (
        "shuffled",
        "uniform",
        "centre",
        "average",
        "shift_-3",
        "shift_+3",
        "before_and_during",
        "whole_report",
        "raw_samples",
        "other_detector",
        "oracle",
    )
    """Controls of the gaze claim, by registered name."""
    switches: tuple[str, ...] | None = None
    """Differences between paper and released code whose effect is measured; None is all of them."""
    other_strength: float | None = Field(default=0.4, ge=0, le=1)
    """Built-in phantom: one more `phantom.confounder_strength` for gaze quantity; None leaves it out."""
    null_study: bool = True
    """Built-in phantom: also run the comparisons on preset `null`, where no benefit is the right answer."""
    jobs: int | None = Field(default=None, ge=1)
    """Runs trained at the same time; None is what the machine has room for. Decides no result, so no hash
    counts it."""
    cluster: str | None = Field(default=None, pattern=_ENGINE)
    """Engine that the training runs are sent to: `dask=tcp://HOST:8786`, `slurm` or
    `slurm:option=value,option=value`; None trains here. No hash counts it."""

    @property
    def few_seeds(self) -> tuple[int, ...]:
        """The first `n_few_seeds` seeds."""
        return self.seeds[: self.n_few_seeds]

    @property
    def pair_seeds(self) -> tuple[int, ...]:
        """All seeds of the main pair; `seeds` come first."""
        return self.seeds + tuple(seed for seed in self.extra_pair_seeds if seed not in self.seeds)

    @property
    def n_workers(self) -> int:
        """Worker processes for work on the CPU: `jobs`, or one per core."""
        return self.jobs or os.cpu_count() or 1


class Settings(Group):
    """Everything that decides a result."""

    profile: Literal["smoke", "phantom", "paper"]
    phantom: PhantomSettings
    data: DataSettings = DataSettings()
    gaze: GazeSettings = GazeSettings()
    model: ModelSettings
    losses: LossSettings = LossSettings()
    training: TrainingSettings
    evaluation: EvaluationSettings = EvaluationSettings()
    probe: ProbeSettings = ProbeSettings()
    experiments: ExperimentSettings = ExperimentSettings()

    def changed(self, overrides: Mapping[str, Any]) -> Settings:
        """Return these settings with some fields changed, by dotted name.

        Raises
        ------
        SettingsError
            Unknown field, or a value out of range.
        """
        content = self.model_dump(mode="json")
        for name, value in overrides.items():
            _set_dotted(content, name, value)
        try:
            return Settings.model_validate(content)
        except ValidationError as error:
            raise SettingsError(_explain(error, f"profile {self.profile}")) from error

    def hash_of(self, *groups: str) -> str:
        """Return a short hash of the named groups, e.g. `hash_of("gaze", "data")`.

        `jobs` and `cluster` do not count: where a run is trained decides no result.
        """
        where = {"jobs", "cluster"}
        return content_hash(
            {name: getattr(self, name).model_dump(mode="json", exclude=where) for name in groups}
        )


def load_settings(profile: str, overrides: Mapping[str, Any] | Sequence[str] | None = None) -> Settings:
    """Load `configs/<profile>.yaml`, apply overrides and validate.

    Parameters
    ----------
    profile
        `smoke`, `phantom` or `paper`.
    overrides
        Either a mapping of dotted names to values (the notebooks' parameter) or `a.b=c` strings (the command
        line's `--set`), whose values are read as YAML.

    Raises
    ------
    SettingsError
        Unknown profile or field, or a value out of range: names field, value and what is allowed.
    """
    if profile not in PROFILES:
        raise SettingsError(f"profile {profile!r} is unknown; use one of {', '.join(PROFILES)}")
    path = CONFIG_FOLDER / f"{profile}.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    for name, value in parse_overrides(overrides).items():
        _set_dotted(content, name, value)
    try:
        return Settings.model_validate({"profile": profile, **content})
    except ValidationError as error:
        raise SettingsError(_explain(error, path.name)) from error


def parse_overrides(overrides: Mapping[str, Any] | Sequence[str] | None) -> dict[str, Any]:
    """Return overrides as {dotted name: value}, from a mapping or from `a.b=c` strings."""
    if overrides is None:
        return {}
    if isinstance(overrides, Mapping):
        return dict(overrides)
    parsed = {}
    for item in overrides:
        name, sign, value = item.partition("=")
        if not sign or not name.strip():
            raise SettingsError(f"override {item!r} is not of the form group.field=value")
        parsed[name.strip()] = yaml.safe_load(value)
    return parsed


def _set_dotted(content: dict[str, Any], name: str, value: Any) -> None:
    *groups, field = name.split(".")
    # `--set data.rsna=PATH` redirects one data set; its settings field is data.paths.
    if groups == ["data"] and field in DATASET_KEYS:
        groups = ["data", "paths"]
    if not groups:
        raise SettingsError(f"override {name!r} needs a group, such as gaze.sigma_deg")
    for group in groups:
        nested = content.setdefault(group, {})
        if not isinstance(nested, dict):
            raise SettingsError(f"override {name!r}: {group} is a value, not a group")
        content = nested
    content[field] = value


def _explain(error: ValidationError, source: str) -> str:
    lines = []
    for item in error.errors():
        field = ".".join(str(part) for part in item["loc"])
        got = "" if item["type"] == "missing" else f" (got {item['input']!r})"
        lines.append(f"{field}: {item['msg']}{got}")
    return f"settings from {source} and overrides are not valid:\n  " + "\n  ".join(lines)
