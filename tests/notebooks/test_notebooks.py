"""Every notebook keeps the house rules; what it computes is tested where it is run."""

import ast
import json
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
PARAMETERS = ["profile", "data_root", "results_dir", "overrides"]
MOST_LINES = 12
LINK = re.compile(r"\]\(([^)#]+\.ipynb)\)")


def source(cell):
    return "".join(cell["source"])


def tree(cell):
    """Return the syntax of a code cell without its magics."""
    return ast.parse("\n".join(line for line in source(cell).splitlines() if not line.startswith("%")))


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture
def cells(notebook):
    return notebook["cells"]


@pytest.fixture
def code_cells(cells):
    return [cell for cell in cells if cell["cell_type"] == "code"]


def test_there_are_notebooks_named_by_number():
    assert NOTEBOOKS
    assert all(re.fullmatch(r"\d\d_[a-z0-9_]+", path.stem) for path in NOTEBOOKS)


def test_first_cell_has_title_question_and_table(path, cells):
    first = source(cells[0])
    assert cells[0]["cell_type"] == "markdown"
    assert first.startswith(f"# {path.stem[:2]} ")
    assert "?" in first
    assert "| Reads | Writes | Time | Previous | Next |" in first


def test_second_cell_holds_the_parameters_as_plain_literals(cells):
    assert cells[1]["cell_type"] == "code"
    assert cells[1]["metadata"]["tags"] == ["parameters"]
    statements = tree(cells[1]).body
    assert [statement.targets[0].id for statement in statements] == PARAMETERS
    values = [ast.literal_eval(statement.value) for statement in statements]
    assert values == ["phantom", "", "", {}]


def test_only_one_cell_is_tagged_as_parameters(code_cells):
    tagged = [cell for cell in code_cells if "parameters" in cell["metadata"].get("tags", [])]
    assert len(tagged) == 1


def test_nothing_that_a_run_leaves_is_stored(code_cells):
    for cell in code_cells:
        assert cell["outputs"] == [], source(cell)
        assert cell["execution_count"] is None, source(cell)


def test_kernel_and_cell_ids(notebook):
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    identifiers = [cell["id"] for cell in notebook["cells"]]
    assert len(set(identifiers)) == len(identifiers)


def test_cells_define_nothing_and_are_short(code_cells):
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    for cell in code_cells:
        assert not any(isinstance(node, definitions) for node in ast.walk(tree(cell))), source(cell)
        assert len(source(cell).splitlines()) <= MOST_LINES, source(cell)


def test_every_section_of_code_is_introduced(cells):
    """Markdown stands before code; imports may take two cells and settings one more."""
    since_markdown = 0
    for cell in cells[2:]:
        since_markdown = since_markdown + 1 if cell["cell_type"] == "code" else 0
        assert since_markdown <= 3, source(cell)
    assert cells[2]["cell_type"] == "markdown"


def test_last_code_cell_holds_the_checks(cells, code_cells):
    assert cells[-1]["cell_type"] == "code"
    assert any(isinstance(node, ast.Assert) for node in tree(code_cells[-1]).body)


def test_links_to_notebooks_lead_somewhere(cells):
    markdown = [source(cell) for cell in cells if cell["cell_type"] == "markdown"]
    missing = [link for text in markdown for link in LINK.findall(text) if not (FOLDER / link).exists()]
    assert missing == []


def test_no_path_of_a_machine_is_written(cells):
    for cell in cells:
        assert not re.search(r"/(?:home|Users|work|tmp)/", source(cell)), source(cell)


def test_start_here_lists_every_other_notebook():
    cells = json.loads((FOLDER / "00_start_here.ipynb").read_text(encoding="utf-8"))["cells"]
    table = next(source(cell) for cell in cells if "| What it answers |" in source(cell))
    assert LINK.findall(table) == [path.name for path in NOTEBOOKS[1:]]
