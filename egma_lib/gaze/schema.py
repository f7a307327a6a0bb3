"""What each table of the gaze artefact promises."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from egma_lib.errors import ArtefactError
from egma_lib.gaze.quality import QUALITY_COLUMNS

if TYPE_CHECKING:
    import pandera.pandas as pa


def check_table(name: str, table: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Return the table if it meets its schema.

    Parameters
    ----------
    name
        `readings`, `words`, `sentences`, `fixations` or `excluded`.
    table
        As read.
    folder
        Where it came from, for the message.

    Raises
    ------
    ArtefactError
        Names the table, and of the first fault column, row and value; says how many faults there are.
    """
    from pandera.errors import SchemaErrors

    try:
        return _schemas()[name].validate(table, lazy=True)
    except SchemaErrors as error:
        faults = error.failure_cases
        first = faults.iloc[0]
        value = str(first["failure_case"])
        where = f", column {first['column']}" if pd.notna(first["column"]) else ""
        row = f", row {int(first['index'])}" if pd.notna(first["index"]) else ""
        raise ArtefactError(
            f"{folder}: table {name}{where}{row}: {value} fails {first['check']} "
            f"({len(faults)} faults in all); delete the folder and run stage 01 again"
        ) from error


@cache
def _schemas() -> dict[str, pa.DataFrameSchema]:
    import pandera.pandas as pa  # nearly a second to import, and only wanted where an artefact is read

    text, number, positive = pa.Column(str), pa.Column(float), pa.Column(float, pa.Check.gt(0))
    index, time = pa.Column("int64", pa.Check.ge(0)), pa.Column(float)
    key = {"reading_id": pa.Column(str, pa.Check.str_length(min_value=1))}
    size = pa.Column("int64", pa.Check.gt(0))
    readings = dict.fromkeys(("dicom_id", "subject_id", "reader", "method", "reason"), text) | {
        "reading_id": pa.Column(str, pa.Check.str_length(min_value=1), unique=True),
        "source": pa.Column(str, pa.Check.isin(("reflacx", "eye_gaze"))),
        "sampling_hz": positive,
        "rows": size,
        "columns": size,
    }
    readings |= {name: pa.Column(float, nullable=True) for name in QUALITY_COLUMNS}
    words = key | {"word": text, "start_s": time, "end_s": time, "sentence_index": index}
    sentences = key | {
        "sentence_index": index, "text": text, "start_s": time, "end_s": time, "has_gaze": pa.Column(bool),
    }  # fmt: skip
    fixations = key | {
        "order": index, "onset_s": time, "duration_s": pa.Column(float, pa.Check.ge(0)), "x": number,
        "y": number, "sigma_x": positive, "sigma_y": positive, "on_image": pa.Column(bool),
        "sentence_index": pa.Column("Int64", pa.Check.ge(0), nullable=True),
        "weight_s": pa.Column(float, pa.Check.ge(0)),
    }  # fmt: skip
    columns = {
        "readings": readings, "words": words, "sentences": sentences, "fixations": fixations,
        "excluded": key | {"file": text, "reason": text},
    }  # fmt: skip
    unique = {"sentences": ["reading_id", "sentence_index"]}
    return {name: pa.DataFrameSchema(cols, unique=unique.get(name)) for name, cols in columns.items()}
