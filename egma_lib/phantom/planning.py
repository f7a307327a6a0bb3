"""What each case is: its findings, mark, view and scanner, decided from seed, corpus and index alone."""

from __future__ import annotations

import hashlib
import math
from typing import Literal

import numpy as np

from egma_lib.errors import SettingsError
from egma_lib.phantom.case import FINDINGS, MARK_FINDINGS, CasePlan, Finding, Side, Zone
from egma_lib.phantom.identifiers import CORPORA
from egma_lib.settings import PhantomSettings

CLASSES_5X200 = ("Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Pleural Effusion")
CLASSES_8X200 = (
    "No Finding", "Cardiomegaly", "Edema", "Pneumonia", "Atelectasis", "Pneumothorax", "Pleural Effusion",
    "Fracture",
)  # fmt: skip
QUERIES_PER_CLASS_SHARE = 0.05
"""Image queries of 8x200 per candidate (10 for 200)."""

_ABNORMAL = FINDINGS[:8]
_PRETRAINING = ("gaze", "reports")
_AP_SHARE = 0.44
_DEVICE_SHARE = 0.2
_NORMAL_SHARE = 0.2
_MARK_BASE_RATE = 0.3
_SCANNERS = {"gaze": "mimic", "reports": "mimic", "rsna": "rsna", "rsna_test": "rsna", "siim": "siim"}

# Sides and zones a finding can take, with their weights.
_SIDES: dict[str, tuple[tuple[Side, ...], tuple[float, ...]]] = {
    "Atelectasis": (("left", "right", "bilateral"), (0.4, 0.4, 0.2)),
    "Cardiomegaly": (("none",), (1.0,)),
    "Consolidation": (("left", "right"), (0.5, 0.5)),
    "Edema": (("bilateral",), (1.0,)),
    "Pleural Effusion": (("left", "right", "bilateral"), (0.35, 0.35, 0.3)),
    "Pneumonia": (("left", "right", "bilateral"), (0.4, 0.4, 0.2)),
    "Pneumothorax": (("left", "right"), (0.5, 0.5)),
    "Fracture": (("left", "right"), (0.5, 0.5)),
    "Support Devices": (("left", "right"), (0.3, 0.7)),
}
_ZONES: dict[str, tuple[tuple[Zone, ...], tuple[float, ...]]] = {
    "Atelectasis": (("lower", "mid", "upper"), (0.7, 0.2, 0.1)),
    "Cardiomegaly": (("none",), (1.0,)),
    "Consolidation": (("lower", "mid", "upper"), (0.4, 0.3, 0.3)),
    "Edema": (("none",), (1.0,)),
    "Pleural Effusion": (("lower",), (1.0,)),
    "Pneumonia": (("lower", "mid", "upper"), (0.5, 0.25, 0.25)),
    "Pneumothorax": (("upper",), (1.0,)),
    "Fracture": (("upper", "mid", "lower"), (0.3, 0.4, 0.3)),
    "Support Devices": (("none",), (1.0,)),
}


def case_rng(seed: int, corpus: str, index: int, purpose: str) -> np.random.Generator:
    """Return the generator of one purpose of one case.

    It depends on its four arguments only, so that case k is the same whatever else is made, in any order.
    """
    name = hashlib.sha256(f"{corpus}/{purpose}".encode()).digest()
    return np.random.default_rng([seed, index, int.from_bytes(name[:8], "big")])


def plan_case(settings: PhantomSettings, corpus: str, index: int) -> CasePlan:
    """Decide findings, mark, view and scanner of case `index` of `corpus`.

    Parameters
    ----------
    settings
        Seed, strengths and shares; sizes play no part.
    corpus
        One of `egma_lib.phantom.identifiers.CORPORA`.
    index
        Number of the case within its corpus, from 0.

    Raises
    ------
    SettingsError
        The corpus is unknown.
    """
    if corpus not in CORPORA:
        raise SettingsError(f"phantom corpus {corpus!r} is unknown; known: {', '.join(CORPORA)}")
    if corpus == "chexpert_marked":
        plain = plan_case(settings, "chexpert_5x200", index)
        return CasePlan(corpus, index, plain.findings, plain.findings[0].name, plain.view, plain.scanner)
    rng = case_rng(settings.seed, corpus, index, "plan")
    names = _finding_names(settings, corpus, index, rng)
    findings = tuple(_draw_finding(name, rng) for name in names)
    mark = _draw_mark(settings, names, rng) if corpus in _PRETRAINING else None
    view: Literal["PA", "AP"] = "AP" if rng.random() < _AP_SHARE else "PA"
    return CasePlan(corpus, index, findings, mark, view, _SCANNERS.get(corpus, "chexpert"))


