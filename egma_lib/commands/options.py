"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Profile = Annotated[str, typer.Option(help="smoke, phantom or paper")]
Overrides = Annotated[
    list[str] | None, typer.Option("--set", help="override one setting, as group.field=value")
]
DataRoot = Annotated[
    str, typer.Option(metavar="DIR", help="Folder of the data sets; empty is the built-in phantom.")
]
