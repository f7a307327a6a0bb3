"""Made-up identifiers in the shapes of the real data sets, derived from corpus and index alone.

Every number is a bijection of (corpus, index), so that no two patients, studies or images share one, however
many cases are made. Source of the shapes: docs/data-formats.md, sections 0, 2, 5, 6 and 7.
"""

from __future__ import annotations

import hashlib
import uuid

CORPORA = (
    "gaze", "reports", "chexpert_5x200", "chexpert_marked", "chexpert_8x200", "chexpert_8x200_queries",
    "chexpert_train", "chexpert_valid", "rsna", "rsna_test", "siim",
)  # fmt: skip
"""Corpora of the phantom in the order in which they are written."""

_MIMIC_RANGE = 10_000_000
_SUBJECT_STEP, _STUDY_STEP = 6_364_137, 4_182_391
_CASES_PER_CORPUS = 1_000_000
_CHEXPERT_STEP = 10_000


def _digest(*parts: object) -> str:
    return hashlib.sha256("/".join(str(part) for part in parts).encode()).hexdigest()


def _scattered(corpus: str, index: int, step: int) -> int:
    # The step is coprime to the range: a bijection that looks random but cannot collide.
    number = CORPORA.index(corpus) * _CASES_PER_CORPUS + index + 1
    return number * step % _MIMIC_RANGE


def mimic_subject_id(corpus: str, patient: int) -> int:
    """Return an eight-digit MIMIC patient number that starts with 1."""
    return 10_000_000 + _scattered(corpus, patient, _SUBJECT_STEP)


def mimic_study_id(corpus: str, index: int) -> int:
    """Return an eight-digit MIMIC study number that starts with 5."""
    return 50_000_000 + _scattered(corpus, index, _STUDY_STEP)


def mimic_dicom_id(corpus: str, index: int, view: str = "frontal") -> str:
    """Return five groups of eight hex digits joined by dashes (44 characters)."""
    digits = _digest("dicom", corpus, index, view)[:40]
    return "-".join(digits[start : start + 8] for start in range(0, 40, 8))


def mimic_folder(subject_id: int) -> str:
    """Return `p1x/p<subject_id>`, the folder of a patient below `files/`."""
    return f"p{str(subject_id)[:2]}/p{subject_id}"


def reading_id(phase: int, trial: int, case_index: int, reader: int) -> str:
    """Return a REFLACX reading id of 11 characters: `P`, phase, two-digit trial, `R`, six digits."""
    scattered = (case_index * 8 + reader + 1) * 611_953 % 1_000_000
    return f"P{phase}{trial:02d}R{scattered:06d}"


def chexpert_patient(corpus: str, index: int) -> str:
    """Return `patientNNNNN`; the marked copies of 5x200 cases keep their patient."""
    order = {"chexpert_5x200": 0, "chexpert_marked": 0, "chexpert_8x200": 1, "chexpert_8x200_queries": 2,
             "chexpert_train": 3, "chexpert_valid": 6}  # fmt: skip
    return f"patient{order[corpus] * _CHEXPERT_STEP + index + 1:05d}"


def case_uuid(corpus: str, index: int) -> str:
    """Return a version-4-shaped UUID (RSNA `patientId`, SIIM `PatientID`)."""
    return str(uuid.UUID(hex=_digest("uuid", corpus, index)[:32], version=4))


def siim_uids(index: int) -> tuple[str, str, str]:
    """Return study, series and SOP instance UID of a SIIM film; the last is its `ImageId`.

    The three differ in one digit group and the last number only, as in the real set.
    """
    root, when = "1.2.276.0.7230010.3.1", "1517875299"
    last = 100_000 + 3 * index
    return (
        f"{root}.2.8323329.{index + 300}.{when}.{last + 1}",
        f"{root}.3.8323329.{index + 300}.{when}.{last}",
        f"{root}.4.8323329.{index + 300}.{when}.{last + 2}",
    )
