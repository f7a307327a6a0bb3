"""What `run_all.sh` and `egma run` take. Standard library only: `--help` must need no installed package."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

EXAMPLES = """\
examples:
  ./run_all.sh --profile smoke            the whole suite in a few minutes; its numbers mean nothing
  ./run_all.sh                            the controlled study on the built-in phantom
  ./run_all.sh --profile paper --data-root /data/cxr
  ./run_all.sh --only 03,06 --force       two notebooks again, whatever their state
  ./run_all.sh --set gaze.sigma_deg=0.5 --results results/narrow
  ./run_all.sh --cluster dask=tcp://HOST:8786
  ./run_all.sh --explore --profile smoke  look at attention and gaze in a browser; Ctrl-C ends it

What is up to date is skipped; after a failure or Ctrl-C the next call goes on from there.
"""


@dataclass(frozen=True)
class RunOptions:
    """One call of the runner.

    Attributes
    ----------
    profile
        `smoke`, `phantom` or `paper`.
    data_root, results
        Folders as given; empty for the built-in phantom and `results/<profile>`.
    only, start
        Notebook numbers to run (empty: all), and the first one to run (empty: the first).
    force
        Run what is up to date as well.
    seeds, jobs
        Number of seeds and of parallel runs; None leaves them to the settings.
    cluster
        Engine that training runs are sent to; None leaves it to the settings, which train here.
    overrides
        `group.field=value` strings, as given with --set.
    list_only
        Say what would be done and stop.
    explore
        Run nothing; serve the attention explorer on this machine until Ctrl-C.
    """

    profile: str = "phantom"
    data_root: str = ""
    results: str = ""
    only: tuple[str, ...] = ()
    start: str = ""
    force: bool = False
    seeds: int | None = None
    jobs: int | None = None
    cluster: str | None = None
    overrides: tuple[str, ...] = ()
    list_only: bool = False
    explore: bool = False


def parse_options(arguments: Sequence[str], program: str = "./run_all.sh") -> RunOptions:
    """Read the command line; a wrong one ends the process with status 2 and a usage line (argparse)."""
    found = vars(_parser(program).parse_args(arguments))
    # A relative folder means the caller's, wherever the notebooks are executed.
    for name in ("data_root", "results"):
        found[name] = str(Path(found[name]).expanduser().absolute()) if found[name] else ""
    return RunOptions(**{**found, "start": found["start"] or "", "overrides": tuple(found["overrides"])})


def _parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=program,
        description="Run the notebooks of the EGMA suite in order and write tables, figures and one report.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--profile", choices=("smoke", "phantom", "paper"), default="phantom", help="default: phantom")
    add(
        "--data-root",
        metavar="DIR",
        default="",
        help="real data sets; default: the built-in phantom, made if need be",
    )
    add("--results", metavar="DIR", default="", help="default: results/<profile>[-<study name>]")
    add("--only", metavar="03,06", type=_numbers, default=(), help="run these notebooks only")
    add(
        "--from",
        metavar="02",
        dest="start",
        type=_number,
        help="run this notebook and those after it",
    )
    add("--force", action="store_true", help="run what is up to date as well")
    add("--seeds", metavar="N", type=_positive, help="the first N seeds, 0 to N-1; default: the profile's")
    add(
        "--jobs",
        metavar="N",
        type=_positive,
        help="training runs at a time; default: cores. Changes no result",
    )
    add(
        "--cluster",
        metavar="ENGINE",
        help="send training runs to dask=tcp://HOST:8786, slurm or slurm:partition=gpu,gpus_per_node=1; "
        "see docs/cluster.md",
    )
    add(
        "--set",
        metavar="a.b=c",
        dest="overrides",
        action="append",
        default=[],
        help="override one setting; repeatable",
    )
    add("--list", dest="list_only", action="store_true", help="say what would be done, and stop")
    add(
        "--explore",
        action="store_true",
        help="serve the attention explorer on this machine, with --profile, --data-root, --results and --set",
    )
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def _number(text: str) -> str:
    if not text.isdecimal() or len(text) > 2:
        raise argparse.ArgumentTypeError(f"{text!r} is not a notebook number such as 03")
    return text.zfill(2)


def _numbers(text: str) -> tuple[str, ...]:
    return tuple(_number(part.strip()) for part in text.split(",") if part.strip())
