import numpy as np
import pytest

from egma_lib.evaluation.encode import EncodedImages
from egma_lib.evaluation.scores import SCORES, class_scores, prompt_scores


def unit(values):
    return values / np.linalg.norm(values, axis=-1, keepdims=True)


def test_scores_by_hand():
    # Two patches (1, 0) and (0, 1); prompt (0.6, 0.8): similarities .6 and .8.
    patches = np.array([[[1.0, 0.0], [0.0, 1.0]]], dtype=np.float32)
    images = EncodedImages(patches, np.array([[1.0, 0.0]], dtype=np.float32))
    scores = prompt_scores(images, np.array([[0.6, 0.8]], dtype=np.float32))
    assert set(scores) == set(SCORES)
    assert scores["image_to_text"][0, 0] == pytest.approx(0.7)
    assert scores["text_to_image"][0, 0] == pytest.approx(0.8)
    assert scores["fine_grained"][0, 0] == pytest.approx(0.75)
    assert scores["global"][0, 0] == pytest.approx(0.6)


def test_fine_grained_score_is_the_mean_of_both_directions_of_equation_5():
    torch = pytest.importorskip("torch")
    from egma_lib.losses import fine_grained_logits

    rng = np.random.default_rng(0)
    patches = unit(rng.normal(size=(5, 9, 4))).astype(np.float32)
    prompts = unit(rng.normal(size=(5, 4))).astype(np.float32)
    ours = prompt_scores(EncodedImages(patches, patches.mean(axis=1)), prompts)
    image_to_text, text_to_image = fine_grained_logits(
        torch.from_numpy(patches), torch.from_numpy(prompts)[:, None], torch.ones(5, 1, dtype=torch.bool)
    )
    np.testing.assert_allclose(ours["image_to_text"], image_to_text.numpy(), atol=1e-6)
    np.testing.assert_allclose(ours["text_to_image"], text_to_image.numpy().T, atol=1e-6)


def test_chunking_changes_nothing():
    rng = np.random.default_rng(1)
    images = EncodedImages(unit(rng.normal(size=(11, 4, 3))), unit(rng.normal(size=(11, 3))))
    prompts = unit(rng.normal(size=(6, 3)))
    whole, parts = prompt_scores(images, prompts), prompt_scores(images, prompts, chunk=3)
    for score in SCORES:
        np.testing.assert_allclose(whole[score], parts[score])


def test_class_score_is_the_mean_over_its_prompts():
    scores = np.array([[1.0, 3.0, 10.0]])
    np.testing.assert_allclose(class_scores(scores, np.array([0, 0, 1]), 2), [[2.0, 10.0]])


def test_class_without_prompt_is_refused():
    with pytest.raises(ValueError, match="class index 1 has no prompt"):
        class_scores(np.ones((2, 2)), np.array([0, 2]), 3)
