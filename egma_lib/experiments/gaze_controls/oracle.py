"""Oracle: the true region of what each sentence speaks of, where a data root states it.

A root may hold `truth/sentences/readings/<reading id>.json`, a list with one entry per sentence whose
`findings` are indices, and `truth/masks/gaze/<dicom id>.npz` with `coverage` (n_findings, rows, columns;
0-255), the covered share of each cell of a coarse grid over the film without padding.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from egma_lib.artefacts import read_json
from egma_lib.errors import DataError
from egma_lib.gaze.artefact import GazeArtefact
from egma_lib.gaze.frames import ImageFrame
from egma_lib.gaze.gaussians import Grid


def has_truth(data_root: Path) -> bool:
    """Whether a data root states what the sentences of its readings speak of, and where that is."""
    truth = data_root / "truth"
    return (truth / "sentences" / "readings").is_dir() and (truth / "masks" / "gaze").is_dir()


def coverage_on_patches(coverage: np.ndarray, frame: ImageFrame, grid: Grid) -> np.ndarray:
    """Bring coverage of a film to the patch grid of the padded square, by area.

    Parameters
    ----------
    coverage
        Shape (..., rows, columns): covered share of equal cells of the film without padding.
    frame
        Frame of the film, which says how it is padded.
    grid
        (rows, columns) of the patch grid.

    Returns
    -------
    numpy.ndarray
        float64, shape (..., *grid): covered share of each patch; padding counts as not covered.
    """
    rows, columns = coverage.shape[-2:]
    x, _ = frame.to_padded(np.linspace(0, 1, columns + 1), np.zeros(columns + 1))
    _, y = frame.to_padded(np.zeros(rows + 1), np.linspace(0, 1, rows + 1))
    return _overlap(y, grid[0]) @ coverage.astype(np.float64) @ _overlap(x, grid[1]).T


def _overlap(edges: np.ndarray, patches: int) -> np.ndarray:
    """Return the share of each patch that each cell between `edges` takes up, shape (patches, cells)."""
    border = np.linspace(0, 1, patches + 1)
    start = np.maximum(border[:-1, None], edges[None, :-1])
    end = np.minimum(border[1:, None], edges[None, 1:])
    return np.clip(end - start, 0, None) * patches


def oracle_gaze(
    data_root: Path,
    gaze: GazeArtefact,
    reading_ids: Sequence[str],
    sentences: Sequence[tuple[str, ...]],
    grid: Grid,
    floor: float,
) -> list[np.ndarray]:
    """Return heatmaps of the true regions.

    Parameters
    ----------
    data_root
        Root for which `has_truth` holds.
    gaze
        Artefact that names the film and the frame of each reading.
    reading_ids, sentences
        Readings wanted, and the sentences of each.
    grid
        (rows, columns) of the patch grid.
    floor
        Patches below this share of the maximum are 0 (`gaze_floor`).

    Returns
    -------
    list of numpy.ndarray
        float32, shape (sentences, n), maximum 1 per sentence; all zero for a sentence that speaks of no
        finding with a mask.

    Raises
    ------
    DataError
        The truth of a reading is missing, or is of another number of sentences or findings.
    """
    films = gaze.readings[gaze.readings["reason"] == ""].set_index("reading_id")["dicom_id"]
    frames = gaze.frames_of(reading_ids)
    result = []
    for reading_id, texts, frame in zip(reading_ids, sentences, frames, strict=True):
        path = data_root / "truth" / "sentences" / "readings" / f"{reading_id}.json"
        if not path.is_file():
            raise DataError(f"{path}: not found; complete the truth folder or remove it")
        spoken = read_json(path)
        if len(spoken) != len(texts):
            raise DataError(f"{path}: {len(spoken)} sentences, but the reading has {len(texts)}")
        named = [sorted(one["findings"]) for one in spoken]
        mask_file = data_root / "truth" / "masks" / "gaze" / f"{films[reading_id]}.npz"
        result.append(_sentence_rows(named, mask_file, frame, grid, floor))
    return result


def _sentence_rows(
    named: list[list[int]], mask_file: Path, frame: ImageFrame, grid: Grid, floor: float
) -> np.ndarray:
    rows = np.zeros((len(named), grid[0] * grid[1]), dtype=np.float32)
    if not any(named):
        return rows
    if not mask_file.is_file():
        raise DataError(f"{mask_file}: not found, but sentences speak of its findings")
    with np.load(mask_file) as stored:
        coverage = stored["coverage"] / 255
    if max(max(findings, default=0) for findings in named) >= len(coverage):
        raise DataError(f"{mask_file}: {len(coverage)} findings, but a sentence speaks of a later one")
    on_patches = coverage_on_patches(coverage, frame, grid).reshape(len(coverage), -1)
    for row, findings in zip(rows, named, strict=True):
        covered = on_patches[findings].max(axis=0, initial=0.0)
        if covered.any():
            heat = covered / covered.max()
            row[:] = np.where(heat < floor, 0.0, heat)
    return rows
