"""The losses of other published methods."""

from dataclasses import replace

import pytest
import torch
from naive_comparison import NAIVE, comparison_batch, with_words
from torch.nn import functional as F

from egma_lib.errors import DataError
from egma_lib.losses.methods import METHODS, method_loss
from egma_lib.settings import LossSettings

WORD_METHODS = [name for name, method in METHODS.items() if method.uses_words]


def total_of(name, features, **settings):
    return method_loss(name)(features, LossSettings(**settings))["total"]


def with_changed_words(features, **changes):
    return replace(features, words=features.words._replace(**changes))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", NAIVE)
def test_value_and_gradients_equal_those_of_the_loops(name, seed):
    results = []
    for loss in (lambda f: total_of(name, f), NAIVE[name]):
        features, leaves = comparison_batch(seed=seed)
        value = loss(features)
        results.append((value, *torch.autograd.grad(value, leaves, allow_unused=True)))
    for ours, naive in zip(*results, strict=True):
        assert (ours is None) == (naive is None)
        if ours is not None:
            torch.testing.assert_close(ours, naive, atol=1e-9, rtol=1e-7)


@pytest.mark.parametrize("name", NAIVE)
def test_both_sides_get_a_finite_gradient(name):
    features, (patches, sentences, words) = comparison_batch(b=6, seed=7)
    total_of(name, features).backward()
    texts = [x.grad for x in (sentences, words) if x.grad is not None]
    assert texts
    for gradient in (patches.grad, *texts):
        assert torch.isfinite(gradient).all()
        assert (gradient != 0).any()


@pytest.mark.parametrize("name", NAIVE)
def test_order_of_samples_patches_sentences_and_words_does_not_count(name):
    features, (patches, sentences, words) = comparison_batch(seed=1)
    value = total_of(name, features)
    index, mask, word_mask = features.words.sentence_index, features.sentence_mask, features.words.word_mask
    sample, patch, slot, word = (
        torch.tensor([2, 0, 3, 1]),
        torch.randperm(6),
        torch.randperm(3),
        torch.randperm(5),
    )
    moved = with_words(
        patches[sample][:, patch],
        sentences,
        words[:, word],
        mask[sample][:, slot],
        word_mask[:, word],
        index[sample][:, slot],
        features.labels[sample],
    )
    torch.testing.assert_close(total_of(name, moved), value)


@pytest.mark.parametrize("garbage", [0.0, 1e30, float("nan"), float("inf")])
@pytest.mark.parametrize("name", WORD_METHODS)
def test_padded_words_and_padded_sentences_change_nothing(name, garbage):
    features, (_, _, words) = comparison_batch(seed=2)
    value = total_of(name, features)
    (expected,) = torch.autograd.grad(value, words, retain_graph=True)
    mask, index = features.words.word_mask, features.words.sentence_index
    dirty = torch.full_like(words[:, :2], garbage)
    wide = torch.cat([words.detach().masked_fill(~mask[..., None], garbage), dirty], dim=1).requires_grad_()
    padded = with_changed_words(
        features,
        word_features=wide,
        word_mask=F.pad(mask, (0, 2)),
        sentence_index=index.masked_fill(~features.sentence_mask, 0),
    )
    padded_value = total_of(name, padded)
    torch.testing.assert_close(padded_value, value)
    (got,) = torch.autograd.grad(padded_value, wide)
    torch.testing.assert_close(got[:, :5].masked_fill(~mask[..., None], 0), expected)
    assert (got[~padded.words.word_mask] == 0).all()


@pytest.mark.parametrize("name", WORD_METHODS)
def test_a_shared_sentence_counts_as_a_copy_of_its_own(name):
    features, _ = comparison_batch(seed=3)
    words = features.words
    apart = with_changed_words(
        features,
        word_features=words.word_features[words.sentence_index.flatten()],
        word_mask=words.word_mask[words.sentence_index.flatten()],
        sentence_index=torch.arange(words.sentence_index.numel()).view(words.sentence_index.shape),
    )
    torch.testing.assert_close(total_of(name, apart), total_of(name, features))


@pytest.mark.parametrize("chunk", [1, 3])
@pytest.mark.parametrize("name", ["filip", "gloria"])
def test_chunks_change_nothing(name, chunk):
    results = []
    for settings in ({}, {"chunk": chunk}):
        features, leaves = comparison_batch(b=7, seed=4)
        value = total_of(name, features, **settings)
        results.append((value, *torch.autograd.grad(value, leaves, allow_unused=True)))
    for whole, chunked in zip(*results, strict=True):
        assert (whole is None) == (chunked is None)
        if whole is not None:
            torch.testing.assert_close(whole, chunked)


@pytest.mark.parametrize("name", NAIVE)
def test_half_precision_and_equal_features_stay_finite(name):
    features, _ = comparison_batch(b=2, m=1, k=2, seed=5)
    same = torch.ones(8, dtype=torch.bfloat16)
    patches, words = (
        same.expand(2, 6, 8).clone().requires_grad_(),
        same.expand(2, 5, 8).clone().requires_grad_(),
    )
    flat = with_words(
        patches,
        same.expand(2, 8),
        words,
        torch.ones(2, 1, dtype=torch.bool),
        features.words.word_mask[:2],
        torch.tensor([[0], [1]]),
        features.labels,
    )
    loss = total_of(name, flat)
    assert loss.dtype == torch.float32
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(patches.grad).all()
    assert words.grad is None or torch.isfinite(words.grad).all()


def _wordless(features):
    return with_changed_words(features, word_mask=features.words.word_mask & (torch.arange(5) != 2)[:, None])


@pytest.mark.parametrize("name", WORD_METHODS)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(lambda f: replace(f, words=None), "uses_words=True", id="no_words"),
        pytest.param(_wordless, "sentence 0 of report 1 of the batch has no word", id="wordless_sentence"),
        pytest.param(
            lambda f: with_changed_words(f, word_mask=f.words.word_mask.float()),
            "bool word_mask",
            id="mask_of_numbers",
        ),
        pytest.param(
            lambda f: with_changed_words(f, word_features=f.words.word_features[..., :4]),
            r"\(k, t, 8\)",
            id="another_width",
        ),
        pytest.param(
            lambda f: with_changed_words(f, sentence_index=f.words.sentence_index[:, :1]),
            "sentence_index must have the shape",
            id="another_number_of_slots",
        ),
    ],
)  # fmt: skip
def test_words_that_do_not_fit_are_named(name, change, message):
    features, _ = comparison_batch(seed=9)
    index = features.words.sentence_index.clone()
    index[features.words.sentence_index == 2] = 1
    index[1, 0] = 2
    with pytest.raises(DataError, match=message):
        total_of(name, change(with_changed_words(features, sentence_index=index)))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        pytest.param(None, "the corpus has no labels", id="no_labels"),
        pytest.param(torch.zeros(3, 14), "one row per image, 4, got shape", id="labels_of_another_batch"),
    ],
)
def test_medclip_says_which_labels_it_needs(labels, message):
    features, _ = comparison_batch()
    with pytest.raises(DataError, match=message):
        total_of("medclip", replace(features, labels=labels))
