"""Reading csv tables as they really come (padded headers, unnamed columns), one clear error per table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from egma_lib.errors import DataError
from egma_lib.gaze.tables import UNREADABLE, shape_fault


def find_path(folder: Path, *names: str) -> Path:
    """Return the first of `names` that exists in `folder` or one (version) folder below it.

    Parameters
    ----------
    folder
        A data set folder of the data root, such as `DIR/rsna`.
    names
        Alternative relative paths, the preferred one first.

    Raises
    ------
    DataError
        None exists, or two version folders hold it: names what was looked for and where.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(
            f"{folder}: no such data set folder; put the data there or redirect it with "
            f"--set data.{folder.name}=PATH"
        )
    for name in names:
        if (folder / name).exists():
            return folder / name
        below = sorted(child / name for child in folder.iterdir() if (child / name).exists())
        if len(below) > 1:
            raise DataError(
                f"{folder}: {name} exists in several folders ({', '.join(p.parent.name for p in below)}); "
                f"redirect the data set to the one to use with --set data.{folder.name}=PATH"
            )
        if below:
            return below[0]
    raise DataError(
        f"{folder}: none of {', '.join(names)} found here or one folder below; is the data set complete?"
    )


def has_path(folder: Path, name: str) -> bool:
    """Whether `name` exists in `folder` or one folder below it."""
    folder = Path(folder)
    return folder.is_dir() and (
        (folder / name).exists() or any((child / name).exists() for child in folder.iterdir())
    )


def read_table(path: Path, schema: pa.DataFrameSchema, *, may_be_empty: bool = False) -> pd.DataFrame:
    """Read a csv (or csv.gz) as stripped text, then check and convert the columns of `schema`.

    Header names and cells are stripped, columns without a name dropped, and no word such as "NA" or "none" is
    taken for a missing value: only an empty cell is. In text columns it stays an empty string.

    Parameters
    ----------
    path
        The file.
    schema
        Expected columns; each is converted to its dtype. Other columns are kept as text.
    may_be_empty
        Whether a header without rows is a table.

    Raises
    ------
    DataError
        The file is missing, not a table, has no row, lacks a column or holds a bad cell: names file, data row
        (the first after the header is 1), column, value and expectation of the first fault and counts the
        others.
    """
    frame = read_text_table(path)
    wanted = [name for name in schema.columns if name in frame.columns]
    for name in wanted:
        if "float" in str(schema.columns[name].dtype):
            frame[name] = frame[name].mask(frame[name] == "")
    try:
        table = schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        raise DataError(_first_fault(path, error.failure_cases, schema)) from error
    if table.empty and not may_be_empty:
        raise DataError(f"{path}: a header and no row; download it again")
    return table


def read_text_table(path: Path) -> pd.DataFrame:
    """Read a csv (or csv.gz) as stripped text without unnamed columns; see `read_table`."""
    try:
        fault = shape_fault(path)
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, na_filter=False, encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise DataError(f"{path}: file not found; is the data set complete?") from error
    except UNREADABLE as error:
        raise DataError(f"{path}: not a readable csv table ({error}); download it again") from error
    if fault:
        raise DataError(f"{path}: {fault}")
    frame.columns = [str(name).strip() for name in frame.columns]
    named = [bool(name) and not name.startswith("Unnamed:") for name in frame.columns]
    frame = frame.loc[:, named]
    return pd.DataFrame({name: frame[name].str.strip() for name in frame.columns})


def require_unique(values: pd.Series, path: Path) -> None:
    """Raise DataError naming file, row and value where a column that identifies rows holds a value twice."""
    double = values.duplicated().to_numpy()
    if double.any():
        row = int(double.argmax())
        raise DataError(
            f"{path}: data row {row + 1}: {values.name} {values.iloc[row]} occurs twice; keep one of the rows"
        )


def require_files(paths: Iterable[str], table: Path) -> None:
    """Raise DataError naming the first missing one of `paths`, their number and the table that lists them."""
    missing = [path for path in paths if not Path(path).is_file()]
    if missing:
        raise DataError(
            f"{missing[0]}: file not found, though {table.name} lists it ({len(missing)} missing in all); "
            f"complete the download or remove its rows from {table}"
        )


def text(*checks: pa.Check) -> pa.Column:
    """Return a column of text; an empty cell is an empty string."""
    return pa.Column(str, list(checks), coerce=True)


def filled() -> pa.Column:
    """Return a column of text that may not be empty."""
    return text(pa.Check.str_length(min_value=1, error="must not be empty"))


def number(*checks: pa.Check, blank: bool = False) -> pa.Column:
    """Return a column of numbers; `blank` allows empty cells, which become NaN."""
    return pa.Column(float, list(checks), nullable=blank, coerce=True)


def one_of(values: Sequence[object]) -> pa.Check:
    """Return a check that a cell is one of `values`."""
    return pa.Check.isin(list(values), error=f"must be one of {', '.join(map(str, values))}")


def _first_fault(path: Path, faults: pd.DataFrame, schema: pa.DataFrameSchema) -> str:
    lacking = faults.loc[faults["check"] == "column_in_dataframe", "failure_case"].tolist()
    if lacking:
        return (
            f"{path}: lacks the column {lacking[0]!r} (all it needs: {', '.join(schema.columns)}); correct "
            "the header, or download the file again"
        )
    # A column that could not be converted fails all its other checks as well; only the conversion tells.
    converting = faults["check"].astype(str).str.startswith("coerce_dtype")
    unconverted = set(faults.loc[converting, "column"])
    cells = faults[faults["index"].notna() & (converting | ~faults["column"].isin(unconverted))]
    cells = cells.sort_values("index", kind="stable")
    first = cells.iloc[0]
    others = cells["index"].nunique() - 1
    check = str(first["check"])
    if check.startswith("coerce_dtype"):
        check = "must be a number"
    elif check.startswith("not_nullable"):
        check = "must not be empty"
    more = f"; {others} more bad rows" if others else ""
    shown = "an empty cell" if str(first["failure_case"]) in ("", "nan") else f"{first['failure_case']!s}"
    row = int(first["index"]) + 1
    return (
        f"{path}: data row {row}, column {first['column']!r}: got {shown}, {check}{more}; "
        "correct the file or download it again"
    )
