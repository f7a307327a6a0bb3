"""What a check of a data root found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Status = Literal["complete", "partial", "absent"]


@dataclass(frozen=True)
class Access:
    """How a data set is obtained; an entry of `data/reference/access.yaml`.

    Attributes
    ----------
    title
        Name and version.
    page, address
        Title and address of the access page.
    licence, credential, size
        In words.
    used_for
        What the suite does with it.
    reader_run_on_release
        Whether this suite's reader has been run on the original release.
    """

    title: str
    page: str
    address: str
    licence: str
    credential: str
    size: str
    used_for: str
    reader_run_on_release: bool


@dataclass(frozen=True)
class Count:
    """A number of this copy beside the published one (None where none is known), with its source."""

    what: str
    found: int
    published: int | None
    source: str

    @property
    def differs(self) -> bool:
        """Whether the published number is known and another one."""
        return self.published is not None and self.published != self.found


@dataclass(frozen=True)
class Inventory:
    """What is in the folder of one data set.

    Attributes
    ----------
    missing
        Files that a reader needs and that are not there or empty, relative to the data set's folder.
    faults
        Tables that cannot be read, one sentence each.
    notes
        What readers leave out or do without, one sentence each.
    counts
        Number of things of each kind, by the names of `data/reference/published_counts.yaml`.
    provides
        What can be used although other parts may be missing; see `outcomes.NEEDS`.
    """

    missing: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    counts: tuple[tuple[str, int], ...] = ()
    provides: frozenset[str] = frozenset()


@dataclass(frozen=True)
class DatasetCheck:
    """One data set of a data root.

    Attributes
    ----------
    key
        Folder name of the contract, such as `mimic-eye`.
    folder
        Where it was looked for; None where no data root was given.
    status
        `absent`: no folder, or an empty one; `partial`: something that a reader needs is missing;
        `complete`: every file that its tables name is there (counts may still differ, e.g. in a subset).
    """

    key: str
    folder: Path | None
    status: Status
    inventory: Inventory
    counts: tuple[Count, ...]
    access: Access


@dataclass(frozen=True)
class Outcome:
    """Whether a notebook or table can be made from this data root.

    Attributes
    ----------
    name
        Such as `03 Table 2: zero-shot classification`.
    runs
        Whether it can.
    lacking
        Data it needs and that are not there; empty where it runs.
    not_available
        Rows or columns that will say "not available".
    """

    name: str
    runs: bool
    lacking: tuple[str, ...]
    not_available: tuple[str, ...]


@dataclass(frozen=True)
class DataCheck:
    """A data root, all its data sets, and what will run.

    Attributes
    ----------
    root
        The data root, or None where none was given.
    free_bytes
        Free space of the disk that holds the root (the working folder where there is none).
    """

    root: Path | None
    free_bytes: int
    datasets: tuple[DatasetCheck, ...]
    outcomes: tuple[Outcome, ...]
