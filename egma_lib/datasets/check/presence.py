"""Which test sets a study has begun to hold: absent ones are skipped, begun ones must be complete."""

from __future__ import annotations

from pathlib import Path

from egma_lib.datasets.tables import has_path

QUERIES = "chexpert_8x200/text-retrieval/query.csv"
CANDIDATES = (
    "chexpert_8x200/text-retrieval/candidate.csv", "chexpert_8x200/image-retrieval/candidate.csv",
)  # fmt: skip
CLASSIFICATION_SETS = ("chexpert_5x200", "rsna", "siim")


def begun_test_sets(chexpert: Path | None, rsna: Path | None, siim: Path | None) -> set[str]:
    """Return the test sets of which there is anything, as far as their prompts can be made.

    Parameters
    ----------
    chexpert, rsna, siim
        Folders of the data sets, whether or not they exist; None for none.

    Returns
    -------
    set of str
        Of `chexpert_5x200`, `chexpert_8x200`, `rsna`, `siim`, and `text_queries` for the sentences of 8x200.
        RSNA and SIIM count as absent without the sentences.
    """
    begun = set()
    if _has(chexpert, "chexpert_5x200.csv"):
        begun.add("chexpert_5x200")
    if any(_has(chexpert, name) for name in CANDIDATES):
        begun.add("chexpert_8x200")
    if not _has(chexpert, QUERIES):
        return begun
    return begun | {"text_queries"} | {key for key, at in (("rsna", rsna), ("siim", siim)) if holds_files(at)}


def holds_files(folder: Path | None) -> bool:
    """Whether a folder exists and has anything in it."""
    return folder is not None and folder.is_dir() and any(folder.iterdir())


def _has(folder: Path | None, name: str) -> bool:
    return folder is not None and has_path(folder, name)
