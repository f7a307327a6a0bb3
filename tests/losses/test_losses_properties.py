import pytest
import torch
from naive_losses import random_batch

from egma_lib.losses import LossSettings, egma_loss, fine_grained_logits
from egma_lib.losses.methods import PairFeatures, method_loss

ABLATION = ("clip", "mlce", "mlce_alone", "egf", "egm", "egm_alone", "egma", "no_gaze")


def values(batch, settings=LossSettings()):  # noqa: B008 - frozen
    return torch.stack(list(egma_loss(*batch, settings=settings)))


def test_order_of_patches_sentences_and_samples_does_not_count():
    P, S, mask, gaze, has_gaze, scale = random_batch(b=4, seed=1)
    reference = values((P, S, mask, gaze, has_gaze, scale))
    patches, slots, samples = torch.randperm(5), torch.randperm(4), torch.randperm(4)
    torch.testing.assert_close(
        values((P[:, patches], S, mask, gaze[..., patches], has_gaze, scale)), reference
    )
    moved = (P, S[:, slots], mask[:, slots], gaze[:, slots], has_gaze[:, slots], scale)
    torch.testing.assert_close(values(moved), reference)
    torch.testing.assert_close(
        values((*(x[samples] for x in (P, S, mask, gaze, has_gaze)), scale)), reference
    )


@pytest.mark.parametrize("garbage", [0.0, 1e30, float("nan"), float("inf")])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_padding_and_gaze_that_is_not_there_change_nothing(garbage, dtype):
    batch = random_batch(b=4, seed=2, dtype=dtype)
    P, S, mask, gaze, has_gaze, scale = batch
    dirty = torch.full((4, 3, 8), garbage, dtype=dtype)
    wide = torch.cat([S.masked_fill(~mask[..., None], garbage), dirty], dim=1)
    wide_mask = torch.cat([mask, torch.zeros(4, 3, dtype=torch.bool)], dim=1)
    heat = gaze.masked_fill(~(mask & has_gaze)[..., None], garbage)
    heat = torch.cat([heat, torch.full((4, 3, 5), garbage, dtype=dtype)], dim=1)
    flags = torch.cat([has_gaze | ~mask, torch.ones(4, 3, dtype=torch.bool)], dim=1)
    clean = [x.clone().requires_grad_() for x in (P, S)]
    padded = [x.clone().requires_grad_() for x in (P, wide)]
    first = egma_loss(*clean, mask, gaze, has_gaze, scale)
    second = egma_loss(*padded, wide_mask, heat, flags, scale)
    torch.testing.assert_close(torch.stack(list(first)), torch.stack(list(second)))
    first.total.backward()
    second.total.backward()
    torch.testing.assert_close(clean[0].grad, padded[0].grad)
    torch.testing.assert_close(clean[1].grad.masked_fill(~mask[..., None], 0), padded[1].grad[:, :4])
    assert (padded[1].grad[~wide_mask] == 0).all()


@pytest.mark.parametrize("chunk", [1, 2, 3, 64])
def test_chunks_change_nothing(chunk):
    batch = random_batch(b=5, seed=3)
    results = []
    for settings in (LossSettings(), LossSettings(chunk=chunk)):
        P, S = (x.clone().requires_grad_() for x in batch[:2])
        loss = egma_loss(P, S, *batch[2:], settings=settings).total
        results.append((loss.detach(), *torch.autograd.grad(loss, (P, S))))
    torch.testing.assert_close(*results)


def test_gaze_is_taken_as_given():
    P, S, mask, gaze, has_gaze, scale = random_batch(seed=4)
    plain, doubled = (egma_loss(P, S, mask, g, has_gaze, scale) for g in (gaze, 2 * gaze))
    assert plain.egf.item() == doubled.egf.item()  # Eq. 3 asks only for > 0
    assert plain.egm.item() != doubled.egm.item()  # Eq. 7 adds the value itself


def test_without_gaze_only_eq_4_and_the_gaze_term_vanish():
    P, S, mask, gaze, _, scale = random_batch(seed=5)
    none = torch.zeros_like(mask)
    loss = egma_loss(P, S, mask, gaze, none, scale)
    assert loss.mlce_sentence_to_patch.item() == loss.mlce_patch_to_sentence.item() == 0
    same = egma_loss(P, S, mask, torch.zeros_like(gaze), mask, scale)
    assert loss.egm.item() == same.egm.item()
    assert loss.infonce_image_to_text.item() == same.infonce_image_to_text.item()


