"""Writers of single files in the real layouts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
from PIL import Image
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

CHEXPERT_HEADER = (
    "Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Enlarged Cardiomediastinum,Cardiomegaly,Lung Opacity,"
    "Lung Lesion,Edema,Consolidation,Pneumonia,Atelectasis,Pneumothorax,Pleural Effusion,Pleural Other,"
    "Fracture,Support Devices"
)
CHEXPERT_LABELS = CHEXPERT_HEADER.split(",")[5:]


def write_text(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def write_jpg(path: Path, rows: int = 8, columns: int = 6, value: int = 100) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((rows, columns), value, dtype=np.uint8)).save(path)
    return path


def write_dicom(path: Path, pixels: np.ndarray, bits: int = 8, **elements: object) -> Path:
    """Write `pixels` as they are stored; `elements` overrides DICOM keywords."""
    path.parent.mkdir(parents=True, exist_ok=True)
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[path.name])
    film = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    film.SOPClassUID, film.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    film.PatientID = "00000000-0000-4000-8000-00000000000a"
    film.Rows, film.Columns = pixels.shape
    film.SamplesPerPixel, film.PhotometricInterpretation = 1, "MONOCHROME2"
    film.BitsAllocated = 8 * pixels.dtype.itemsize
    film.BitsStored, film.HighBit = bits, bits - 1
    film.PixelRepresentation = int(np.issubdtype(pixels.dtype, np.signedinteger))
    film.PixelData = pixels.tobytes() + b"\0" * (pixels.nbytes % 2)
    for keyword, value in elements.items():
        setattr(film, keyword, value)
    pydicom.dcmwrite(path, film, enforce_file_format=True)
    return path


def chexpert_row(path: str, view: str = "Frontal", **labels: str) -> str:
    """One CheXpert csv row; label names with `_` for a space, blank where not given."""
    cells = [labels.get(name.replace(" ", "_"), "") for name in CHEXPERT_LABELS]
    return ",".join([path, "Female", "61", view, "PA" if view == "Frontal" else "", *cells])
