"""Case tables and prompts of the test sets that a study holds; an absent set is left out, never replaced."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence

import pandas as pd

from egma_lib.datasets.check.presence import CLASSIFICATION_SETS, QUERIES, begun_test_sets, holds_files
from egma_lib.datasets.chexpert import (
    load_chexpert_5x200,
    load_chexpert_5x200_marked,
    load_chexpert_8x200,
    load_text_queries,
)
from egma_lib.datasets.contract import CaseTable
from egma_lib.datasets.prevalence import balanced_cases
from egma_lib.datasets.prompts import load_prompts
from egma_lib.datasets.rsna import load_rsna
from egma_lib.datasets.siim import load_siim
from egma_lib.errors import DataError
from egma_lib.evaluation.evaluation_sets import CLASS_ORDERS
from egma_lib.gaze.study_readings import GAZE_COLLECTIONS
from egma_lib.settings import Settings
from egma_lib.study import Study

TRAINING_SETS = (GAZE_COLLECTIONS, ("mimic-cxr-jpg",), ("mimic-cxr",))
"""Data sets without which nothing can be trained; of those in one group, one is enough."""
LOG = logging.getLogger(__name__)


def require_datasets(study: Study, groups: Iterable[Sequence[str]] = TRAINING_SETS) -> None:
    """Refuse a study that lacks a data set which cannot be skipped.

    Parameters
    ----------
    study
        The study.
    groups
        Groups of data set keys; one of each group must be there.

    Raises
    ------
    DataError
        All folders of a group are missing or empty: names the sets, the folders and what to run.
    """
    for group in groups:
        if not any(holds_files(study.dataset(key)) for key in group):
            places = ", ".join(str(study.dataset(key)) for key in group)
            raise DataError(
                f"{places}: no data set here, and {', or '.join(group)} cannot be left out; run `egma data "
                f"check --data-root {study.data_root}` for what is missing and how to get it, or redirect it "
                f"with --set data.{group[0]}=PATH"
            )


def load_evaluation_tables(study: Study, settings: Settings) -> tuple[list[CaseTable], pd.DataFrame]:
    """Return the case tables of every evaluation set at hand, and the 8x200 text queries.

    A set of which there is nothing is left out, and its columns in tables say "not available"; RSNA and SIIM
    are also left out where the text queries are missing that their prompts are made of. A set that is there
    in part is an error, since its numbers would not be what they claim.

    Returns
    -------
    (list of CaseTable, pandas.DataFrame)
        Tables in the order 5x200, 8x200, marked copies of 5x200, RSNA, SIIM; queries (query_id, class_name,
        text), empty where there are none.

    Raises
    ------
    DataError
        None of 5x200, RSNA and SIIM is there, or a set is incomplete: names the file.
    """
    chexpert, rsna, siim = (study.dataset(key) for key in ("chexpert", "rsna", "siim"))
    begun = begun_test_sets(chexpert, rsna, siim)
    _report_absent(study, begun)
    tables: list[CaseTable] = []
    queries = pd.DataFrame(columns=["query_id", "class_name", "text"])
    if "chexpert_5x200" in begun:
        tables.append(load_chexpert_5x200(chexpert))
    if "text_queries" in begun:
        queries = load_text_queries(chexpert)
    if "chexpert_8x200" in begun:
        tables.append(load_chexpert_8x200(chexpert)[0])
    marked = load_chexpert_5x200_marked(chexpert) if "chexpert_5x200" in begun else None
    if marked is not None:
        tables.append(marked)
    readers = {"rsna": lambda: load_rsna(rsna), "siim": lambda: load_siim(siim)}
    for table in (read() for key, read in readers.items() if key in begun):
        if settings.evaluation.zero_shot_split == "test":
            table = table.select((table.cases["split"] == "test").to_numpy())
        if table.name == "siim" and settings.evaluation.siim_prevalence == "balanced":
            table = balanced_cases(table, settings.evaluation.seed)
        tables.append(table)
    return tables, queries


def _report_absent(study: Study, begun: set[str]) -> None:
    absent = [name for name in (*CLASSIFICATION_SETS, "chexpert_8x200") if name not in begun]
    if not begun & set(CLASSIFICATION_SETS):
        raise DataError(
            f"{study.data_root}: none of the test sets {', '.join(CLASSIFICATION_SETS)} is there, so nothing "
            f"could be evaluated; run `egma data check --data-root {study.data_root}`"
        )
    for name in absent:
        there = name in ("rsna", "siim") and holds_files(study.dataset(name))
        reason = f" (its prompts are those of {QUERIES}, which is not there)" if there else ""
        LOG.warning("%s is not available in this study%s; its columns will say so", name, reason)


def prompts_of(name: str, queries: pd.DataFrame) -> Mapping[str, tuple[str, ...]]:
    """Return the prompts of an evaluation set by class, in its class order.

    Parameters
    ----------
    name
        Key of `CLASS_ORDERS`.
    queries
        The 8x200 text queries; 5x200 needs none.

    Raises
    ------
    DataError
        Queries that the set needs are missing.
    """
    made: dict[str, Callable[[], Mapping[str, tuple[str, ...]]]] = {
        "chexpert_5x200": lambda: load_prompts("chexpert_5x200"),
        "chexpert_5x200_marked": lambda: load_prompts("chexpert_5x200"),
        "chexpert_8x200": lambda: queries_by_class(queries),
        "rsna": lambda: load_prompts("rsna", queries),
        "siim": lambda: load_prompts("siim", queries),
    }
    return made[name]()


def queries_by_class(queries: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Return the 8x200 text queries by class, in the class order; a class may have none."""
    return {
        name: tuple(queries.loc[queries["class_name"] == name, "text"])
        for name in CLASS_ORDERS["chexpert_8x200"]
    }