def corpus_indices(settings: PhantomSettings, corpus: str) -> list[int]:
    """Return the indices of the cases of a corpus, in the order of its tables (class blocks for 8x200)."""
    sizes = settings.sizes
    if corpus in ("chexpert_5x200", "chexpert_8x200", "chexpert_8x200_queries"):
        classes = len(CLASSES_5X200 if corpus == "chexpert_5x200" else CLASSES_8X200)
        per_class = {
            "chexpert_5x200": sizes.chexpert_5x200_per_class,
            "chexpert_8x200": sizes.chexpert_8x200_per_class,
            "chexpert_8x200_queries": math.ceil(sizes.chexpert_8x200_per_class * QUERIES_PER_CLASS_SHARE),
        }[corpus]
        return [block + classes * k for block in range(classes) for k in range(per_class)]
    count = {
        "gaze": sizes.gaze_cases,
        "reports": sizes.report_cases,
        "chexpert_marked": min(sizes.chexpert_marked_cases, 5 * sizes.chexpert_5x200_per_class),
        "chexpert_train": sizes.chexpert_train,
        "chexpert_valid": sizes.chexpert_valid,
        "rsna": sizes.rsna_cases,
        "rsna_test": math.ceil(sizes.rsna_cases / 60),
        "siim": sizes.siim_cases,
    }[corpus]
    return list(range(count))


def case_frame(settings: PhantomSettings, corpus: str, index: int) -> tuple[int, int]:
    """Return (rows, columns) of the full-size frame of a case, in pixels.

    Most films are portrait, some landscape, some trimmed to odd sizes. A marked copy shares the frame of its
    5x200 case.
    """
    source = "chexpert_5x200" if corpus == "chexpert_marked" else corpus
    rng = case_rng(settings.seed, source, index, "frame")
    kind = rng.random()
    rows, columns = settings.frame_rows, settings.frame_columns
    if kind < 0.2:
        return columns, rows
    if kind < 0.35:
        return int(rows * rng.uniform(0.88, 1)), int(columns * rng.uniform(0.88, 1))
    return rows, columns


def _finding_names(
    settings: PhantomSettings, corpus: str, index: int, rng: np.random.Generator
) -> tuple[str, ...]:
    if corpus == "chexpert_5x200":
        return (CLASSES_5X200[index % len(CLASSES_5X200)],)
    if corpus.startswith("chexpert_8x200"):
        chosen = CLASSES_8X200[index % len(CLASSES_8X200)]
        names: tuple[str, ...] = () if chosen == "No Finding" else (chosen,)
    elif corpus == "siim":
        positive = _is_positive(index, settings.positive_share_siim)
        names = _screening_names("Pneumothorax", (), positive, rng)
    elif corpus.startswith("rsna"):
        positive = _is_positive(index, settings.positive_share_rsna)
        names = _screening_names("Pneumonia", ("Consolidation",), positive, rng)
    elif rng.random() < _NORMAL_SHARE:
        names = ()
    else:
        names = _draw_names(_ABNORMAL, int(rng.choice(3, p=(0.5, 0.35, 0.15))) + 1, rng)
    return (*names, "Support Devices") if rng.random() < _DEVICE_SHARE else names


def _draw_names(pool: tuple[str, ...], count: int, rng: np.random.Generator) -> tuple[str, ...]:
    return tuple(pool[i] for i in rng.choice(len(pool), size=count, replace=False))


def _is_positive(index: int, share: float) -> bool:
    # Spread evenly: n cases hold floor(n * share) positives, and no case depends on n.
    return math.floor(round((index + 1) * share, 9)) > math.floor(round(index * share, 9))


def _screening_names(
    target: str, confusable: tuple[str, ...], positive: bool, rng: np.random.Generator
) -> tuple[str, ...]:
    others = tuple(name for name in _ABNORMAL if name != target and name not in confusable)
    if positive:
        return (target, *_draw_names(others, int(rng.random() < 0.3), rng))
    return _draw_names(others, int(rng.choice(3, p=(0.5, 0.35, 0.15))), rng)


def _draw_finding(name: str, rng: np.random.Generator) -> Finding:
    sides, side_weights = _SIDES[name]
    zones, zone_weights = _ZONES[name]
    size = float(rng.beta(2, 2))
    # Severity follows size with some slack, as words and extent do in reports.
    level = size + rng.normal(0, 0.1)
    return Finding(
        name=name,
        side=sides[rng.choice(len(sides), p=side_weights)],
        zone=zones[rng.choice(len(zones), p=zone_weights)],
        severity="mild" if level < 0.4 else "moderate" if level < 0.65 else "severe",
        size=size,
    )


def _draw_mark(settings: PhantomSettings, names: tuple[str, ...], rng: np.random.Generator) -> str | None:
    own = tuple(name for name in names if name != "Support Devices") or ("No Finding",)
    follows, appears = rng.random(2)
    matching = own[rng.integers(len(own))]
    stray = MARK_FINDINGS[rng.integers(len(MARK_FINDINGS))]
    if follows < settings.confounder_strength:
        return matching
    return stray if appears < _MARK_BASE_RATE else None
