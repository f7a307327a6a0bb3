from types import SimpleNamespace

import numpy as np
import pytest

from egma_lib.errors import ArtefactError
from egma_lib.evaluation.evaluation_sets import EvaluationSet
from egma_lib.evaluation.predictions import (
    has_predictions,
    predict,
    read_predictions,
    read_prompt_scores,
    scores_of,
)
from egma_lib.evaluation.scores import SCORES
from egma_lib.settings import load_settings

torch = pytest.importorskip("torch")

# Four patches on a 2 x 2 grid; film 0 shows the second direction below, film 1 above right.
PATCHES = {
    0: [[1, 0], [1, 0], [0, 1], [0, 1]],
    1: [[1, 0], [0, 1], [1, 0], [1, 0]],
}
GLOBAL = {0: [0, 1], 1: [1, 0]}
TEXTS = {
    "clear": [1, 0],
    "normal lungs": [0.8, 0.6],
    "pneumonia": [0, 1],
    "there is pneumonia": [0.6, 0.8],
}


class FakeModel:
    """Knows films by their grey level and texts by their words."""

    def __init__(self, settings):
        self.settings = settings
        self.batches = []

    def parameters(self):
        yield torch.zeros(1)

    def eval(self):
        return self

    def encode_images(self, pixels):
        assert pixels.shape[1:] == (3, 4, 4)
        grey = pixels[:, 0, 0, 0] * self.settings.data.pixel_std + self.settings.data.pixel_mean
        films = (grey * 255).round().int().tolist()
        self.batches.append(len(films))
        return SimpleNamespace(
            patch_features=torch.tensor([PATCHES[film] for film in films], dtype=torch.float32),
            global_features=torch.tensor([GLOBAL[film] for film in films], dtype=torch.float32),
        )

    def encode_texts(self, texts):
        return SimpleNamespace(
            sentence_features=torch.tensor([TEXTS[text] for text in texts], dtype=torch.float32)
        )


def rsna(**changes):
    """Return three cases, films 0, 1, 0, the first two with a region: lower half, and lower left."""
    regions = np.zeros((2, 8, 8), dtype=bool)
    regions[0, 4:] = True
    regions[1, 5:, :3] = True
    values = {
        "name": "rsna",
        "class_names": ("Normal", "Pneumonia"),
        "case_ids": np.array(["a", "b", "c"]),
        "patient_ids": np.array(["p", "p", "q"]),
        "labels": np.array([1, 1, 0]),
        "images": np.array([0, 1, 0], np.uint8)[:, None, None].repeat(4, 1).repeat(4, 2),
        "prompts": ("clear", "normal lungs", "pneumonia"),
        "prompt_class": np.array([0, 0, 1]),
        "pointing_prompts": ("there is pneumonia",),
        "pointing_class": np.array([1]),
        "region_case": np.array([0, 1]),
        "region_class": np.array([1, 1]),
        "regions": regions,
        "paired_case_ids": np.array(["a", "b", "c"]),
    }
    return EvaluationSet(**{**values, **changes})


@pytest.fixture
def settings():
    return load_settings("smoke", {"evaluation.batch_size": 2})


@pytest.fixture
def predicted(settings, tmp_path):
    predict(FakeModel(settings), rsna(), settings, tmp_path)
    return tmp_path


def test_class_scores_by_hand(predicted):
    table = read_predictions(predicted, "rsna")
    # Film 0: two patches (1, 0), two (0, 1). Mean over patches: clear .5, normal lungs .7, pneumonia .5;
    # maximum: 1, .8, 1. Film 1: means .75, .75, .25; maxima 1, .8, 1.
    expected = {
        "image_to_text": [[0.6, 0.5], [0.75, 0.25]],
        "text_to_image": [[0.9, 1.0], [0.9, 1.0]],
        "fine_grained": [[0.75, 0.75], [0.825, 0.625]],
        "global": [[0.3, 1.0], [0.9, 0.0]],
    }
    assert set(expected) == set(SCORES)
    for score, (film_0, film_1) in expected.items():
        found = scores_of(table, score, ("Normal", "Pneumonia"))
        np.testing.assert_allclose(found, [film_0, film_1, film_0], atol=1e-6, err_msg=score)


