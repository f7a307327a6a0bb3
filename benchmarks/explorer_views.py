"""Time the pictures of the attention explorer, drawing and encoding, over many cases.

Run: python benchmarks/explorer_views.py [--cases 50] [--film 768] [--write]
The cases are made up: noisy films, seven sentences, 80 fixations and a region each, on a 7 x 7 patch grid.
What a model and a gaze recording cost is not in these numbers. Time is the processor's, so that other work on
the machine does not count. --write renews explorer_views.csv and explorer_views.md.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from egma_lib.artefacts import write_text
from egma_lib.experiments.machine import machine_name
from egma_lib.explorer.case import ExplorerCase, Region
from egma_lib.explorer.state import Layer, ViewState
from egma_lib.explorer.views import (
    ReplayCanvas,
    draw_class_bars,
    draw_contact_sheet,
    draw_film,
    draw_replay_frame,
    draw_sentence_ranking,
    draw_side_by_side,
    draw_timeline,
    png_bytes,
)

FOLDER = Path(__file__).parent
GRID, SENTENCES, FIXATIONS = 7, 7, 80
LABELS = ("CLIP", "EGMA")


def made_up_case(number: int, side_px: int, generator: np.random.Generator) -> ExplorerCase:
    """Return a reading with all layers filled."""
    film = generator.integers(40, 220, (side_px, side_px)).astype(np.uint8)
    starts = np.arange(SENTENCES) * 3.0
    sentences = pd.DataFrame(
        {
            "sentence_index": range(SENTENCES),
            "text": [f"Sentence {index} of a report on this film." for index in range(SENTENCES)],
            "start_s": starts,
            "end_s": starts + 2.5,
            "has_gaze": True,
        }
    )
    onsets = np.sort(generator.uniform(0, 3 * SENTENCES, FIXATIONS))
    fixations = pd.DataFrame(
        {
            "order": range(FIXATIONS),
            "onset_s": onsets,
            "duration_s": generator.uniform(0.1, 0.6, FIXATIONS),
            "x": generator.uniform(0.1, 0.9, FIXATIONS),
            "y": generator.uniform(0.1, 0.9, FIXATIONS),
            "sentence_index": np.floor(onsets / 3),
        }
    )
    heatmaps = generator.random((SENTENCES, GRID, GRID)) ** 3
    heatmaps /= heatmaps.max(axis=(1, 2), keepdims=True)
    mask = np.zeros((224, 224), dtype=bool)
    mask[100:160, 60:120] = True
    words = pd.DataFrame(columns=["sentence_index", "word", "start_s", "end_s"])
    regions = (Region("Edema", "reader", mask),)
    return ExplorerCase(
        "gaze", f"case {number}", film, film, sentences, words, fixations, heatmaps, regions, {}
    )


def views(case: ExplorerCase, generator: np.random.Generator) -> dict[str, Callable[[], bytes]]:
    """Return what is timed: name of the view to the call that makes its bytes."""
    state = ViewState(case_id=case.case_id, regions=Layer(opacity=0.9), patch=(3, 3))
    whole = state.model_copy(update={"sentence_index": None, "typed": "all fixations"})
    three = state.model_copy(update={"difference": True})
    a, b = generator.normal(size=(2, GRID, GRID)) * 0.1
    similar = {f"class {index}": float(value) for index, value in enumerate(a.ravel()[:8])}
    ranking = case.sentences.assign(similarity=b.ravel()[:SENTENCES])
    maps, so_far = {"CLIP": [a] * 4, "EGMA": [b] * 4}, case.fixations.head(40)
    canvas = ReplayCanvas(case, state)
    return {
        "one film": lambda: png_bytes(draw_film(case, state, a)),
        "one film, 80 fixations": lambda: png_bytes(draw_film(case, whole, a)),
        "two films": lambda: png_bytes(draw_side_by_side(case, state, a, b, LABELS)),
        "two films and difference": lambda: png_bytes(draw_side_by_side(case, three, a, b, LABELS)),
        "class bars": lambda: png_bytes(draw_class_bars(similar, "a sentence")),
        "sentence ranking": lambda: png_bytes(draw_sentence_ranking(ranking)),
        "timeline": lambda: png_bytes(draw_timeline(case, 8.0)),
        "contact sheet, 4 cases": lambda: png_bytes(draw_contact_sheet([case] * 4, [0, 1, 2, 3], maps)),
        "replay, first frame": lambda: ReplayCanvas(case, state).frame(case.heatmaps[0], so_far, 2),
        "replay, next frame": lambda: canvas.frame(case.heatmaps[1], so_far, 2),
        "replay, as a figure": lambda: png_bytes(draw_replay_frame(case, state, case.heatmaps[0], so_far, 2)),
    }


def measure(cases: int, side_px: int) -> pd.DataFrame:
    """Return, per view, median and 95th percentile of its processor ms, and the median of its kB."""
    generator = np.random.default_rng(0)
    rows = []
    for number in range(cases + 1):
        for name, make in views(made_up_case(number, side_px, generator), generator).items():
            start = time.process_time()
            content = make()
            if number:  # the first case pays for fonts and imports
                rows.append((name, 1000 * (time.process_time() - start), len(content) / 1000))
    table = pd.DataFrame(rows, columns=["view", "ms", "kB"]).groupby("view", sort=False)
    return pd.DataFrame(
        {
            "median_ms": table["ms"].median(),
            "p95_ms": table["ms"].quantile(0.95),
            "median_kB": table["kB"].median(),
        }
    ).reset_index()


def as_markdown(table: pd.DataFrame, cases: int, side_px: int) -> str:
    """Return the page of the results."""
    lines = [
        "# Time of the explorer's pictures",
        "",
        f"{cases} made-up cases with films of {side_px} x {side_px} pixels; drawing and encoding alone,",
        f"without model and recording. Processor ms of one thread, {machine_name('cpu')}.",
        "Noise is the hardest film to encode.",
        "Made by `python benchmarks/explorer_views.py --write`.",
        "",
        "| view | median ms | 95th percentile ms | median kB |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {row.view} | {row.median_ms:.0f} | {row.p95_ms:.0f} | {row.median_kB:.0f} |"
        for row in table.itertuples()
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print a line per view."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=50)
    parser.add_argument("--film", type=int, default=768)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    table = measure(arguments.cases, arguments.film)
    page = as_markdown(table, arguments.cases, arguments.film)
    print(page)
    if arguments.write:
        write_text(FOLDER / "explorer_views.csv", table.to_csv(index=False, float_format="%.1f"))
        write_text(FOLDER / "explorer_views.md", page)


if __name__ == "__main__":
    main()
