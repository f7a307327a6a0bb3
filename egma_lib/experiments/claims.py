"""The claims of the paper as data, and the rules that judge them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import pandas as pd
import yaml
from pydantic import Field, ValidationError, model_validator

from egma_lib.errors import DataError
from egma_lib.experiments.two_way_effects import Effect, missing_spread
from egma_lib.settings import Group

CLAIMS = Path(__file__).resolve().parents[2] / "data" / "reference" / "claims.yaml"
CLAIMS_FILE = "claims.csv"
"""Name in the results folder."""

REPRODUCED = "reproduced"
NOT_REPRODUCED = "not reproduced"
UNDECIDED = "undecided"
NOT_TESTABLE = "not testable here"
VERDICTS = (REPRODUCED, NOT_REPRODUCED, UNDECIDED, NOT_TESTABLE)

Method = tuple[int, str]
"""Table of the paper, and the method's name there."""


class ReportedPairs(Group):
    """The paper's rows that a claim rests on.

    `paired` joins the two lists one to one; otherwise every one of ours is compared with every reference.
    """

    ours: tuple[Method, ...]
    references: tuple[Method, ...] = ()
    paired: bool = False


class Claim(Group):
    """One claim; see the head of `data/reference/claims.yaml`."""

    id: str
    claim: str
    source: str
    rule: Literal["gain", "trend"] = "gain"
    measured: Literal["zero_shot", "ablation", "retrieval", "linear_probe", "grounding"] | None = None
    ours: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    backbones: bool = False
    """Ours is EGMA and the reference the start, of each of `experiments.backbones`."""
    datasets: tuple[str, ...] = ()
    settings: tuple[str, ...] = ("",)
    metrics: tuple[str, ...] = ()
    reported: ReportedPairs | None = None
    untested: str = ""

    @model_validator(mode="after")
    def _require_arms(self) -> Self:
        if self.untested:
            return self
        if not (self.measured and self.datasets and self.metrics):
            raise ValueError(f"claim {self.id!r} needs measured, datasets and metrics, or untested")
        if self.rule == "trend" and (len(self.ours) < 2 or self.references):
            raise ValueError(f"claim {self.id!r}: a trend needs two or more of ours and no references")
        if self.rule == "gain" and not self.backbones and not (self.ours and self.references):
            raise ValueError(f"claim {self.id!r}: a gain needs ours and references, or backbones")
        return self


class Claims(Group):
    """The file of claims."""

    tolerance_points: float = Field(ge=0)
    claims: tuple[Claim, ...]

    @model_validator(mode="after")
    def _require_unique(self) -> Self:
        names = [claim.id for claim in self.claims]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"claims {twice} stand there twice")
        return self


def read_claims(path: Path = CLAIMS) -> Claims:
    """Read the claims.

    Raises
    ------
    DataError
        The file does not hold what a claim needs: names file, claim and field.
    """
    try:
        return Claims.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise DataError(f"{path}: {where or 'file'}: {first['msg']}; correct the file") from error


def reported_effect(
    claim: Claim, numbers: pd.DataFrame, dataset: str, setting: str, metric: str
) -> tuple[float, str] | None:
    """Return the effect as the paper has it, and in words; None where it prints no such numbers.

    Parameters
    ----------
    claim
        What is claimed.
    numbers
        `reported_numbers.csv`.
    dataset, setting, metric
        Row of the claim; a method that the paper does not give there is left out.
    """
    if claim.reported is None:
        return None
    here = numbers[(numbers["dataset"] == dataset) & (numbers["metric"] == metric)]
    if setting:
        here = here[here["setting"] == setting]
    rows = zip(here["table"], here["method"], here["value"], strict=True)
    values = {(int(table), str(method)): float(value) for table, method, value in rows}
    ours = [one for one in claim.reported.ours if one in values]
    if claim.rule == "trend":
        return _reported_trend(ours, values) if len(ours) == len(claim.reported.ours) else None
    others = claim.reported.references
    pairs = (
        zip(claim.reported.ours, others, strict=True)
        if claim.reported.paired
        else ((one, other) for one in ours for other in others)
    )
    known = [(one, other) for one, other in pairs if one in values and other in values]
    if not known:
        return None
    one, other = min(known, key=lambda pair: values[pair[0]] - values[pair[1]])
    effect = values[one] - values[other]
    words = f"{one[1]} {values[one]:.2f} against {other[1]} {values[other]:.2f}: {effect:+.2f}"
    return effect, words


def _reported_trend(ours: Sequence[Method], values: dict[Method, float]) -> tuple[float, str]:
    series = [values[one] for one in ours]
    centre = (len(series) - 1) / 2
    rise = sum((step - centre) * value for step, value in enumerate(series))
    slope = rise / sum((step - centre) ** 2 for step in range(len(series)))
    return slope, f"{', '.join(f'{value:.2f}' for value in series)}: {slope:+.2f} a step"


@dataclass(frozen=True)
class Verdict:
    """One of `VERDICTS`, and the reason in words."""

    verdict: str
    reason: str


def judge(effect: Effect, reported: float | None, kind: str, tolerance: float) -> Verdict:
    """Judge a claim that says "more", by the interval of our effect.

    In a synthetic study sign and order are judged, and the reason says "in a simulation". In a real one the
    reported effect must lie in the interval too, widened by the tolerance.

    Parameters
    ----------
    effect
        Ours, positive where it is as claimed.
    reported
        The paper's effect; None where it gives none.
    kind
        `synthetic` or `real`, of the study.
    tolerance
        Points.
    """
    outside = (
        kind == "real"
        and reported is not None
        and not effect.low - tolerance <= reported <= effect.high + tolerance
    )
    if math.isnan(effect.low) or math.isnan(effect.high):
        verdict, reason = UNDECIDED, f"{missing_spread(effect.n_seeds, effect.sd)}, no statement"
    elif effect.high < 0:
        verdict, reason = NOT_REPRODUCED, "the effect has the opposite sign"
    elif outside:
        verdict, reason = NOT_REPRODUCED, f"the reported effect lies outside our interval ± {tolerance:g}"
    elif effect.low > 0:
        verdict, reason = REPRODUCED, "the effect has the claimed sign"
    else:
        verdict, reason = UNDECIDED, "the interval holds zero"
    if kind == "synthetic":
        reason = f"in a simulation: {reason}"
    if reported is not None and reported <= 0:
        reason += "; the paper's own numbers do not show it"
    return Verdict(verdict, reason)
