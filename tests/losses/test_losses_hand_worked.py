"""Numbers that one can do by hand."""

import math

import pytest
import torch

from egma_lib.errors import DataError
from egma_lib.losses import (
    clip_loss,
    egf_loss,
    egm_loss,
    egma_loss,
    fine_grained_logits,
    multilabel_cross_entropy,
)
from egma_lib.losses.inputs import check_inputs
from egma_lib.losses.mapping import mapping_weights, masked_min_max
from egma_lib.settings import LossSettings

E1, E2 = [1.0, 0.0], [0.0, 1.0]


@pytest.mark.parametrize(
    ("logits", "labels", "mask", "expected"),
    [
        pytest.param([0.0, 0.0], [1, 0], None, 2 * math.log(2), id="one_of_each_at_zero"),
        pytest.param([0.0, 0.0, 0.0], [0, 0, 0], None, math.log(4), id="negatives_only"),
        pytest.param([0.0, 0.0, 0.0], [1, 1, 1], None, math.log(4), id="positives_only"),
        pytest.param([math.log(3), -math.log(3)], [0, 1], None, 2 * math.log(4), id="both_wrong"),
        pytest.param(
            [0.0, float("nan")], [1, 1], [True, False], math.log(2), id="a_masked_nan_takes_no_part"
        ),
        pytest.param([1.0, 2.0], [1, 0], [False, False], 0.0, id="all_masked_is_zero"),
        pytest.param([200.0, -200.0], [0, 1], None, 400.0, id="no_overflow"),
    ],
)
def test_multilabel_cross_entropy(logits, labels, mask, expected):
    mask = None if mask is None else torch.tensor(mask)
    loss = multilabel_cross_entropy(torch.tensor(logits), torch.tensor(labels), mask)
    assert loss.item() == pytest.approx(expected, rel=1e-6)


def test_clip_loss_is_half_of_both_cross_entropies():
    image_to_text = torch.tensor([[math.log(3), 0.0], [0.0, 0.0]])
    text_to_image = torch.zeros(2, 2)
    # Rows: log 4 - log 3 and log 2; the other direction: log 2 twice.
    expected = 0.5 * (0.5 * (math.log(4 / 3) + math.log(2)) + math.log(2))
    assert clip_loss(image_to_text, text_to_image).item() == pytest.approx(expected)


def test_fine_grained_logits_of_two_images_and_two_reports():
    patches = torch.tensor([[E1, E2], [E1, E1]])
    sentences = torch.tensor([[E1, [0.6, 0.8]], [E2, [9.0, 9.0]]])
    mask = torch.tensor([[True, True], [True, False]])
    image_to_text, text_to_image = fine_grained_logits(patches, sentences, mask)
    # Image 0, report 0: its patches match best 1 and .8; report 0, image 1: its sentences 1 and .6.
    torch.testing.assert_close(image_to_text, torch.tensor([[0.9, 0.5], [1.0, 0.0]]))
    torch.testing.assert_close(text_to_image, torch.tensor([[0.9, 0.8], [1.0, 0.0]]))


def test_fine_grained_logits_count_padding_as_zero_only_in_the_released_form():
    patches = torch.tensor([[[-1.0, 0.0]]])
    sentences, mask = torch.tensor([[E1, E1]]), torch.tensor([[True, False]])
    masked, _ = fine_grained_logits(patches, sentences, mask)
    upstream, other = fine_grained_logits(patches, sentences, mask, settings=LossSettings(padding="upstream"))
    assert (masked.item(), upstream.item(), other.item()) == (-1.0, 0.0, -1.0)


def test_min_max_scales_the_real_entries_only():
    values = torch.tensor([[1.0, 3.0, 2.0, 99.0], [5.0, 5.0, 5.0, 0.0]])
    mask = torch.tensor([[True, True, True, False]])
    torch.testing.assert_close(masked_min_max(values, mask), torch.tensor([[0.0, 1.0, 0.5, 0.0], [0.0] * 4]))


