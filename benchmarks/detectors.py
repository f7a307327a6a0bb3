"""Event detectors against human coders (Lund 2013) and against the phantom's truth.

    python benchmarks/detectors.py [--lund FOLDER] [--phantom READINGS]

Prints agreement by method, sampling rate and added noise, and writes detectors_lund2013.csv and .md, or
detectors_phantom.csv and .md, beside this file. FOLDER holds the set's `<trial>_labelled_<coder>.mat` files
(richardandersson/EyeMovementDetectorEvaluation).
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from detector_scoring import SCORED_EVENTS, TrueRecording, detectors, score

from egma_lib.artefacts import write_text
from egma_lib.errors import GazeError
from egma_lib.gaze.lund2013 import CODERS, read_lund2013

HERE = Path(__file__).parent
NOISE_DEG = (0.05, 0.1, 0.2)
LUND_NOTE = """Seven trials of people looking at photographs, 500 Hz, each against both human coders, pooled.
Blink and undefined samples are left out, pursuit counts as fixation. 1000 Hz is interpolated; 250 Hz and
below are thinned (120 and 60 Hz are 125 and 62.5). `human` is the other coder: the ceiling."""
PHANTOM_NOTE = """{n} simulated readings of each tracker against the simulator's own labels; blinks and lost
samples are left out. `eyelink` is recorded at 1000 Hz and thinned (120 and 60 Hz are 125 and 62.5),
`gazepoint` is recorded at 60 Hz."""
COLUMNS_NOTE = """Kappa is per sample; F1 pairs events by largest overlap; onset and offset are the median
error (detected minus true) in ms with the interquartile range in brackets; count is detected to true events;
duration is the bias of the mean in ms; time is processor ms per minute of recording. Noise is added white
noise (its standard deviation in each direction). Methods that do not take a rate are left out there."""


def read_lund_pairs(folder: Path) -> tuple[list[TrueRecording], dict[str, np.ndarray]]:
    """Return every trial once per coder, and the other coder's labels by the name of each."""
    recordings, others = [], {}
    for path in sorted(folder.glob(f"*_labelled_{CODERS[0]}.mat")):
        pair = [read_lund2013(path.with_name(path.name.replace(CODERS[0], coder))) for coder in CODERS]
        n_common = min(len(trial.time_s) for trial in pair)
        labels = [_without_pursuit(trial.labels[:n_common]) for trial in pair]
        for trial, truth, other in zip(pair, labels, reversed(labels), strict=True):
            name = f"{trial.trial} {trial.coder}"
            signal = (values[:n_common] for values in (trial.time_s, trial.x_deg, trial.y_deg))
            recordings.append(TrueRecording(name, *signal, truth))
            others[name] = other
    return recordings, others


def _without_pursuit(labels: np.ndarray) -> np.ndarray:
    return np.where(labels == "pursuit", "fixation", labels)


def score_humans(recordings: list[TrueRecording], others: dict[str, np.ndarray], step: int) -> pd.DataFrame:
    """Score each coder against the other."""
    queue = [others[recording.name][::step] for recording in recordings]
    table = score([recording.thinned(step) for recording in recordings], lambda *_: queue.pop(0))
    return table.assign(ms_per_minute=np.nan)


def score_all(
    source: str, rate: str, noise_deg: float, recordings: list[TrueRecording]
) -> list[pd.DataFrame]:
    """Score every detector that takes these recordings."""
    tables = []
    for method, label in detectors().items():
        try:
            table = score(recordings, label)
        except GazeError as refusal:
            if noise_deg == 0:
                print(f"{source} {rate} Hz: {method} left out: {refusal}")
            continue
        tables.append(_named(table, source, method, rate, noise_deg))
    return tables


def _named(table: pd.DataFrame, source: str, method: str, rate: str, noise_deg: float) -> pd.DataFrame:
    names = {"source": source, "method": method, "rate_hz": rate, "noise_deg": noise_deg}
    return pd.concat([pd.DataFrame([names] * len(table)), table], axis=1)


