"""`docs/reproduce.md`: what to run, how long it takes and what must come out, for its reviewers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from egma_lib.artefacts import read_json
from egma_lib.report.blocks import Block, markdown

NOT_COMMITTED = "not committed yet"
SAME_MACHINE = "bit-equal on the same kind of machine, else statistical"
ARITHMETIC = "bit-equal: no training, no random numbers"
MEMORY = "1.7 GB"
"""Largest process of a whole phantom run, measured on two cores."""
_EGMA = {"method": "EGMA"}
_EFFECT = _EGMA | {"comparison": "minus Continued, no gaze"}


@dataclass(frozen=True)
class Item:
    """A table or figure.

    Attributes
    ----------
    title, name
        In words, and the file's name without its ending.
    stage
        Notebook that makes it.
    check
        Columns and values that pick one row of a table: the first that agrees with all.
    equality
        Whether another run gives the same bytes.
    """

    title: str
    name: str
    stage: str
    check: Mapping[str, str] = field(default_factory=dict)
    equality: str = SAME_MACHINE


TABLES = (
    Item("Table 1", "table_1_linear_probe", "04_linear_probe",
         _EGMA | {"dataset": "chexpert", "setting": "10 %, converged head", "metric": "auroc"}),
    Item("Table 2", "table_2_zero_shot", "03_zero_shot_evaluation",
         _EGMA | {"dataset": "chexpert_5x200", "setting": "fine_grained", "metric": "accuracy"}),
    Item("Table 3", "table_3_retrieval", "03_zero_shot_evaluation",
         _EGMA | {"setting": "image to text, fine_grained", "metric": "precision_at_1"}),
    Item("Table 4", "table_4_ablation", "05_gaze_quantity_ablation",
         _EFFECT | {"dataset": "chexpert_5x200", "setting": "fine_grained", "metric": "accuracy"}),
    Item("Table 7", "table_7_backbones", "05_gaze_quantity_ablation",
         {"dataset": "chexpert_5x200", "setting": "fine_grained", "metric": "accuracy", "kind": "measured"}),
    Item("Controls", "controls", "05_gaze_quantity_ablation",
         _EFFECT | {"dataset": "rsna", "metric": "pointing_hit"}),
    Item("Gaze quantity by confounder", "crossing", "05_gaze_quantity_ablation",
         {"method": "effect of EGMA", "dataset": "rsna", "metric": "pointing_hit"}),
    Item("Grounding", "grounding", "03_zero_shot_evaluation",
         _EGMA | {"dataset": "gaze", "setting": "side_free", "metric": "shuffled_auc"}),
    Item("Switches of the released code", "deviations_effect", "05_gaze_quantity_ablation",
         {"comparison": "minus EGMA", "dataset": "chexpert_5x200", "setting": "fine_grained",
          "metric": "accuracy"}),
    Item("Audit of reported numbers", "reported_audit", "06_figures_and_tables", equality=ARITHMETIC),
)  # fmt: skip
FIGURES = (
    Item("Figure 3", "figure_3_attention", "06_figures_and_tables"),
    Item("Figure 4", "figure_4_tsne", "06_figures_and_tables"),
    Item("Figure 5", "figure_5_sentence_heatmaps", "06_figures_and_tables"),
    Item("Figure 6", "figure_6_denoising", "06_figures_and_tables"),
    Item("Figure 7", "figure_7_readers", "06_figures_and_tables"),
    Item("Figure 8", "figure_8_normal_abnormal", "06_figures_and_tables"),
    Item("Figure 9", "figure_9_tsne_methods", "06_figures_and_tables"),
    Item("Gaze quantity", "gaze_quantity", "05_gaze_quantity_ablation"),
    Item("Effect of gaze against its accuracy", "gaze_accuracy", "05_gaze_quantity_ablation"),
    Item("Eye-voice lag", "eye_voice_lag", "05_gaze_quantity_ablation"),
)

_HEAD = """\
# Reproducing the results

Written by `python scripts/reproduce_guide.py` from `results/phantom/`; a test fails when the two differ. "Not
committed yet" stands where the repository holds no such result so far.

## What the badges ask for

ACM Artifact Review and Badging, version 1.1.

| Badge | What it asks for | Where it is |
|---|---|---|
| Artifacts Available | a public, archived copy with an identifier | this repository, \
[MIT licence](../LICENSE), [CITATION.cff](../CITATION.cff); an archived copy with a DOI is not there yet |
| Artifacts Evaluated, Functional | documented, consistent, complete, can be exercised | \
[README](../README.md); `./run_all.sh --profile smoke` makes every table and figure, \
`./run_tests.sh` tests them |
| Artifacts Evaluated, Reusable | can be built on | [extending](extending.md), [design](design.md), \
[real data](data.md), [development](development.md); tests mirror the library |
| Results Reproduced | others get the results with this artefact | \
the phantom study: `./run_all.sh`, and the expected values below |
| Results Replicated | others get the results without it | the paper's own numbers need its data sets \
([data.md](data.md)); not tried here. What differs from the paper: [deviations](deviations.md) |

No result on the phantom is evidence for or against the paper's numbers on real data: it shows a mechanism.

## Requirements

