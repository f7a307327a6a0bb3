"""The arms that the tables compare, by name; all start from the same base weights per seed."""

from __future__ import annotations

from dataclasses import dataclass

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
        Share of samples that keep their gaze.
    trained_score
        The score that the method trains, used where methods are compared (Tables 2 and 3).
    """

    name: str
    label: str
    method: str | None
    gaze_share: float = 1.0
    trained_score: str = "fine_grained"


_MODULE_ARMS = (
    Arm("start", "Start", None, 0.0, "global"),
    Arm("clip", "Continued CLIP", "clip", 0.0, "global"),
    Arm("no_gaze", "Continued, no gaze", "no_gaze", 0.0),
    Arm("mlce", "MLCE", "mlce", 1.0, "global"),
    Arm("egf", "EGF", "egf"),
    Arm("egm", "EGM", "egm", 1.0, "global"),
    Arm("egma", "EGMA", "egma"),
)

REFERENCE_ARM = "no_gaze"
"""'Effect of gaze' always means against this arm."""


def gaze_quantity_arm(share: float) -> Arm:
    """Return the arm that trains EGMA with gaze on this share of the samples."""
    return Arm(f"gaze_{share:g}", f"gaze {share:.0%}", "egma", share)


def chosen_arms(settings: ExperimentSettings) -> tuple[Arm, ...]:
    """Return the arms of the settings, in order: modules first, then gaze quantities.

    Raises
    ------
    SettingsError
        An arm's name is not registered.
    """
    by_name = {arm.name: arm for arm in _MODULE_ARMS}
    unknown = [name for name in settings.arms if name not in by_name]
    if unknown:
        raise SettingsError(f"experiments.arms: {unknown} unknown; known: {', '.join(by_name)}")
    modules = tuple(by_name[name] for name in settings.arms)
    return modules + tuple(gaze_quantity_arm(share) for share in settings.gaze_shares)
