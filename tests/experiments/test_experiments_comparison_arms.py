import pytest

from egma_lib.errors import SettingsError
from egma_lib.experiments.comparison_arms import (
    METHOD_ARMS,
    SWITCHES,
    backbone_arms,
    compared_arms,
    control_arm,
    method_arms,
    switch_arms,
)
from egma_lib.losses.methods import METHODS
from egma_lib.settings import ExperimentSettings, load_settings

VIT = {"ViT": {"model.image_encoder": "vit_small"}}


def test_every_comparison_method_is_a_registered_loss():
    assert [arm.name for arm in method_arms(ExperimentSettings())] == list(METHOD_ARMS)
    assert {arm.method for arm in METHOD_ARMS.values()} <= set(METHODS)


def test_a_method_with_a_published_score_is_compared_by_it():
    for arm in METHOD_ARMS.values():
        own = METHODS[str(arm.method)].own_score
        assert own in (None, arm.trained_score)


def test_a_loss_of_the_users_own_is_an_arm_named_after_its_function():
    (arm,) = method_arms(ExperimentSettings(methods=("my_losses.mine:soft_egma",)))
    assert (arm.name, arm.label, arm.method) == ("soft_egma", "soft_egma", "my_losses.mine:soft_egma")
    with pytest.raises(SettingsError, match="clipp"):
        method_arms(ExperimentSettings(methods=("clipp",)))


@pytest.mark.parametrize(
    ("methods", "name"),
    [
        pytest.param(("my_losses:filip", "filip"), "filip", id="a_function_called_like_a_method"),
        pytest.param(("my_losses:egma",), "egma", id="a_function_called_like_an_arm"),
        pytest.param(("sparc", "sparc"), "sparc", id="a_method_named_twice"),
    ],
)
def test_two_rows_of_one_name_are_refused(methods, name):
    with pytest.raises(SettingsError, match=f"would be called '{name}'; name each method once"):
        method_arms(ExperimentSettings(methods=methods))


def test_all_methods_are_the_suites_own_and_then_the_comparison_methods():
    names = [arm.name for arm in compared_arms(ExperimentSettings(methods=("filip", "own:contrast")))]
    assert names == ["start", "clip", "no_gaze", "egf", "egma", "filip", "contrast"]


@pytest.mark.parametrize("name", list(SWITCHES))
def test_every_switch_changes_settings_that_exist(name):
    settings = load_settings("phantom")
    label, overrides = SWITCHES[name]
    changed = settings.changed(overrides)
    assert changed != settings, label
    assert settings.changed({}) == settings


def test_switches_can_be_chosen_and_unknown_ones_are_named():
    assert [arm.name for arm in switch_arms(ExperimentSettings(switches=("padding",)))] == [
        "switch_padding",
        "mlce_alone",
        "egm_alone",
    ]
    assert switch_arms(ExperimentSettings(switches=())) == ()
    with pytest.raises(SettingsError, match=r"\['paddin'\] unknown; known: t2i_axis"):
        switch_arms(ExperimentSettings(switches=("paddin",)))


def test_a_backbone_has_a_base_of_its_own():
    arms = backbone_arms(ExperimentSettings(backbones=VIT))
    assert [(arm.name, arm.method, arm.own_base) for arm in arms] == [
        ("start_ViT", None, True),
        ("no_gaze_ViT", "no_gaze", True),
        ("egma_ViT", "egma", True),
    ]
    assert all(dict(arm.overrides) == VIT["ViT"] for arm in arms)


def test_a_control_trains_egma_on_its_gaze():
    arm = control_arm("shuffled")
    assert (arm.method, arm.gaze, arm.label) == ("egma", "shuffled", "shuffled gaze")
    with pytest.raises(SettingsError, match="known: shuffled"):
        control_arm("shufled")
