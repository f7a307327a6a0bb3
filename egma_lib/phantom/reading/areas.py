"""What can be looked at on a film: finding masks and anatomical boxes, and positions drawn inside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from egma_lib.errors import DataError
from egma_lib.phantom.case import CasePlan, Film, PlannedSentence

SEARCH_ORDER = (
    "right apical zone",
    "right upper lung zone",
    "right mid lung zone",
    "right lower lung zone",
    "right costophrenic angle",
    "cardiac silhouette",
    "left costophrenic angle",
    "left lower lung zone",
    "left mid lung zone",
    "left upper lung zone",
    "left apical zone",
    "upper mediastinum",
    "aortic knob",
    "left hilar structures",
    "right hilar structures",
)
"""One round of a systematic silent search (down one lung, across the heart, up the other, the middle)."""

ATLAS = {
    "right apical zone": (0.22, 0.10, 0.44, 0.21), "right upper lung zone": (0.15, 0.21, 0.44, 0.39),
    "right mid lung zone": (0.13, 0.39, 0.44, 0.57), "right lower lung zone": (0.11, 0.57, 0.44, 0.79),
    "right costophrenic angle": (0.10, 0.71, 0.20, 0.80), "cardiac silhouette": (0.39, 0.39, 0.74, 0.74),
    "left costophrenic angle": (0.80, 0.74, 0.90, 0.83), "left lower lung zone": (0.56, 0.58, 0.89, 0.82),
    "left mid lung zone": (0.56, 0.40, 0.88, 0.59), "left upper lung zone": (0.56, 0.21, 0.86, 0.40),
    "left apical zone": (0.57, 0.10, 0.79, 0.22), "upper mediastinum": (0.42, 0.06, 0.61, 0.40),
    "aortic knob": (0.52, 0.23, 0.61, 0.33), "left hilar structures": (0.56, 0.34, 0.66, 0.47),
    "right hilar structures": (0.35, 0.36, 0.45, 0.50),
}  # fmt: skip
"""Boxes of an average film, 0-1 of the image: gaze that must know nothing of the case is drawn from them,
since a case's own boxes follow its findings (an enlarged heart has a larger box)."""


@dataclass(frozen=True)
class Areas:
    """Everything that gaze can aim at on one film.

    Attributes
    ----------
    names
        Region names, then finding names.
    boxes
        Shape (n_areas, 4), bounds (x_min, y_min, x_max, y_max) of every area in 0-1 of the image.
    masks
        Boolean masks, shape (rows, columns), of the areas after the first `n_regions`.
    """

    names: tuple[str, ...]
    boxes: np.ndarray
    masks: tuple[np.ndarray, ...]

    @property
    def n_regions(self) -> int:
        """Number of areas that are plain boxes."""
        return len(self.names) - len(self.masks)

    def draw_positions(self, area: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draw a position inside each area of index `area`, shape (n,); returns (n, 2), 0-1 of the image.

        In a box positions gather about its middle; in a mask every pixel is as likely.
        """
        boxes = self.boxes[area]
        positions = boxes[:, :2] + rng.beta(2.0, 2.0, (len(area), 2)) * (boxes[:, 2:] - boxes[:, :2])
        for index, mask in enumerate(self.masks):
            chosen = np.flatnonzero(area == self.n_regions + index)
            if len(chosen):
                pixels = rng.choice(np.flatnonzero(mask), len(chosen))
                rows, columns = np.divmod(pixels, mask.shape[1])
                inside = rng.random((len(chosen), 2))
                positions[chosen, 0] = (columns + inside[:, 0]) / mask.shape[1]
                positions[chosen, 1] = (rows + inside[:, 1]) / mask.shape[0]
        return positions

    def indices(self, region_names: Sequence[str]) -> list[int]:
        """Return the area indices of named regions.

        Raises
        ------
        DataError
            The film has no such region.
        """
        for name in region_names:
            if name not in self.names[: self.n_regions]:
                raise DataError(
                    f"the film has no region {name!r}; it has {', '.join(self.names[: self.n_regions])}"
                )
        return [self.names.index(name) for name in region_names]


def film_areas(plan: CasePlan, film: Film) -> Areas:
    """Return the areas of a case: its film's regions and the masks of its findings.

    Raises
    ------
    DataError
        The film has not one non-empty mask per finding.
    """
    if len(film.finding_masks) != len(plan.findings):
        raise DataError(
            f"case {plan.index}: {len(film.finding_masks)} masks for {len(plan.findings)} findings"
        )
    bounds = [_bounds(mask, plan, index) for index, mask in enumerate(film.finding_masks)]
    names = (*film.regions, *(finding.name for finding in plan.findings))
    return Areas(names, np.array([*film.regions.values(), *bounds], dtype=float), film.finding_masks)


def atlas_areas() -> Areas:
    """Return the areas of an average film, which know nothing of the case."""
    return Areas(tuple(ATLAS), np.array(list(ATLAS.values())), ())


def sentence_areas(areas: Areas, sentences: tuple[PlannedSentence, ...]) -> list[list[int]]:
    """Return, per sentence, the indices of the areas it speaks of, in the order they are said."""
    return [
        [areas.n_regions + index for index in sentence.finding_indices] + areas.indices(sentence.region_names)
        for sentence in sentences
    ]


def unrelated_areas(areas: Areas, n_sentences: int, rng: np.random.Generator) -> list[list[int]]:
    """Return one or two areas per sentence, drawn without looking at the case or what is said."""
    return [
        rng.choice(areas.n_regions, int(rng.integers(1, 3)), replace=False).tolist()
        for _ in range(n_sentences)
    ]


def _bounds(mask: np.ndarray, plan: CasePlan, index: int) -> tuple[float, float, float, float]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        raise DataError(f"case {plan.index}: the mask of {plan.findings[index].name} is empty")
    height, width = mask.shape
    return columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height
