"""Table `grounding`: do phrases point at what they speak of, and do maps agree with gaze."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from egma_lib.evaluation.gaze_agreement import DENSITY_FLOOR
from egma_lib.evaluation.grounding_metrics import IOU_THRESHOLDS
from egma_lib.evaluation.pointing import REGION_RASTER
from egma_lib.experiments.arms import Arm
from egma_lib.experiments.grounding import GAZE_METRICS, REGION_METRICS
from egma_lib.experiments.grounding_measurements import PERCENT, grounding_rows
from egma_lib.experiments.measurements import long_table
from egma_lib.experiments.phrase_pairs import GROUPS
from egma_lib.report.blocks import Block
from egma_lib.report.comparison_blocks import seeds_in_words
from egma_lib.report.table_files import REPORTED_COLUMNS, Table
from egma_lib.settings import EvaluationSettings

TITLE = "Grounding of phrases and agreement with gaze"
SOURCE_LABELS = {
    "truth": "true masks (truth folder of the data root)", "reflacx": "REFLACX ellipses",
    "eye_gaze": "EYE GAZE boxes of structures", "rsna": "RSNA boxes", "siim": "SIIM masks",
    "ms_cxr": "MS-CXR boxes", "gaze": "gaze of the reader",
}  # fmt: skip
GROUP_LABELS = {
    "side_free": "phrases without side or zone", "sided": "phrases that name a side or zone",
    "no_finding": "sentences that name no finding",
}  # fmt: skip
LABELS = {
    "pointing_hit": "pointing hit", "cnr": "CNR", "cnr_signed": "signed CNR", "miou": "mIoU",
    "miou_scaled": "mIoU, scaled map", "auprc": "AUPRC", "nss": "NSS", "cc": "CC", "kl": "KL",
    "auc_judd": "AUC-Judd", "shuffled_auc": "shuffled AUC", "information_gain": "IG",
}  # fmt: skip
_PER_FINDING = {True: ("nss", "information_gain"), False: ("pointing_hit", "auprc")}
"""Metrics shown per finding, by whether the truth is gaze; all of them stand in the csv."""

REGION_NOTE = (
    "A phrase's map is the cosine similarity of every patch to the sentence (mean over the prompts of a "
    f"class), brought to {REGION_RASTER} x {REGION_RASTER} cells by bilinear interpolation; pointing is "
    "scored on the patches. Pointing hit: centre of the best patch within half a patch of the region. CNR as "
    "BioViL (Boecking et al. 2022): |mu_in - mu_out| / sqrt(var_in + var_out); signed CNR keeps the sign, so "
    "that a map that avoids the region is below 0. mIoU: mean over the thresholds "
    f"{', '.join(map(str, IOU_THRESHOLDS))} of the IoU of region and cells at or above the threshold, of the "
    "similarities as they are and of the map scaled to 0-1; reference maps lie in 0-1. AUPRC: average "
    "precision over cells; its chance level is the row uniform. Pointing hit, mIoU and AUPRC in percent."
)
GAZE_NOTE = (
    "NSS, CC, KL (nats), AUC-Judd, shuffled AUC (negatives: fixations on other films) and IG (information "
    "gain, bits per fixation, over the row average gaze) as in the MIT saliency benchmark (Bylinskii et al. "
    "2018), with exact areas; for KL and IG a map is scaled to 0-1, raised by "
    f"{DENSITY_FLOOR} and divided by its sum. A constant map has NSS 0 and AUC 50 %, and no CC. AUC in "
    "percent; KL: lower is better."
)
REFERENCE_NOTE = (
    "uniform: the same everywhere. average gaze: mean heatmap of the training sentences. training positions: "
    "mean heatmap of the training sentences that name the same finding and, where one does, the same side; "
    "it looks at no film. another reader: gaze of the other readers of the film while they name the same "
    "finding, the human ceiling, on all films that several readers read, which are other films than those of "
    "the methods (n_cases in the csv: patients)."
)


def grounding_table(
    arms: Sequence[tuple[Arm, Sequence[Path]]],
    references: Mapping[str, Path],
    settings: EvaluationSettings,
    study: str,
) -> Table:
    """Make the table from stored scores.

    Parameters
    ----------
    arms
        Each method with its folders of scores, one per seed.
    references
        Folder of each reference, from `score_references`.
    settings
        Bootstrap size and seed.
    study
        Study name.
    """
    rows = long_table(grounding_rows(arms, references, settings), study)
    plain = rows[rows["comparison"] == ""]
    sources = [source for source in SOURCE_LABELS if source in set(plain["dataset"])]
    note = (
        f"Mean over cases and {seeds_in_words(arms)} ± standard deviation over seeds [95 % interval, "
        f"{settings.bootstrap} resamples of patients; none where all resamples agree]. Paired differences to "
        "continued training without gaze stand in the csv, with 95 % intervals over seeds and patients. "
    )
    parts = [(plain[plain["dataset"] == source], source, group) for source in sources for group in GROUPS]
    blocks = [block for part, _, group in parts for block in _overall(part[part["setting"] == group], note)]
    blocks += [block for part in parts for block in _per_finding(*part)]
    reported = pd.DataFrame(columns=list(REPORTED_COLUMNS))
    return Table("grounding", TITLE, rows, tuple(_with_definitions(blocks)), reported)


def _overall(rows: pd.DataFrame, note: str) -> list[Block]:
    if rows.empty:
        return []
    source, group = str(rows["dataset"].iloc[0]), str(rows["setting"].iloc[0])
    metrics = GAZE_METRICS if source == "gaze" else REGION_METRICS
    of_methods = rows.loc[rows["n_seeds"] > 0, "n_cases"]
    n_cases = f"n = {int(of_methods.max())} patients. " if len(of_methods) else "No held-out phrase. "
    cells = _cells(rows, [(group, metric, LABELS[metric]) for metric in metrics])
    return [Block(f"{SOURCE_LABELS[source]}: {GROUP_LABELS[group]}", cells, n_cases + note)]


def _per_finding(rows: pd.DataFrame, source: str, group: str) -> list[Block]:
    mine = rows[rows["setting"].str.startswith(f"{group}, ")]
    of_methods = mine[mine["n_seeds"] > 0].groupby("setting", sort=False)["n_cases"].max()
    if len(of_methods) < 2:
        return []
    columns = []
    for setting, n_cases in ((str(one), int(n)) for one, n in of_methods.items()):
        for metric in _PER_FINDING[source == "gaze"]:
            label = f"{setting.removeprefix(f'{group}, ')} (n = {n_cases}) {LABELS[metric]}"
            columns.append((setting, metric, label))
    title = f"By finding. {SOURCE_LABELS[source]}: {GROUP_LABELS[group]}"
    return [Block(title, _cells(mine, columns))]


def _cells(rows: pd.DataFrame, columns: Sequence[tuple[str, str, str]]) -> pd.DataFrame:
    """Return text cells, methods by (setting, metric, label); "-" where there is no value."""
    methods = list(dict.fromkeys(rows["method"]))
    text = {(row["method"], row["setting"], row["metric"]): _text(row) for _, row in rows.iterrows()}
    return pd.DataFrame(
        {
            label: [text.get((name, setting, metric), "-") for name in methods]
            for setting, metric, label in columns
        },
        index=pd.Index(methods, name="method"),
    )


def _text(row: pd.Series) -> str:
    digits = 1 if row["metric"] in PERCENT else 2
    text = f"{row['value']:.{digits}f}"
    if np.isfinite(row["sd"]):
        text += f" ± {row['sd']:.{digits}f}"
    if np.isfinite(row["ci_low"]):
        text += f" [{row['ci_low']:.{digits}f}, {row['ci_high']:.{digits}f}]"
    return text


def _with_definitions(blocks: Sequence[Block]) -> list[Block]:
    """Put what the metrics and references are below the first block of each kind."""
    explained: set[str] = set()
    found = []
    for block in blocks:
        kind = GAZE_NOTE if block.title.startswith(SOURCE_LABELS["gaze"]) else REGION_NOTE
        note = block.note
        if kind not in explained and note:
            note = f"{note}{kind} {REFERENCE_NOTE}"
            explained.add(kind)
        found.append(Block(block.title, block.cells, note))
    return found
