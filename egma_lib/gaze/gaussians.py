"""Gaussians on the unit square and their exact integrals over the cells of a grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from egma_lib.errors import GazeError

Grid = tuple[int, int]
"""(rows, columns)."""


@dataclass(frozen=True)
class Gaussians:
    """Axis-aligned Gaussians, one per fixation: all arrays of shape (k,), positions and sigmas in 0-1."""

    x: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    sigma_x: np.ndarray
    sigma_y: np.ndarray

    @classmethod
    def checked(
        cls, x: np.ndarray, y: np.ndarray, weight: np.ndarray, sigma_x: np.ndarray, sigma_y: np.ndarray
    ) -> Gaussians:
        """Return the Gaussians after checking them; a single sigma stands for all.

        Raises
        ------
        GazeError
            Lengths differ, a value is not finite, a weight is negative or a sigma not positive.
        """
        named = {"x": x, "y": y, "weight": weight, "sigma_x": sigma_x, "sigma_y": sigma_y}
        arrays = {name: np.atleast_1d(np.asarray(value, dtype=np.float64)) for name, value in named.items()}
        shape = arrays["x"].shape
        for name in ("sigma_x", "sigma_y"):
            if arrays[name].shape == (1,):
                arrays[name] = np.broadcast_to(arrays[name], shape)
        for name, values in arrays.items():
            if values.shape != shape or values.ndim != 1:
                raise GazeError(
                    f"{name} has shape {values.shape}, x has {shape}; expected one value per fixation"
                )
            if not np.isfinite(values).all():
                raise GazeError(
                    f"{name} of fixation {int(np.isfinite(values).argmin())} is not a finite number"
                )
        if (arrays["weight"] < 0).any():
            raise GazeError(f"weight {arrays['weight'].min()} is negative")
        for name in ("sigma_x", "sigma_y"):
            if (arrays[name] <= 0).any():
                raise GazeError(f"{name} {arrays[name].min()} is not positive")
        return cls(**arrays)

    def heatmaps(self, owner: np.ndarray, n_owners: int, grid: Grid) -> np.ndarray:
        """Sum the mass in every cell per owner (sentence, word) and scale each sum to maximum 1.

        Parameters
        ----------
        owner
            Shape (k,), int: owner of each Gaussian, 0 .. n_owners - 1.
        n_owners
            Number of heatmaps.
        grid
            (rows, columns).

        Returns
        -------
        numpy.ndarray
            float64, shape (n_owners, rows, columns); all zero for an owner of nothing.

        Raises
        ------
        GazeError
            A side of the grid is not positive.
        """
        if len(grid) != 2 or min(grid) < 1:
            raise GazeError(f"grid {grid} is not (rows, columns) with both at least 1")
        rows, columns = grid
        share = np.zeros((n_owners, len(self.x)))
        share[owner, np.arange(len(self.x))] = self.weight
        by_row = share[:, None, :] * _cell_mass(self.y, self.sigma_y, rows).T
        maps = by_row @ _cell_mass(self.x, self.sigma_x, columns)
        top = maps.max(axis=(1, 2), initial=0.0)
        # Mass below the rounding error of the whole is nothing: scaling it up would make a map out of a
        # fixation more than eight sigmas away from the image.
        inside = maps.sum(axis=(1, 2)) > np.finfo(np.float64).eps * share.sum(axis=1)
        # A quotient, not a product with 1 / top, which would leave some maxima just below 1.
        return np.divide(maps, top[:, None, None], out=np.zeros_like(maps), where=inside[:, None, None])


def _cell_mass(centre: np.ndarray, sigma: np.ndarray, cells: int) -> np.ndarray:
    """Return the mass of unit Gaussians in each of `cells` equal parts of 0-1, shape (k, cells)."""
    z = (np.linspace(0.0, 1.0, cells + 1) - centre[:, None]) / sigma[:, None]
    # Both tails are taken as small numbers: 1 - ndtr(9) would be 0 where its mirror image is not.
    tail = ndtr(-np.abs(z))
    above = z > 0
    low, high = tail[:, :-1], tail[:, 1:]
    return np.where(above[:, :-1] == above[:, 1:], np.abs(high - low), 1.0 - low - high)