def one_sample(gaze, has_gaze=(True, True)):
    """Return three patches at 1, .5, 0 and 0, .5, 1 from two real sentences; a third slot is padding."""
    patches = torch.tensor([[E1, [0.5, 0.5], E2]])
    sentences = torch.tensor([[E1, E2, [7.0, 7.0]]])
    mask = torch.tensor([[True, True, False]])
    heat = torch.tensor([[*gaze, [8.0, 8.0, 8.0]]])
    return patches, sentences, mask, heat, torch.tensor([[*has_gaze, True]]), 1.0


@pytest.mark.parametrize(
    ("settings", "has_gaze", "text_to_image"),
    [
        # M of sentence 0 is (1, .5, 0); omega at 2/7 gives (1, 1, 0); its gaze is (0, 1, .5).
        pytest.param({}, (True, True), [[1 / 3.5, 2 / 3.5, 0.5 / 3.5], [0, 0.5, 0.5]], id="union_with_gaze"),
        pytest.param({}, (False, False), [[0.5, 0.5, 0], [0, 0.5, 0.5]], id="no_gaze"),
        pytest.param({"egm_threshold": 0.6}, (False, True), [[1, 0, 0], [0, 0, 1]], id="threshold"),
        pytest.param(
            {"egm_threshold": 0.0, "egm_threshold_without_gaze": 0.6},
            (False, False),
            [[1, 0, 0], [0, 0, 1]],
            id="threshold_without_gaze",
        ),
        # (M + GS) / 2 is (.5, .75, .25) and (0, .25, .5): cut at 3/7.
        pytest.param(
            {"egm_gaze": "mean", "egm_threshold": 3 / 7}, (True, True), [[0.5, 0.5, 0], [0, 0, 1]], id="mean"
        ),
        pytest.param({"egm_floor": 1.0}, (False, False), [[0.4, 0.4, 0.2], [0.2, 0.4, 0.4]], id="floor"),
    ],
)
def test_mapping_weights(settings, has_gaze, text_to_image):
    inputs = check_inputs(*one_sample([[0.0, 1.0, 0.5], [0.0, 0.0, 0.0]], has_gaze))
    weights = mapping_weights(inputs, LossSettings(**settings))
    torch.testing.assert_close(weights.text_to_image[0, :2], torch.tensor(text_to_image, dtype=torch.float32))
    assert (weights.image_to_text[0, :, 2] == 0).all()
    torch.testing.assert_close(weights.image_to_text.sum(dim=-1), torch.ones(1, 3))


def test_a_row_without_order_and_gaze_becomes_uniform_over_real_sentences():
    inputs = check_inputs(*one_sample([[0.0] * 3] * 2, (False, False)))
    weights = mapping_weights(inputs, LossSettings())
    # The middle patch is as near to both sentences: min-max 0, no gaze, so 1/2 each and nothing on padding.
    torch.testing.assert_close(weights.image_to_text[0, 1], torch.tensor([0.5, 0.5, 0.0]))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(
            {"mlce_weight_sentence_to_patch": 0.8, "mlce_weight_patch_to_sentence": 0.2}, (0.8, 0.2, 0.5, 0.5)
        ),
        pytest.param({"mlce_weight_patch_to_sentence": 0.0}, (0.5, 0.0, 0.5, 0.5)),
        pytest.param({"egm_weight_image": 0.7, "egm_weight_text": 0.3}, (0.5, 0.5, 0.7, 0.3)),
    ],
    ids=["mlce_80_20", "no_patch_to_sentence_half", "mapping_70_30"],
)
def test_weights_of_the_released_code(change, expected):
    loss = egma_loss(*one_sample([[0.0, 1.0, 0.5], [1.0, 0.0, 0.0]]), settings=LossSettings(**change))
    parts = (loss.mlce_sentence_to_patch, loss.mlce_patch_to_sentence, loss.mapping_image, loss.mapping_text)
    contrast = 0.5 * (loss.infonce_image_to_text + loss.infonce_text_to_image)
    total = contrast + sum(weight * part for weight, part in zip(expected, parts, strict=True))
    assert loss.total.item() == pytest.approx(total.item())