Linux or macOS, Python 3.11.5 to 3.13, bash, about 16 GB of disk for the whole study (smoke profile: 8 GB).
No GPU, no credentials, no data set. The first call installs the locked packages into `.venv`.

## Equality and tolerance

- bit-equal: the `.csv` is the same byte for byte. Pictures are not compared.
- on the same kind of machine: same locked packages, same kind of processor, no GPU. Elsewhere rounding
  differs and training amplifies it: then the new value is expected within the interval printed here (95 %; it
  covers test patients, and seeds too where the value is a difference). A few may fall outside.
- A different `--jobs` changes no result.
"""


def reproduce_guide(results: Path, claims: Sequence[tuple[str, str]]) -> str:
    """Return the guide as Markdown.

    Parameters
    ----------
    results
        Results folder of the phantom study; what it lacks is said to be not committed yet.
    claims
        (claim, source) of every claim, shown where `claims.csv` is absent.

    Raises
    ------
    ArtefactError
        The folder has no manifest, or it is not JSON.
    """
    manifest = read_json(results / "manifest.json")
    minutes = {stage["name"]: stage["seconds"] / 60 for stage in manifest["stages"]}
    hardware = manifest["hardware"]
    machine = f"{hardware['processor']}, {hardware['cores']} cores, {len(hardware['gpus'])} GPUs"
    stages = pd.DataFrame(
        {
            "command": [f"`./run_all.sh --only {name[:2]} --force`" for name in minutes],
            "minutes": [f"{value:.1f}" for value in minutes.values()],
            "memory": MEMORY,
        },
        index=pd.Index(list(minutes), name="stage"),
    )
    note = (
        f"Measured on {machine}; the times of the committed run, which used training runs again where they "
        "were there. `./run_all.sh` runs all stages. Memory: the largest process of a whole "
        f"run on 2 cores. Seeds {manifest['seeds']}, data "
        f"{manifest['data_hash']}, commit {manifest['commit'][:12]}."
    )
    parts = [
        Block("Stages", stages, note),
        Block("Tables", _items(TABLES, results / "tables", minutes), "Files: `results/phantom/tables/`."),
        Block("Figures", _items(FIGURES, results / "figures", minutes), "Files: `results/phantom/figures/`."),
        Block("Claims", _claims(results / "claims.csv", claims), _CLAIM_NOTE),
    ]
    return _HEAD + "\n" + "\n".join(markdown(part).replace("### ", "## ", 1) for part in parts)


def _items(items: Sequence[Item], folder: Path, minutes: Mapping[str, float]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "file": f"`{item.name}`",
                "command": f"`./run_all.sh --only {item.stage[:2]} --force`",
                "minutes": f"{minutes[item.stage]:.1f}" if item.stage in minutes else "not measured yet",
                "memory": MEMORY,
                "expected": _expected(item, folder / f"{item.name}.csv"),
                "tolerance": item.equality,
            }
            for item in items
        ],
        index=pd.Index([item.title for item in items], name="what"),
    )


def _expected(item: Item, path: Path) -> str:
    """Return one value of a committed file with its interval, or how many rows the file has."""
    if not path.exists():
        return NOT_COMMITTED
    rows = pd.read_csv(path, keep_default_na=False, dtype=str)
    if not item.check:
        return f"{len(rows)} rows"
    for column, value in item.check.items():
        rows = rows[rows[column] == value]
    if rows.empty:
        return "no such row in the committed table"
    row = rows.iloc[0]
    words = [row["method"], row["comparison"], row["dataset"], row["setting"], row["metric"]]
    return f"{', '.join(word for word in words if word)}: {_size(row)} (n = {row['n_cases']})"


def _size(row: pd.Series) -> str:
    value = f"{float(row['value']):.2f}"
    return f"{value} [{float(row['ci_low']):.2f}, {float(row['ci_high']):.2f}]" if row["ci_low"] else value


def _claims(path: Path, claims: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """Return a line per claim, data set, setting and metric; per claim where there is no `claims.csv`."""
    command = "`./run_all.sh --only 06 --force`"
    if not path.exists():
        named = [(claim, source, command, NOT_COMMITTED, NOT_COMMITTED) for claim, source in claims]
    else:
        rows = pd.read_csv(path, keep_default_na=False, dtype=str)
        named = [
            (
                row["claim"],
                ", ".join(
                    part for part in (row["source"], row["dataset"], row["setting"], row["metric"]) if part
                ),
                command,
                f"{_size(row)} (n = {row['n_cases']}, {row['n_seeds']} seeds)"
                if row["value"]
                else row["reason"],
                row["verdict"],
            )
            for _, row in rows.iterrows()
        ]
    columns = ["claim", "where", "command", "expected effect", "verdict"]
    return pd.DataFrame(named, columns=columns).set_index("claim")


_CLAIM_NOTE = (
    "All stages before 06 must have run. Effect in points, positive where it is as claimed [95 % interval "
    "over seeds and patients together]. Minutes and memory: those of stage 06. Tolerance: the verdict is the "
    "same on the same kind of machine; elsewhere the effect is expected within the interval, and a verdict "
    "whose interval ends near zero can change. In the phantom study a verdict is about sign and order alone."
)
