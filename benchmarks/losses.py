"""Time EGMA's loss, forward and backward, against its looped form.

Run: python benchmarks/losses.py [--batch 64] [--patches 49] [--width 512] [--repeats 7]
The looped form walks over reports for Eq. 5 and over samples for Eq. 4 and 7-9; it is written here only to be
timed, and is leaner than the released code.
"""

import argparse
import statistics
import time

import torch
from torch.nn import functional as F

from egma_lib.losses import clip_loss, egma_loss, multilabel_cross_entropy


def looped_loss(P, S, mask, gaze, has_gaze, scale):
    """Return the total loss by a Python loop over the batch."""
    b = len(P)
    reports = [S[k][mask[k]] for k in range(b)]
    i2t = torch.stack([(P @ sentences.T).amax(dim=2).mean(dim=1) for sentences in reports], dim=1)
    t2i = torch.stack([(sentences @ P.mT).amax(dim=2).mean(dim=1) for sentences in reports])
    total = clip_loss(scale * i2t, scale * t2i)
    for k, sentences in enumerate(reports):
        looked = has_gaze[k][mask[k]]
        heat = gaze[k][mask[k]] * looked[:, None]
        similarity = sentences @ P[k].T
        logits = scale * similarity[looked]
        labels = heat[looked] > 0
        total = total + 0.5 / b * multilabel_cross_entropy(logits, labels).mean()
        total = total + 0.5 / b * multilabel_cross_entropy(logits.T, labels.T).mean()
        for x, g, source, target in (
            (similarity.T, heat.T, sentences, P[k]),
            (similarity, heat, P[k], sentences),
        ):
            low, high = x.amin(1, keepdim=True), x.amax(1, keepdim=True)
            weight = ((x - low) / (high - low) >= 2 / 7).float().detach() + g
            cross = F.normalize((weight / weight.sum(1, keepdim=True)) @ source, dim=1)
            mapped = scale * cross @ target.T
            total = total + 0.5 / b * clip_loss(mapped, mapped.T)
    return total


def make_batch(b, n, d, dtype):
    """Return a batch with 5 to 7 sentences per report, all with gaze."""
    generator = torch.Generator().manual_seed(0)
    P = F.normalize(torch.randn(b, n, d, generator=generator), dim=-1)
    S = F.normalize(torch.randn(b, 7, d, generator=generator), dim=-1)
    lengths = torch.randint(5, 8, (b, 1), generator=generator)
    mask = torch.arange(7)[None] < lengths
    gaze = F.relu(torch.randn(b, 7, n, generator=generator))
    return P.to(dtype), S.to(dtype), mask, gaze, mask.clone(), torch.tensor(14.3)


def median_ms(loss, batch, repeats):
    """Return the median processor time of forward and backward in milliseconds."""
    times = []
    for _ in range(repeats + 1):
        P, S = (x.clone().requires_grad_() for x in batch[:2])
        start = time.process_time()
        loss(P, S, *batch[2:]).backward()
        times.append(1000 * (time.process_time() - start))
    return statistics.median(times[1:])


def main() -> None:
    """Print one line per form."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--patches", type=int, default=49)
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--repeats", type=int, default=7)
    arguments = parser.parse_args()
    batch = make_batch(arguments.batch, arguments.patches, arguments.width, torch.float32)
    half = make_batch(arguments.batch, arguments.patches, arguments.width, torch.bfloat16)
    difference = abs(looped_loss(*batch).item() - egma_loss(*batch).total.item())
    looped = median_ms(looped_loss, batch, arguments.repeats)
    ours = median_ms(lambda *a: egma_loss(*a).total, batch, arguments.repeats)
    ours_half = median_ms(lambda *a: egma_loss(*a).total, half, arguments.repeats)
    print(
        f"threads {torch.get_num_threads()}, b {arguments.batch}, n {arguments.patches}, d {arguments.width}"
    )
    print(f"looped {looped:.1f} ms, egma_loss {ours:.1f} ms ({looped / ours:.1f} x), bf16 {ours_half:.1f} ms")
    print(f"difference of the two values {difference:.1e}")


if __name__ == "__main__":
    main()
