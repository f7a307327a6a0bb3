import pytest

from egma_lib.errors import SettingsError
from egma_lib.experiments.arms import REFERENCE_ARM, chosen_arms, gaze_quantity_arm, gaze_shares_of, main_arms
from egma_lib.losses.methods import method_loss
from egma_lib.settings import ExperimentSettings


def test_default_arms_are_the_rows_of_table_4():
    labels = [arm.label for arm in chosen_arms(ExperimentSettings())]
    assert labels == [
        "Start", "Continued CLIP", "Continued, no gaze", "MLCE", "EGF", "EGM", "EGMA",
        "gaze 1%", "gaze 5%", "gaze 10%", "gaze 50%",
    ]  # fmt: skip


def test_every_arm_has_a_loss_but_the_start():
    for arm in chosen_arms(ExperimentSettings()):
        if arm.name == "start":
            assert arm.method is None
        else:
            assert method_loss(str(arm.method)) is not None


def test_methods_with_global_contrast_train_the_global_score():
    scores = {arm.name: arm.trained_score for arm in chosen_arms(ExperimentSettings())}
    trained_global = {name for name, score in scores.items() if score == "global"}
    assert trained_global == {"start", "clip", "mlce", "egm"}
    assert set(scores.values()) == {"global", "fine_grained"}


def test_gaze_arms_train_egma_on_their_share():
    arm = gaze_quantity_arm(0.1)
    assert (arm.name, arm.label, arm.method, arm.gaze_share) == ("gaze_0.1", "gaze 10%", "egma", 0.1)


def test_small_shares_keep_labels_of_their_own():
    assert gaze_quantity_arm(0.005).label == "gaze 0.5%"


def test_gaze_curve_runs_from_none_to_all():
    shares = gaze_shares_of(ExperimentSettings(gaze_shares=(0.5,)))
    assert shares == {"Continued, no gaze": 0.0, "EGMA": 1.0, "gaze 50%": 0.5}


def test_methods_compared_in_tables_2_and_3_leave_out_parts_and_shares():
    assert [arm.name for arm in main_arms(ExperimentSettings())] == [
        "start",
        "clip",
        "no_gaze",
        "egf",
        "egma",
    ]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        pytest.param({"arms": ("no_gaze", "egmaa")}, r"\['egmaa'\] unknown; known: start", id="unknown"),
        pytest.param({"arms": ("start", "egma")}, f"lacks '{REFERENCE_ARM}'", id="without_the_reference"),
        pytest.param({"gaze_shares": (0.0, 0.5)}, r"\[0.0\] not between 0 and 1", id="no_gaze_as_a_share"),
        pytest.param({"gaze_shares": (1.0,)}, r"\[1.0\] not between 0 and 1", id="all_gaze_as_a_share"),
    ],
)
def test_arms_that_make_no_comparison_are_refused(values, message):
    with pytest.raises(SettingsError, match=message):
        chosen_arms(ExperimentSettings(**values))
