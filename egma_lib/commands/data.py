"""`egma data`: what is there, how to get the rest, and what cases look like."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from egma_lib.commands.options import DataRoot, Overrides, Profile

if TYPE_CHECKING:
    from egma_lib.datasets.check import Count, DataCheck, DatasetCheck, Outcome
    from egma_lib.datasets.check.samples import SampleCase

data_app = typer.Typer(no_args_is_help=True, help="The data sets: check them, look at cases, build lists.")

NOT_RUN = "this reader was written from public descriptions and has not yet been run on the original release"
SHOWN_FILES = 5
CHECK_EXAMPLES = """
Examples:

  egma data check --data-root /data/cxr

  egma data check --data-root /data/cxr --set data.rsna=/archive/rsna --missing-to missing.txt

  egma data check --profile smoke
"""
BUILD_EXAMPLES = """
Examples:

  egma data build chexpert_5x200 --data-root /data/cxr

  egma data build chexpert_5x200 --rule mgca --data-root /data/cxr --target /tmp/lists
"""
SAMPLE_EXAMPLES = """
Examples:

  egma data sample rsna --data-root /data/cxr

  egma data sample mimic-eye -n 1 --profile smoke
"""


@data_app.command("check", epilog=CHECK_EXAMPLES)
def check(
    data_root: DataRoot = "",
    profile: Profile = "paper",
    overrides: Overrides = None,
    missing_to: Annotated[
        Path | None, typer.Option(help="Write the names of all missing files here, one a line.")
    ] = None,
) -> None:
    """Say of each data set what is there, what is missing and how to get it, and what will run.

    Without --data-root: the built-in phantom of profile smoke or phantom, and nothing for profile paper.
    """
    from egma_lib.artefacts import write_text
    from egma_lib.datasets.check import check_data
    from egma_lib.settings import load_settings
    from egma_lib.study import phantom_folder

    settings = load_settings(profile, overrides)
    root = Path(data_root) if data_root else None
    if root is None and profile != "paper" and phantom_folder(settings).is_dir():
        root = phantom_folder(settings)
    found = check_data(root, settings.data.paths)
    typer.echo(describe(found))
    if missing_to is not None:
        names = [f"{one.key}/{name}\n" for one in found.datasets for name in one.inventory.missing]
        write_text(missing_to, "".join(names))


def describe(found: DataCheck) -> str:
    """Return a check as text for a terminal."""
    where = found.root or "none given (--data-root DIR)"
    parts = [f"Data root: {where}\nFree disk: {found.free_bytes / 1e9:.0f} GB"]
    parts += [_dataset(one) for one in found.datasets]
    parts.append("\n".join(["What will run", *(f"  {_outcome(one)}" for one in found.outcomes)]))
    return "\n\n".join(parts)


def _dataset(one: DatasetCheck) -> str:
    access, lines = one.access, [f"{one.key}: {one.status.upper()}   {one.access.title}"]
    if one.status != "absent":
        lines.append(f"folder    {one.folder}")
    if one.counts:
        lines.append("counts    " + ", ".join(_count(count) for count in one.counts))
    missing = one.inventory.missing
    if missing:
        more = f"; and {len(missing) - SHOWN_FILES:,} more" if len(missing) > SHOWN_FILES else ""
        lines.append(f"missing   {len(missing):,}: {'; '.join(missing[:SHOWN_FILES])}{more}")
    lines += [f"fault     {fault}" for fault in one.inventory.faults]
    lines += [f"note      {note}" for note in one.inventory.notes]
    if one.status != "complete":
        lines += [
            f"get it    {access.page}, {access.address}",
            f"licence   {access.licence}; needs: {access.credential}",
            f"size      {access.size}",
        ]
    lines.append(f"used for  {access.used_for}")
    if not access.reader_run_on_release:
        lines.append(f"reader    {NOT_RUN}")
    return "\n  ".join(lines)


def _count(count: Count) -> str:
    if count.published is None:
        return f"{count.found:,} {count.what}"
    beside = f"published: {count.published:,}" if count.differs else "as published"
    return f"{count.found:,} {count.what} ({beside})"


def _outcome(one: Outcome) -> str:
    if not one.runs:
        return f"{one.name}: no, lacks {'; '.join(one.lacking)}"
    if one.not_available:
        return f"{one.name}: yes; not available: {', '.join(one.not_available)}"
    return f"{one.name}: yes"


@data_app.command("sample", epilog=SAMPLE_EXAMPLES)
def sample(
    name: Annotated[
        str,
        typer.Argument(
            help="mimic-eye, mimic-cxr, chexpert_5x200, chexpert_5x200_marked, chexpert_8x200, "
            "chexpert_train, chexpert_valid, rsna or siim"
        ),
    ],
    n: Annotated[int, typer.Option("-n", help="Number of cases.")] = 3,
    data_root: DataRoot = "",
    profile: Profile = "phantom",
    overrides: Overrides = None,
) -> None:
    """Print cases of a data set: ids, labels, film and size; report sentences where there are reports.

    The whole set is read, as the notebooks do, so large sets take their time.
    """
    from egma_lib.datasets.check.samples import sample_cases
    from egma_lib.settings import load_settings
    from egma_lib.study import open_study

    settings = load_settings(profile, overrides)
    study = open_study(settings, data_root)
    typer.echo("\n\n".join(_case(one) for one in sample_cases(name, study, settings, n)))


def _case(one: SampleCase) -> str:
    lines = [
        one.case_id,
        f"patient   {one.patient_id}",
        f"film      {one.image_path} ({one.rows} x {one.columns} pixels)",
    ]
    if one.split:
        lines.append(f"split     {one.split}")
    if one.labels:
        lines.append("labels    " + ", ".join(f"{name} {value:g}" for name, value in one.labels))
    lines += [f"sentence  {sentence}" for sentence in one.sentences]
    return "\n  ".join(lines)


@data_app.command("build", epilog=BUILD_EXAMPLES)
def build(
    name: Annotated[
        Literal["chexpert_5x200", "chexpert_8x200"], typer.Argument(help="The list of cases to make.")
    ],
    rule: Annotated[
        Literal["patient_disjoint", "mgca"],
        typer.Option(help="5x200: no two films of a patient, or MGCA's published draw with seed 0."),
    ] = "patient_disjoint",
    target: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder to write to; default: where the reader looks.")
    ] = None,
    data_root: DataRoot = "",
    profile: Profile = "paper",
    overrides: Overrides = None,
) -> None:
    """Make a list of test cases that no release holds, from CheXpert's train.csv; print its path.

    Films are not copied, and an existing list is never replaced.
    """
    from egma_lib.datasets.chexpert_lists import build_chexpert_5x200, build_chexpert_8x200
    from egma_lib.settings import load_settings
    from egma_lib.study import open_study

    folder = open_study(load_settings(profile, overrides), data_root).dataset("chexpert")
    if name == "chexpert_5x200":
        typer.echo(build_chexpert_5x200(folder, rule, target))
    else:
        typer.echo(build_chexpert_8x200(folder, target))
