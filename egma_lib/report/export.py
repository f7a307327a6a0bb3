"""`egma export --shareable`: aggregates, settings and hashes of a results folder, and nothing else.

No file is copied. Tables are read column by column from an allow-list and written anew, the figures that hold
no film and no case are drawn anew from what was shared of their csv, and the manifest is rebuilt from
validated settings. What was written is then searched for every identifier that the results folder knows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from egma_lib.artefacts import atomic_path, read_json, write_json, write_text
from egma_lib.errors import ArtefactError, DataError
from egma_lib.experiments.claims import CLAIMS_FILE
from egma_lib.figures.gaze_quantity import plot_gaze_quantity
from egma_lib.figures.prompt_spread import plot_prompt_spread
from egma_lib.figures.style import save_figure
from egma_lib.figures.training_curves import plot_training_curves
from egma_lib.report.blocks import Block, latex, markdown
from egma_lib.report.export_check import fewest_held_out, known_identifiers, require_no_identifiers
from egma_lib.report.export_manifest import shareable_manifest
from egma_lib.report.export_tables import (
    CLAIMS,
    LONG,
    MINIMUM_CASES,
    SUPPRESSED,
    TABLES,
    SharedColumns,
    read_shared,
    require_label,
)

_README = f"""\
Aggregates of a run of the EGMA suite: tables, figures of aggregates, settings and hashes. Tables of finished
models (`egma evaluate`) are in external/<name>/tables.

Left out: films, report words, gaze, identifiers, rows of single cases, paths, notebooks and trained models.
Numbers that 1 to {MINIMUM_CASES - 1} cases, or an unknown number of cases, stand behind read {SUPPRESSED}.
The data sets' own agreements decide whether this may be published.
"""
_CURVES = SharedColumns(
    texts=("run_id", "arm", "label"),
    numbers=("step", "seed", "learning_rate", "images_per_s", "logit_scale"),
    governed=("total", "validation_loss"),
)
_SPREAD = SharedColumns(
    texts=("dataset", "method", "score"),
    numbers=("seed_index", "draw"),
    indices=("prompt_indices",),
    governed=("accuracy", "auroc"),
)
_DRAW: Mapping[str, Callable[[pd.DataFrame, str], Figure]] = {
    "gaze_quantity": plot_gaze_quantity,
    "prompt_spread": plot_prompt_spread,
    "training_curves": plot_training_curves,
}


def export_shareable(results: Path, out: Path) -> list[Path]:
    """Write what may be shared of a results folder.

    Parameters
    ----------
    results
        Results folder of a study.
    out
        Folder to make; it appears only once everything is written and checked.

    Returns
    -------
    list of Path
        The files written, relative to `out`.

    Raises
    ------
    ArtefactError
        No results there, no table among them, or a manifest of another version.
    DataError
        `out` exists or lies in the results, or something to be shared looks like an identifier.
    """
    results, out = results.resolve(), out.expanduser().resolve()
    if not (results / "manifest.json").is_file():
        raise ArtefactError(f"{results}: no manifest.json here; give the results folder of a study")
    if out.exists() or out.is_relative_to(results):
        raise DataError(f"{out}: exists or lies in the results; name a new folder elsewhere")
    manifest = shareable_manifest(read_json(results / "manifest.json"), results / "manifest.json")
    with atomic_path(out) as temporary:
        temporary.mkdir()
        write_text(temporary / "README.txt", _README)
        write_json(temporary / "manifest.json", manifest)
        tables = _write_tables(results / "tables", temporary / "tables")
        _write_external(results / "external", temporary / "external")
        _write_claims(results / CLAIMS_FILE, temporary / CLAIMS_FILE)
        study = next(iter(tables.values()))["study"].iloc[0]
        _write_figures(temporary / "figures", _figure_rows(results, tables, manifest), f"study: {study}")
        require_no_identifiers(temporary, known_identifiers(results))
        return sorted(path.relative_to(temporary) for path in temporary.rglob("*") if path.is_file())


def _write_tables(source: Path, target: Path) -> dict[str, pd.DataFrame]:
    shared = {
        name: read_shared(source / f"{name}.csv", columns)
        for name, columns in TABLES.items()
        if (source / f"{name}.csv").is_file()
    }
    if not shared:
        raise ArtefactError(
            f"{source}: none of the tables that may be shared is here; run notebook 03, or for a finished "
            "model `egma evaluate`, first"
        )
    for name, rows in shared.items():
        # A row name and all other cells: the blocks of the suite's own tables want the first column apart.
        block = Block(name, rows.set_index(rows.columns[0]), f"{SUPPRESSED}: not shown, too few cases.")
        write_text(target / f"{name}.csv", rows.to_csv(index=False))
        write_text(target / f"{name}.md", markdown(block))
        write_text(target / f"{name}.tex", latex(block))
    return shared


def _write_external(source: Path, target: Path) -> None:
    """Write the tables of finished models; their figures show films and cases."""
    for model in sorted(path for path in source.glob("*") if path.is_dir()):
        require_label(model.name.replace("_", " "), f"external/{model.name}")
        _write_tables(model / "tables", target / model.name / "tables")


def _write_claims(source: Path, target: Path) -> None:
    if source.is_file():
        write_text(target, read_shared(source, CLAIMS).to_csv(index=False))


def _figure_rows(
    results: Path, tables: Mapping[str, pd.DataFrame], manifest: Mapping[str, Any]
) -> dict[str, pd.DataFrame]:
    """Return what may be shared of the rows behind each figure of aggregates."""
    rows = {}
    for name in _DRAW:
        path = results / "figures" / f"{name}.csv"
        if not path.is_file():
            continue
        if name == "gaze_quantity":
            rows[name] = read_shared(path, LONG)
        elif name == "prompt_spread":
            rows[name] = read_shared(path, _SPREAD, _cases_by_dataset(path, tables))
        else:
            rows[name] = _shared_curves(path, results, manifest)
    return rows


def _cases_by_dataset(path: Path, tables: Mapping[str, pd.DataFrame]) -> pd.Series:
    """Return the cases behind each row of the prompt spread: those of Table 2's accuracy on that set."""
    names = pd.read_csv(path, dtype=str, keep_default_na=False)["dataset"]
    table = tables.get("table_2_zero_shot", pd.DataFrame(columns=["dataset", "metric", "n_cases"]))
    table = table[table["metric"] == "accuracy"]
    counts = pd.to_numeric(table["n_cases"], errors="coerce").fillna(0).groupby(table["dataset"]).min()
    return names.map(counts)


