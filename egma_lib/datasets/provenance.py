"""What checkpoints that training may start from were trained on, as publications and code state it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from egma_lib.datasets.tables import filled, read_table, text

PROVENANCE = Path(__file__).resolve().parents[2] / "data" / "reference" / "checkpoint_provenance.csv"
UNKNOWN = "unknown"
_SCHEMA = pa.DataFrameSchema(
    {
        "checkpoint": filled(), "hub_name": text(), "part": filled(), "trained_on": filled(),
        "test_sets_seen": filled(), "source": filled(),
    }
)  # fmt: skip


def read_provenance(path: Path = PROVENANCE) -> pd.DataFrame:
    """Return what each checkpoint was trained on, one corpus and its source a row.

    Returns
    -------
    pandas.DataFrame
        checkpoint, hub_name (blank where there is none), part, trained_on, test_sets_seen, source.

    Raises
    ------
    DataError
        A column is missing or a cell empty; what is not known has to say `unknown`.
    """
    return read_table(path, _SCHEMA)


def starts_from(weights: str | None, provenance: pd.DataFrame) -> str:
    """Say what an encoder starts from, in words.

    Parameters
    ----------
    weights
        Hub name or folder, None for random initialisation. Of a folder only its name is said.
    provenance
        As `read_provenance` gives it.
    """
    if weights is None:
        return "random initialisation"
    named = provenance[provenance["hub_name"] == weights]
    if named.empty:
        return f"{Path(weights).name} (trained on: {UNKNOWN})"
    return str(named["checkpoint"].iloc[0])