def lund_table(folder: Path) -> pd.DataFrame:
    """Score humans and detectors on Lund 2013 at every rate, and with noise added at 500 and 60 Hz."""
    recordings, others = read_lund_pairs(folder)
    tables = [_named(score_humans(recordings, others, 1), "lund2013", "human", "500", 0.0)]
    tables += score_all("lund2013", "1000", 0.0, [recording.doubled() for recording in recordings])
    for rate, step in (("500", 1), ("250", 2), ("120", 4), ("60", 8)):
        thinned = [recording.thinned(step) for recording in recordings]
        tables += score_all("lund2013", rate, 0.0, thinned)
        for noise_deg in NOISE_DEG if rate in ("500", "60") else ():
            noisy = [recording.noisier(noise_deg) for recording in thinned]
            tables += score_all("lund2013", rate, noise_deg, noisy)
    return pd.concat(tables, ignore_index=True)


def phantom_table(n_readings: int) -> pd.DataFrame:
    """Score detectors on simulated readings of both trackers."""
    from simulated_recordings import simulate_recordings

    eyelink = simulate_recordings(n_readings, "eyelink", 1000.0)
    tables = []
    for rate, step in (("1000", 1), ("500", 2), ("250", 4), ("120", 8), ("60", 16)):
        tables += score_all("eyelink", rate, 0.0, [recording.thinned(step) for recording in eyelink])
    for noise_deg in NOISE_DEG:
        tables += score_all(
            "eyelink", "1000", noise_deg, [recording.noisier(noise_deg) for recording in eyelink]
        )
    tables += score_all("gazepoint", "60", 0.0, simulate_recordings(n_readings, "gazepoint", 60.0))
    return pd.concat(tables, ignore_index=True)


def as_markdown(table: pd.DataFrame, title: str, note: str) -> str:
    """Return the table with one line per source, rate, noise and method."""
    head = ["source", "rate Hz", "noise deg", "method", "kappa fix / sac / pso", "F1 fix / sac / pso"]
    head += ["saccade onset", "saccade offset", "count fix / sac", "duration fix / sac", "time"]
    lines = [f"# {title}", "", note, "", COLUMNS_NOTE, ""]
    lines += ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for key, part in table.groupby(["source", "rate_hz", "noise_deg", "method"], sort=False):
        lines.append("| " + " | ".join(_cells(key, part.set_index("event"))) + " |")
    return "\n".join(lines) + "\n"


def _cells(key: tuple[str, str, float, str], part: pd.DataFrame) -> list[str]:
    source, rate, noise_deg, method = key
    saccade = part.loc["saccade"]
    edges = [f"{saccade[f'{e}_ms']:+.0f} ({saccade[f'{e}_spread_ms']:.0f})" for e in ("onset", "offset")]
    both = part.loc[["fixation", "saccade"]]
    return [
        source,
        rate,
        f"{noise_deg:g}",
        method,
        *(" ".join(_number(v) for v in part.loc[list(SCORED_EVENTS), name]) for name in ("kappa", "f1")),
        *edges,
        " ".join(f"{value:.2f}" for value in both["count_ratio"]),
        " ".join(f"{value:+.0f}" for value in both["duration_bias_ms"]),
        _number(saccade["ms_per_minute"], "{:.0f}"),
    ]


def _number(value: float, form: str = "{:.2f}") -> str:
    return "-" if np.isnan(value) or abs(value) < 0.005 else form.format(value)


def _publish(table: pd.DataFrame, name: str, title: str, note: str) -> None:
    text = as_markdown(table, title, note)
    print(text)
    write_text(
        HERE / f"detectors_{name}.csv", table.to_csv(index=False, float_format="%.4g", lineterminator="\n")
    )
    write_text(HERE / f"detectors_{name}.md", text)


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--lund", type=Path, metavar="FOLDER", help="folder of the Lund 2013 files")
    parser.add_argument("--phantom", type=int, metavar="READINGS", help="number of readings to simulate")
    arguments = parser.parse_args()
    if arguments.lund is None and arguments.phantom is None:
        parser.error("give --lund FOLDER, --phantom READINGS or both")
    # REMoDNaV uses names that numpy is about to drop.
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    if arguments.lund is not None:
        title = "Event detectors against human coders (Lund 2013)"
        _publish(lund_table(arguments.lund), "lund2013", title, LUND_NOTE)
    if arguments.phantom is not None:
        title = "Event detectors against the phantom's truth"
        _publish(phantom_table(arguments.phantom), "phantom", title, PHANTOM_NOTE.format(n=arguments.phantom))


if __name__ == "__main__":
    main()
