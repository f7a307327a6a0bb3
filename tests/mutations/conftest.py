"""A small data root in the real layouts, written once, and copies of its parts to plant faults in."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fixtures_real"))


@pytest.fixture(scope="session")
def untouched(tmp_path_factory) -> Path:
    from real_tree import write_real_tree

    return write_real_tree(tmp_path_factory.mktemp("real"), n=10, mimic_rows=382, kaggle_side=64)


@pytest.fixture
def part_of(untouched: Path, tmp_path: Path) -> Callable[..., Path]:
    """Link parts of the tree, such as `rsna`, into a data root of the test's own; return that root."""

    def copy(*parts: str) -> Path:
        for part in parts:
            shutil.copytree(untouched / part, tmp_path / part, copy_function=os.link)
        return tmp_path

    return copy


@pytest.fixture
def plant() -> Callable[[Path, Callable[[Path], None]], None]:
    """Apply an edit to one linked file after giving the test a copy of it."""

    def edit_copy(path: Path, edit: Callable[[Path], None]) -> None:
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content)
        edit(path)

    return edit_copy