def _shared_curves(path: Path, results: Path, manifest: Mapping[str, Any]) -> pd.DataFrame:
    """Return the curves: a loss is a mean over a batch, a validation loss one over the held-out samples."""
    training = manifest["settings"]["training"]
    batch = min(training[stage]["batch_size"] for stage in ("base", "continued"))
    n_rows = len(pd.read_csv(path, usecols=["step"]))
    shared = read_shared(path, _CURVES, pd.Series(np.full(n_rows, batch)))
    if fewest_held_out(results) < MINIMUM_CASES:
        shared["validation_loss"] = shared["validation_loss"].where(
            shared["validation_loss"] == "", SUPPRESSED
        )
    return shared


def _write_figures(target: Path, rows: Mapping[str, pd.DataFrame], note: str) -> None:
    """Draw each figure anew; one with a suppressed cell is shared as csv only."""
    for name, shared in rows.items():
        write_text(target / f"{name}.csv", shared.to_csv(index=False))
        if not (shared.to_numpy() == SUPPRESSED).any():
            save_figure(_DRAW[name](_with_numbers(shared), note), target, name, shared)
            # Compressed streams cannot be searched by those who check an export.
            (target / f"{name}.pdf").unlink()


def _with_numbers(shared: pd.DataFrame) -> pd.DataFrame:
    texts = {*LONG.texts, *_SPREAD.texts, *_SPREAD.indices, *_CURVES.texts}
    return shared.assign(
        **{
            column: pd.to_numeric(shared[column].replace("", np.nan))
            for column in shared.columns
            if column not in texts
        }
    )
