"""Speed and memory of building the phantom study: cases per second with and without 1000 Hz recordings.

Run `python benchmarks/phantom_build.py [--cases 48] [--jobs 2]`. Each row builds a whole small study under a
temporary folder in a process of its own, worker start included; the last column is the largest resident
memory of parent and workers together. The target on two cores is 40 cases/s without and 6 cases/s with
1000 Hz samples.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from egma_lib.phantom.build import build_phantom
from egma_lib.phantom.identifiers import CORPORA
from egma_lib.phantom.planning import corpus_indices
from egma_lib.phantom.writers import mimic_eye
from egma_lib.phantom.writers.readings import in_reflacx
from egma_lib.settings import PhantomSettings, PhantomSizes

SMALLEST = {
    "gaze_cases": 4, "multi_reader_cases": 0, "report_cases": 4, "chexpert_5x200_per_class": 2,
    "chexpert_marked_cases": 0, "chexpert_8x200_per_class": 2, "chexpert_train": 0, "chexpert_valid": 0,
    "rsna_cases": 4, "siim_cases": 4,
}  # fmt: skip


def study(**sizes: int) -> PhantomSettings:
    """Return settings with the smallest sizes but for those given."""
    return PhantomSettings(sizes=PhantomSizes(**{**SMALLEST, **sizes}))


def mixed_study(films: int) -> PhantomSettings:
    """Return a study of about so many films over all corpora, four of them with gaze."""
    return study(
        report_cases=films // 8, chexpert_5x200_per_class=films // 40, chexpert_8x200_per_class=films // 32,
        chexpert_train=films // 4, chexpert_valid=films // 16, rsna_cases=films // 8, siim_cases=films // 8,
    )  # fmt: skip


def watch_memory(peak: list[float], stop: threading.Event) -> None:
    """Keep the largest resident memory (MiB) of this process and its children in `peak[0]`."""
    me = psutil.Process()
    while not stop.wait(0.05):
        used = 0
        for process in [me, *me.children(recursive=True)]:
            try:
                used += process.memory_info().rss
            except psutil.NoSuchProcess:
                continue
        peak[0] = max(peak[0], used / 2**20)


def build(name: str, settings: PhantomSettings, jobs: int) -> None:
    """Time one whole build and print its row."""
    peak, stop = [0.0], threading.Event()
    watcher = threading.Thread(target=watch_memory, args=(peak, stop))
    with tempfile.TemporaryDirectory() as folder:
        watcher.start()
        start = time.perf_counter()
        try:
            build_phantom(
                settings, Path(folder) / "study", recipe_hash="benchmark", jobs=jobs, progress=False
            )
        finally:
            elapsed = time.perf_counter() - start
            stop.set()
            watcher.join()
    cases = sum(len(corpus_indices(settings, corpus)) for corpus in CORPORA)
    print(f"{name:36s} {cases:6d} {elapsed:8.1f} {cases / elapsed:8.1f} {peak[0]:9.0f}", flush=True)


def readings(name: str, count: int, reflacx: bool) -> None:
    """Time patients of one kind in this process: one core, no worker start."""
    settings = study(gaze_cases=8 * count)
    indices = [i for i in range(8 * count) if in_reflacx(i) == reflacx][: count + 1]
    with tempfile.TemporaryDirectory() as folder:
        mimic_eye.write_patient(settings, Path(folder), [indices[0]])
        start = time.perf_counter()
        for index in indices[1:]:
            mimic_eye.write_patient(settings, Path(folder), [index])
        elapsed = time.perf_counter() - start
    print(f"{name:36s} {count:6d} {elapsed:8.1f} {count / elapsed:8.1f} {'':>9s}", flush=True)


def main() -> None:
    """Print all rows, or one of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=48)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--row", choices=("mixed", "mixed_double", "eyelink", "gazepoint"))
    options = parser.parse_args()
    if options.row is None:
        print(f"{'':36s} {'cases':>6s} {'seconds':>8s} {'cases/s':>8s} {'peak MiB':>9s}", flush=True)
        for row in ("mixed", "mixed_double", "gazepoint", "eyelink"):
            subprocess.run([sys.executable, __file__, *sys.argv[1:], "--row", row], check=True)
    elif options.row == "mixed":
        build(f"all corpora, {options.jobs} jobs", mixed_study(10 * options.cases), options.jobs)
    elif options.row == "mixed_double":
        build(f"twice as many, {options.jobs} jobs", mixed_study(20 * options.cases), options.jobs)
    else:
        eyelink = options.row == "eyelink"
        name = "1000 Hz reading, one core" if eyelink else "60 Hz reading, one core"
        readings(name, options.cases // (4 if eyelink else 1), reflacx=eyelink)


if __name__ == "__main__":
    main()