def test_cases_keep_their_ids_and_labels(predicted):
    table = read_predictions(predicted, "rsna")
    columns = ["case_id", "patient_id", "paired_case_id", "label"]
    assert table[columns].to_numpy().tolist() == [["a", "p", "a", 1], ["b", "p", "b", 1], ["c", "q", "c", 0]]


def test_scores_come_back_in_the_class_order_asked_for(predicted):
    table = read_predictions(predicted, "rsna")
    turned = scores_of(table, "global", ("Pneumonia", "Normal"))
    np.testing.assert_array_equal(turned, scores_of(table, "global", ("Normal", "Pneumonia"))[:, ::-1])


def test_pointing_by_hand(predicted):
    table = read_predictions(predicted, "rsna_pointing")
    assert table["case_id"].tolist() == ["a", "b"]
    assert table["finding"].tolist() == ["Pneumonia", "Pneumonia"]
    assert table["n_prompts"].tolist() == [1, 1]
    # The prompt (.6, .8) is nearer to (0, 1): film 0 points at patch 2 (below left), film 1 at patch 1.
    assert table["best_patch"].tolist() == [2, 1]
    assert table["hit"].tolist() == [True, False]
    # Patch centres lie in cells 2 and 6 of 8, tolerance 2 cells. Lower half (from row 4): row 2 is two cells
    # away, so all four count. Lower left (rows 5-7, columns 0-2): only patch 2, the others are too far.
    np.testing.assert_allclose(table["chance"], [1.0, 0.25])


def test_scores_per_prompt_average_to_the_class_scores(predicted):
    by_score, prompt_class = read_prompt_scores(predicted, "rsna")
    assert prompt_class.tolist() == [0, 0, 1]
    table = read_predictions(predicted, "rsna")
    for score in SCORES:
        assert by_score[score].shape == (3, 3)
        np.testing.assert_allclose(by_score[score][:, :2].mean(axis=1), table[f"{score}|Normal"], atol=1e-6)
        np.testing.assert_allclose(by_score[score][:, 2], table[f"{score}|Pneumonia"], atol=1e-6)


def test_batches_change_nothing(settings, predicted, tmp_path):
    model = FakeModel(settings)
    whole = load_settings("smoke", {"evaluation.batch_size": 64})
    predict(model, rsna(), whole, tmp_path / "whole")
    assert model.batches == [3]
    assert read_predictions(predicted, "rsna").equals(read_predictions(tmp_path / "whole", "rsna"))


def test_set_without_regions_has_no_pointing(settings, tmp_path):
    none = np.zeros(0, int)
    bare = rsna(
        regions=np.zeros((0, 1, 1), bool),
        region_case=none,
        region_class=none,
        pointing_prompts=(),
        pointing_class=none,
    )
    predict(FakeModel(settings), bare, settings, tmp_path)
    assert has_predictions([tmp_path], "rsna")
    assert not has_predictions([tmp_path], "rsna_pointing")


def test_missing_predictions_say_what_to_run(tmp_path):
    with pytest.raises(ArtefactError, match=r"rsna\.parquet: no predictions; run notebook 02"):
        read_predictions(tmp_path, "rsna")
    with pytest.raises(ArtefactError, match=r"rsna_prompts\.npz: no scores per prompt; run notebook 02"):
        read_prompt_scores(tmp_path, "rsna")


def test_missing_class_is_named(predicted):
    with pytest.raises(ArtefactError, match=r"lack the columns \['global\|Edema'\]"):
        scores_of(read_predictions(predicted, "rsna"), "global", ("Normal", "Edema"))
