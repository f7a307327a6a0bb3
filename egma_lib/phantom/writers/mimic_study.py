"""A MIMIC-CXR study: its numbers, its table cells and its labels (shared by MIMIC-EYE and MIMIC-CXR-JPG).

Source: docs/data-formats.md, sections 1 and 4.
"""

from __future__ import annotations

from dataclasses import dataclass

from egma_lib.phantom.case import CasePlan
from egma_lib.phantom.identifiers import mimic_dicom_id, mimic_folder, mimic_study_id, mimic_subject_id
from egma_lib.phantom.planning import case_rng
from egma_lib.phantom.writers.drawn_case import DrawnCase
from egma_lib.phantom.writers.labels import MIMIC_LABELS, Labels, mentioned_labels
from egma_lib.phantom.writers.tables import Row
from egma_lib.settings import PhantomSettings

METADATA_COLUMNS = (
    "dicom_id", "subject_id", "study_id", "PerformedProcedureStepDescription", "ViewPosition", "Rows",
    "Columns", "StudyDate", "StudyTime", "ProcedureCodeSequence_CodeMeaning",
    "ViewCodeSequence_CodeMeaning", "PatientOrientationCodeSequence_CodeMeaning",
)  # fmt: skip
SPLIT_COLUMNS = ("dicom_id", "study_id", "subject_id", "split")
LABEL_COLUMNS = ("subject_id", "study_id", *MIMIC_LABELS)

_SECOND_STUDY = {"gaze": (25, 9), "reports": (20, 7)}
_VIEW_MEANING = {"PA": "postero-anterior", "AP": "antero-posterior", "LATERAL": "lateral"}


def patient_of(corpus: str, index: int) -> int:
    """Return the patient number of a case: mostly its own index, now and then that of the case before."""
    period, offset = _SECOND_STUDY[corpus]
    return index - 1 if index % period == offset else index


@dataclass(frozen=True)
class MimicStudy:
    """One study of one patient: a frontal film, sometimes a lateral one, and a report.

    Attributes
    ----------
    subject_id, study_id, dicom_id
        Numbers in MIMIC's shapes.
    lateral_id
        Image id of the lateral view, or None.
    split
        `train`, `validate` or `test` of MIMIC-CXR, the same for all films of a patient.
    date, time
        Shifted date as YYYYMMDD and time as HHMMSS.fff without leading zeros.
    sex, age
        `F` or `M`, years; the same for all films of a patient.
    labels
        What a report labeller finds.
    """

    subject_id: int
    study_id: int
    dicom_id: str
    lateral_id: str | None
    split: str
    date: int
    time: float
    sex: str
    age: int
    view: str
    rows: int
    columns: int
    labels: Labels

    @property
    def folder(self) -> str:
        """`p1x/p<subject>/s<study>` below `files/`."""
        return f"{mimic_folder(self.subject_id)}/s{self.study_id}"

    def metadata(self, lateral: bool = False) -> Row:
        """Return the cells of `METADATA_COLUMNS` for the frontal or the lateral film."""
        view = "LATERAL" if lateral else self.view
        procedure = "CHEST (PORTABLE AP)" if self.view == "AP" else "CHEST (PA AND LAT)"
        posture = "Recumbent" if self.view == "AP" else "Erect"
        return (
            self.lateral_id if lateral else self.dicom_id, self.subject_id, self.study_id, procedure, view,
            self.rows, self.columns, self.date, self.time, procedure, _VIEW_MEANING[view], posture,
        )  # fmt: skip

    def split_row(self, lateral: bool = False) -> Row:
        """Return the cells of `SPLIT_COLUMNS`."""
        return (self.lateral_id if lateral else self.dicom_id, self.study_id, self.subject_id, self.split)

    def label_row(self, labeller: str) -> Row:
        """Return the cells of `LABEL_COLUMNS` as `chexpert` or `negbio` gives them.

        The two labellers differ where a finding is mild: NegBio leaves the uncertain ones out.
        """
        labels = [self.labels[name] for name in MIMIC_LABELS]
        if labeller == "negbio":
            labels = [None if value == -1.0 else value for value in labels]
        return (self.subject_id, self.study_id, *labels)


def describe_study(settings: PhantomSettings, case: DrawnCase) -> MimicStudy:
    """Return the study of a drawn case of the gaze or the report corpus."""
    plan = case.plan
    patient = patient_of(plan.corpus, plan.index)
    person = case_rng(settings.seed, plan.corpus, patient, "patient")
    split = str(person.choice(("train", "validate", "test"), p=(0.88, 0.1, 0.02)))
    sex, age = ("F" if person.random() < 0.48 else "M"), int(person.integers(18, 91))
    rng = case_rng(settings.seed, plan.corpus, plan.index, "study")
    lateral = plan.view == "PA" and rng.random() < 0.35
    year, month, day = rng.integers(2110, 2205), rng.integers(1, 13), rng.integers(1, 29)
    hour, minute, second = rng.integers(0, 24), rng.integers(0, 60), rng.integers(0, 60)
    return MimicStudy(
        subject_id=mimic_subject_id(plan.corpus, patient),
        study_id=mimic_study_id(plan.corpus, plan.index),
        dicom_id=mimic_dicom_id(plan.corpus, plan.index),
        lateral_id=mimic_dicom_id(plan.corpus, plan.index, "lateral") if lateral else None,
        split=split,
        date=int(year * 10000 + month * 100 + day),
        time=float(hour * 10000 + minute * 100 + second) + round(float(rng.random()), 3),
        sex=sex,
        age=age,
        view=plan.view,
        rows=case.frame_rows,
        columns=case.frame_columns,
        labels=_labels(settings, plan),
    )


def _labels(settings: PhantomSettings, plan: CasePlan) -> Labels:
    return mentioned_labels(plan, case_rng(settings.seed, plan.corpus, plan.index, "labels"))
