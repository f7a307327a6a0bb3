"""Training data of arms that see other gaze: which folder, what is in it, and what a study cannot have."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from egma_lib.errors import SettingsError
from egma_lib.experiments.arms import Arm, module_arm
from egma_lib.experiments.comparison_arms import METHOD_ARMS, control_arm
from egma_lib.experiments.gaze_variants import (
    arm_settings,
    available_arms,
    gaze_data_folder,
    make_gaze_variants,
)
from egma_lib.study import open_study
from egma_lib.training import TrainingData

TAIL = Arm("switch_gaze_tail", "any tail", "egma", overrides=(("gaze.gaze_floor", 0.0),))


def test_an_arm_with_measured_gaze_sees_the_gaze_corpus_whatever_its_loss(trained_study):
    corpora = trained_study.corpora
    switched = Arm("switch", "switch", "egma", overrides=(("losses.egm_floor", 0.01),))
    assert gaze_data_folder(corpora, module_arm("egma")) == corpora.gaze
    assert gaze_data_folder(corpora, switched) == corpora.gaze
    folders = {gaze_data_folder(corpora, arm) for arm in (control_arm("uniform"), TAIL)}
    assert len(folders) == 2
    assert {folder.parent for folder in folders} == {corpora.gaze.parent}


def test_heatmaps_are_drawn_again_with_the_arms_settings(trained_study):
    study, settings, gaze, _, corpora, _, _ = trained_study
    make_gaze_variants([TAIL], study, settings, corpora, gaze, progress=False)
    measured = TrainingData.load(corpora.gaze)
    made = TrainingData.load(gaze_data_folder(corpora, TAIL))
    assert (made.sample_ids, made.sentences) == (measured.sample_ids, measured.sentences)
    assert made.data_hash != measured.data_hash
    pairs = [
        (a, b)
        for a, b in zip(made.gaze_similarity, measured.gaze_similarity, strict=True)
        if a is not None and b is not None
    ]
    # Without a floor every cell under a Gaussian counts; where the floor left a cell, nothing changes.
    assert sum((a > 0).sum() for a, _ in pairs) > sum((b > 0).sum() for _, b in pairs)
    assert all(np.array_equal(np.where(b > 0, a, 0), b) for a, b in pairs)


def test_what_is_there_is_not_made_again(trained_study):
    study, settings, gaze, _, corpora, _, _ = trained_study
    arms = [control_arm("uniform"), module_arm("egma")]
    make_gaze_variants(arms, study, settings, corpora, gaze, progress=False)
    file = gaze_data_folder(corpora, arms[0]) / "gaze.npy"
    before = file.stat().st_mtime_ns
    make_gaze_variants(arms, study, settings, corpora, gaze, progress=False)
    assert file.stat().st_mtime_ns == before


def test_only_how_heatmaps_are_drawn_can_be_an_arms_own(trained_study):
    detected = Arm("detector", "detector", "egma", overrides=(("gaze.minimum_fixation_s", 0.1),))
    with pytest.raises(SettingsError, match=r"'detector' changes gaze\.minimum_fixation_s"):
        gaze_data_folder(trained_study.corpora, detected)


def test_what_a_study_cannot_have_is_left_out_with_a_reason(trained_study, tmp_path):
    study, settings = trained_study.study, trained_study.settings
    weights = Arm("clip", "CLIP", "egma", overrides=(("model.start_weights", str(tmp_path / "no.file")),))
    egma = module_arm("egma")
    assert available_arms([egma, control_arm("oracle"), weights], study, trained_study.corpora) == (
        (egma, control_arm("oracle")),
        {"CLIP": "not available: no file no.file"},
    )
    empty = tmp_path / "root"
    empty.mkdir()
    without_truth = open_study(settings, empty, tmp_path / "results")
    chosen, reasons = available_arms([egma, control_arm("oracle")], without_truth, trained_study.corpora)
    assert chosen == (egma,)
    assert list(reasons) == [control_arm("oracle").label]


def test_a_loss_of_labels_needs_labels(trained_study, tmp_path):
    study, corpora = trained_study.study, trained_study.corpora
    medclip = METHOD_ARMS["medclip"]
    assert available_arms([medclip], study, corpora) == ((medclip,), {})
    bare = tmp_path / "gaze"
    shutil.copytree(corpora.gaze, bare)
    (bare / "labels.npy").unlink()
    chosen, reasons = available_arms([medclip, module_arm("egma")], study, replace(corpora, gaze=bare))
    assert chosen == (module_arm("egma"),)
    assert reasons == {"MedCLIP": "not available: the study has no CheXpert labels of its reports"}


def test_an_arm_changes_its_own_settings_alone(trained_study):
    settings = trained_study.settings
    assert arm_settings(settings, module_arm("egma")) is settings
    assert arm_settings(settings, TAIL).gaze.gaze_floor == 0
    assert settings.gaze.gaze_floor > 0
