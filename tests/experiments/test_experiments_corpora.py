import numpy as np
import pandas as pd
import pytest

from egma_lib.datasets.contract import CaseTable
from egma_lib.datasets.image_cache import ImageCache
from egma_lib.errors import ArtefactError
from egma_lib.evaluation.evaluation_sets import CLASS_ORDERS, load_evaluation_set
from egma_lib.experiments import corpora
from egma_lib.experiments.evaluate_run import is_evaluated
from egma_lib.settings import load_settings
from egma_lib.study import Study


@pytest.fixture
def cache(tmp_path):
    images = np.arange(6, dtype=np.uint8)[:, None, None].repeat(4, 1).repeat(4, 2)
    return ImageCache(tmp_path, images, {f"/films/{row}.jpg": row for row in range(6)})


def study_at(folder):
    return Study("toy", "synthetic", "", folder, folder / "results", "0123", {})


def test_place_of_the_corpora_depends_on_what_they_are_made_from(tmp_path):
    study, gaze = study_at(tmp_path), tmp_path / "gaze" / "abcd"
    settings = load_settings("smoke", {"evaluation.zero_shot_split": "all"})
    here = corpora.corpora_location(study, settings, gaze)
    assert not here.complete
    larger = corpora.corpora_location(study, load_settings("smoke", {"data.image_size": 64}), gaze)
    assert larger.base != here.base
    other = load_settings("smoke", {"evaluation.zero_shot_split": "test"})
    scored = corpora.corpora_location(study, other, gaze)
    # Which cases are scored does not make training anew.
    assert scored.base == here.base
    assert scored.evaluation != here.evaluation


def test_gaze_control_lies_beside_the_gaze_corpus(tmp_path):
    here = corpora.corpora_location(study_at(tmp_path), load_settings("smoke"), tmp_path / "gaze" / "abcd")
    assert corpora.gaze_variant_folder(here, "shuffled") == here.base.parent / "gaze-shuffled"


def test_missing_gaze_artefact_says_what_to_run(tmp_path):
    with pytest.raises(ArtefactError, match="run notebook 01 first"):
        corpora.find_gaze(study_at(tmp_path), load_settings("smoke"))


def test_evaluation_sets_take_their_prompts_by_name(cache, tmp_path):
    queries = pd.DataFrame(
        [{"class_name": name, "text": f"there is {name.lower()}"} for name in CLASS_ORDERS["chexpert_8x200"]]
    )
    tables = []
    for name in ("chexpert_8x200", "siim"):
        classes = CLASS_ORDERS[name]
        cases = pd.DataFrame(
            {
                "case_id": ["a", "b"],
                "patient_id": ["p", "q"],
                "image_path": ["/films/0.jpg", "/films/1.jpg"],
                "rows": 4,
                "columns": 4,
                "split": "test",
            }
        )
        tables.append(CaseTable(name, cases, classes, np.eye(len(classes))[[1, 0]]))
    corpora.save_evaluation_sets(tables, queries, cache, tmp_path / "sets")
    eight = load_evaluation_set(tmp_path / "sets" / "chexpert_8x200")
    assert eight.prompts == tuple(queries["text"])
    siim = load_evaluation_set(tmp_path / "sets" / "siim")
    assert siim.prompts == ("there is no finding", "there is pneumothorax")


def test_predictions_on_other_evaluation_sets_do_not_count(tmp_path):
    sets = tmp_path / "sets"
    assert not is_evaluated(tmp_path, sets)
    (tmp_path / "evaluated.json").write_text('{"evaluation": "older", "sets": []}')
    assert not is_evaluated(tmp_path, sets)
    (tmp_path / "evaluated.json").write_text('{"evaluation": "sets", "sets": []}')
    assert is_evaluated(tmp_path, sets)
