import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import torch
from safetensors.torch import load_file
from training_cases import tiny_data, tiny_settings, tiny_tokenizer

from egma_lib.errors import TrainingError
from egma_lib.training import RunSpec, TrainJob, run_id, train_all, train_run
from egma_lib.training.worker import serve


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """Return the folder of a saved stage: data/ and tokenizer/."""
    folder = tmp_path_factory.mktemp("stage")
    tiny_data().save(folder / "data")
    tiny_tokenizer().save_pretrained(str(folder / "tokenizer"))
    return folder


def job(stage, spec, runs, settings=None, after_run=None):
    return TrainJob(spec, settings or tiny_settings(), stage / "data", stage / "tokenizer", runs, after_run)


def answers(*jobs):
    """Return what a worker says to the jobs, progress left out; run in this process."""
    ours, theirs = multiprocessing.Pipe()
    for item in (*jobs, None):
        ours.send(item)
    serve(theirs)
    said = []
    while ours.poll():
        said.append(ours.recv())
    return [message for message in said if message[0] != "progress"]


def test_workers_give_the_bits_of_this_process_whatever_their_number(stage, tmp_path):
    settings = tiny_settings()
    base = RunSpec("base", "clip", 0)
    start = run_id(base, settings, "0123abcd")
    arms = [RunSpec("continued", method, 0, start=start) for method in ("egma", "no_gaze")]
    # The arms stand before the run that they wait for.
    jobs = [job(stage, spec, tmp_path / "workers", after_run="operator:is_not") for spec in (*arms, base)]
    results = list(train_all(jobs, n_jobs=2, show_progress=False))
    assert [result.run_id for result in results] == [j.run_id for j in jobs]
    assert all(result.output is True and not result.reused for result in results)

    here = train_run(base, settings, tiny_data(), tmp_path / "here", tiny_tokenizer())
    weights = here / "model.safetensors"
    folders = [
        train_run(s, settings, tiny_data(), tmp_path / "here", tiny_tokenizer(), weights) for s in arms
    ]
    for result, folder in zip(results, [*folders, here], strict=True):
        ours, theirs = (load_file(f / "model.safetensors") for f in (result.folder, folder))
        assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_a_worker_reuses_a_finished_run_and_still_calls_the_hook(stage, tmp_path):
    spec = RunSpec("base", "clip", 1)
    train_run(spec, tiny_settings(), tiny_data(), tmp_path, tiny_tokenizer())
    ((kind, result),) = answers(job(stage, spec, tmp_path, after_run="operator:is_not"))
    assert kind == "done"
    assert result.reused
    assert result.output is True


@pytest.mark.parametrize(
    ("hook", "words"),
    [
        pytest.param("no_such_module:function", "cannot be imported", id="no_module"),
        pytest.param("operator:no_such_function", "cannot be imported", id="no_function"),
        pytest.param("operator:add", "TypeError", id="a_hook_that_raises"),
    ],
)
def test_a_worker_goes_on_after_a_failed_job(stage, tmp_path, hook, words):
    good = job(stage, RunSpec("base", "clip", 0), tmp_path)
    bad = TrainJob(**{**vars(good), "after_run": hook})
    (failed, text), (done, _) = answers(bad, good)
    assert (failed, done) == ("failed", "done")
    assert words in text


def test_runs_that_wait_for_each_other_or_for_nothing_are_refused(stage, tmp_path):
    lost = job(stage, RunSpec("continued", "egma", 0, start="base-s0-gone"), tmp_path)
    with pytest.raises(TrainingError, match="base-s0-gone, which is neither"):
        next(train_all([lost], n_jobs=1))
    with pytest.raises(TrainingError, match="at least 1"):
        next(train_all([lost], n_jobs=0))


_SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from training_cases import tiny_settings
from egma_lib.training import RunSpec, TrainJob, train_all

if __name__ == "__main__":
    stage, runs = Path({stage!r}), Path({runs!r})
    endless = {{"training.base.image_passes": 4_000_000, "training.checkpoint_every_s": 0.05}}
    settings = tiny_settings(**endless)
    job = TrainJob(RunSpec("base", "clip", 0), settings, stage / "data", stage / "tokenizer", runs)
    list(train_all([job], n_jobs=1, show_progress=False))
"""


def _start(stage, folder):
    """Return a process that trains without end in `folder`, through one worker."""
    folder.mkdir()
    script = folder / "train.py"
    tests = str(Path(__file__).parent)
    script.write_text(_SCRIPT.format(tests=tests, stage=str(stage), runs=str(folder / "runs")))
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    return subprocess.Popen([sys.executable, str(script)], env=environment)


def test_workers_end_with_their_parent(stage, tmp_path):
    folders = {signal.SIGTERM: tmp_path / "terminated", signal.SIGKILL: tmp_path / "killed"}
    parents = {number: _start(stage, folder) for number, folder in folders.items()}
    deadline_s = time.monotonic() + 90
    for number, parent in parents.items():
        while not list(folders[number].glob("runs/*/state.safetensors")):
            assert parent.poll() is None
            assert time.monotonic() < deadline_s
            time.sleep(0.05)
        workers = psutil.Process(parent.pid).children(recursive=True)
        assert workers
        parent.send_signal(number)
        assert parent.wait(20) == (128 + number if number == signal.SIGTERM else -number)
        assert not psutil.wait_procs(workers, timeout=10)[1]
    assert not list(folders[signal.SIGTERM].glob("runs/*/.*.tmp*"))
