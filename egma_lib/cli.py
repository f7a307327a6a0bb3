"""The `egma` command; `egma --help` lists its parts."""

from __future__ import annotations

import os
import sys

import typer

from egma_lib.commands.audit import AUDIT_EPILOG, audit
from egma_lib.commands.data import data_app
from egma_lib.commands.evaluate import EVALUATE_EXAMPLES, evaluate
from egma_lib.commands.export import EXPORT_EXAMPLES, export
from egma_lib.commands.gaze import gaze_app
from egma_lib.commands.jobs import JOBS_EXAMPLES, jobs
from egma_lib.commands.options import Overrides, Profile
from egma_lib.commands.weights import weights_app
from egma_lib.errors import EgmaError
from egma_lib.settings import load_settings
from egma_lib.study import phantom_folder

APP_EXAMPLES = """
Examples:

  egma data check --data-root /data/cxr

  egma run --profile paper --data-root /data/cxr

  egma gaze detect recording.csv --time-unit ms

  egma --install-completion
"""
BUILD_EXAMPLES = """
Examples:

  egma phantom build --profile smoke

  egma phantom build --set phantom.preset=null
"""
SHOW_EXAMPLES = """
Examples:

  egma settings show --profile paper

  egma settings show --set gaze.sigma_deg=0.5
"""

app = typer.Typer(no_args_is_help=True, help="The EGMA reproduction suite.", epilog=APP_EXAMPLES)
phantom_app = typer.Typer(no_args_is_help=True, help="The built-in phantom study.")
settings_app = typer.Typer(no_args_is_help=True, help="The settings of a profile.")
app.add_typer(data_app, name="data")
app.add_typer(gaze_app, name="gaze")
app.add_typer(phantom_app, name="phantom")
app.add_typer(settings_app, name="settings")
app.add_typer(weights_app, name="weights")
app.command("export", epilog=EXPORT_EXAMPLES)(export)
app.command("audit", epilog=AUDIT_EPILOG)(audit)
app.command("jobs", epilog=JOBS_EXAMPLES)(jobs)
app.command("evaluate", epilog=EVALUATE_EXAMPLES)(evaluate)


# The runner reads its own options, so that run_all.sh and `egma run` cannot drift apart.
@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True}, add_help_option=False
)
def run(context: typer.Context) -> None:
    """Run the notebooks in order, as ./run_all.sh does (`egma run --help`)."""
    from egma_lib.runner.__main__ import main as run_suite

    raise typer.Exit(run_suite(context.args, "egma run"))


@phantom_app.command("build", epilog=BUILD_EXAMPLES)
def build(profile: Profile = "phantom", overrides: Overrides = None, jobs: int | None = None) -> None:
    """Make the phantom study of a profile, unless it is there; print its folder."""
    settings = load_settings(profile, overrides)
    folder = phantom_folder(settings)
    if not folder.is_dir():
        from egma_lib.phantom.build import build_phantom

        build_phantom(settings.phantom, folder, recipe_hash=folder.name, jobs=jobs or os.cpu_count() or 1)
    typer.echo(folder)


@settings_app.command("show", epilog=SHOW_EXAMPLES)
def show(profile: Profile = "phantom", overrides: Overrides = None) -> None:
    """Print the settings of a profile as YAML, defaults included."""
    import yaml

    typer.echo(
        yaml.safe_dump(load_settings(profile, overrides).model_dump(mode="json"), sort_keys=False), nl=False
    )


def main() -> None:
    """Run the command line; an error that the user can mend is one line, without a traceback."""
    try:
        # Under `python -m egma_lib` the help would otherwise name python.
        app(prog_name="egma")
    except EgmaError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(1)
