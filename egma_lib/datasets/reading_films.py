"""Where the film of a reading lies: beside it in MIMIC-EYE, otherwise in MIMIC-CXR-JPG."""

from __future__ import annotations

from pathlib import Path

from egma_lib.errors import DataError
from egma_lib.gaze.recording import ReadingReference
from egma_lib.study import Study


def film_of_reading(study: Study, reference: ReadingReference) -> Path:
    """Return the film of a reading.

    Parameters
    ----------
    study
        Its `mimic-cxr-jpg` folder is searched for readings of REFLACX and EGD-CXR on their own.
    reference
        From `find_study_readings`.

    Raises
    ------
    DataError
        It is not there: names the folder, the film and the reading.
    """
    name = f"{reference.dicom_id}.jpg"
    if reference.tables is None:
        folder, below = reference.folder / "CXR-JPG", f"s*/{name}"
    else:
        patient = reference.subject_id
        folder, below = study.dataset("mimic-cxr-jpg"), f"files/p{patient[:2]}/p{patient}/s*/{name}"
    # A version folder may stand in between.
    films = sorted(film for pattern in (below, f"*/{below}") for film in folder.glob(pattern))
    if not films:
        raise DataError(f"{folder}: no film {name} of reading {reference.reading_id}; complete the data set")
    return films[0]
