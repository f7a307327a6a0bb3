"""REFLACX 1.0.0 and EGD-CXR 1.0.0 as downloaded on their own, and MS-CXR 1.1.0."""

from __future__ import annotations

from pathlib import Path

from real_tree_common import dicom, study, subject, write_csv, write_text
from real_tree_egd import GAZE_COLUMNS, EgdCase, fixation_rows, sample_rows, write_egd_tables
from real_tree_mimic_cxr import CYCLE, OFFSET
from real_tree_mimic_eye import gaze_cases
from real_tree_reflacx import LABELS, LEADING, ReflacxCase, metadata_rows, write_reading

MS_COLUMNS = (
    "dicom_id", "category_name", "label_text", "path", "x", "y", "w", "h", "image_width", "image_height",
    "split",
)  # fmt: skip


def write_reflacx(root: Path, n: int = 40, rows: int = 1528) -> Path:
    """The REFLACX readings of `gaze_cases`; each phase has a table, here the second without rows."""
    cases = [case for case in gaze_cases(n, rows) if isinstance(case, ReflacxCase)]
    for phase in (1, 2, 3):
        labels = LABELS[1 if phase == 1 else 3]
        mine = [case for case in cases if case.phase == phase]
        columns = (*LEADING, *labels)
        write_csv(
            root / f"main_data/metadata_phase_{phase}.csv", columns, metadata_rows(mine, labels), "\r\n"
        )
    for case in cases:
        write_reading(root, case)
    return root


def write_egd(root: Path, n: int = 40, rows: int = 1528) -> Path:
    """The EGD-CXR images of `gaze_cases`, with the rows of a calibration screen in both gaze tables.

    A calibration screen bears the id of the image at hand without its last five characters. Copies made by
    recursive download hold web pages too.
    """
    cases = [case for case in gaze_cases(n, rows) if isinstance(case, EgdCase)]
    write_egd_tables(root, cases, indexed=False)
    cut = dicom(cases[0].number)[:-5]
    for name, rows_of in (("fixations", fixation_rows), ("eye_gaze", sample_rows)):
        screen = [
            [cut if one == dicom(cases[0].number) else one for one in row] for row in rows_of(cases[0])[:9]
        ]
        table = [row for case in cases for row in rows_of(case)]
        write_csv(root / f"{name}.csv", GAZE_COLUMNS, [*screen, *table])
    for case in cases:
        write_text(
            root / "audio_segmentation_transcripts" / dicom(case.number) / "index.html", "<html></html>"
        )
    write_csv(root / "inclusion_exclusion_criteria_outputs/normals.csv", ("dicom_id",), [])
    return root


def write_ms_cxr(root: Path, n: int = 6, rows: int = 1528) -> Path:
    """Sentences on films of the MIMIC-CXR tree; one sentence has two boxes, one box ends at the border."""
    columns, table = rows * 5 // 6, []
    for i in range(1, n):
        number, finding = OFFSET + i, CYCLE[i % len(CYCLE)]
        patient = subject(number)
        path = f"files/p{patient[:2]}/p{patient}/s{study(number)}/{dicom(number)}.jpg"
        boxes = [(columns // 8, rows // 4, columns // 4, rows // 4)]
        if i == 2:
            boxes.append((columns // 2, rows // 4, columns - columns // 2, rows // 4))
        text = f"invented sentence on {finding.lower()}"
        table += [(dicom(number), finding, text, path, *box, columns, rows, "test") for box in boxes]
    write_csv(root / "1.1.0" / "MS_CXR_Local_Alignment_v1.1.0.csv", MS_COLUMNS, table)
    return root
