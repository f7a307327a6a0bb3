"""GLoRIA's own zero-shot score, with a model whose features are known."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from egma_lib.evaluation.encode import EncodedImages
from egma_lib.evaluation.evaluation_sets import EvaluationSet
from egma_lib.evaluation.predictions import predict, read_predictions, read_prompt_scores, scores_of
from egma_lib.losses.methods import METHODS
from egma_lib.settings import load_settings

torch = pytest.importorskip("torch")

gloria_score = pytest.importorskip("egma_lib.evaluation.gloria_score")

# Two films of two patches each, in two dimensions.
PATCHES = np.array([[[1, 0], [0, 1]], [[0.6, 0.8], [0.6, -0.8]]], np.float32)
GLOBAL = np.array([[0, 1], [1, 0]], np.float32)
# Not unit length: the score must not depend on it.
WORDS = {"clear": [[2.0, 0.0]], "small effusion": [[0.0, 0.5], [3.0, 0.0]], "edema": [[0.0, 1.0]]}
SPECIAL = [9.0, 9.0]


class Tokens(dict):
    def to(self, device):
        return self


class KnownWords:
    """Token i of a text is its i-th word, between two special tokens, padded to the longest."""

    max_tokens = 77

    def parameters(self):
        yield torch.zeros(1)

    def eval(self):
        return self

    def tokenizer(self, texts, **options):
        assert options["return_special_tokens_mask"]
        assert options["max_length"] == self.max_tokens
        rows = [[SPECIAL, *WORDS[text], SPECIAL] for text in texts]
        longest = max(len(row) for row in rows)
        special = [[1, *[0] * (len(row) - 2), *[1] * (longest - len(row) + 1)] for row in rows]
        vectors = [row + [SPECIAL] * (longest - len(row)) for row in rows]
        return Tokens(
            input_ids=torch.tensor(vectors), attention_mask=None, special_tokens_mask=torch.tensor(special)
        )

    def map_words(self, input_ids, attention_mask):
        return input_ids, input_ids.mean(dim=1)

    def encode_images(self, pixels):
        films = (pixels[:, 0, 0, 0] > 0).long()
        return SimpleNamespace(
            patch_features=torch.from_numpy(PATCHES)[films], global_features=torch.from_numpy(GLOBAL)[films]
        )

    def encode_texts(self, texts):
        first = torch.tensor([WORDS[text][0] for text in texts])
        return SimpleNamespace(sentence_features=torch.nn.functional.normalize(first, dim=-1))


def attended(cosines, patches):
    """Return the cosine of the word (1, 0) or (0, 1) and its region, by hand from its cosines."""
    weights = [math.exp(4 * cosine) for cosine in cosines]
    x, y = (sum(w * p[i] for w, p in zip(weights, patches, strict=True)) for i in (0, 1))
    return np.array([x, y]) / math.hypot(x, y)


def test_score_by_hand():
    prompts, global_scores = tuple(WORDS), np.array([[0.0, 0.4, 1.0], [1.0, -0.2, 0.0]])
    got = gloria_score.gloria_scores(KnownWords(), EncodedImages(PATCHES, GLOBAL), prompts, global_scores)
    right = [attended([1, 0], PATCHES[0])[0], attended([0.6, 0.6], PATCHES[1])[0]]
    up = [attended([0, 1], PATCHES[0])[1], attended([0.8, -0.8], PATCHES[1])[1]]
    assert right[1] == pytest.approx(1)  # both patches weigh the same: (.6, 0)
    local = 5 * np.array([[r, max(r, u), u] for r, u in zip(right, up, strict=True)])
    np.testing.assert_allclose(got, (global_scores + local) / 2, rtol=1e-5)
    assert got.dtype == np.float32


def test_blocks_and_order_of_images_change_nothing(monkeypatch):
    images = EncodedImages(PATCHES, GLOBAL)
    arguments = (KnownWords(), images, tuple(WORDS), np.zeros((2, 3)))
    whole = gloria_score.gloria_scores(*arguments)
    monkeypatch.setattr(gloria_score, "_LARGEST_BLOCK", 1)
    np.testing.assert_array_equal(gloria_score.gloria_scores(*arguments), whole)
    turned = EncodedImages(PATCHES[::-1].copy(), GLOBAL[::-1].copy())
    np.testing.assert_array_equal(
        gloria_score.gloria_scores(KnownWords(), turned, tuple(WORDS), np.zeros((2, 3))), whole[::-1]
    )


@pytest.fixture
def films():
    none = np.zeros(0, int)
    return EvaluationSet(
        name="rsna",
        class_names=("Normal", "Pneumonia"),
        case_ids=np.array(["a", "b"]),
        patient_ids=np.array(["p", "q"]),
        labels=np.array([0, 1]),
        images=np.array([0, 255], np.uint8)[:, None, None].repeat(4, 1).repeat(4, 2),
        prompts=tuple(WORDS),
        prompt_class=np.array([0, 1, 1]),
        pointing_prompts=(),
        pointing_class=none,
        region_case=none,
        region_class=none,
        regions=np.zeros((0, 1, 1), bool),
        paired_case_ids=np.array(["a", "b"]),
    )


def test_the_own_score_is_stored_beside_the_others_and_averaged_over_prompts(films, tmp_path):
    settings = load_settings("smoke")
    predict(KnownWords(), films, settings, tmp_path / "own", own_score="gloria")
    predict(KnownWords(), films, settings, tmp_path / "plain")
    own, plain = (read_predictions(tmp_path / name, "rsna") for name in ("own", "plain"))
    assert own[list(plain)].equals(plain)
    by_prompt, _ = read_prompt_scores(tmp_path / "own", "rsna")
    expected = np.stack([by_prompt["gloria"][:, 0], by_prompt["gloria"][:, 1:].mean(axis=1)], axis=1)
    np.testing.assert_allclose(scores_of(own, "gloria", films.class_names), expected, rtol=1e-6)
    assert "gloria" not in read_prompt_scores(tmp_path / "plain", "rsna")[0]
    assert not [column for column in plain if column.startswith("gloria")]


def test_every_own_score_of_a_method_can_be_computed(films, tmp_path):
    named = {method.own_score for method in METHODS.values()} - {None}
    assert named
    for score in named:
        predict(KnownWords(), films, load_settings("smoke"), tmp_path / score, own_score=score)
        assert np.isfinite(scores_of(read_predictions(tmp_path / score, "rsna"), score, ("Normal",))).all()
