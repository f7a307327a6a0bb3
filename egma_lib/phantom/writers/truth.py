"""What was really there: for benchmarks and oracle controls; no reader opens this folder.

- `truth/plans/<corpus>.csv`: every case with its findings, mark, view, scanner and frame.
- `truth/masks/<corpus>/<case id>.npz`: coverage of a coarse grid per finding (none without findings).
- `truth/sentences/{gaze,reports}/<dicom id>.json`: what each sentence of the clinical report speaks of;
  `truth/sentences/readings/<reading id>.json` the same for each dictation (EYE GAZE: the dicom id).
- `truth/events/<reading id>.parquet` and `<reading id>_fixations.parquet`: true events and fixations.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
from PIL import Image

from egma_lib.phantom.case import PlannedSentence, SimulatedReading
from egma_lib.phantom.writers.drawn_case import DrawnCase
from egma_lib.phantom.writers.tables import Rows, Table

MASK_GRID = 56
"""Rows and columns of the stored masks; cells hold the covered share in 1/255."""

EVENTS = ("fixation", "saccade", "pso", "blink", "lost")
"""True event labels, in the order of their codes in the parquet dictionary."""


def truth_table(corpus: str) -> Table:
    """Return the table of plans of a corpus: one row per case."""
    columns = ("case_id", "index", "findings", "mark", "view", "scanner", "frame_rows", "frame_columns")
    return Table(f"truth_{corpus}", f"truth/plans/{corpus}.csv", columns)


def truth_rows(case: DrawnCase, case_id: str) -> Rows:
    """Return the plan row of a case; findings are name:side:zone:severity:size joined by `|`."""
    plan = case.plan
    findings = "|".join(f"{f.name}:{f.side}:{f.zone}:{f.severity}:{f.size:.3f}" for f in plan.findings)
    row = (case_id, plan.index, findings, plan.mark, plan.view, plan.scanner,
           case.frame_rows, case.frame_columns)  # fmt: skip
    return {f"truth_{plan.corpus}": [row]}


def write_masks(target: Path, case: DrawnCase, case_id: str) -> None:
    """Write the finding masks of a case as coverage of a coarse grid, shape (n_findings, 56, 56), 0-255.

    The grid covers the film without padding. A film without findings has no file.
    """
    if not case.plan.findings:
        return
    coverage = np.stack([_coverage(mask) for mask in case.film.finding_masks])
    path = target / "truth" / "masks" / case.plan.corpus / f"{case_id}.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    names = np.array([finding.name for finding in case.plan.findings])
    np.savez_compressed(path, coverage=coverage, names=names)


def _coverage(mask: np.ndarray) -> np.ndarray:
    image = Image.fromarray(mask.astype(np.uint8) * 255)
    return np.asarray(image.resize((MASK_GRID, MASK_GRID), Image.Resampling.BOX))


def write_sentence_truth(
    target: Path, corpus: str, case_id: str, sentences: Sequence[PlannedSentence]
) -> None:
    """Write which findings and regions each sentence of a report or dictation speaks of."""
    path = target / "truth" / "sentences" / corpus / f"{case_id}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    content = [
        {"text": s.text, "findings": list(s.finding_indices), "regions": list(s.region_names)}
        for s in sentences
    ]
    path.write_text(json.dumps(content), encoding="utf-8")


def write_events(target: Path, reading_id: str, reading: SimulatedReading) -> None:
    """Write the true event of every sample and the true fixations of a reading."""
    folder = target / "truth" / "events"
    folder.mkdir(parents=True, exist_ok=True)
    codes = reading.samples["event"].map({name: i for i, name in enumerate(EVENTS)}).to_numpy(np.int8)
    samples = pa.table({
        "time_s": pa.array(reading.samples["time_s"].to_numpy(np.float64)),
        "event": pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(EVENTS)),
    })  # fmt: skip
    samples = samples.replace_schema_metadata({
        "reader": reading.reader, "sampling_hz": str(reading.sampling_hz)
    })  # fmt: skip
    pa.parquet.write_table(samples, folder / f"{reading_id}.parquet", compression="zstd")
    fixations = pa.Table.from_pandas(reading.true_fixations, preserve_index=False)
    pa.parquet.write_table(fixations, folder / f"{reading_id}_fixations.parquet", compression="zstd")
