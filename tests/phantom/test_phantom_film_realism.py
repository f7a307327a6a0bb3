"""Grey levels and spectrum of the phantom's films against real ones."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import signal

from egma_lib.phantom.case import CasePlan, Finding
from egma_lib.phantom.film import draw_film

REAL_FILMS = Path(__file__).resolve().parents[2] / "../shared/data/real-films"
SIDE = 256


def octave_slope(film: np.ndarray) -> float:
    """Slope of log2 power over octaves, from differences of Gaussian-smoothed copies one octave apart."""
    taper = np.outer(signal.windows.hann(SIDE), signal.windows.hann(SIDE))
    spectrum = np.abs(np.fft.fft2((film - film.mean()) * taper)) ** 2
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(SIDE), np.fft.fftfreq(SIDE))) * SIDE
    powers = [spectrum[(frequency >= low) & (frequency < 2 * low)].mean() for low in (4, 8, 16, 32)]
    return float(np.polyfit(range(4), np.log2(powers), 1)[0])


def square(film: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(film).resize((SIDE, SIDE), Image.Resampling.BOX))


@pytest.fixture(scope="module")
def real() -> list[np.ndarray]:
    paths = sorted(REAL_FILMS.glob("*.png"))
    if not paths:
        pytest.skip(f"the folder of real films is absent ({REAL_FILMS.name})")
    films = [square(np.asarray(Image.open(path).convert("L"), dtype=np.float32) / 255) for path in paths]
    pydicom = pytest.importorskip("pydicom")
    dicom = next(path for path in REAL_FILMS.glob("*.dcm") if path.stem != "monochrome1")
    return [*films, square(pydicom.dcmread(dicom).pixel_array.astype(np.float32) / 255)]


@pytest.fixture(scope="module")
def drawn() -> list[np.ndarray]:
    plans = [CasePlan("t", i, (), scanner=s) for s in ("mimic", "chexpert", "rsna", "siim") for i in range(3)]
    plans += [CasePlan("t", 50, (Finding("Edema", "bilateral", "none", "severe", 1.0),))]
    return [square(draw_film(p, np.random.default_rng(p.index), 336, 280).image) for p in plans]


@pytest.mark.real_files
def test_power_spectrum_falls_as_in_real_films(real, drawn):
    slopes = [octave_slope(film) for film in real]
    for film in drawn:
        assert min(slopes) - 0.35 <= octave_slope(film) <= max(slopes) + 0.35


@pytest.mark.real_files
def test_grey_levels_lie_within_the_spread_of_real_films(real, drawn):
    levels = (0.05, 0.25, 0.5, 0.75, 0.95)
    quantiles = np.array([np.quantile(film, levels) for film in real])
    for film in drawn:
        ours = np.quantile(film, levels)
        assert (ours >= quantiles.min(axis=0) - 0.1).all()
        assert (ours <= quantiles.max(axis=0) + 0.1).all()
