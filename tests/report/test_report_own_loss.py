"""A loss of the user's own, named in the settings alone, stands in the tables of methods."""

from __future__ import annotations

import re
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from egma_lib.experiments.arm_measurements import measure_arms
from egma_lib.experiments.arms import main_arms
from egma_lib.experiments.comparison_arms import compared_arms, method_arms
from egma_lib.experiments.pretraining import arm_predictions, train_arms
from egma_lib.figures.attention_examples import class_features
from egma_lib.report.retrieval_table import table_3
from egma_lib.report.table_files import REPORTED
from egma_lib.report.zero_shot_tables import table_2

EXTENDING = Path(__file__).parents[2] / "docs" / "extending.md"


@pytest.fixture(scope="module")
def compared(trained_study, tmp_path_factory):
    """The tiny study with GLoRIA and the loss of the manual beside its own arms."""
    folder = tmp_path_factory.mktemp("own_loss")
    (code,) = re.findall(
        r"```python\n([^`]*?def best_sentence.*?)```", EXTENDING.read_text(encoding="utf-8"), re.DOTALL
    )
    (folder / "best_sentence.py").write_text(code, encoding="utf-8")
    # Other tests look at the runs of the study that all share.
    study = replace(trained_study.study, results=folder / "results")
    shutil.copytree(trained_study.study.results, study.results)
    settings = trained_study.settings.changed(
        {
            "experiments.n_few_seeds": 1,
            "experiments.methods": ["gloria", "best_sentence:best_sentence"],
        }
    )
    chosen, corpora = settings.experiments, trained_study.corpora
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        train_arms(study, settings, corpora, method_arms(chosen), chosen.few_seeds, progress=False)
        arms = arm_predictions(study, settings, corpora, main_arms(chosen))
        arms += arm_predictions(study, settings, corpora, method_arms(chosen), chosen.few_seeds)
        features, _ = class_features(study, settings, corpora, compared_arms(chosen))
        sys.modules.pop("best_sentence", None)
    return settings.evaluation, arms, features


def test_it_stands_in_table_2(compared):
    settings, arms, _ = compared
    table = table_2(arms, measure_arms(arms, settings), settings, "phantom", REPORTED)
    main = table.blocks[0]
    assert main.cells.index.tolist() == [
        "Start", "Continued, no gaze", "EGMA", "GLoRIA", "best_sentence", "majority class", "random",
    ]  # fmt: skip
    assert "-" not in main.cells.loc["best_sentence"].tolist()
    assert "best_sentence: fine_grained" in table.blocks[1].note


def test_it_stands_in_table_3_beside_a_method_with_a_score_of_its_own(compared):
    settings, arms, _ = compared
    table = table_3(arms, settings, "phantom", REPORTED)
    main, beside = table.blocks
    assert "best_sentence" in main.cells.index
    own = beside.cells["image to text, gloria P@5"]
    assert own["GLoRIA"] != "-"
    assert set(own.drop("GLoRIA")) == {"-"}


def test_figure_9_has_its_features(compared):
    _, arms, features = compared
    assert list(features) == [arm.label for arm, _ in arms]
    assert len({values.shape for values in features.values()}) == 1
