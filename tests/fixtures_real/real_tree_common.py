"""Single files of the real layouts, written from the format notes; identifiers lie outside real ranges."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
from PIL import Image
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGBaseline8Bit, SecondaryCaptureImageStorage

CHEXPERT_LABELS = (
    "No Finding", "Enlarged Cardiomediastinum", "Cardiomegaly", "Lung Opacity", "Lung Lesion", "Edema",
    "Consolidation", "Pneumonia", "Atelectasis", "Pneumothorax", "Pleural Effusion", "Pleural Other",
    "Fracture", "Support Devices",
)  # fmt: skip
"""CheXpert's own order; MIMIC-CXR's tables have the same labels in the alphabet's."""

PLACES = {
    "Atelectasis": (0.30, 0.68), "Cardiomegaly": (0.54, 0.62), "Consolidation": (0.70, 0.60),
    "Edema": (0.40, 0.42), "Pleural Effusion": (0.74, 0.76), "Pneumothorax": (0.28, 0.20),
    "Pneumonia": (0.32, 0.55), "Fracture": (0.20, 0.35), "No Finding": (0.50, 0.50),
}  # fmt: skip
"""Where each finding's bright spot lies (0-1 of the film)."""


def subject(number: int) -> str:
    """MIMIC patients begin with 10 to 19."""
    return str(99000000 + number)


def study(number: int) -> str:
    """MIMIC studies begin with 5."""
    return str(60000000 + number)


def dicom(number: int) -> str:
    """Five groups of eight hexadecimal digits, 44 characters."""
    return f"00000000-11111111-22222222-33333333-{number:08x}"


def write_csv(
    path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]], newline: str = "\n"
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator=newline)
        writer.writerow(columns)
        writer.writerows(rows)
    return path


def write_text(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8"))
    return path


def film(seed: int, rows: int, columns: int, finding: str = "No Finding") -> np.ndarray:
    """A bright body with two dark lungs and a spot where the finding sits, uint8, shape (rows, columns)."""
    rng = np.random.default_rng(seed)
    y, x = np.ogrid[0 : 1 : rows * 1j, 0 : 1 : columns * 1j]
    picture = np.full((rows, columns), 0.75)
    for centre in (0.3, 0.7):
        lung = ((x - centre - rng.uniform(-0.02, 0.02)) / 0.17) ** 2 + ((y - 0.5) / 0.36) ** 2
        picture -= 0.5 * (lung < 1)
    if finding != "No Finding":
        place_x, place_y = PLACES[finding]
        picture += 0.4 * np.exp(-(((x - place_x) / 0.08) ** 2 + ((y - place_y) / 0.08) ** 2))
    grain = rng.normal(0, 0.02, (16, 16)).repeat(-(-rows // 16), 0).repeat(-(-columns // 16), 1)
    return ((picture + grain[:rows, :columns]).clip(0, 1) * 255).astype(np.uint8)


def write_jpg(path: Path, pixels: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, quality=85)
    return path


def write_dicom(path: Path, pixels: np.ndarray, patient: str, view: str) -> Path:
    """8 bits, one JPEG-compressed frame, as both Kaggle sets store their films."""
    path.parent.mkdir(parents=True, exist_ok=True)
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = JPEGBaseline8Bit
    meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = path.stem if path.stem[1] == "." else "1.2.276.0.99"
    header = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    header.SOPClassUID, header.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    header.PatientID, header.ViewPosition, header.Modality = patient, view, "CR"
    header.Rows, header.Columns = pixels.shape
    header.SamplesPerPixel, header.PhotometricInterpretation = 1, "MONOCHROME2"
    header.BitsAllocated, header.BitsStored, header.HighBit, header.PixelRepresentation = 8, 8, 7, 0
    stream = BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=85)
    header.PixelData = encapsulate([stream.getvalue()])
    header["PixelData"].is_undefined_length = True
    pydicom.dcmwrite(path, header, enforce_file_format=True)
    return path
