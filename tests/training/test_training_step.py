import numpy as np
import pytest
import torch
from torch.nn import functional as F
from training_cases import tiny_data, tiny_settings, tiny_tokenizer

from egma_lib.errors import TrainingError
from egma_lib.losses.methods import PairFeatures, method_loss
from egma_lib.models import build_dual_encoder
from egma_lib.training.augmentation import model_images
from egma_lib.training.batches import BatchMaker
from egma_lib.training.ranks import Ranks, part_of
from egma_lib.training.step import TrainingStep

SWIN = {
    "model.image_encoder": "swin_small",
    "model.image_channels": [16],
    "training.continued.batch_size": 6,
}


def prepared(**overrides):
    settings = tiny_settings(**{**SWIN, **overrides})
    tokenizer, data = tiny_tokenizer(), tiny_data()
    batches = BatchMaker(data, tokenizer, settings, "continued", 0, np.ones(len(data), dtype=bool))
    model = build_dual_encoder(settings.model, tokenizer, 0, settings.data.image_size)
    return settings, model, batches.training_batch(0)


def gradients_of(model):
    return {name: p.grad for name, p in model.named_parameters() if p.grad is not None}


def assert_close(found, expected, name):
    difference = (found - expected).norm() / expected.norm().clamp(min=1e-4)
    assert difference < 2e-4, (name, difference)


def gradients(method="egma", **overrides):
    settings, model, batch = prepared(**overrides)
    torch.manual_seed(1)
    losses = TrainingStep(model, method, settings).losses_and_gradients(batch)
    return {name: value.item() for name, value in losses.items()}, gradients_of(model)


def test_loss_and_gradient_are_those_of_one_backward_pass_through_everything():
    settings, model, batch = prepared()
    features = []
    for row in range(len(batch)):
        images = model_images(batch.pixels[row : row + 1], batch.jitter[:, row : row + 1], settings.data)
        index = batch.sentence_index[row]
        texts = model.map_sentences(batch.input_ids[index], batch.attention_mask[index])
        features.append((*model.encode_images(images), texts))
    slots = torch.stack([texts for *_, texts in features])
    losses = method_loss("egma")(
        PairFeatures(
            patch_features=torch.cat([patches for patches, *_ in features]),
            image_features=torch.cat([image for _, image, _ in features]),
            sentence_features=F.normalize(slots, dim=-1),
            report_features=model.report_features(slots, batch.sentence_mask),
            sentence_mask=batch.sentence_mask,
            has_gaze=batch.has_gaze,
            gaze_similarity=batch.gaze_similarity,
            logit_scale=model.logit_scale,
        ),
        settings.losses,
    )
    losses["total"].backward()
    ours, found = gradients("egma")
    assert ours["total"] == pytest.approx(losses["total"].item(), rel=1e-5)
    expected = gradients_of(model)
    assert found.keys() == expected.keys()
    for name, gradient in expected.items():
        assert_close(found[name], gradient, name)


@pytest.mark.parametrize("method", ["clip", "egma", "gloria"])
@pytest.mark.parametrize("micro_batch", [1, 4], ids=["one_by_one", "uneven_chunks"])
def test_chunks_leave_loss_and_gradient_as_they_are(method, micro_batch):
    whole_losses, whole = gradients(method)
    losses, chunked = gradients(method, **{"training.micro_batch": micro_batch})
    assert losses == pytest.approx(whole_losses, rel=1e-5)
    assert chunked.keys() == whole.keys()
    for name, gradient in whole.items():
        assert_close(chunked[name], gradient, name)


def test_dropout_draws_the_same_in_both_passes_of_a_chunk():
    settings, model, batch = prepared(**{"training.micro_batch": 2})
    for module in model.text_encoder.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.5
    step, results = TrainingStep(model, "clip", settings), []
    for _ in range(2):
        model.zero_grad()
        torch.manual_seed(5)
        before = torch.get_rng_state()
        step.losses_and_gradients(batch)
        results.append(model.text_projection.weight.grad.clone())
        assert not torch.equal(before, torch.get_rng_state())
    assert torch.equal(*results)
    # A finite difference along the gradient knows nothing of chunks: the same masks must have been drawn.
    direction, width = results[0] / results[0].norm(), 1e-3
    values = []
    for sign in (1, -1):
        with torch.no_grad():
            model.text_projection.weight.add_(direction, alpha=sign * width)
        torch.manual_seed(5)
        values.append(step.losses(batch)["total"].item())
        with torch.no_grad():
            model.text_projection.weight.sub_(direction, alpha=sign * width)
    assert (values[0] - values[1]) / (2 * width) == pytest.approx(results[0].norm().item(), rel=0.05)


def test_what_normalises_over_the_batch_is_not_cut_into_chunks():
    settings, model, _ = prepared(**{"model.image_encoder": "resnet_small", "training.micro_batch": 2})
    with pytest.raises(TrainingError, match=r"training\.micro_batch: the image encoder resnet_small"):
        TrainingStep(model, "clip", settings)
    settings, model, _ = prepared(**{"model.image_encoder": "resnet_small"})
    with pytest.raises(TrainingError, match=r"training\.processes: on the CPU"):
        TrainingStep(model, "clip", settings, Ranks(0, 2))


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_the_parts_of_a_slice_follow_each_other_and_hardly_differ(count):
    parts = [part_of(slice(4, 17), index, count) for index in range(count)]
    assert [row for part in parts for row in range(part.start, part.stop)] == list(range(4, 17))
    sizes = [part.stop - part.start for part in parts]
    assert max(sizes) - min(sizes) <= 1
