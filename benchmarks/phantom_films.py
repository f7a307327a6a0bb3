"""Compare the phantom's films with real ones: grey-level histogram and slope of the power spectrum.

    python benchmarks/phantom_films.py --real FOLDER [--films 40]

Prints, for each real film and for the phantom's films of each scanner, the quantiles of grey, the histogram's
distance to the nearest real film (first Wasserstein distance; beside it the distance of each real film to its
nearest other one) and the slope of the radially averaged power spectrum; then the drawing speed.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pydicom
from PIL import Image

from egma_lib.phantom.case import FINDINGS, CasePlan, Finding
from egma_lib.phantom.film import draw_film
from egma_lib.phantom.film.acquisition import SCANNERS

SIDE = 256
BAND = (4, 64)
"""Spatial frequencies of the slope's fit (cycles per image side)."""
SLOPE_TOLERANCE = 0.35
"""Three real films span less than films do at large; this much is added at either end of their range."""
DISTANCE_TOLERANCE = 1.25
"""Histogram distances up to this multiple of the largest between real films count as within the spread."""


def read_real(folder: Path) -> dict[str, np.ndarray]:
    """Return the folder's films by file name as float arrays 0-1, square, of side `SIDE`; bone is bright."""
    films = {}
    for path in sorted(folder.iterdir()):
        if path.suffix == ".png":
            pixels = np.asarray(Image.open(path).convert("L"), dtype=np.float32)
        elif path.suffix == ".dcm":
            dataset = pydicom.dcmread(path)
            if dataset.PhotometricInterpretation == "MONOCHROME1":
                continue
            pixels = dataset.pixel_array.astype(np.float32)
        else:
            continue
        films[path.name] = to_square(pixels / 255)
    return films


def to_square(image: np.ndarray) -> np.ndarray:
    """Return a film resampled to `SIDE` x `SIDE` pixels."""
    resized = Image.fromarray(image.astype(np.float32)).resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(resized)


def histogram_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Return the first Wasserstein distance between the grey levels of two films (0-1)."""
    return float(np.abs(np.sort(first, axis=None) - np.sort(second, axis=None)).mean())


def spectrum_slope(image: np.ndarray) -> float:
    """Return the slope of log power over log frequency, radially averaged, within `BAND`."""
    window = np.hanning(SIDE)
    centred = (image - image.mean()) * window[:, None] * window[None, :]
    power = np.abs(np.fft.fft2(centred)) ** 2
    frequency = np.fft.fftfreq(SIDE) * SIDE
    radius = np.rint(np.hypot(frequency[:, None], frequency[None, :])).astype(int)
    mean_power = np.bincount(radius.ravel(), power.ravel()) / np.bincount(radius.ravel())
    band = np.arange(BAND[0], BAND[1] + 1)
    return float(np.polyfit(np.log(band), np.log(mean_power[band]), 1)[0])


def phantom_films(scanner: str, count: int) -> list[np.ndarray]:
    """Return films of one scanner, every third one healthy, resampled to `SIDE`."""
    films = []
    for index in range(count):
        name = FINDINGS[index % 9]
        ill = (Finding(name, "right", "lower", "moderate", 0.5),) if index % 3 else ()
        plan = CasePlan("benchmark", index, ill, view="AP" if index % 4 == 3 else "PA", scanner=scanner)
        films.append(to_square(draw_film(plan, np.random.default_rng(index), 336, 280).image))
    return films


def describe(films: list[np.ndarray]) -> str:
    """Return the mean quantiles of grey of films as text."""
    quantiles = np.mean([np.quantile(film, (0.05, 0.25, 0.5, 0.75, 0.95)) for film in films], axis=0)
    return " ".join(f"{value:.2f}" for value in quantiles)


def report_real(real: dict[str, np.ndarray]) -> tuple[float, tuple[float, float]]:
    """Print the real films; return their largest pairwise distance and the accepted range of slopes."""
    films = list(real.values())
    print(f"{'film':34} grey 5/25/50/75/95 %         to nearest real   slope")
    slopes, pairs = (
        [spectrum_slope(film) for film in films],
        [histogram_distance(a, b) for i, a in enumerate(films) for b in films[i + 1 :]],
    )
    for name, film, slope in zip(real, films, slopes, strict=True):
        nearest = min(histogram_distance(film, other) for other in films if other is not film)
        print(f"{name[-34:]:34} {describe([film]):28} {nearest:15.3f} {slope:7.2f}")
    limit = DISTANCE_TOLERANCE * max(pairs)
    bounds = (min(slopes) - SLOPE_TOLERANCE, max(slopes) + SLOPE_TOLERANCE)
    print(f"accepted: distance up to {limit:.3f}, slope {bounds[0]:.2f} to {bounds[1]:.2f}")
    return limit, bounds


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--real", type=Path, required=True, help="folder of real films (.png, .dcm)")
    parser.add_argument("--films", type=int, default=40, help="phantom films per scanner")
    options = parser.parse_args()
    real = read_real(options.real)
    limit, bounds = report_real(real)
    for scanner in SCANNERS:
        phantom_films(scanner, 2)
        start = time.process_time()
        films = phantom_films(scanner, options.films)
        speed = options.films / (time.process_time() - start)
        distances = np.array([min(histogram_distance(f, other) for other in real.values()) for f in films])
        slopes = np.array([spectrum_slope(film) for film in films])
        within = np.mean((distances <= limit) & (slopes >= bounds[0]) & (slopes <= bounds[1]))
        distance = f"{distances.mean():9.3f} +- {distances.std():.3f}"
        slope = f"{slopes.mean():6.2f} +- {slopes.std():.2f}"
        name = f"phantom, {scanner}"
        print(
            f"{name:34} {describe(films):28} {distance} {slope}  within {within:4.0%}  {speed:4.0f} films/s"
        )


if __name__ == "__main__":
    main()
