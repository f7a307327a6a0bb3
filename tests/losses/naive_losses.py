"""Eq. 1-9 as nested loops over scalars, written from the equations: the slow oracle of the loss tests."""

import math

import torch
from torch.nn import functional as F


def naive_mlce(logits, labels, mask):
    negatives, positives = [], []
    for x, y, takes_part in zip(logits, labels, mask, strict=True):
        if takes_part:
            (positives if y else negatives).append(-x if y else x)
    terms = [torch.log(1 + sum(torch.exp(v) for v in part)) for part in (negatives, positives) if part]
    return sum(terms) if terms else torch.zeros((), dtype=logits.dtype)


def naive_cross_entropy(rows):
    return sum(F.cross_entropy(row[None], torch.tensor([i])) for i, row in enumerate(rows)) / len(rows)


def _logits_of_pairs(P, reports):
    b = len(P)
    i2t, t2i = torch.zeros(b, b, dtype=P.dtype), torch.zeros(b, b, dtype=P.dtype)
    for image in range(b):
        for report in range(b):
            similarity = torch.stack([torch.stack([p @ s for s in reports[report]]) for p in P[image]])
            i2t[image, report] = sum(row.max() for row in similarity) / len(similarity)
            t2i[report, image] = sum(column.max() for column in similarity.T) / len(similarity.T)
    return i2t, t2i


def _min_max(row):
    low, high = row.min(), row.max()
    return (row - low) / (high - low) if high - low >= 1e-6 else torch.zeros_like(row)


def _weights(similarity, gaze, threshold):
    rows = []
    for row, looked_at in zip(similarity, gaze, strict=True):
        weight = (_min_max(row.detach()) >= threshold).to(row.dtype) + looked_at
        rows.append(weight / weight.sum() if weight.sum() > 0 else torch.full_like(weight, 1 / len(weight)))
    return torch.stack(rows)


def _mapped_contrast(weights, source, target, scale):
    mapped = weights @ source
    mapped = mapped / mapped.norm(dim=1, keepdim=True)
    logits = scale * torch.stack([torch.stack([a @ b for b in target]) for a in mapped])
    return (naive_cross_entropy(logits) + naive_cross_entropy(logits.T)) / 2


def naive_egma(P, S, sentence_mask, gaze, has_gaze, scale, threshold=2 / 7):
    """Return the parts of the default loss as a dictionary."""
    b, n = P.shape[:2]
    reports = [S[k][sentence_mask[k]] for k in range(b)]
    heat = [gaze[k][sentence_mask[k]] for k in range(b)]
    looked = [has_gaze[k][sentence_mask[k]] for k in range(b)]
    s2p, p2s, mapped_images, mapped_texts = [], [], [], []
    for k in range(b):
        GS = torch.stack(
            [h if g else torch.zeros(n, dtype=P.dtype) for h, g in zip(heat[k], looked[k], strict=True)]
        )
        similarity = reports[k] @ P[k].T
        rows = [j for j in range(len(reports[k])) if looked[k][j]]
        everything = [True] * n
        s2p.append(
            sum(naive_mlce(scale * similarity[j], GS[j] > 0, everything) for j in rows) / len(rows)
            if rows
            else torch.zeros((), dtype=P.dtype)
        )
        p2s.append(sum(naive_mlce(scale * similarity[:, i], GS[:, i] > 0, looked[k]) for i in range(n)) / n)
        W_image = _weights(similarity.T, GS.T, threshold)
        W_text = _weights(similarity, GS, threshold)
        if len(reports[k]) >= 2:
            mapped_images.append(_mapped_contrast(W_image, reports[k], P[k], scale))
            mapped_texts.append(_mapped_contrast(W_text, P[k], reports[k], scale))
    i2t, t2i = _logits_of_pairs(P, reports)
    parts = {
        "mlce_sentence_to_patch": sum(s2p) / b,
        "mlce_patch_to_sentence": sum(p2s) / b,
        "infonce_image_to_text": naive_cross_entropy(scale * i2t),
        "infonce_text_to_image": naive_cross_entropy(scale * t2i),
        "mapping_image": sum(mapped_images) / len(mapped_images),
        "mapping_text": sum(mapped_texts) / len(mapped_texts),
    }
    parts["egf"] = (parts["mlce_sentence_to_patch"] + parts["mlce_patch_to_sentence"]) / 2 + (
        parts["infonce_image_to_text"] + parts["infonce_text_to_image"]
    ) / 2
    parts["egm"] = (parts["mapping_image"] + parts["mapping_text"]) / 2
    parts["total"] = parts["egf"] + parts["egm"]
    return parts


def random_batch(b=3, n=5, m=4, d=8, seed=0, dtype=torch.float64):
    """Return a batch with unequal reports (one of a single sentence) and gaps in the gaze."""
    generator = torch.Generator().manual_seed(seed)
    P = F.normalize(torch.randn(b, n, d, generator=generator, dtype=torch.float64), dim=-1)
    S = F.normalize(torch.randn(b, m, d, generator=generator, dtype=torch.float64), dim=-1)
    lengths = torch.tensor([m, 1, m - 1] * math.ceil(b / 3))[:b]
    mask = torch.arange(m)[None] < lengths[:, None]
    gaze = torch.rand(b, m, n, generator=generator, dtype=torch.float64)
    gaze = torch.where(gaze > 0.5, gaze, 0.0)
    has_gaze = torch.rand(b, m, generator=generator) > 0.3
    has_gaze[0, 0] = True
    has_gaze[-1] = False
    return P.to(dtype), S.to(dtype), mask, gaze.to(dtype), has_gaze, torch.tensor(5.0, dtype=dtype)
