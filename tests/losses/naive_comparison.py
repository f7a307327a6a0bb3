"""The comparison losses as loops over pairs and words, written from the papers' equations."""

import math

import torch
from naive_losses import naive_cross_entropy
from torch.nn import functional as F

from egma_lib.losses.methods import PairFeatures, WordFeatures


def comparison_batch(b=4, m=3, n=6, d=8, t=5, k=5, seed=0):
    """Return a batch in double precision with unequal reports and sentences, some shared, and its leaves."""
    generator = torch.Generator().manual_seed(seed)
    patches, sentences, words = (
        torch.randn(*shape, d, generator=generator, dtype=torch.float64).requires_grad_()
        for shape in ((b, n), (k,), (k, t))
    )
    lengths = torch.tensor([m, 1, m - 1] * math.ceil(b / 3))[:b]
    mask = torch.arange(m)[None] < lengths[:, None]
    word_counts = torch.tensor([t, 2, 1, t - 1, 3] * math.ceil(k / 5))[:k].clamp(min=1)
    word_mask = torch.arange(t)[None] < word_counts[:, None]
    index = torch.randint(k, (b, m), generator=generator)
    labels = (torch.rand(b, 14, generator=generator) < 0.2).double()
    labels[0, 3], labels[-1] = math.nan, 0.0
    return with_words(patches, sentences, words, mask, word_mask, index, labels), (patches, sentences, words)


def with_words(patches, sentences, words, mask, word_mask, index, labels=None):
    """Return `PairFeatures` of mapped features."""
    slots = sentences[index]
    return PairFeatures(
        patch_features=F.normalize(patches, dim=-1),
        image_features=F.normalize(patches.mean(dim=1), dim=-1),
        sentence_features=F.normalize(slots, dim=-1),
        report_features=F.normalize(slots.masked_fill(~mask[..., None], 0).sum(dim=1), dim=-1),
        sentence_mask=mask,
        has_gaze=torch.zeros_like(mask),
        gaze_similarity=torch.zeros(*mask.shape, patches.shape[1], dtype=patches.dtype),
        logit_scale=torch.tensor(5.0, dtype=patches.dtype),
        words=WordFeatures(words, word_mask, index),
        labels=labels,
    )


def _reports(features):
    """Return the unit words of each report as a list of lists."""
    words, reports = features.words, []
    for slots, mask in zip(words.sentence_index, features.sentence_mask, strict=True):
        reports.append([
            words.word_features[s][j] / words.word_features[s][j].norm()
            for s, real in zip(slots, mask, strict=True) if real
            for j in range(words.word_mask.shape[1]) if words.word_mask[s, j]
        ])  # fmt: skip
    return reports


def _table(features, value):
    """Return value(patches of image i, words of report j) as a b x b tensor."""
    reports = _reports(features)
    return torch.stack(
        [torch.stack([value(image, report) for report in reports]) for image in features.patch_features]
    )


def naive_filip(features):
    def patches_to_words(image, report):
        return sum(torch.stack([v @ w for w in report]).max() for v in image) / len(image)

    def words_to_patches(image, report):
        return sum(torch.stack([v @ w for v in image]).max() for w in report) / len(report)

    scale = features.logit_scale
    image_to_text = naive_cross_entropy(scale * _table(features, patches_to_words))
    return (image_to_text + naive_cross_entropy(scale * _table(features, words_to_patches).T)) / 2


def naive_gloria(features):
    def matching(image, report):
        total = 0
        for w in report:
            weights = torch.exp(4 * torch.stack([v @ w for v in image]))
            region = sum(a * v for a, v in zip(weights / weights.sum(), image, strict=True))
            total = total + torch.exp(5 * (region @ w) / region.norm())
        return torch.log(total)

    local = 10 * _table(features, matching)
    whole = 10 * torch.stack(
        [torch.stack([i @ r for r in features.report_features]) for i in features.image_features]
    )
    return sum(naive_cross_entropy(logits) for logits in (local, local.T, whole, whole.T))


def naive_sparc(features):
    losses = []
    for image, report in zip(features.patch_features, _reports(features), strict=True):
        groups = []
        for w in report:
            s = torch.stack([v @ w for v in image])
            s = (s - s.min()) / (s.max() - s.min())
            s = torch.stack([x if x >= 1 / len(image) else 0 * x for x in s])
            group = sum(x * v for x, v in zip(s / s.sum(), image, strict=True))
            groups.append(group / group.norm())
        logits = features.logit_scale * torch.stack([torch.stack([c @ w for w in report]) for c in groups])
        losses.append((naive_cross_entropy(logits) + naive_cross_entropy(logits.T)) / 2)
    scale = features.logit_scale
    whole = scale * features.image_features @ features.report_features.T
    contrast = (naive_cross_entropy(whole) + naive_cross_entropy(whole.T)) / 2
    return 0.5 * contrast + sum(losses) / len(losses)


def naive_convirt(features):
    logits = features.image_features @ features.report_features.T / 0.1
    return 0.75 * naive_cross_entropy(logits) + 0.25 * naive_cross_entropy(logits.T)


def naive_medclip(features):
    vectors = []
    for row in features.labels:
        vector = [1.0 if value == 1 else 0.0 for value in row]
        if not any(vector):
            vector[0] = 1.0
        vectors.append(vector)

    def cosine(a, b):
        return sum(x * y for x, y in zip(a, b, strict=True)) / math.sqrt(sum(a) * sum(b))

    scaled = features.logit_scale * features.image_features @ features.report_features.T
    total = 0
    for logits in (scaled, scaled.T):
        for i, row in enumerate(logits):
            raw = [math.exp(cosine(vectors[i], other)) for other in vectors]
            for j, target in enumerate(raw):
                total = total - target / sum(raw) * torch.log(torch.exp(row[j]) / torch.exp(row).sum())
    return total / (2 * len(vectors))


NAIVE = {
    "convirt": naive_convirt,
    "filip": naive_filip,
    "gloria": naive_gloria,
    "medclip": naive_medclip,
    "sparc": naive_sparc,
}
