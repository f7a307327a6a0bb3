"""Which notebooks and tables can be made from what a data root holds."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from egma_lib.datasets.check.presence import CLASSIFICATION_SETS
from egma_lib.datasets.check.results import Outcome

NEEDS = {
    "readings": "MIMIC-EYE, or REFLACX or EGD-CXR (which needs the image sizes of MIMIC-CXR-JPG)",
    "gaze": "MIMIC-EYE, or REFLACX or EGD-CXR with their films in MIMIC-CXR-JPG",
    "gaze_labels": "the CheXpert labels of MIMIC-EYE or of MIMIC-CXR-JPG",
    "report_films": "the frontal films of MIMIC-CXR-JPG",
    "reports": "the reports of MIMIC-CXR",
    "chexpert_5x200": "CheXpert 5x200",
    "chexpert_8x200": "CheXpert 8x200",
    "chexpert_probe": "CheXpert's train.csv and valid.csv with their films",
    "rsna": "RSNA",
    "siim": "SIIM",
    "text_queries": "the text queries of CheXpert 8x200",
}
"""What a data root can provide, and its name in sentences."""

TRAINING = ("gaze", "report_films", "reports")
PROBE_SETS = ("chexpert_probe", "rsna", "siim")
TEST_SETS = (*CLASSIFICATION_SETS, "chexpert_8x200")


@dataclass(frozen=True)
class _Product:
    name: str
    needs: tuple[str, ...]
    one_of: tuple[str, ...] = ()
    evaluates: bool = True


PRODUCTS = (
    _Product("00 start here", ("gaze",), evaluates=False),
    _Product("01 gaze preprocessing", ("readings",), evaluates=False),
    _Product("02 pretraining", TRAINING, CLASSIFICATION_SETS),
    _Product("03 Table 2: zero-shot classification", TRAINING, CLASSIFICATION_SETS),
    _Product("03 Table 3: image-text retrieval", (*TRAINING, "chexpert_8x200"), CLASSIFICATION_SETS),
    _Product("03 grounding of phrases, agreement with gaze", TRAINING, CLASSIFICATION_SETS),
    _Product("04 Table 1: linear probe", TRAINING, PROBE_SETS),
    _Product("05 Table 4: modules and gaze quantity", TRAINING, CLASSIFICATION_SETS),
    _Product("05 controls, switches, Table 7: backbones", TRAINING, CLASSIFICATION_SETS),
    _Product("06 figures", (*TRAINING, "gaze_labels"), CLASSIFICATION_SETS),
)
"""What the notebooks make, and from what; one test set for classification is the least to evaluate."""


def outcomes(provided: Set[str], begun: Set[str]) -> tuple[Outcome, ...]:
    """Return what will run.

    Parameters
    ----------
    provided
        Names of `NEEDS` that are complete in the data root; `mimic-eye`, `reflacx`, `egd-cxr` for collections
        of readings that are, and `reflacx films`, `egd-cxr films` where MIMIC-CXR-JPG has their films.
    begun
        Test sets of which there is anything (`begun_test_sets`), and collections of readings. A test set that
        is begun and not complete stops the evaluation: it would give other numbers than it claims.

    Returns
    -------
    tuple of Outcome
        In the order of the notebooks.
    """
    everything = set(provided) | _gaze(provided, begun)
    return tuple(_outcome(product, everything, begun) for product in PRODUCTS)


def _gaze(provided: Set[str], begun: Set[str]) -> set[str]:
    """Name what the collections of readings give together; one that is there in part gives nothing."""
    if "mimic-eye" in provided:
        return {"readings", "gaze", "gaze_labels"}
    alone = begun & {"reflacx", "egd-cxr"}
    if "mimic-eye" in begun or not alone or not alone <= provided:
        return set()
    films = {key for key in alone if f"{key} films" in provided}
    given = {"readings"} if "reflacx" in alone or films else set()
    return given | ({"gaze"} if films == alone else set())


def _outcome(product: _Product, provided: set[str], begun: Set[str]) -> Outcome:
    usable = provided - (set(TEST_SETS) - begun)
    lacking = [NEEDS[name] for name in product.needs if name not in usable]
    absent = [_absence(name, provided) for name in product.one_of if name not in usable]
    if product.evaluates:
        broken = [NEEDS[name] for name in TEST_SETS if name in begun and name not in provided]
        lacking += [f"the rest of {name} (or none of it)" for name in broken if name not in lacking]
    if product.one_of and len(absent) == len(product.one_of):
        lacking.append(f"one of {', '.join(absent)}")
    runs = not lacking
    return Outcome(product.name, runs, tuple(lacking), tuple(absent) if runs else ())


def _absence(name: str, provided: Set[str]) -> str:
    """Name a test set that is not there, or that is and whose prompts cannot be made."""
    return f"{NEEDS[name]} (without {NEEDS['text_queries']})" if name in provided else NEEDS[name]
