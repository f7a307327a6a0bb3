"""What becomes of readings when one file of one patient is at fault."""

from __future__ import annotations

import re

from real_tree_common import dicom, subject

from egma_lib.gaze.recordings import find_readings, read_recording
from egma_lib.gaze.tables import RecordingError
from egma_lib.settings import GazeSettings

ROOT = "mimic-eye/1.0.0"
BYSTANDER = f"patient_{subject(13)}"


def milliseconds(text):
    return str(float(text) * 1000)


def excluded(folder):
    """Read every reading; return (reading, file, reason) of each unusable one, and the ids of the others."""
    refused, used = [], []
    for reference in find_readings(folder):
        try:
            read_recording(reference, GazeSettings())
        except RecordingError as error:
            refused.append((reference, error.file, error.reason))
        else:
            used.append(reference.reading_id)
    return refused, used


def require_excluded(folder, patient, file, message):
    """Hold that every reading of the patient is refused, by file and cause, and the bystander is read."""
    refused, used = excluded(folder)
    assert used == [dicom(13)]
    assert {reference.folder.name for reference, _, _ in refused} == {patient}
    reasons = [reason for _, _, reason in refused]
    assert any(re.search(message, reason) for reason in reasons), reasons
    assert folder / patient / file in [path for _, path, _ in refused]
