"""Settings of evaluation, of the linear probe, and of which runs make the tables."""

from __future__ import annotations

import os
from typing import Annotated, Any, Literal

from pydantic import Field

from egma_lib.setting_groups.base import Group

# `local` is submitit's engine of processes on this machine.
_ENGINE = r"^(dask=\S+|(slurm|local)(:\w+=[^\s,]+(,\w+=[^\s,]+)*)?)$"


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
    backbones: dict[str, dict[str, Any]] = Field(default_factory=dict)
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