def test_the_denominator_may_count_samples_with_gaze_only():
    sample = one_sample([[0.0, 1.0, 0.5], [1.0, 0.0, 0.0]])
    batch = [torch.cat([part, part]) for part in sample[:5]]
    batch[4][1] = False
    alone, paper = egma_loss(*sample), egma_loss(*batch, 1.0)
    upstream = egma_loss(*batch, 1.0, settings=LossSettings(mlce_denominator="with_gaze"))
    assert paper.mlce_patch_to_sentence.item() == pytest.approx(alone.mlce_patch_to_sentence.item() / 2)
    assert upstream.mlce_patch_to_sentence.item() == pytest.approx(alone.mlce_patch_to_sentence.item())


def test_the_released_axis_normalises_text_to_image_over_texts():
    patches = torch.tensor([[E1], [[0.8, 0.6]]])
    sentences = torch.tensor([[E1], [E2]])
    flags = torch.ones(2, 1, dtype=torch.bool)
    arguments = (patches, sentences, flags, torch.zeros(2, 1, 1), ~flags, 1.0)
    # Similarity of report k to image l is [[1, .8], [0, .6]].
    paper = (math.log(math.e + math.exp(0.8)) - 1 + math.log(1 + math.exp(0.6)) - 0.6) / 2
    upstream = (math.log(math.e + 1) - 1 + math.log(math.exp(0.8) + math.exp(0.6)) - 0.6) / 2
    assert egma_loss(*arguments).infonce_text_to_image.item() == pytest.approx(paper, rel=1e-6)
    changed = egma_loss(*arguments, settings=LossSettings(t2i_axis="upstream"))
    assert changed.infonce_text_to_image.item() == pytest.approx(upstream, rel=1e-6)


def test_parts_are_the_losses_of_their_names():
    batch = one_sample([[0.0, 1.0, 0.5], [1.0, 0.0, 0.0]])
    loss = egma_loss(*batch)
    assert loss.egf.item() == egf_loss(*batch).item()
    assert loss.egm.item() == egm_loss(*batch).item()
    assert loss.total.item() == pytest.approx(loss.egf.item() + loss.egm.item())


@pytest.mark.parametrize(
    ("position", "value", "words"),
    [
        pytest.param(0, torch.zeros(1, 3), "patch_features", id="patches_without_channels"),
        pytest.param(0, torch.zeros(2, 3, 2), "2 images but 1 reports", id="another_batch_size"),
        pytest.param(1, torch.zeros(1, 3, 5), "2 channels and sentences 5", id="another_width"),
        pytest.param(2, torch.ones(1, 3), "sentence_mask must be bool", id="mask_of_numbers"),
        pytest.param(
            2, torch.zeros(1, 3, dtype=torch.bool), "report 0 of the batch has no sentence", id="no_sentence"
        ),
        pytest.param(3, torch.zeros(1, 3, 4), "gaze_similarity must have shape", id="another_grid"),
        pytest.param(4, torch.ones(1, dtype=torch.bool), "one per sentence", id="gaze_flag_per_sample"),
    ],
)
def test_arguments_that_do_not_fit_are_named(position, value, words):
    arguments = list(one_sample([[0.0] * 3] * 2))
    arguments[position] = value
    with pytest.raises(DataError, match=words):
        egma_loss(*arguments)


def test_a_report_of_one_sentence_has_nothing_to_map_against():
    sample = list(one_sample([[0.0, 1.0, 0.5], [1.0, 0.0, 0.0]]))
    alone = egma_loss(*sample)
    sample[2] = torch.tensor([[True, False, False]])
    single = egma_loss(*sample)
    assert single.mapping_image.item() == single.mapping_text.item() == single.egm.item() == 0
    both = [
        torch.cat(pair)
        for pair in zip(one_sample([[0.0, 1.0, 0.5], [1.0, 0.0, 0.0]])[:5], sample[:5], strict=True)
    ]
    assert egma_loss(*both, 1.0).egm.item() == pytest.approx(alone.egm.item())
