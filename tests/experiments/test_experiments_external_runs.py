"""A finished model under its name, and test sets made without training data."""

from __future__ import annotations

import pytest
from tiny_studies import one_step_settings

from egma_lib.errors import SettingsError
from egma_lib.evaluation.external_model import ExternalModel
from egma_lib.experiments.arms import main_arms
from egma_lib.experiments.external_runs import (
    External,
    evaluated_arms,
    prepare_evaluation,
    require_own_label,
)
from egma_lib.study import open_study


def external(label="My model", trained_score="global", patch_grid=None):
    return External(label, ExternalModel(None, 4, patch_grid), "0123abcd", trained_score)


def test_names_of_folders_hold_no_space_or_slash(trained_study):
    study = trained_study.study
    model = external("My model / v2")
    assert model.predictions(study) == study.results / "predictions" / "My_model_v2-0123abcd"
    assert model.results(study).results == study.results / "external" / "My_model_v2"
    assert model.arm.label == "My model / v2"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        pytest.param({"label": " /.."}, "has no letter or digit", id="a_name_without_letters"),
        pytest.param({"trained_score": "cosine"}, "expected global or fine_grained", id="unknown_score"),
        pytest.param(
            {"trained_score": "fine_grained"}, "has no encode_patches", id="fine_grained_without_patches"
        ),
    ],
)
def test_what_cannot_be_compared_is_refused(changed, message):
    with pytest.raises(SettingsError, match=message):
        external(**changed)
    assert external(trained_score="fine_grained", patch_grid=2).has_patches


@pytest.mark.parametrize("label", ["EGMA", "random", "Pixels 16 x 16"])
def test_a_name_that_tables_have_already_is_refused(label):
    settings = one_step_settings()
    with pytest.raises(SettingsError, match=f"'{label}' is a row of the tables already"):
        require_own_label(external(label), settings)
    require_own_label(external("EGMA, my copy"), settings)


def test_arms_stand_beside_it_only_where_every_seed_has_been_scored(trained_study):
    study, settings, corpora = trained_study.study, trained_study.settings, trained_study.corpora
    found = [arm.name for arm, _ in evaluated_arms(study, settings, corpora)]
    assert found == [arm.name for arm in main_arms(settings.experiments)]
    more = settings.model_copy(
        update={"experiments": settings.experiments.model_copy(update={"seeds": [0, 1]})}
    )
    assert evaluated_arms(study, more, corpora) == []


def test_test_sets_are_those_of_the_whole_study_and_need_no_training_data(trained_study, tmp_path):
    settings = trained_study.settings
    study = open_study(settings, trained_study.study.data_root, tmp_path)
    corpora, gaze = prepare_evaluation(study, settings, progress=False)
    assert gaze is None
    assert corpora.has_evaluation_sets
    assert not corpora.has_training_data
    whole = trained_study.corpora.evaluation
    assert corpora.evaluation.name == whole.name
    for path in whole.glob("*/images.npy"):
        again = corpora.evaluation / path.relative_to(whole)
        assert again.read_bytes() == path.read_bytes()
    assert evaluated_arms(study, settings, corpora) == []
