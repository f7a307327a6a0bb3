"""The gaze artefact on disk: tables with a schema, written once and read by everything after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from egma_lib.artefacts import atomic_path, write_json
from egma_lib.errors import ArtefactError, GazeError
from egma_lib.gaze.frames import ImageFrame
from egma_lib.gaze.quality import QUALITY_COLUMNS
from egma_lib.gaze.schema import check_table
from egma_lib.settings import GazeSettings

TABLES = ("readings", "words", "sentences", "fixations")
READING_COLUMNS = (
    "reading_id", "dicom_id", "subject_id", "reader", "source", "sampling_hz", "method", "rows", "columns",
    *QUALITY_COLUMNS, "reason",
)  # fmt: skip


@dataclass(frozen=True)
class GazeArtefact:
    """Everything that stage 01 hands on.

    Attributes
    ----------
    readings
        One row per recording that could be read: reading_id, dicom_id, subject_id, reader, source,
        sampling_hz, method (detector used), rows, columns (image frame, pixels), the quality columns, and
        `reason`: why it is not used, empty where it is. Only used ones have rows in the other tables.
    words
        reading_id, word, start_s, end_s, sentence_index; without punctuation.
    sentences
        reading_id, sentence_index, text, start_s, end_s, has_gaze.
    fixations
        reading_id, order, onset_s, duration_s, x, y, sigma_x, sigma_y (0-1 of the image), on_image,
        sentence_index (nullable), weight_s.
    excluded
        reading_id, file, reason: every reading that was found and not used.
    folder
        Where it is stored.
    """

    readings: pd.DataFrame
    words: pd.DataFrame
    sentences: pd.DataFrame
    fixations: pd.DataFrame
    excluded: pd.DataFrame
    folder: Path

    def fixations_of(self, reading_id: str) -> pd.DataFrame:
        """Return the fixations of one reading (no rows where it has none)."""
        return self._rows(self.fixations, self._fixation_rows, reading_id)

    def sentences_of(self, reading_id: str) -> pd.DataFrame:
        """Return the sentences of one reading in their order."""
        return self._rows(self.sentences, self._sentence_rows, reading_id)

    def words_of(self, reading_id: str) -> pd.DataFrame:
        """Return the words of one reading in their order."""
        return self._rows(self.words, self._word_rows, reading_id)

    def frames_of(self, reading_ids: Sequence[str]) -> list[ImageFrame]:
        """Return the image frames of readings, in the order asked for."""
        self._require(reading_ids)
        table = self.readings.set_index("reading_id").loc[list(reading_ids), ["rows", "columns"]]
        return [ImageFrame(int(rows), int(columns)) for rows, columns in table.to_numpy()]

    def _rows(self, table: pd.DataFrame, rows: dict[str, np.ndarray], reading_id: str) -> pd.DataFrame:
        self._require([reading_id])
        return table.iloc[rows.get(reading_id, np.empty(0, dtype=np.int64))]

    def _require(self, reading_ids: Sequence[str]) -> None:
        unknown = [reading_id for reading_id in reading_ids if reading_id not in self._known]
        if unknown:
            raise GazeError(
                f"reading {unknown[0]!r} is not in the gaze artefact {self.folder} of {len(self._known)} "
                "readings; its excluded.csv says which were left out and why"
            )

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.readings.loc[self.readings["reason"] == "", "reading_id"])

    @cached_property
    def _fixation_rows(self) -> dict[str, np.ndarray]:
        return _row_numbers(self.fixations)

    @cached_property
    def _sentence_rows(self) -> dict[str, np.ndarray]:
        return _row_numbers(self.sentences)

    @cached_property
    def _word_rows(self) -> dict[str, np.ndarray]:
        return _row_numbers(self.words)


def _row_numbers(table: pd.DataFrame) -> dict[str, np.ndarray]:
    return {str(name): np.asarray(rows) for name, rows in table.groupby("reading_id").indices.items()}


def save_artefact(artefact: GazeArtefact, settings: GazeSettings) -> Path:
    """Write an artefact and the settings it was made with to its folder, whole or not at all.

    An artefact that is there already is kept: folders are named by what they were made from.
    """
    with atomic_path(artefact.folder) as temporary:
        temporary.mkdir(parents=True)
        for name in TABLES:
            getattr(artefact, name).to_parquet(temporary / f"{name}.parquet", index=False)
        artefact.excluded.to_csv(temporary / "excluded.csv", index=False)
        write_json(temporary / "settings.json", settings.model_dump(mode="json"))
    return artefact.folder


def load_gaze_artefact(folder: Path) -> GazeArtefact:
    """Read an artefact and check its tables.

    Raises
    ------
    ArtefactError
        A table is missing, unreadable, or not what its schema promises: names table, column, row and value.
    """
    tables = {name: check_table(name, _read(folder / f"{name}.parquet"), folder) for name in TABLES}
    excluded = _read(folder / "excluded.csv")
    artefact = GazeArtefact(**tables, excluded=check_table("excluded", excluded, folder), folder=folder)
    for name in TABLES[1:]:
        strangers = set(tables[name]["reading_id"]) - artefact._known
        if strangers:
            raise ArtefactError(
                f"{folder / name}.parquet: reading {min(strangers)!r} is not among the used ones of "
                "readings.parquet; delete the folder and run stage 01 again"
            )
    return artefact


def _read(path: Path) -> pd.DataFrame:
    try:
        if path.suffix == ".csv":
            return pd.read_csv(path, dtype=str, keep_default_na=False)
        return pd.read_parquet(path)
    except FileNotFoundError as error:
        raise ArtefactError(f"{path}: not found; run stage 01 (gaze preprocessing)") from error
    except (OSError, ValueError) as error:
        raise ArtefactError(
            f"{path}: cannot be read ({error}); delete {path.parent} and run stage 01 again"
        ) from error
