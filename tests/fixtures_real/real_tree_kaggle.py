"""RSNA Pneumonia stage 2 and SIIM-ACR pneumothorax with JPEG-compressed DICOM films."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from real_tree_common import PLACES, film, write_csv, write_dicom, write_text

CLASS_INFO = ("Normal", "No Lung Opacity / Not Normal", "Lung Opacity")


def rsna_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def siim_uids(number: int) -> tuple[str, str, str]:
    """Study, series and film; they differ in a digit group and the last number."""
    return tuple(f"1.2.276.0.7230010.3.1.{k}.8323329.99999.1517875299.{100000 + number}" for k in (2, 3, 4))  # type: ignore[return-value]


def write_rsna(root: Path, n: int = 40, side: int = 1024) -> Path:
    """Every third film has a box, every sixth a second one; numbers are float text, blank for negatives."""
    labels: list[tuple[object, ...]] = []
    classes: list[tuple[object, ...]] = []
    for i in range(n):
        one, positive = rsna_id(i), i % 3 == 0
        pixels = film(3000 + i, side, side, "Pneumonia" if positive else "No Finding")
        write_dicom(root / f"stage_2_train_images/{one}.dcm", pixels, one, "PA" if i % 2 else "AP")
        boxes = _boxes(side)[: (2 if i % 6 == 0 else 1)] if positive else []
        labels += [(one, *box, 1) for box in boxes] or [(one, "", "", "", "", 0)]
        classes += [(one, CLASS_INFO[2])] * len(boxes) or [(one, CLASS_INFO[i % 2])]
    write_csv(root / "stage_2_train_labels.csv", ("patientId", "x", "y", "width", "height", "Target"), labels)
    write_csv(root / "stage_2_detailed_class_info.csv", ("patientId", "class"), classes)
    unlabelled = rsna_id(900000)
    write_dicom(root / f"stage_2_test_images/{unlabelled}.dcm", film(1, side, side), unlabelled, "PA")
    write_csv(
        root / "stage_2_sample_submission.csv",
        ("patientId", "PredictionString"),
        [(unlabelled, "0.5 0 0 100 100")],
    )
    return root


def _boxes(side: int) -> list[tuple[float, float, float, float]]:
    """The second box touches the right border, as some do."""
    x, y = PLACES["Pneumonia"]
    first = (round((x - 0.1) * side), round((y - 0.1) * side), round(0.2 * side), round(0.2 * side))
    second = (round(0.75 * side), round(0.4 * side), side - round(0.75 * side), round(0.2 * side))
    return [tuple(float(value) for value in box) for box in (first, second)]  # type: ignore[misc]


def write_siim(root: Path, n: int = 40, side: int = 1024) -> Path:
    """Every third film has a mask, every sixth in two rows; negatives come as ` -1` and as `-1`."""
    lines = ["ImageId, EncodedPixels"]
    for i in range(n):
        exam, series, one = siim_uids(i)
        positive = i % 3 == 0
        pixels = film(4000 + i, side, side, "Pneumothorax" if positive else "No Finding")
        path = root / "dicom-images-train" / exam / series / f"{one}.dcm"
        write_dicom(path, pixels, f"siim-{i:05d}", "PA" if i % 2 else "AP")
        if not positive:
            lines.append(f"{one},{' ' if i % 2 else ''}-1")
            continue
        parts = [disc(side, *PLACES["Pneumothorax"])]
        if i % 6 == 0:
            parts.append(disc(side, 0.72, 0.2))
        lines += [f"{one}, {encode_runs(part)}" for part in parts]
    write_text(root / "train-rle.csv", "\n".join(lines) + "\n")
    exam, series, one = siim_uids(99999)
    write_dicom(root / "dicom-images-test" / exam / series / f"{one}.dcm", film(2, side, side), "t", "PA")
    return root


def disc(side: int, x: float, y: float) -> np.ndarray:
    """A mask of one disc, boolean, shape (side, side)."""
    rows, columns = np.ogrid[:side, :side]
    return (rows - y * side) ** 2 + (columns - x * side) ** 2 < (0.06 * side) ** 2


def encode_runs(mask: np.ndarray) -> str:
    """Pairs of gap since the last run and length, pixels counted down the columns, one loop over pixels."""
    numbers: list[int] = []
    gap = length = 0
    for inside in mask.T.ravel().tolist():
        if inside:
            length += 1
        elif length:
            numbers += [gap, length]
            gap, length = 1, 0
        else:
            gap += 1
    return " ".join(map(str, numbers + ([gap, length] if length else [])))
