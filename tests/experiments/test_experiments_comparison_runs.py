"""What notebook 05 trains beyond Table 4, on a study that takes seconds."""

from dataclasses import replace

import pytest

from egma_lib.experiments import comparison_runs as runs
from egma_lib.experiments.arms import module_arm
from egma_lib.experiments.comparison_arms import backbone_arms, control_arm, switch_arms
from egma_lib.settings import load_settings


@pytest.fixture(scope="module")
def parts(trained_study, tmp_path_factory):
    shared, settings, gaze, _, corpora, _, _ = trained_study
    # Runs of its own, since other tests count those of the shared study.
    study = replace(shared, results=tmp_path_factory.mktemp("comparisons"))
    chosen = {
        "experiments.controls": ["uniform"],
        "experiments.extra_pair_seeds": [1],
        "experiments.switches": ["egm_floor"],
        "experiments.backbones": {"wide": {"model.image_channels": [16, 32]}},
    }
    return study, settings.changed(chosen), corpora, gaze


@pytest.fixture(scope="module")
def controls(parts):
    return runs.train_controls(*parts, progress=False)


def test_the_main_pair_gets_more_seeds_than_the_controls(controls):
    counts = {arm.label: len(folders) for arm, folders in controls.arms}
    assert counts == {"Continued, no gaze": 2, "EGMA": 2, "uniform gaze": 1}
    assert not controls.unavailable


def test_arms_of_other_gaze_are_runs_of_their_own(parts, controls):
    names = {arm.name: folders[0].name for arm, folders in controls.arms}
    assert names["control_uniform"].startswith("control_uniform-s0-")
    assert names["egma"].startswith("egma-s0-")
    assert all((parts[0].runs / name / "model.safetensors").is_file() for name in names.values())


def test_switches_start_from_the_same_base_run_and_backbones_from_their_own(parts):
    study, settings, corpora, gaze = parts
    arms = (module_arm("egma"), *switch_arms(settings.experiments), *backbone_arms(settings.experiments))
    trained = runs.train_comparison(study, settings, corpora, gaze, arms, [0], progress=False)
    folders = {arm.name: found[0].name for arm, found in trained.arms}
    assert len(set(folders.values())) == len(arms)
    starts = {
        name: (study.runs / run / "settings.yaml").read_text().partition("start: ")[2].partition("\n")[0]
        for name, run in folders.items()
    }
    assert starts["switch_egm_floor"] == starts["egma"] == starts["mlce_alone"]
    assert starts["egma_wide"] == starts["no_gaze_wide"] == folders["start_wide"] != starts["egma"]


def test_nothing_to_train_is_no_error(parts):
    assert runs.train_comparison(*parts, ()).arms == []


def test_no_gaze_a_share_and_all_are_crossed_with_the_confounder():
    assert [(arm.name, arm.gaze_share) for arm in runs.crossed_arms()] == [
        ("no_gaze", 0.0),
        ("gaze_0.1", 0.1),
        ("egma", 1.0),
    ]


def test_a_control_is_set_beside_the_measured_heatmaps(parts, controls):
    rows = runs.control_likeness(parts[2], controls.arms)
    # A uniform map varies with nothing, so no correlation with it is defined.
    assert all(row["method"] == control_arm("uniform").label and row["n_cases"] == 0 for row in rows)


def test_the_controls_are_those_of_the_settings():
    settings = load_settings("smoke").experiments
    assert [arm.gaze for arm in runs.control_arms(settings)] == list(settings.controls)
    assert [arm.name for arm in runs.pair_arms()] == ["no_gaze", "egma"]
