"""Fixture notebooks, made in a temporary folder and named for the case they stand for."""

from __future__ import annotations

import io
import json
from pathlib import Path

import nbformat
import pytest

from egma_lib.runner.console import Console
from egma_lib.runner.options import RunOptions
from egma_lib.runner.suite import Place, run_suite

PARAMETERS = "profile = 'smoke'\ndata_root = ''\nresults_dir = ''\noverrides = {}"
WRITES_A_TABLE = (
    "from pathlib import Path\n"
    "target = Path(results_dir) / 'tables' / 'NAME.csv'\n"
    "target.parent.mkdir(parents=True, exist_ok=True)\n"
    "target.write_text('CONTENT')\n"
)


class Suite:
    """A small suite in a temporary folder: notebooks, a data root, results and state."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.notebooks, self.data, self.results = (folder / name for name in ("notebooks", "data", "results"))
        self.code = folder / "code"
        for path in (self.notebooks, self.data, self.code):
            path.mkdir()
        study = {"name": "toy", "kind": "synthetic", "title_note": "toy", "recipe_hash": "1"}
        (self.data / "study.json").write_text(json.dumps(study), encoding="utf-8")

    def notebook(self, name: str, *cells: str, parameters: str | None = PARAMETERS) -> Path:
        """Write a notebook of code cells (markdown where the text starts with #) below a parameters cell."""
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        content = nbformat.v4.new_notebook(
            metadata={"kernelspec": kernel, "language_info": {"name": "python"}}
        )
        if parameters is not None:
            content.cells.append(nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}))
        for text in cells:
            make = nbformat.v4.new_markdown_cell if text.startswith("#") else nbformat.v4.new_code_cell
            content.cells.append(make(text))
        path = self.notebooks / f"{name}.ipynb"
        nbformat.write(content, path)
        return path

    @staticmethod
    def table(name: str, content: str = "value") -> str:
        """Return a cell that writes tables/NAME.csv below results_dir."""
        return WRITES_A_TABLE.replace("NAME", name).replace("CONTENT", content)

    def run(self, **options: object) -> tuple[int, str]:
        """Call the runner; return its exit status and what it said."""
        said = io.StringIO()
        status = run_suite(
            RunOptions(profile="smoke", data_root=str(self.data), results=str(self.results), **options),
            Place(self.notebooks, self.folder / "state", (self.code,), reads={"01": ()}),
            Console(said),
        )
        return status, said.getvalue()

    def manifest(self) -> dict:
        return json.loads((self.results / "manifest.json").read_text(encoding="utf-8"))


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    return Suite(tmp_path)
