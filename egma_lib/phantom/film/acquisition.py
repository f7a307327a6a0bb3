"""From thickness to grey: exposure, scatter, blur, quantum noise, borders and letters of four scanners."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

from egma_lib.errors import DataError
from egma_lib.phantom.film.canvas import texture


@dataclass(frozen=True)
class Scanner:
    """An acquisition chain.

    Attributes
    ----------
    gain
        Attenuation per unit of thickness.
    ceiling
        Grey of endless thickness.
    gamma
        Exponent of the display curve; above 1 darkens the lungs.
    scatter
        Share of the signal that arrives spread over a wide area.
    blur
        Standard deviation of the detector's blur (0-1 of the film's columns).
    noise
        Quantum noise (grey).
    border
        Width of the collimated margin (0-1 of the image).
    letter
        Place of the laterality letter in 0-1 of the image, or None.
    """

    gain: float
    ceiling: float
    gamma: float
    scatter: float
    blur: float
    noise: float
    border: float
    letter: tuple[float, float] | None


SCANNERS = {
    "mimic": Scanner(1.10, 0.96, 1.05, 0.10, 0.0016, 0.010, 0.0, None),
    "chexpert": Scanner(1.22, 0.95, 1.22, 0.07, 0.0011, 0.014, 0.0, (0.80, 0.045)),
    "rsna": Scanner(1.02, 0.93, 0.98, 0.15, 0.0024, 0.012, 0.014, None),
    "siim": Scanner(1.15, 0.94, 1.12, 0.12, 0.0018, 0.016, 0.006, (0.84, 0.055)),
}


def scanner_named(name: str) -> Scanner:
    """Return an acquisition chain.

    Raises
    ------
    DataError
        No chain of that name.
    """
    if name not in SCANNERS:
        raise DataError(f"scanner {name!r} is unknown; known: {', '.join(SCANNERS)}")
    return SCANNERS[name]


def _wide_blur(image: np.ndarray) -> np.ndarray:
    """Return the film blurred over about a tenth of its width, computed on a small copy."""
    rows, columns = image.shape
    small = Image.fromarray(image).resize((32, 32), Image.Resampling.BOX)
    spread = ndimage.gaussian_filter(np.asarray(small), 2.5, mode="nearest")
    wide = Image.fromarray(spread).resize((columns, rows), Image.Resampling.BILINEAR)
    return np.asarray(wide)


def _draw_letter(image: np.ndarray, place: tuple[float, float]) -> None:
    """Draw the letter L of the patient's left side, in place."""
    rows, columns = image.shape
    height = max(4, round(0.04 * min(rows, columns)))
    stroke = max(1, round(height / 5))
    left, top = round(place[0] * columns), round(place[1] * rows - height / 2)
    image[top : top + height, left : left + stroke] = 0.92
    image[top + height - stroke : top + height, left : left + round(0.62 * height)] = 0.92


def _collimate(image: np.ndarray, border: float) -> None:
    """Blacken a margin, in place."""
    width = max(1, round(border * min(image.shape)))
    for edge in (image[:width], image[-width:], image[:, :width], image[:, -width:]):
        edge[...] = 0.02


def _annotate(image: np.ndarray, chain: Scanner) -> None:
    """Draw a scanner's letter and margin, in place."""
    if chain.letter is not None:
        _draw_letter(image, chain.letter)
    if chain.border > 0:
        _collimate(image, chain.border)


def expose(thickness: np.ndarray, body: np.ndarray, scanner: str, rng: np.random.Generator) -> np.ndarray:
    """Turn thickness into a film.

    Parameters
    ----------
    thickness
        Optical thickness, float32, shape (rows, columns).
    body
        0-1, where there is a body in the beam; same shape.
    scanner
        `mimic`, `chexpert`, `rsna` or `siim`.
    rng
        Draws exposure and noise.

    Returns
    -------
    numpy.ndarray
        Grey 0 (air) to 1 (bone), float32, same shape.

    Raises
    ------
    DataError
        Unknown scanner.
    """
    chain = scanner_named(scanner)
    rows, columns = thickness.shape
    exposure = np.float32(chain.gain * rng.uniform(0.88, 1.12))
    image = thickness + np.float32(0.022) * texture(rng, rows, columns, 1.3)
    np.maximum(image, np.float32(0.06), out=image)
    image = np.float32(chain.ceiling) * (1 - np.exp(-exposure * image))
    image *= body
    image += np.float32(chain.scatter) * (_wide_blur(image) - image)
    if chain.gamma != 1:
        image = np.maximum(image, 0) ** np.float32(chain.gamma)
    image = ndimage.gaussian_filter(image, max(0.4, chain.blur * columns), truncate=3)
    image += np.float32(chain.noise) * texture(rng, rows, columns, 0.0) * (0.4 + 0.6 * body)
    _annotate(image, chain)
    return np.clip(image, 0, 1, out=image)
