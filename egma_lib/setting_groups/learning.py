"""Settings of encoders, losses and training."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from egma_lib.setting_groups.base import Group


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
    image_channels: tuple[Annotated[int, Field(ge=8)], ...] = (32, 64, 128)
    """Stage widths of the small encoders. Below 8, the gradient of the ResNet's shortcut writes past its
    memory on CPUs with AVX2 and no AVX-512 (oneDNN issue 6035)."""
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
