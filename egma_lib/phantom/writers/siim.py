"""SIIM-ACR pneumothorax layout: a tree of DICOM films and run-length masks.

Source: docs/data-formats.md, section 7.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy import ndimage

from egma_lib.phantom.identifiers import case_uuid, siim_uids
from egma_lib.phantom.planning import case_rng
from egma_lib.phantom.writers.dicom import DicomHeader, write_dicom
from egma_lib.phantom.writers.drawn_case import DrawnCase, draw_case
from egma_lib.phantom.writers.tables import Rows, Table
from egma_lib.phantom.writers.truth import truth_rows, truth_table, write_masks
from egma_lib.settings import PhantomSettings

# Both the header's and the negative value's leading space are the real file's.
TABLES = (Table("siim_rle", "siim/train-rle.csv", ("ImageId", " EncodedPixels")), truth_table("siim"))
_NEGATIVE = " -1"


def write_case(settings: PhantomSettings, target: Path, corpus: str, index: int) -> Rows:
    """Write one film and return its mask rows (one per part of the mask)."""
    case = draw_case(settings, corpus, index)
    study, series, image = siim_uids(index)
    rng = case_rng(settings.seed, corpus, index, "dicom")
    header = DicomHeader(
        study_uid=study,
        series_uid=series,
        sop_uid=image,
        patient_id=case_uuid(corpus, index),
        sex="F" if rng.random() < 0.45 else "M",
        age=int(rng.integers(4, 92)),
        view=case.plan.view,
        inverted=bool(rng.random() < 0.03),
        compressed=bool(rng.random() < 0.9),
    )
    path = target / "siim" / "dicom-images-train" / study / series / f"{image}.dcm"
    write_dicom(path, case.film.image, header)
    write_masks(target, case, image)
    runs = [f" {encode_runs(part)}" for part in _mask_parts(case)] or [_NEGATIVE]
    return {"siim_rle": [(image, text) for text in runs], **truth_rows(case, image)}


def encode_runs(mask: np.ndarray) -> str:
    """Encode a mask, shape (rows, columns), as "gap length" pairs running down the columns.

    Each gap is counted from the end of the previous run, the first from pixel 0.
    """
    flat = np.asarray(mask, dtype=bool).T.ravel()
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flat, [False]])))
    gaps = edges[0::2] - np.concatenate([[0], edges[1::2][:-1]])
    lengths = edges[1::2] - edges[0::2]
    return " ".join(f"{gap} {length}" for gap, length in zip(gaps, lengths, strict=True))


def _mask_parts(case: DrawnCase) -> list[np.ndarray]:
    parts = []
    for finding, mask in zip(case.plan.findings, case.film.finding_masks, strict=True):
        if finding.name == "Pneumothorax":
            numbered, count = ndimage.label(mask)
            parts += [numbered == number for number in range(1, count + 1)]
    return parts
