"""Arms beyond Table 4: other methods, other backbones, gaze controls, and switches of the released code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from egma_lib.errors import SettingsError
from egma_lib.experiments.arms import REFERENCE_ARM, Arm, main_arms, module_arm
from egma_lib.experiments.gaze_controls.registry import control_named
from egma_lib.losses.methods import find_method
from egma_lib.settings import ExperimentSettings

_METHOD_ARMS = (
    Arm("convirt", "ConVIRT", "convirt", 0.0, "global"),
    Arm("filip", "FILIP", "filip", 0.0),
    Arm("gloria", "GLoRIA", "gloria", 0.0, "gloria"),
    Arm("medclip", "MedCLIP", "medclip", 0.0, "global"),
    Arm("sparc", "SPARC", "sparc", 0.0, "global"),
)
METHOD_ARMS: Mapping[str, Arm] = MappingProxyType({arm.name: arm for arm in _METHOD_ARMS})
"""Comparison methods by name, each with the score that it trains; all continue from the same base run."""

SWITCHES: Mapping[str, tuple[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "t2i_axis": ("text-to-image over texts", {"losses.t2i_axis": "upstream"}),
        "mlce_weights": (
            "MLCE weights .8 / .2",
            {"losses.mlce_weight_sentence_to_patch": 0.8, "losses.mlce_weight_patch_to_sentence": 0.2},
        ),
        "mlce_one_way": (
            "MLCE without patch to sentence",
            {"losses.mlce_weight_sentence_to_patch": 0.8, "losses.mlce_weight_patch_to_sentence": 0.0},
        ),
        "mlce_denominator": ("MLCE mean over gaze", {"losses.mlce_denominator": "with_gaze"}),
        "egm_mean": (
            "(M + GS)/2 cut at 3/7 and 1/7",
            {
                "losses.egm_gaze": "mean",
                "losses.egm_threshold": 3 / 7,
                "losses.egm_threshold_without_gaze": 1 / 7,
            },
        ),
        "egm_floor": ("mapping floor .01", {"losses.egm_floor": 0.01}),
        "egm_weights": (
            "mapping weights .7 / .3",
            {"losses.egm_weight_image": 0.7, "losses.egm_weight_text": 0.3},
        ),
        "padding": ("padded slots in the maximum", {"losses.padding": "upstream"}),
        "pool_padding": ("tokens pooled over padding", {"model.pool_padding": True}),
        "gaze_tail": ("label from any tail of a Gaussian", {"gaze.gaze_floor": 0.0}),
        "whole_report": ("whole report where a sentence has none", {"gaze.whole_report_fallback": True}),
    }
)
"""What the released code does otherwise than the paper: name to label and the settings that do it."""

_COLLAPSING_ARMS = (Arm("mlce_alone", "MLCE alone", "mlce_alone"), Arm("egm_alone", "EGM alone", "egm_alone"))


def method_arms(settings: ExperimentSettings) -> tuple[Arm, ...]:
    """Return the comparison methods of the settings, in order.

    A loss of the user's own, given as `package.module:function`, is compared under the fine-grained score.

    Raises
    ------
    SettingsError
        A method is neither registered nor `package.module:function`, or is called like another arm.
    """
    arms = tuple(METHOD_ARMS.get(name) or _own_method(name) for name in settings.methods)
    names = [*settings.arms, *(arm.name for arm in arms)]
    double = sorted({name for name in names if names.count(name) > 1})
    if double:
        raise SettingsError(
            f"experiments.methods: two rows of the tables would be called {double[0]!r}; name each method "
            "once, and a function of your own otherwise than the arms of the suite"
        )
    return arms


def compared_arms(settings: ExperimentSettings) -> tuple[Arm, ...]:
    """Return all methods of Tables 2 and 3: the suite's own arms, then the comparison methods."""
    return (*main_arms(settings), *method_arms(settings))


def _own_method(name: str) -> Arm:
    find_method(name)
    function = name.rpartition(":")[2] or name
    return Arm(function, function, name)


def control_arm(name: str) -> Arm:
    """Return EGMA trained with the gaze of a control.

    Raises
    ------
    SettingsError
        There is no control of this name.
    """
    return Arm(f"control_{name}", control_named(name).label, "egma", gaze=name)


def backbone_arms(settings: ExperimentSettings) -> tuple[Arm, ...]:
    """Return, per backbone, its start, training on without gaze, and EGMA, from a base of its own."""
    return tuple(
        replace(
            module_arm(name),
            name=f"{name}_{label}",
            label=f"{label}, {module_arm(name).label}",
            overrides=tuple(overrides.items()),
            own_base=True,
        )
        for label, overrides in settings.backbones.items()
        for name in ("start", REFERENCE_ARM, "egma")
    )


def switch_arms(settings: ExperimentSettings) -> tuple[Arm, ...]:
    """Return EGMA with each difference of the released code alone, and both modules without any contrast.

    Raises
    ------
    SettingsError
        A switch is unknown: lists the known ones.
    """
    names = tuple(SWITCHES) if settings.switches is None else settings.switches
    unknown = [name for name in names if name not in SWITCHES]
    if unknown:
        raise SettingsError(f"experiments.switches: {unknown} unknown; known: {', '.join(SWITCHES)}")
    switched = tuple(
        Arm(f"switch_{name}", label, "egma", overrides=tuple(overrides.items()))
        for name, (label, overrides) in ((name, SWITCHES[name]) for name in names)
    )
    return switched + (_COLLAPSING_ARMS if names else ())