@pytest.mark.parametrize("settings", [{}, {"padding": "upstream", "egm_floor": 0.01, "t2i_axis": "upstream"}])
def test_gradients_in_double_precision(settings):
    P, S, mask, gaze, has_gaze, scale = random_batch(b=3, n=3, m=3, d=4, seed=6)
    inputs = tuple(x.clone().requires_grad_() for x in (P, S, scale))
    settings = LossSettings(**settings)
    assert torch.autograd.gradcheck(
        lambda p, s, t: egma_loss(p, s, mask, gaze, has_gaze, t, settings=settings).total, inputs
    )


def _cases():
    b, n, m, d = 3, 4, 3, 8
    generator = torch.Generator().manual_seed(0)
    P = torch.nn.functional.normalize(torch.randn(b, n, d, generator=generator), dim=-1)
    S = torch.nn.functional.normalize(torch.randn(b, m, d, generator=generator), dim=-1)
    everything = torch.ones(b, m, dtype=torch.bool)
    single = torch.tensor([[True, False, False]] * b)
    gaze = torch.rand(b, m, n, generator=generator)
    same = torch.ones(1, 1, d) / d**0.5
    yield "empty_gaze", P, S, everything, torch.zeros_like(gaze), everything
    yield "no_gaze", P, S, everything, gaze, ~everything
    yield "one_sentence", P, S, single, gaze, single
    yield "all_equal_similarities", same.expand(b, n, d), same.expand(b, m, d), everything, gaze, everything
    yield (
        "opposite_sentences",
        P,
        S[:, :1] * torch.tensor([1.0, -1.0, 1.0])[None, :, None],
        everything,
        gaze,
        everything,
    )
    yield "all_zero_features", torch.zeros_like(P), torch.zeros_like(S), everything, gaze, everything


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("case", list(_cases()), ids=lambda case: case[0])
def test_values_and_gradients_stay_finite(case, dtype):
    _, P, S, mask, gaze, has_gaze = case
    P, S = (x.to(dtype).clone().requires_grad_() for x in (P, S))
    scale = torch.tensor(100.0, requires_grad=True)
    loss = egma_loss(P, S, mask, gaze, has_gaze, scale)
    loss.total.backward()
    assert all(torch.isfinite(part) for part in loss)
    assert all(torch.isfinite(x.grad).all() for x in (P, S, scale))
    assert P.grad.dtype == dtype


def test_bfloat16_is_near_float32():
    batch = random_batch(b=4, n=9, seed=7, dtype=torch.float32)
    half = [x.bfloat16() if x.is_floating_point() else x for x in batch[:5]]
    torch.testing.assert_close(values((*half, batch[5])), values(batch), atol=0.05, rtol=0.02)


def test_one_prompt_against_many_images():
    P, S, mask, *_ = random_batch(b=3, seed=8)
    image_to_text, text_to_image = fine_grained_logits(P, S[:1, :1], mask[:1, :1])
    similarity = P @ S[0, 0]
    torch.testing.assert_close(image_to_text[:, 0], similarity.mean(dim=1))
    torch.testing.assert_close(text_to_image[0], similarity.amax(dim=1))


def test_nothing_of_all_pairs_size_outlives_a_chunk():
    b, n, m, d = 32, 16, 4, 8
    P, S = (torch.nn.functional.normalize(torch.randn(b, k, d), dim=-1).requires_grad_() for k in (n, m))
    kept = []

    def keep(tensor):
        kept.append(tensor.numel())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        fine_grained_logits(P, S, torch.ones(b, m, dtype=torch.bool), settings=LossSettings(chunk=4))
    assert max(kept) <= max(b * n * b, b * b * m)  # indices of winners, against (b n)(b m) similarities


def pair_features(batch):
    P, S, mask, gaze, has_gaze, scale = batch
    means = (torch.nn.functional.normalize(x.mean(dim=1), dim=-1) for x in (P, S))
    return PairFeatures(P, next(means), S, next(means), mask, has_gaze, gaze, scale)


def test_methods_are_made_of_the_parts_that_their_names_say():
    batch = random_batch(seed=9)
    features, settings = pair_features(batch), LossSettings()
    parts = egma_loss(*batch)
    got = {name: method_loss(name)(features, settings)["total"].item() for name in ABLATION}
    assert got["egma"] == parts.total.item()
    assert got["egf"] == parts.egf.item()
    mlce = 0.5 * (parts.mlce_sentence_to_patch + parts.mlce_patch_to_sentence).item()
    assert got["mlce"] == pytest.approx(got["clip"] + mlce)
    assert got["egm"] == pytest.approx(got["clip"] + parts.egm.item())
    assert got["mlce_alone"] == pytest.approx(mlce)
    assert got["egm_alone"] == pytest.approx(parts.egm.item())
    nothing = egma_loss(*batch[:4], torch.zeros_like(batch[4]), batch[5])
    assert got["no_gaze"] == nothing.total.item()
