"""Tables of a finished model beside rows that know nothing and beside the study's trained arms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from egma_lib.artefacts import read_json
from egma_lib.experiments.arm_measurements import POINTING_SETS, ArmFolders, measure_arms
from egma_lib.experiments.arms import Arm
from egma_lib.experiments.corpora import Corpora
from egma_lib.experiments.external_probe import probe_external
from egma_lib.experiments.external_runs import External
from egma_lib.experiments.grounding import DONE_FILE, score_model, score_references
from egma_lib.experiments.grounding_inputs import GroundingInputs
from egma_lib.experiments.position_prior import prior_rows
from egma_lib.report.blocks import NOT_AVAILABLE, Block
from egma_lib.report.grounding_table import grounding_table
from egma_lib.report.linear_probe_table import measure_probes, table_1
from egma_lib.report.retrieval_table import table_3
from egma_lib.report.table_files import REPORTED, Table
from egma_lib.report.zero_shot_tables import table_2
from egma_lib.settings import Settings
from egma_lib.study import Study

WITHOUT_PATCHES = (
    "{label} has no patch features: scores and maps made of them are not available, which is not 0."
)


def external_tables(
    external: External, arms: ArmFolders, study: Study, settings: Settings, corpora: Corpora
) -> list[Table]:
    """Return Tables 2 and 3 of a scored model.

    Parameters
    ----------
    external
        The model; `evaluate_external` has scored it.
    arms
        Trained arms that stand beside it; may be none.
    study, settings, corpora
        What it was scored on.
    """
    rows: ArmFolders = [*arms, (external.arm, (external.predictions(study),))]
    measured = measure_arms(rows, settings.evaluation)
    prior = prior_rows(corpora, POINTING_SETS, settings.evaluation) if corpora.has_training_data else []
    tables = [
        table_2(rows, measured, settings.evaluation, study.name, REPORTED, prior),
        table_3(rows, settings.evaluation, study.name, REPORTED),
    ]
    return [_with_absent_cells(table, external) for table in tables]


def external_probe_table(
    external: External, arms: Sequence[Arm], study: Study, settings: Settings, corpora: Corpora
) -> Table:
    """Probe a model and return Table 1."""
    jobs = probe_external(external, study, settings, corpora, arms)
    compared = [arm for arm in (*arms, external.arm) if arm.label in jobs]
    measured = measure_probes(jobs, settings)
    return table_1(compared, jobs, measured, settings, study.name, REPORTED)


def external_grounding_table(
    external: External, arms: ArmFolders, study: Study, settings: Settings, inputs: GroundingInputs
) -> Table:
    """Score a model's maps and return the table `grounding`, with the arms that notebook 03 has scored."""
    folder = external.predictions(study)
    if not _is_scored([folder], inputs):
        score_model(external.model, settings, inputs, folder)  # type: ignore[arg-type]
    references = score_references(inputs, study.folder("predictions"))
    scored = [(arm, folders) for arm, folders in arms if _is_scored(folders, inputs)]
    rows: ArmFolders = [*scored, (external.arm, (folder,))]
    return _with_absent_cells(grounding_table(rows, references, settings.evaluation, study.name), external)


def _is_scored(folders: Sequence[Path], inputs: GroundingInputs) -> bool:
    done = [folder / DONE_FILE for folder in folders]
    return all(path.exists() and read_json(path)["inputs"] == inputs.key for path in done)


def _with_absent_cells(table: Table, external: External) -> Table:
    """Say in every cell that needs patches that it is not available, where the model has none."""
    if external.has_patches:
        return table
    blocks = [_absent(block, external.label) for block in table.blocks]
    first = blocks[0]
    note = f"{first.note} {WITHOUT_PATCHES.format(label=external.label)}".strip()
    return replace(table, blocks=(replace(first, note=note), *blocks[1:]))


def _absent(block: Block, label: str) -> Block:
    cells = block.cells.copy()
    if label in cells.index:
        cells.loc[label] = cells.loc[label].replace("-", NOT_AVAILABLE)
    else:
        row = pd.DataFrame(NOT_AVAILABLE, index=[label], columns=cells.columns)
        cells = pd.concat([row, cells])
        cells.index.name = block.cells.index.name
    # Without a method that has maps the count of phrases is not known; there may be many.
    return replace(block, cells=cells, note=block.note.removeprefix("No held-out phrase. "))
