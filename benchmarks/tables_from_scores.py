"""Time to make all tables and figures anew from stored scores: notebooks 03 to 06 of a finished study.

Run: python benchmarks/tables_from_scores.py --profile phantom [--results DIR] [--set a.b=c] [--write]
Nothing is trained or scored: the study must be up to date. The notebooks run twice, once with no metric kept
beside the scores and once with what that call kept. --write renews tables_from_scores.csv and .md.
"""

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd

from egma_lib.artefacts import read_json, write_text
from egma_lib.errors import ArtefactError
from egma_lib.experiments.machine import machine_name
from egma_lib.experiments.stored_metrics import KEPT_IN
from egma_lib.settings import load_settings, parse_overrides
from egma_lib.study import REPOSITORY, open_study

FOLDER = Path(__file__).parent
NOTEBOOKS = "03,04,05,06"
FROM_SCORES, AGAIN = "from the scores alone", "with the metrics kept by the call before"

TEXT = """# Tables and figures from stored scores

Seconds of notebooks 03 to 06 with `--force`, start of the kernels included, when every run is trained and
scored: all tables, all figures but those of notebooks 01 and 02, claims and report. {runs} runs, profile
`{profile}`, {machine}. The metrics of a run under all resamples of patients are kept beside its scores; the
first column is without them.
Made by `python benchmarks/tables_from_scores.py --profile {profile} --write`.

{table}
"""


def time_notebooks(arguments: list[str], results: Path) -> dict[str, float]:
    """Run the notebooks; return seconds by notebook and of the whole call."""
    start = time.monotonic()
    command = [sys.executable, "-P", "-m", "egma_lib.runner", "--only", NOTEBOOKS, "--force", *arguments]
    subprocess.run(command, cwd=REPOSITORY, check=True)
    whole = time.monotonic() - start
    stages = {stage["name"]: stage["seconds"] for stage in read_json(results / "manifest.json")["stages"]}
    chosen = {name: seconds for name, seconds in stages.items() if name[:2] in NOTEBOOKS.split(",")}
    return chosen | {"the whole call": round(whole, 1)}


def main() -> None:
    """Time both calls, print the table and write it if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--profile", default="phantom")
    parser.add_argument("--results", default="")
    parser.add_argument("--set", action="append", default=[], metavar="a.b=c")
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    study = open_study(load_settings(chosen.profile, parse_overrides(chosen.set)), "", chosen.results)
    runs = list(study.results.glob("**/predictions/*/*.parquet"))
    if not runs:
        raise ArtefactError(f"{study.results}: no stored scores; run ./run_all.sh --profile {chosen.profile}")
    arguments = ["--profile", chosen.profile]
    arguments += ["--results", chosen.results] if chosen.results else []
    arguments += [part for one in chosen.set for part in ("--set", one)]
    for kept in list(study.results.glob(f"**/predictions/**/{KEPT_IN}")):
        shutil.rmtree(kept)
    columns = {FROM_SCORES: time_notebooks(arguments, study.results)}
    columns[AGAIN] = time_notebooks(arguments, study.results)
    table = pd.DataFrame(columns).rename_axis("notebook")
    lines = ["| notebook | " + " | ".join(table.columns) + " |", "|---" * (1 + table.shape[1]) + "|"]
    lines += [
        f"| {name} | " + " | ".join(f"{one:.1f}" for one in row) + " |" for name, row in table.iterrows()
    ]
    shown = "\n".join(lines)
    print(shown)
    if chosen.write:
        n_runs = len({path.parent for path in runs})
        text = TEXT.format(runs=n_runs, profile=chosen.profile, machine=machine_name(), table=shown)
        write_text(FOLDER / "tables_from_scores.md", text)
        write_text(FOLDER / "tables_from_scores.csv", table.to_csv())


if __name__ == "__main__":
    main()
