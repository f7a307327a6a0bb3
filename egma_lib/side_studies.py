"""Studies beside the main one: the same comparisons where gaze tells nothing, and with another confounder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from egma_lib.settings import Settings
from egma_lib.study import Study, open_study

_WITHOUT_PROBE_AND_RETRIEVAL = {
    "phantom.sizes.chexpert_train": 0,
    "phantom.sizes.chexpert_valid": 0,
    "phantom.sizes.chexpert_8x200_per_class": 2,
}
"""Side studies have no linear probe and no retrieval: of the films that only those use, none, or the fewest
that the layout takes, are made. No other film changes, since each depends on its corpus and number alone."""


@dataclass(frozen=True)
class SideStudy:
    """One more built-in study.

    Attributes
    ----------
    name
        Name of its results folder below `studies/`.
    settings
        Those of the main study with another phantom.
    seeds
        Seeds that its arms are trained with.
    """

    name: str
    settings: Settings
    seeds: tuple[int, ...]


def null_study(settings: Settings, data_root: str | Path) -> SideStudy | None:
    """Return the study without confounder and with gaze that is independent of the findings, if wanted.

    There is none beside a data root that the user names.
    """
    experiments = settings.experiments
    if str(data_root) or not experiments.null_study or settings.phantom.preset == "null":
        return None
    changed = _WITHOUT_PROBE_AND_RETRIEVAL | {
        "phantom.preset": "null",
        "phantom.confounder_strength": 0.0,
        "phantom.gaze_informative": False,
    }
    return SideStudy("null", settings.changed(changed), experiments.seeds)


def other_strength_study(settings: Settings, data_root: str | Path) -> SideStudy | None:
    """Return the study with `experiments.other_strength` as confounder, if wanted.

    There is none beside a data root that the user names.
    """
    strength = settings.experiments.other_strength
    if str(data_root) or strength is None or settings.phantom.preset == "null":
        return None
    changed = settings.changed(_WITHOUT_PROBE_AND_RETRIEVAL | {"phantom.confounder_strength": strength})
    return SideStudy(f"strength-{strength:g}", changed, settings.experiments.few_seeds)


def side_studies(settings: Settings, data_root: str | Path) -> tuple[SideStudy, ...]:
    """Return the side studies of a run."""
    found = (null_study(settings, data_root), other_strength_study(settings, data_root))
    return tuple(study for study in found if study is not None)


def open_side_study(side: SideStudy, main: Study) -> Study:
    """Return a side study; its results lie in the main study's folder.

    Raises
    ------
    DataError
        Its phantom has not been made: says what to run.
    """
    return open_study(side.settings, "", main.results / "studies" / side.name)
