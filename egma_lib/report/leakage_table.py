"""The leakage audit and the provenance of start checkpoints as a table on disk."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from egma_lib.artefacts import read_json, write_text
from egma_lib.datasets.leakage import LeakageAudit
from egma_lib.datasets.provenance import UNKNOWN, read_provenance, starts_from
from egma_lib.errors import ArtefactError
from egma_lib.report.blocks import DATASET_LABELS, Block, latex, markdown
from egma_lib.settings import ModelSettings
from egma_lib.study import Study

LEAKAGE_TABLE = "leakage_audit"
PROBE_LEAKAGE_TABLE = "leakage_audit_linear_probe"
CHECKPOINT_OF = {
    "medclip-vit": "MedCLIP-ViT",
    "medclip-resnet50": "MedCLIP-ResNet50",
    "gloria": "GLoRIA",
    "mgca-vit": "MGCA",
    "mgca-resnet50": "MGCA",
    "clip": "CLIP ViT-B/16",
    "open_clip": "open_clip ViT-B/16",
}
"""Source of a converted checkpoint to its name in the provenance file."""
_TITLE = "Leakage audit: what training and evaluation share"
_HEADERS = {
    "n_patients": "patients in both",
    "n_exact": "identical films",
    "n_near": "near copies",
    "verdict": "verdict",
    "examples": "examples",
}
_NOTE = (
    "Films are counted in the second set; identical by SHA-256 of the decoded square, near copies "
    "(recompressed, resized, mirrored, negative) by perceptual hash and correlation. Patients are compared "
    "where two sets number them alike. Patients or identical films between training and evaluation stop a "
    "run unless allowed by name; near copies are reported, since two exposures of one patient can look as "
    "alike as a copy does."
)


def write_leakage_table(
    audit: LeakageAudit, study: Study, model: ModelSettings, name: str = LEAKAGE_TABLE
) -> list[Path]:
    """Write an audit under `tables/` as csv (one row per pair of sets), Markdown and LaTeX.

    Parameters
    ----------
    audit
        As `audit_corpora` or `audit_probe_sets` returns it.
    study
        Names study and results folder.
    model
        Says which weights training starts from.
    name
        `LEAKAGE_TABLE`, or `PROBE_LEAKAGE_TABLE` for the audit of the linear probe.

    Returns
    -------
    list of Path
        csv, md, tex. The csv holds example ids; `egma export` leaves them out.
    """
    folder = study.folder("tables")
    title = f"{_TITLE} ({study.title_note})" if study.title_note else _TITLE
    blocks = leakage_blocks(audit, model)
    rows = audit.table()
    rows.insert(0, "study", study.name)
    return [
        write_text(folder / f"{name}.csv", rows.to_csv(index=False)),
        write_text(folder / f"{name}.md", f"# {title}\n\n" + "\n".join(map(markdown, blocks))),
        write_text(folder / f"{name}.tex", "\n".join(latex(block, title) for block in blocks)),
    ]


def leakage_blocks(audit: LeakageAudit, model: ModelSettings) -> list[Block]:
    """Return training against evaluation, all other pairs that share something, the sets, the checkpoints."""
    rows = audit.table()
    role = dict(zip(audit.sets["set"], audit.sets["role"], strict=True))
    is_decisive = (rows["second"].map(role) == "evaluation") & (rows["first"].map(role) != "evaluation")
    others = rows[~is_decisive & (rows["verdict"] != "none")]
    rest = int((~is_decisive).sum()) - len(others)
    decisive = Block("Training and validation against evaluation", _cells(rows[is_decisive]), _NOTE)
    return [
        decisive,
        Block("Other pairs that share something", _cells(others), f"{rest} more pairs share nothing."),
        _sets_block(audit.sets),
        provenance_block(model),
    ]


def provenance_block(model: ModelSettings) -> Block:
    """Return what each start checkpoint was trained on, and which one this study starts from."""
    provenance = read_provenance()
    cells = provenance.drop(columns="hub_name").set_index("checkpoint")
    cells.columns = [name.replace("_", " ") for name in cells.columns]
    note = f"This study starts from: {start_in_words(model, provenance)}."
    return Block("What start checkpoints were trained on", cells, note)


def start_in_words(model: ModelSettings, provenance: pd.DataFrame) -> str:
    """Say what training starts from: weights per encoder, or a converted checkpoint.

    Parameters
    ----------
    model
        Of a converted checkpoint (`model.start_weights`) the report that `egma weights convert` writes
        beside it says the source; of its path only the file's name is said.
    provenance
        As `read_provenance` gives it.

    Raises
    ------
    ArtefactError
        The file beside the checkpoint is no such report.
    """
    text = f"text encoder {starts_from(model.text_weights, provenance)}"
    if model.start_weights is None:
        return f"image encoder {starts_from(model.image_weights, provenance)}; {text}"
    path = Path(model.start_weights)
    beside = path.with_suffix(".json")
    if not beside.is_file():
        return (
            f"{path.name} (trained on: {UNKNOWN}; {beside.name}, which names its source, is missing); {text}"
        )
    report = read_json(beside)
    if not isinstance(report, dict) or not {"source", "file", "stays_random"} <= report.keys():
        raise ArtefactError(
            f"{beside}: no report of `egma weights convert`; convert the checkpoint again, or move the file"
        )
    checkpoint = CHECKPOINT_OF.get(report["source"], report["source"])
    seen = dict.fromkeys(provenance.loc[provenance["checkpoint"] == checkpoint, "test_sets_seen"])
    converted = (
        f"{path.name}, converted from {report['file']}, {checkpoint} (test sets seen: "
        f"{'; '.join(seen) or UNKNOWN})"
    )
    if "text_encoder." in report["stays_random"]:
        return f"image encoder {converted}; {text}"
    return f"image and text encoder {converted}"


def _cells(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs as text cells; patients that cannot be compared say so."""
    patients = [str(n) if pd.notna(n) else "not comparable" for n in rows["n_patients"]]
    cells = rows.assign(n_patients=patients)[list(_HEADERS)].rename(columns=_HEADERS)
    names = [
        f"{_label(first)} / {_label(second)}"
        for first, second in zip(rows["first"], rows["second"], strict=True)
    ]
    return cells.set_index(pd.Index(names, name="pair of sets"))


def _sets_block(sets: pd.DataFrame) -> Block:
    cells = (
        sets.assign(set=sets["set"].map(_label))
        .set_index("set")
        .rename(columns={"n_patients": "patients", "n_images": "films", "n_blank": "blank films"})
    )
    return Block("Sets compared", cells, "Blank films (one grey value) are compared with nothing.")


def _label(name: str) -> str:
    return DATASET_LABELS.get(name, name.replace("_", " "))
