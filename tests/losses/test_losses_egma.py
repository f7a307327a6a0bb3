import pytest
import torch
from naive_losses import naive_egma, random_batch

from egma_lib.losses import egma_loss


@pytest.mark.parametrize("seed", range(4))
def test_every_part_equals_the_nested_loops(seed):
    batch = random_batch(b=4, seed=seed)
    expected = naive_egma(*batch)
    got = egma_loss(*batch)._asdict()
    assert set(got) == set(expected)
    for name, value in expected.items():
        assert got[name].item() == pytest.approx(value.item(), abs=1e-6), name


def test_gradients_equal_those_of_the_nested_loops():
    batch = random_batch(seed=5)
    gradients = []
    for loss in (lambda *a: egma_loss(*a).total, lambda *a: naive_egma(*a)["total"]):
        P, S, scale = (batch[i].clone().requires_grad_() for i in (0, 1, 5))
        gradients.append(torch.autograd.grad(loss(P, S, *batch[2:5], scale), (P, S, scale)))
    for ours, naive in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, naive, atol=1e-7, rtol=1e-6)
