"""Eight-bit chest films as DICOM files with the tags of the two Kaggle sets."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, ExplicitVRLittleEndian, JPEGBaseline8Bit, SecondaryCaptureImageStorage

from egma_lib.phantom.writers.images import eight_bit

_JPEG_QUALITY = 92


@dataclass(frozen=True)
class DicomHeader:
    """What distinguishes one file from the next."""

    study_uid: str
    series_uid: str
    sop_uid: str
    patient_id: str
    sex: str
    age: int
    view: str
    inverted: bool
    """True: stored as MONOCHROME1, so that the reader has to invert it."""
    compressed: bool
    """True: JPEG baseline, as the real files; False: uncompressed explicit VR little endian."""


def write_dicom(path: Path, image: np.ndarray, header: DicomHeader) -> Path:
    """Write a film in 0-1, shape (rows, columns), and return `path`."""
    pixels = eight_bit(1 - image if header.inverted else image)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = UID(header.sop_uid)
    meta.TransferSyntaxUID = JPEGBaseline8Bit if header.compressed else ExplicitVRLittleEndian
    content = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    _describe(content, header)
    _describe_pixels(content, pixels, header)
    path.parent.mkdir(parents=True, exist_ok=True)
    content.save_as(path, enforce_file_format=True)
    return path


def _describe(content: Dataset, header: DicomHeader) -> None:
    content.SpecificCharacterSet = "ISO_IR 100"
    content.SOPClassUID = SecondaryCaptureImageStorage
    content.SOPInstanceUID = header.sop_uid
    content.StudyDate, content.StudyTime = "19010101", "000000.00"
    content.AccessionNumber = ""
    content.Modality, content.ConversionType = "CR", "WSD"
    content.ReferringPhysicianName = ""
    content.SeriesDescription = f"view: {header.view}"
    content.PatientName = content.PatientID = header.patient_id
    content.PatientBirthDate = ""
    content.PatientSex = header.sex
    # The real files hold a bare number, which breaks DICOM's own rule; the standard's form is written here.
    content.PatientAge = f"{header.age:03d}Y"
    content.BodyPartExamined, content.ViewPosition = "CHEST", header.view
    content.StudyInstanceUID, content.SeriesInstanceUID = header.study_uid, header.series_uid
    content.StudyID, content.SeriesNumber, content.InstanceNumber = "", "1", "1"
    content.PatientOrientation = ""


def _describe_pixels(content: Dataset, pixels: np.ndarray, header: DicomHeader) -> None:
    content.SamplesPerPixel = 1
    content.PhotometricInterpretation = "MONOCHROME1" if header.inverted else "MONOCHROME2"
    content.Rows, content.Columns = pixels.shape
    content.PixelSpacing = ["0.168", "0.168"]
    content.BitsAllocated = content.BitsStored = 8
    content.HighBit, content.PixelRepresentation = 7, 0
    if not header.compressed:
        # The value field has to have an even length.
        content.PixelData = pixels.tobytes() + b"\0" * (pixels.size % 2)
        content["PixelData"].VR = "OB"
        return
    content.LossyImageCompression, content.LossyImageCompressionMethod = "01", "ISO_10918_1"
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="JPEG", quality=_JPEG_QUALITY)
    content.PixelData = encapsulate([stream.getvalue()])
    content["PixelData"].VR = "OB"
