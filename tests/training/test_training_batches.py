from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from training_cases import tiny_data, tiny_settings, tiny_tokenizer

from egma_lib.errors import DataError, TrainingError
from egma_lib.training.augmentation import draw_jitter, jitter, model_images
from egma_lib.training.batches import BatchMaker
from egma_lib.training.gaze_share import samples_with_gaze


@pytest.fixture(scope="module")
def tokenizer():
    return tiny_tokenizer()


def maker(tokenizer, data=None, seed=0, keeps_gaze=None, stage="continued", **overrides):
    data = data or tiny_data()
    keeps_gaze = np.ones(len(data), dtype=bool) if keeps_gaze is None else keeps_gaze
    return BatchMaker(data, tokenizer, tiny_settings(**overrides), stage, seed, keeps_gaze)


def equal(first, second):
    pairs = [(getattr(first, name), getattr(second, name)) for name in vars(first)]
    return all((a is None and b is None) or torch.equal(a, b) for a, b in pairs)


def images_of(batch, **overrides):
    return model_images(batch.pixels, batch.jitter, tiny_settings(**overrides).data)


def test_a_batch_depends_on_seed_stage_and_number_alone(tokenizer):
    first, second = maker(tokenizer), maker(tokenizer)
    for step in (4, 0, 4):
        assert equal(first.training_batch(step), second.training_batch(step))
    assert not torch.equal(first.training_batch(0).pixels, maker(tokenizer, seed=1).training_batch(0).pixels)
    base = maker(tokenizer, stage="base").training_batch(0)
    assert not torch.equal(first.training_batch(0).pixels, base.pixels)


def test_arms_see_the_same_films_whatever_their_gaze(tokenizer):
    nothing = np.zeros(12, dtype=bool)
    with_gaze, without = (maker(tokenizer, keeps_gaze=k).training_batch(1) for k in (None, nothing))
    assert torch.equal(images_of(with_gaze), images_of(without))
    assert torch.equal(with_gaze.input_ids, without.input_ids)
    assert with_gaze.has_gaze.any()
    assert not without.has_gaze.any()
    assert (without.gaze_similarity == 0).all()


def test_an_epoch_shows_every_training_sample_once_and_no_held_out_one(tokenizer):
    data = tiny_data()
    marked = replace(data, images=np.arange(12, dtype=np.uint8)[:, None, None].repeat(32, 1).repeat(32, 2))
    batches = maker(tokenizer, marked)
    shown = torch.cat([batches.training_batch(step).pixels[:, 0, 0] for step in (0, 1)])
    assert sorted(shown.tolist()) == sorted(data.image_index[:8].tolist())


def test_a_distinct_sentence_is_stored_once_and_padding_ends_with_the_longest(tokenizer):
    data = tiny_data()
    batches = maker(tokenizer, data)
    batch = next(batches.validation_batches())
    reports = [
        [tokenizer.decode(batch.input_ids[k], skip_special_tokens=True) for k in row[mask]]
        for row, mask in zip(batch.sentence_index, batch.sentence_mask, strict=True)
    ]
    assert reports == [list(report) for report in data.sentences[8:]]
    assert len(batch.input_ids) == len({text for report in reports for text in report})
    assert batch.attention_mask[:, -1].any()
    assert batch.sentence_mask[:, -1].any()


def test_long_reports_are_cut_and_counted(tokenizer):
    data = tiny_data()
    batches = maker(tokenizer, data, **{"training.continued.max_sentences": 2})
    assert batches.n_cut_sentences == sum(max(0, len(report) - 2) for report in data.sentences)
    assert batches.training_batch(0).sentence_mask.shape[1] == 2


def test_heatmaps_stand_in_the_slots_of_their_sentences(tokenizer):
    data = tiny_data()
    batch = next(maker(tokenizer, data).validation_batches())
    for row, sample in enumerate(range(8, 12)):
        heat = data.gaze_similarity[sample]
        n = len(data.sentences[sample])
        if heat is None:
            assert not batch.has_gaze[row].any()
        else:
            np.testing.assert_array_equal(batch.gaze_similarity[row, :n].numpy(), heat)
            assert batch.has_gaze[row].sum() == n


def test_pixels_are_normalised_and_grey_in_three_channels(tokenizer):
    data = replace(tiny_data(), images=np.full((12, 32, 32), 255, dtype=np.uint8))
    batch = next(maker(tokenizer, data).validation_batches())
    assert batch.jitter is None
    images = images_of(batch, **{"data.pixel_mean": 0.5, "data.pixel_std": 0.25})
    assert images.shape == (4, 3, 32, 32)
    torch.testing.assert_close(images, torch.full_like(images, 2.0))


def test_released_pooling_pads_to_the_token_limit(tokenizer):
    batch = maker(tokenizer, **{"model.pool_padding": True}).training_batch(0)
    assert batch.input_ids.shape[1] == 77


def test_jitter_stays_in_range_and_keeps_the_mean_of_a_contrast_change():
    rng = np.random.default_rng(0)
    pixels = torch.rand(64, 8, 8)
    out = jitter(pixels.clone(), draw_jitter(rng, 64, 0.2, 0.2))
    assert out.min() >= 0
    assert out.max() <= 1
    grey = 0.4 + 0.2 * torch.rand(64, 8, 8)
    changed = jitter(grey.clone(), draw_jitter(rng, 64, 0.0, 0.2))
    torch.testing.assert_close(changed.mean(dim=(1, 2)), grey.mean(dim=(1, 2)))
    untouched = (changed - grey).abs().amax(dim=(1, 2)) < 1e-6
    assert 15 < untouched.sum() < 49


@pytest.mark.parametrize(
    ("overrides", "error", "words"),
    [
        pytest.param({"training.continued.batch_size": 9}, TrainingError, "8 training samples", id="too_few"),
        pytest.param(
            {"data.image_size": 64}, DataError, "data.image_size is 64", id="images_of_another_size"
        ),
        pytest.param({"model.patch_grid": 5}, DataError, "r000: heatmaps of 16 cells", id="another_grid"),
    ],
)
def test_data_that_do_not_fit_are_named(tokenizer, overrides, error, words):
    with pytest.raises(error, match=words):
        maker(tokenizer, **overrides)


def many(n=240, seed=0):
    data = tiny_data(n)
    return replace(data, is_validation=np.arange(n) >= n - 40, gaze_similarity=[
        np.zeros((len(r), 16), np.float32) for r in data.sentences
    ], has_gaze=[np.ones(len(r), dtype=bool) for r in data.sentences])  # fmt: skip


@pytest.mark.parametrize("seed", [0, 1])
def test_gaze_subsets_are_nested_exact_by_patient_and_stratified(seed):
    data = many()
    shares = (0.0, 0.01, 0.05, 0.1, 0.5, 1.0)
    kept = [samples_with_gaze(data, share, seed) & ~data.is_validation for share in shares]
    assert [k.sum() for k in kept] == [round(share * 200) for share in shares]
    assert all((small <= large).all() for small, large in pairwise(kept))
    half = kept[4]
    pairs = half[:200].reshape(100, 2)
    assert (pairs[:, 0] != pairs[:, 1]).sum() <= 1  # at most the last patient is divided
    reflacx = np.array([stratum == "reflacx" for stratum in data.strata])
    assert abs((half & reflacx).sum() / half.sum() - reflacx[:200].mean()) < 0.03
    assert samples_with_gaze(data, 0.1, seed)[200:].all()


def test_another_seed_draws_another_subset():
    data = many()
    first, second = (samples_with_gaze(data, 0.1, seed) for seed in (0, 1))
    assert (first != second).any()
