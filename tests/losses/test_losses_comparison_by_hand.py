"""Numbers of the comparison losses that one can do by hand, and how the methods relate to each other."""

import math
from dataclasses import replace

import pytest
import torch
from naive_comparison import comparison_batch, with_words
from torch.nn import functional as F

from egma_lib.losses.gloria import word_region_similarity
from egma_lib.losses.medclip import label_targets
from egma_lib.losses.methods import method_loss
from egma_lib.losses.sparc import sparse_groups
from egma_lib.losses.words import report_words
from egma_lib.settings import LossSettings


def total_of(name, features):
    return method_loss(name)(features, LossSettings())["total"]


def test_words_are_packed_in_reading_order():
    words = torch.arange(1.0, 7).view(2, 3, 1) * torch.tensor([1.0, 0.0])
    features = with_words(
        torch.ones(2, 1, 2),
        torch.ones(2, 2),
        words,
        torch.tensor([[True, True], [True, False]]),
        torch.tensor([[False, True, True], [True, False, False]]),
        torch.tensor([[1, 0], [0, 1]]),
    )
    packed = report_words(features)
    assert packed.mask.tolist() == [[True, True, True], [True, True, False]]
    torch.testing.assert_close(packed.features[..., 0], packed.mask.float())


def test_a_word_between_two_patches_attends_to_both():
    # The word is as near to either patch (cosine .6), so its region is their mean (.6, 0): cosine 1.
    patches = torch.tensor([[[0.6, 0.8], [0.6, -0.8]]])
    similarity = word_region_similarity(patches, torch.tensor([[1.0, 0.0], [0.0, 1.0]]))
    # The other word has cosines .8 and -.8: weights 1 and e^-6.4, region (.6, y).
    y = 0.8 * (1 - math.exp(-6.4)) / (1 + math.exp(-6.4))
    torch.testing.assert_close(similarity, torch.tensor([[1.0, y / math.hypot(0.6, y)]]))


def test_patches_under_the_threshold_leave_the_group():
    # Cosines 1, .28, 0, 0 of four patches: min-max 1, .28, 0, 0; the threshold is 1/4.
    patches = torch.tensor([[[1.0, 0.0], [0.28, 0.96], [0.0, 1.0], [0.0, -1.0]]])
    group = sparse_groups(patches, torch.tensor([[[1.0, 0.0]]]))
    expected = torch.tensor([1 + 0.28 * 0.28, 0.28 * 0.96])
    torch.testing.assert_close(group[0, 0], expected / expected.norm())
    nearer = sparse_groups(
        patches * torch.tensor([1.0, 0.8, 1.0, 1.0])[:, None], torch.tensor([[[1.0, 0.0]]])
    )
    torch.testing.assert_close(nearer[0, 0], torch.tensor([1.0, 0.0]))


def test_a_word_that_all_patches_match_alike_groups_all_of_them():
    patches = torch.tensor([[[0.6, 0.8], [0.6, -0.8]]])
    torch.testing.assert_close(
        sparse_groups(patches, torch.tensor([[[1.0, 0.0]]])), torch.tensor([[[1.0, 0.0]]])
    )


def test_targets_are_the_softmax_of_the_cosines_of_findings():
    labels = torch.zeros(5, 14)
    labels[0, [2, 5]] = 1  # two findings
    labels[1, 2] = 1
    labels[2, 4] = math.nan  # uncertain is absent, and nothing else found: No Finding
    labels[3, 0] = 1
    labels[4] = math.nan  # no labels at all
    cosines = torch.eye(5)
    cosines[0, 1] = cosines[1, 0] = 1 / math.sqrt(2)
    cosines[2, 3] = cosines[3, 2] = 1
    torch.testing.assert_close(label_targets(labels), torch.softmax(cosines, dim=1))


def test_soft_cross_entropy_of_two_unrelated_studies():
    labels = torch.zeros(2, 14, dtype=torch.float64)
    labels[0, 3] = labels[1, 7] = 1
    features, _ = comparison_batch(b=2, m=1, k=2)
    features = replace(
        features,
        image_features=torch.eye(2, 8).double(),
        report_features=torch.eye(2, 8).double(),
        logit_scale=torch.tensor(1.0),
        labels=labels,
    )
    # Targets and predictions are both e / (e + 1) and 1 / (e + 1): the entropy log(e + 1) - e / (e + 1).
    expected = math.log(math.e + 1) - math.e / (math.e + 1)
    assert total_of("medclip", features).item() == pytest.approx(expected)


def test_convirt_is_clip_with_other_weights_and_a_constant_temperature():
    features, _ = comparison_batch(seed=6)
    parts = method_loss("convirt")(features, LossSettings())
    clip = total_of("clip", replace(features, logit_scale=torch.tensor(10.0)))
    assert (parts["image_to_text"] + parts["text_to_image"]).item() / 2 == pytest.approx(clip.item())
    assert (
        total_of("convirt", replace(features, logit_scale=torch.tensor(99.0))).item() == parts["total"].item()
    )


def test_filip_on_sentences_of_one_word_is_egf_without_its_multilabel_half():
    features, _ = comparison_batch(t=1, seed=8)
    features = replace(
        features,
        sentence_features=F.normalize(
            features.words.word_features[:, 0][features.words.sentence_index], dim=-1
        ),
    )
    egf = method_loss("egf")(features, LossSettings())
    contrast = (egf["infonce_image_to_text"] + egf["infonce_text_to_image"]) / 2
    assert total_of("filip", features).item() == pytest.approx(contrast.item())
