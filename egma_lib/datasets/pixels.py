"""The one path from a stored film to the square the image encoder sees."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from scipy import sparse

from egma_lib.errors import DataError

if TYPE_CHECKING:
    from pydicom import Dataset

DICOM_SUFFIXES = (".dcm", ".dicom")


def read_film(path: str | Path) -> np.ndarray:
    """Read a film as the reader sees it: bone bright, upright.

    PNG and JPG of 8 or 16 bits (colour becomes ITU-R 601 luminance, an EXIF rotation is carried out) and
    DICOM (rescale, then the stored window or lookup table; MONOCHROME1 inverted). A DICOM film without a
    window uses the full range of its 8 bits, or its own minimum to maximum where it is deeper.

    Parameters
    ----------
    path
        File; `.dcm` and `.dicom` are read as DICOM.

    Returns
    -------
    np.ndarray
        float32, shape (rows, columns), 0 to 1.

    Raises
    ------
    DataError
        Missing or damaged file, several frames, or a compression that needs a package not installed.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path}: film not found; complete the data set")
    if path.suffix.lower() in DICOM_SUFFIXES:
        return _read_dicom(path)
    try:
        with Image.open(path) as image:
            return _from_picture(ImageOps.exif_transpose(image))
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise DataError(f"{path}: not a readable picture ({error}); fetch it again") from error


