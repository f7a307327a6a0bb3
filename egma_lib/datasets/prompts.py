"""Zero-shot prompts: word lists under `data/reference/prompts`, and the user's own copy of the text queries.

Source: paper Tables 5 and 6; GLoRIA (Huang et al. 2021), MedCLIP (Wang et al. 2022), ConVIRT (Zhang et al.
2022).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Literal

import pandas as pd
import yaml

from egma_lib.datasets.chexpert import CLASSES_5X200
from egma_lib.datasets.contract import require_same_classes
from egma_lib.datasets.rsna import CLASSES_RSNA
from egma_lib.datasets.siim import CLASSES_SIIM
from egma_lib.errors import DataError

PROMPT_FOLDER = Path(__file__).resolve().parents[2] / "data" / "reference" / "prompts"
CLASS_NAMES = {"chexpert_5x200": CLASSES_5X200, "rsna": CLASSES_RSNA, "siim": CLASSES_SIIM}
QUERY_CLASSES = {
    "chexpert_5x200": {},
    "rsna": {"Normal": "No Finding"},
    "siim": {"Normal": "No Finding", "Pneumothorax": "Pneumothorax"},
}
"""Classes whose prompts are text queries of 8x200, and which ones."""

PLACE = re.compile(
    r"\b(left|right|bilateral|upp+er(?! limits)|mid|middle|lower|lobes?|bases?|basilar|bibasilar|basal|"
    r"apical|apex|apices|medial|lateral|zones?)\b",
    re.IGNORECASE,
)


def load_prompts(
    name: Literal["chexpert_5x200", "rsna", "siim"], queries: pd.DataFrame | None = None
) -> dict[str, tuple[str, ...]]:
    """Return all distinct prompts of every class, in the class order of the data set.

    Word lists give all combinations joined with single spaces in the order of the file's keys, spelling as
    published (so a prompt of RSNA may not hold the word "pneumonia"); the empty combination is no prompt.

    Parameters
    ----------
    name
        Test set.
    queries
        Text queries of 8x200 (class_name, text), from `chexpert.load_text_queries`; needed for `rsna`
        (Normal) and `siim`, whose sentences carry no licence and so are not kept here.

    Raises
    ------
    DataError
        Unknown test set, queries needed but not given or without the class needed, or a damaged word list.
    """
    if name not in CLASS_NAMES:
        raise DataError(f"no prompts for {name!r}; there are some for {', '.join(CLASS_NAMES)}")
    prompts = {
        class_name: _from_queries(name, class_name, wanted, queries)
        for class_name, wanted in QUERY_CLASSES[name].items()
    }
    path = PROMPT_FOLDER / f"{name}_terms.yaml"
    if len(prompts) < len(CLASS_NAMES[name]):
        prompts |= {class_name: _combine(path, terms) for class_name, terms in _read_terms(path).items()}
    require_same_classes(CLASS_NAMES[name], list(prompts), f"prompts of {name}")
    return prompts


def prompts_side_free(prompts: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return the prompts that name neither side nor zone, for pointing that the words cannot give away.

    A class all of whose prompts name a place gets an empty tuple.
    """
    return {name: tuple(one for one in texts if not PLACE.search(one)) for name, texts in prompts.items()}


def _from_queries(name: str, class_name: str, wanted: str, queries: pd.DataFrame | None) -> tuple[str, ...]:
    if queries is None:
        raise DataError(
            f"prompts of {name}, class {class_name}, are the {wanted!r} text queries of 8x200; pass the "
            "table that load_text_queries reads from chexpert/chexpert_8x200/text-retrieval/query.csv"
        )
    texts = queries.loc[queries["class_name"] == wanted, "text"].str.strip()
    if texts.empty:
        raise DataError(
            f"text queries hold no {wanted!r} row, which prompts of {name}, class {class_name}, need"
        )
    return tuple(dict.fromkeys(texts))


def _read_terms(path: Path) -> dict[str, dict[str, list[str]]]:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError(
            f"{path}: word list not found; restore it with `git checkout -- data/reference`"
        ) from error
    except yaml.YAMLError as error:
        raise DataError(
            f"{path}: not valid YAML ({error}); restore it with `git checkout -- data/reference`"
        ) from error


def _combine(path: Path, terms: Mapping[str, list[str]]) -> tuple[str, ...]:
    for key, words in terms.items():
        if not words or not all(isinstance(word, str) for word in words):
            raise DataError(f"{path}: {key} must be a list of texts; quote words such as 'no' or 'on'")
    joined = (" ".join(" ".join(parts).split()) for parts in product(*terms.values()))
    return tuple(dict.fromkeys(one for one in joined if one))
