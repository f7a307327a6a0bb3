"""The 14 CheXpert labels of a planned case, as a reader of the film or as a report labeller gives them."""

from __future__ import annotations

import numpy as np

from egma_lib.phantom.case import CasePlan

CHEXPERT_LABELS = (
    "No Finding", "Enlarged Cardiomediastinum", "Cardiomegaly", "Lung Opacity", "Lung Lesion", "Edema",
    "Consolidation", "Pneumonia", "Atelectasis", "Pneumothorax", "Pleural Effusion", "Pleural Other",
    "Fracture", "Support Devices",
)  # fmt: skip
MIMIC_LABELS = tuple(sorted(CHEXPERT_LABELS))
"""The MIMIC-CXR tables sort them by name."""

_OPACITIES = ("Edema", "Consolidation", "Pneumonia", "Atelectasis")
Labels = dict[str, float | None]
"""Label name to 1 present, 0 absent, -1 uncertain, None not mentioned."""


def exact_labels(plan: CasePlan, parents: bool = False) -> Labels:
    """Return 1 or 0 for every label; `parents` also sets the two umbrella labels of the hierarchy."""
    names = {finding.name for finding in plan.findings}
    labels: Labels = {name: float(name in names) for name in CHEXPERT_LABELS}
    labels["No Finding"] = float(not plan.abnormal)
    if parents:
        labels["Lung Opacity"] = float(any(name in names for name in _OPACITIES))
        labels["Enlarged Cardiomediastinum"] = float("Cardiomegaly" in names)
    return labels


def mentioned_labels(plan: CasePlan, rng: np.random.Generator) -> Labels:
    """Return labels as a report labeller would: some mild findings uncertain, most absent ones blank."""
    labels: Labels = {}
    exact = exact_labels(plan)
    mild = {finding.name for finding in plan.findings if finding.severity == "mild"}
    for name in CHEXPERT_LABELS:
        draw = rng.random()
        if name == "No Finding":
            labels[name] = 1.0 if exact[name] else None
        elif exact[name]:
            labels[name] = -1.0 if draw < (0.2 if name in mild else 0.03) else 1.0
        else:
            labels[name] = 0.0 if draw < 0.25 else -1.0 if draw > 0.985 else None
    if any(labels[name] == 1.0 for name in _OPACITIES) and rng.random() < 0.4:
        labels["Lung Opacity"] = 1.0
    return labels


def cells(labels: Labels, order: tuple[str, ...]) -> tuple[float | None, ...]:
    """Return label cells in the order of a table's columns."""
    return tuple(labels[name] for name in order)