def film_shape(path: str | Path) -> tuple[int, int]:
    """Return (rows, columns) of a stored film in pixels without decoding it.

    Raises
    ------
    DataError
        Missing or damaged file.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path}: film not found; complete the data set")
    if path.suffix.lower() in DICOM_SUFFIXES:
        header = read_dicom_header(path)
        return int(header.Rows), int(header.Columns)
    try:
        with Image.open(path) as image:
            columns, rows = image.size
            # Orientations 5 to 8 of EXIF (tag 274) are lying: exif_transpose swaps the axes.
            return (columns, rows) if image.getexif().get(274, 1) >= 5 else (rows, columns)
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise DataError(f"{path}: not a readable picture ({error}); fetch it again") from error


def read_dicom_header(path: str | Path) -> Dataset:
    """Return size, patient and view of a DICOM film without its pixels.

    Raises
    ------
    DataError
        Missing or damaged file, or Rows or Columns absent.
    """
    import pydicom

    tags = ["Rows", "Columns", "PatientID", "ViewPosition"]
    try:
        header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=tags)
    except FileNotFoundError as error:
        raise DataError(f"{path}: film not found; complete the data set") from error
    except (pydicom.errors.InvalidDicomError, EOFError, OSError) as error:
        raise DataError(f"{path}: not a DICOM film ({error}); fetch it again") from error
    if "Rows" not in header or "Columns" not in header:
        raise DataError(f"{path}: DICOM header lacks Rows or Columns; fetch it again")
    return header


def square(film: np.ndarray) -> np.ndarray:
    """Pad the shorter side with 0 on both ends, so that the film, shape (rows, columns), is centred.

    An odd difference leaves the extra line at the bottom or right.
    """
    rows, columns = film.shape
    side = max(rows, columns)
    padded = np.zeros((side, side), dtype=film.dtype)
    top, left = (side - rows) // 2, (side - columns) // 2
    padded[top : top + rows, left : left + columns] = film
    return padded


def resize(film: np.ndarray, size: int) -> np.ndarray:
    """Resize to (size, size) by averaging over the exact area that each new pixel covers.

    Every old pixel counts with the share of it that a new pixel covers, so nothing aliases and the film's
    mean is kept. The result does not depend on a picture library's version.

    Parameters
    ----------
    film
        Shape (rows, columns).
    size
        New side in pixels.

    Returns
    -------
    np.ndarray
        float32, shape (size, size).
    """
    rows, columns = film.shape
    fewer_rows = _coverage(rows, size) @ film.astype(np.float32, copy=False)
    return np.ascontiguousarray((_coverage(columns, size) @ fewer_rows.T).T)


def film_to_uint8_square(path: str | Path, size: int) -> np.ndarray:
    """Read, pad and resize a film; used alike by training, evaluation and explorer.

    Parameters
    ----------
    path
        Film file.
    size
        Side in pixels.

    Returns
    -------
    np.ndarray
        uint8, shape (size, size), 0 to 255.

    Raises
    ------
    DataError
        See `read_film`.
    """
    return np.rint(resize(square(read_film(path)), size).clip(0, 1) * 255).astype(np.uint8)


def _coverage(old: int, new: int) -> sparse.csr_array:
    """Return how much of each new pixel each of the old ones covers, shape (new, old); rows add up to 1.

    Borders of old and new pixels are counted in units of 1/new of an old pixel, so all are whole numbers.
    """
    borders = np.union1d(np.arange(old + 1) * new, np.arange(new + 1) * old)
    twice_middle = borders[1:] + borders[:-1]
    place = (twice_middle // (2 * old), twice_middle // (2 * new))
    return sparse.csr_array(((np.diff(borders) / old).astype(np.float32), place), shape=(new, old))


def _from_picture(image: Image.Image) -> np.ndarray:
    if image.mode.startswith("I"):
        return (np.asarray(image, dtype=np.float32) / 65535).clip(0, 1)
    if image.mode == "F":
        return np.asarray(image, dtype=np.float32).clip(0, 1)
    return np.asarray(image.convert("L"), dtype=np.float32) / 255


def _read_dicom(path: Path) -> np.ndarray:
    import pydicom

    try:
        film = pydicom.dcmread(path)
        _require_decoder(path, film)
        stored = film.pixel_array
    except (
        pydicom.errors.InvalidDicomError, EOFError, OSError, AttributeError, ValueError, RuntimeError,
    ) as error:  # fmt: skip
        raise DataError(f"{path}: not a readable DICOM film ({error}); fetch it again") from error
    if film.PhotometricInterpretation.startswith(("RGB", "YBR")) and stored.ndim == 3:
        return np.asarray(Image.fromarray(stored).convert("L"), dtype=np.float32) / 255
    if stored.ndim != 2:
        raise DataError(f"{path}: {stored.shape[0]} frames; expected a film of one frame")
    shown = _to_display_range(film, stored)
    inverted = film.PhotometricInterpretation == "MONOCHROME1"
    return (1 - shown if inverted else shown).astype(np.float32)


def _require_decoder(path: Path, film: Dataset) -> None:
    from pydicom.pixels import get_decoder

    syntax = film.file_meta.TransferSyntaxUID
    if not syntax.is_compressed:
        return
    try:
        available = get_decoder(syntax).is_available
    except NotImplementedError:
        available = False
    if not available:
        raise DataError(
            f"{path}: its pixels are stored as {syntax.name}, which the installed packages cannot read; run "
            "`pip install pylibjpeg pylibjpeg-libjpeg pylibjpeg-openjpeg`"
        )


def _to_display_range(film: Dataset, stored: np.ndarray) -> np.ndarray:
    """Return pixels in 0-1 by lookup table, window, or the range of the stored bits (DICOM PS3.3 C.11.2)."""
    from pydicom.pixels import apply_modality_lut, apply_voi

    if "VOILUTSequence" in film:
        bits = int(film.VOILUTSequence[0].LUTDescriptor[2])
        return apply_voi(apply_modality_lut(stored, film), film).astype(np.float64) / (2**bits - 1)
    values = np.asarray(apply_modality_lut(stored, film), dtype=np.float64)
    if film.get("WindowCenter") is not None and film.get("WindowWidth") is not None:
        return _window(
            values, _first(film.WindowCenter), _first(film.WindowWidth), film.get("VOILUTFunction")
        )
    rescaled = float(film.get("RescaleSlope", 1)) != 1 or float(film.get("RescaleIntercept", 0)) != 0
    if film.BitsStored <= 8 and not film.PixelRepresentation and not rescaled:
        low, high = 0.0, float(2**film.BitsStored - 1)
    else:
        low, high = float(values.min()), float(values.max())
    return (values - low) / (high - low) if high > low else np.zeros_like(values)


def _window(values: np.ndarray, centre: float, width: float, function: str | None) -> np.ndarray:
    if function == "SIGMOID":
        return 1 / (1 + np.exp(-4 * (values - centre) / width))
    if function == "LINEAR_EXACT":
        return ((values - centre) / width + 0.5).clip(0, 1)
    return ((values - (centre - 0.5)) / max(width - 1, 1e-9) + 0.5).clip(0, 1)


def _first(value: object) -> float:
    return float(value[0]) if hasattr(value, "__len__") and not isinstance(value, str) else float(value)  # type: ignore[index, arg-type]
