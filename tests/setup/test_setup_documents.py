"""What the documents say to run exists, and their links lead somewhere."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
import typer

from egma_lib import cli
from egma_lib.runner.options import parse_options
from egma_lib.study import REPOSITORY

DOCUMENTS = sorted(
    path
    for folder in (".", "docs", "data", "results", "notebooks", "benchmarks")
    for path in (REPOSITORY / folder).glob("*.md")
)
NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
UNCOMMITTED = re.compile(r"results/phantom/notebooks/")
"""What only a run makes."""


def words_of(path: Path) -> str:
    """Return the text of a document; of a notebook its cells of text."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        return text
    cells = json.loads(text)["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


def headings(path: Path) -> set[str]:
    """Return the anchors of a document, as GitHub makes them of its headings."""
    found = re.findall(r"^#+ (.+)$", words_of(path), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in found}


def commands_of(path: Path) -> list[str]:
    """Return the calls of `egma` and run_all.sh on lines of their own and within sentences."""
    text = words_of(path).replace("\\\n", " ")
    call = r"(?:\w+=\S+ )*(?:\.venv/bin/)?(?:egma|\./run_all\.sh)(?: [^`\n]+)?"
    own_lines = re.findall(rf"^\s*({call})$", text, flags=re.MULTILINE)
    inline = re.findall(rf"`({call})`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
    return [found.partition(" #")[0] for found in (*own_lines, *inline)]


@pytest.mark.parametrize("path", [*DOCUMENTS, *NOTEBOOKS], ids=lambda path: path.name)
def test_relative_links_lead_somewhere(path):
    for link in re.findall(r"\]\(([^)\s]+)\)", words_of(path)):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists() or UNCOMMITTED.search(str(target)), f"{path.name}: {link}"
        if anchor:
            assert anchor in headings(target), f"{path.name}: {link}"


@pytest.mark.parametrize("path", [*DOCUMENTS, *NOTEBOOKS], ids=lambda path: path.name)
def test_commands_take_the_options_that_are_given(path):
    root = typer.main.get_command(cli.app)
    for command in commands_of(path):
        words = shlex.split(re.sub(r"^(?:\w+=\S+ )*(?:\.venv/bin/)?", "", command))
        if words[0] == "./run_all.sh":
            parse_options([word for word in words[1:] if word != "--help"])
            continue
        found, rest = root, words[1:]
        while hasattr(found, "commands") and rest and rest != ["--help"]:
            assert rest[0] in found.commands, command
            found, rest = found.commands[rest[0]], rest[1:]
        known = {name for option in found.params for name in (*option.opts, *option.secondary_opts)}
        given = {word for word in rest if re.match(r"--?[a-z]", word)} - {"--help"}
        if words[1:2] != ["run"]:
            assert given <= known, command


def test_the_commands_are_found():
    found = [command for path in DOCUMENTS for command in commands_of(path)]
    assert any("egma evaluate" in command for command in found)
    assert any("egma data check" in command for command in found)
    assert len(found) > 30
