"""`egma export`: what may be shared of a results folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from egma_lib.errors import SettingsError

EXPORT_EXAMPLES = """
Examples:

  egma export --shareable results/paper-real shared/egma-tables
"""


def export(
    results: Annotated[Path, typer.Argument(help="Results folder of a study.")],
    out: Annotated[Path, typer.Argument(help="Folder to make; it must not exist yet.")],
    shareable: Annotated[
        bool, typer.Option("--shareable", help="Only aggregates, settings and hashes; required.")
    ] = False,
) -> None:
    """Write what may be shared of a results folder made from data under a data-use agreement.

    Tables, figures of aggregates, settings and hashes are written anew: no film, report word, gaze,
    identifier, row of a single case or path. Numbers that 1 to 9 cases stand behind are shown as <10.
    """
    if not shareable:
        raise SettingsError("egma export writes a shareable export only; say so with --shareable")
    from egma_lib.report.export import export_shareable

    for path in export_shareable(results, out):
        typer.echo(out / path)
