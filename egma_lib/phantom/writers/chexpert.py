"""CheXpert layout: train and valid tables, the 5x200 sets and the ConVIRT 8x200 retrieval set.

Source: docs/data-formats.md, section 5. The 5x200 and 8x200 films are of patients outside train.csv, so that
nothing has to be left out of training.
"""

from __future__ import annotations

from pathlib import Path

from egma_lib.phantom.case import CasePlan
from egma_lib.phantom.identifiers import chexpert_patient
from egma_lib.phantom.planning import CLASSES_8X200, case_rng
from egma_lib.phantom.writers.drawn_case import draw_case
from egma_lib.phantom.writers.images import save_jpg
from egma_lib.phantom.writers.labels import CHEXPERT_LABELS, cells, exact_labels, mentioned_labels
from egma_lib.phantom.writers.tables import Row, Rows, Table, write_table
from egma_lib.phantom.writers.truth import truth_rows, truth_table, write_masks
from egma_lib.settings import PhantomSettings

ARCHIVE = "CheXpert-v1.0-small"
COLUMNS = ("Path", "Sex", "Age", "Frontal/Lateral", "AP/PA", *CHEXPERT_LABELS)

_FOLDERS = {"chexpert_marked": "marked", "chexpert_valid": "valid"}
_TABLES = {
    "chexpert_5x200": (Table("5x200", "chexpert/chexpert_5x200.csv", ("", *COLUMNS)),),
    "chexpert_marked": (
        Table("5x200_marked", "chexpert/chexpert_5x200_marked.csv", ("", *COLUMNS, "unmarked_path")),
    ),
    "chexpert_8x200": tuple(
        Table(f"{way}_candidates", f"chexpert/chexpert_8x200/{way}-retrieval/candidate.csv", COLUMNS)
        for way in ("image", "text")
    ),
    "chexpert_8x200_queries": (
        Table(
            "image_queries",
            "chexpert/chexpert_8x200/image-retrieval/query.csv",
            ("Variable", "Path"),
            line_end="\r\n",
        ),
    ),
    "chexpert_train": (Table("train", f"chexpert/{ARCHIVE}/train.csv", COLUMNS),),
    "chexpert_valid": (Table("valid", f"chexpert/{ARCHIVE}/valid.csv", COLUMNS),),
}


def tables(corpus: str) -> tuple[Table, ...]:
    """Return the tables that the cases of a CheXpert corpus belong to."""
    return (*_TABLES[corpus], truth_table(corpus))


def write_case(settings: PhantomSettings, target: Path, corpus: str, index: int) -> Rows:
    """Write one film and return its table rows."""
    case = draw_case(settings, corpus, index)
    patient = chexpert_patient(corpus, index)
    folder = _FOLDERS.get(corpus, "train")
    path = f"{ARCHIVE}/{folder}/{patient}/study1/view1_frontal.jpg"
    save_jpg(target / "chexpert" / path, case.film.image)
    write_masks(target, case, patient)
    rows = {table.name: [_row(settings, case.plan, path)] for table in _TABLES[corpus]}
    return {**rows, **truth_rows(case, patient)}


def write_text_queries(target: Path) -> None:
    """Write the 40 text queries of the retrieval set, five sentences per class."""
    from egma_lib.phantom.reports import retrieval_queries

    queries = retrieval_queries()
    rows = [(name, text) for name in CLASSES_8X200 for text in queries[name]]
    path = target / "chexpert" / "chexpert_8x200" / "text-retrieval" / "query.csv"
    write_table(path, ("Variable", "Text"), rows, line_end="\r\n")


def _row(settings: PhantomSettings, plan: CasePlan, path: str) -> Row:
    if plan.corpus == "chexpert_8x200_queries":
        return (CLASSES_8X200[plan.index % len(CLASSES_8X200)], path)
    source = "chexpert_5x200" if plan.corpus == "chexpert_marked" else plan.corpus
    rng = case_rng(settings.seed, source, plan.index, "chexpert row")
    about = (
        path,
        "Female" if rng.random() < 0.41 else "Male",
        int(rng.integers(18, 91)),
        "Frontal",
        plan.view,
    )
    if plan.corpus == "chexpert_train":
        labels = mentioned_labels(plan, rng)
    else:
        labels = exact_labels(plan, parents=plan.corpus == "chexpert_valid")
    row = (*about, *cells(labels, CHEXPERT_LABELS))
    if source != "chexpert_5x200":
        return row
    # The real 5x200 file keeps each row's number in train.csv as an unnamed first column.
    numbered = (plan.index * 37 + 11, *row)
    return (*numbered, path.replace("/marked/", "/train/")) if plan.corpus == "chexpert_marked" else numbered
