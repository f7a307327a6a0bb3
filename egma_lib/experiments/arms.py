"""The arms that the tables compare, by name; all start from the same base weights per seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from egma_lib.errors import SettingsError
from egma_lib.settings import ExperimentSettings


@dataclass(frozen=True)
class Arm:
    """One row of a comparison.

    Attributes
    ----------
    name
        Registered name, as settings give it.
    label
        Name in tables and figures.
    method
        Loss by name (`egma_lib.losses.methods`); None is the base model without continued training.
    gaze_share
        Share of samples that keep their gaze, 0 to 1; 0 where the method takes none.
    trained_score
        The score that the method trains, used where methods are compared (Tables 2 and 3).
    gaze
        `measured`, or the name of the gaze control whose training data the arm sees.
    overrides
        Settings that the arm changes, dotted name and value.
    own_base
        Whether the base run is trained with `overrides` too, as another backbone needs; otherwise the arm
        starts from the same base run as all others.
    """

    name: str
    label: str
    method: str | None
    gaze_share: float = 1.0
    trained_score: str = "fine_grained"
    gaze: str = "measured"
    overrides: tuple[tuple[str, Any], ...] = ()
    own_base: bool = False


_MODULE_ARMS = (
    Arm("start", "Start", None, 0.0, "global"),
    Arm("clip", "Continued CLIP", "clip", 0.0, "global"),
    Arm("no_gaze", "Continued, no gaze", "no_gaze", 0.0),
    Arm("mlce", "MLCE", "mlce", 1.0, "global"),
    Arm("egf", "EGF", "egf"),
    Arm("egm", "EGM", "egm", 1.0, "global"),
    Arm("egma", "EGMA", "egma"),
)

_BY_NAME = {arm.name: arm for arm in _MODULE_ARMS}
_COMPARED = ("start", "clip", "no_gaze", "egf", "egma")

REFERENCE_ARM = "no_gaze"
"""'Effect of gaze' always means against this arm."""


def module_arm(name: str) -> Arm:
    """Return a row of Table 4 by its name.

    Raises
    ------
    SettingsError
        There is no such arm.
    """
    if name not in _BY_NAME:
        raise SettingsError(f"arm {name!r} is unknown; known: {', '.join(_BY_NAME)}")
    return _BY_NAME[name]


def gaze_quantity_arm(share: float) -> Arm:
    """Return the arm that trains EGMA with gaze on this share of the samples."""
    return Arm(f"gaze_{share:g}", f"gaze {100 * share:g}%", "egma", share)


def main_arms(settings: ExperimentSettings) -> tuple[Arm, ...]:
    """Return the chosen module arms that Tables 2 and 3 compare as methods."""
    return tuple(arm for arm in chosen_arms(settings) if arm.name in _COMPARED)


def gaze_shares_of(settings: ExperimentSettings) -> dict[str, float]:
    """Return method label to gaze share for the gaze-quantity curve: 0 is the reference arm, 1 is EGMA."""
    ends = {_BY_NAME[REFERENCE_ARM].label: 0.0, _BY_NAME["egma"].label: 1.0}
    return ends | {gaze_quantity_arm(share).label: share for share in settings.gaze_shares}


def pictured_arms(settings: ExperimentSettings) -> tuple[Arm, ...]:
    """Return the chosen arms that pictures set side by side: before, without and with gaze."""
    return tuple(arm for arm in chosen_arms(settings) if arm.name in ("start", REFERENCE_ARM, "egma"))


def chosen_arms(settings: ExperimentSettings) -> tuple[Arm, ...]:
    """Return the arms of the settings, in order: modules first, then gaze quantities.

    Raises
    ------
    SettingsError
        An arm's name is not registered, the reference arm is missing, or a gaze share is none or all.
    """
    unknown = [name for name in settings.arms if name not in _BY_NAME]
    if unknown:
        raise SettingsError(f"experiments.arms: {unknown} unknown; known: {', '.join(_BY_NAME)}")
    if REFERENCE_ARM not in settings.arms:
        raise SettingsError(
            f"experiments.arms lacks {REFERENCE_ARM!r}, which all arms are compared with; add it"
        )
    ends = [share for share in settings.gaze_shares if not 0 < share < 1]
    if ends:
        raise SettingsError(
            f"experiments.gaze_shares: {ends} not between 0 and 1; no gaze is the arm {REFERENCE_ARM!r}, all "
            "gaze the arm 'egma'"
        )
    modules = tuple(_BY_NAME[name] for name in settings.arms)
    return modules + tuple(gaze_quantity_arm(share) for share in settings.gaze_shares)
