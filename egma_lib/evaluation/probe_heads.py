"""Two linear heads on frozen features: trained as the paper says, and trained until it has converged.

With the paper's learning rate AdamW moves a weight by about 5e-7 a step: after a few thousand steps a fresh
head is where it began, and its AUROC that of a random direction. The converged head shows what features hold.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F

from egma_lib.settings import ProbeSettings


@dataclass(frozen=True)
class LinearHead:
    """Logits are `features @ weight.T + bias`.

    Attributes
    ----------
    weight
        Shape (n_classes, d).
    bias
        Shape (n_classes,).
    movement
        Length of the way from the first to the last weights over the length of the first; NaN where the head
        did not start anywhere.
    inverse_regularisation
        Chosen C; NaN for the paper's head.
    """

    weight: np.ndarray
    bias: np.ndarray
    movement: float = math.nan
    inverse_regularisation: float = math.nan

    def logits(self, features: np.ndarray) -> np.ndarray:
        """Return the logits, float64, shape (n_films, n_classes), of features of shape (n_films, d)."""
        return np.asarray(features, dtype=np.float64) @ self.weight.T + self.bias


def masked_cross_entropy(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the mean binary cross-entropy over known labels; NaN labels take no part, none known gives 0.

    Parameters
    ----------
    logits, labels
        Shape (b, n_classes); labels are 1, 0 or NaN.
    """
    known = ~labels.isnan()
    each = F.binary_cross_entropy_with_logits(logits, labels.nan_to_num(), reduction="none")
    return torch.where(known, each, 0.0).sum() / known.sum().clamp(min=1)


def rate_factor(step: int, n_steps: int, n_warmup: int) -> float:
    """Return the factor on the peak learning rate at a step (from 0): linear warm-up, half cosine to 0."""
    if step < n_warmup:
        return (step + 1) / n_warmup
    return 0.5 * (1 + math.cos(math.pi * (step - n_warmup) / max(1, n_steps - n_warmup)))


def paper_head(features: np.ndarray, labels: np.ndarray, settings: ProbeSettings, seed: int) -> LinearHead:
    """Train a fresh linear layer with AdamW for a fixed number of epochs.

    Parameters
    ----------
    features
        float32, shape (n_films, d), as they come from the encoder.
    labels
        Shape (n_films, n_classes): 1, 0 or NaN.
    settings
        Epochs, warm-up, learning rate, weight decay and batch size.
    seed
        Fixes initial weights and order of films; PyTorch's own generator is left as it was.
    """
    x = torch.from_numpy(np.array(features, dtype=np.float32))
    y = torch.from_numpy(np.array(labels, dtype=np.float32))
    generator = torch.Generator().manual_seed(seed)
    bound = 1 / math.sqrt(x.shape[1])
    weight = torch.empty(y.shape[1], x.shape[1]).uniform_(-bound, bound, generator=generator).requires_grad_()
    bias = torch.empty(y.shape[1]).uniform_(-bound, bound, generator=generator).requires_grad_()
    start = weight.detach().clone()
    steps_per_epoch = -(-len(x) // settings.batch_size)
    optimiser = torch.optim.AdamW(
        [weight, bias], lr=settings.learning_rate, weight_decay=settings.weight_decay, foreach=True
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser,
        lambda step: rate_factor(
            step, settings.epochs * steps_per_epoch, settings.warmup_epochs * steps_per_epoch
        ),
    )
    for _ in range(settings.epochs):
        for batch in torch.randperm(len(x), generator=generator).split(settings.batch_size):
            optimiser.zero_grad()
            masked_cross_entropy(F.linear(x[batch], weight, bias), y[batch]).backward()
            optimiser.step()
            schedule.step()
    moved = float((weight.detach() - start).norm() / start.norm())
    return LinearHead(weight.detach().double().numpy(), bias.detach().double().numpy(), movement=moved)


def converged_head(
    features: np.ndarray,
    labels: np.ndarray,
    validation_features: np.ndarray,
    validation_labels: np.ndarray,
    settings: ProbeSettings,
) -> LinearHead:
    """Fit logistic regressions on standardised features, one per class, and choose C on the validation part.

    All classes share the C of the smallest cross-entropy over the known validation labels, the smaller C
    where two are equal.

    Parameters
    ----------
    features, validation_features
        Shape (n_films, d).
    labels, validation_labels
        Shape (n_films, n_classes): 1, 0 or NaN; in `labels` every class occurs present and absent.
    settings
        The values of C.
    """
    x = np.asarray(features, dtype=np.float64)
    mean, spread = x.mean(axis=0), x.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    x = (x - mean) / spread
    best, best_loss = None, math.inf
    for c in sorted(settings.inverse_regularisation):
        weight, bias = _logistic_regressions(x, labels, c)
        weight = weight / spread
        head = LinearHead(weight, bias - weight @ mean, inverse_regularisation=c)
        loss = _cross_entropy(head.logits(validation_features), validation_labels)
        if best is None or loss < best_loss:
            best, best_loss = head, loss
    assert best is not None  # the settings hold at least one C
    return best


def _logistic_regressions(x: np.ndarray, labels: np.ndarray, c: float) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.linear_model import LogisticRegression

    weights, biases = [], []
    for column in labels.T:
        known = ~np.isnan(column)
        fitted = LogisticRegression(C=c, max_iter=1000).fit(x[known], column[known] == 1)
        weights.append(fitted.coef_[0])
        biases.append(fitted.intercept_[0])
    return np.stack(weights), np.array(biases)


def _cross_entropy(logits: np.ndarray, labels: np.ndarray) -> float:
    known = ~np.isnan(labels)
    signed = np.where(labels == 1, -logits, logits)[known]
    return float(np.logaddexp(0, signed).mean()) if known.any() else 0.0
