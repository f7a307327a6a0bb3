import json
import os
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import psutil
import pytest
import torch
from safetensors.torch import load_file
from training_cases import tiny_data, tiny_settings, tiny_tokenizer

from egma_lib.errors import ArtefactError, TrainingError
from egma_lib.training import RunSpec, TrainJob, is_finished, train_run
from egma_lib.training.distributed import train_job
from egma_lib.training.jobs import load_job, save_job
from egma_lib.training.launch import train_in_processes
from egma_lib.training.ranks import Ranks

SWIN = {
    "model.image_encoder": "swin_small",
    "model.image_channels": [16],
    "training.continued.batch_size": 6,
    "training.device": "cpu",
}


def job_in(folder, data=None, **overrides):
    data = data or tiny_data()
    tiny_tokenizer().save_pretrained(str(folder / "tokenizer"))
    data.save(folder / "data")
    settings = tiny_settings(**{**SWIN, **overrides})
    return TrainJob(
        RunSpec("continued", "egma", 0), settings, folder / "data", folder / "tokenizer", folder / "runs"
    )


def metrics_of(folder):
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_two_processes_train_as_one_does(tmp_path):
    two = job_in(tmp_path, **{"training.processes": 2, "training.select": "validation"})
    one = replace(two, settings=tiny_settings(**{**SWIN, "training.select": "validation"}))
    steps = []
    train_in_processes(two, lambda step, loss: steps.append(step))
    alone = train_run(one.spec, one.settings, tiny_data(), one.runs_folder, tiny_tokenizer())
    together = two.runs_folder / two.run_id
    assert steps[-1] == two.n_steps
    ours, theirs = metrics_of(together), metrics_of(alone)
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs, strict=True):
        for name in mine.keys() - {"images_per_s"}:
            assert mine[name] == pytest.approx(other[name], rel=1e-4, abs=1e-6), (mine["step"], name)
    # Adam divides by the root of the squared gradient, so that rounding shows where a gradient is near 0.
    first, second = load_file(together / "model.safetensors"), load_file(alone / "model.safetensors")
    assert first.keys() == second.keys()
    for name, weights in first.items():
        difference = (weights - second[name]).norm() / second[name].norm().clamp(min=1.0)
        assert difference < 1e-3, name
    assert {path.name for path in together.iterdir() if not path.name.startswith(".")} == {
        "settings.yaml",
        "tokenizer",
        "metrics.jsonl",
        "model.safetensors",
    }


def test_an_error_in_the_processes_reaches_the_caller_in_words(tmp_path):
    job = job_in(tmp_path, **{"training.processes": 2, "training.continued.learning_rate": 1e30})
    with pytest.raises(TrainingError, match="a lower learning_rate"):
        train_in_processes(job, lambda step, loss: None)
    assert not is_finished(job.runs_folder / job.run_id)


def test_the_number_of_processes_must_be_the_one_that_the_job_names(tmp_path):
    job = job_in(tmp_path, **{"training.processes": 2})
    with pytest.raises(TrainingError, match=r"training\.processes is 2, but 1 were started"):
        train_job(job, Ranks())


def test_processes_end_when_nobody_reads_what_they_say(tmp_path):
    job = job_in(tmp_path, **{"training.processes": 2, "training.continued.image_passes": 10**7})
    script = (
        "import sys; from pathlib import Path\n"
        "from egma_lib.training.jobs import load_job\n"
        "from egma_lib.training.launch import train_in_processes\n"
        "if __name__ == '__main__':\n"
        "    train_in_processes(load_job(Path(sys.argv[1])), lambda step, loss: print(step, flush=True))\n"
    )
    (tmp_path / "caller.py").write_text(script)
    file = save_job(job, tmp_path / "job.json")
    caller = subprocess.Popen(
        [sys.executable, str(tmp_path / "caller.py"), str(file)], stdout=subprocess.PIPE, env=dict(os.environ)
    )
    assert caller.stdout.readline().strip().isdigit()
    family = psutil.Process(caller.pid).children(recursive=True)
    assert len(family) >= 3  # torchrun and two of its processes
    caller.send_signal(signal.SIGKILL)
    caller.wait()
    caller.stdout.close()
    _, alive = psutil.wait_procs(family, timeout=60)
    assert not alive


def test_a_job_file_gives_the_same_job_back(tmp_path):
    job = job_in(tmp_path)
    again = load_job(save_job(job, tmp_path / "job.json"))
    assert again == job
    assert again.run_id == job.run_id


def test_a_file_that_is_no_job_is_named(tmp_path):
    (tmp_path / "job.json").write_text('{"spec": {}}')
    with pytest.raises(ArtefactError, match=r"job\.json: not a job"):
        load_job(tmp_path / "job.json")


def test_a_batch_smaller_than_the_processes_is_refused(tmp_path):
    from egma_lib.training.batches import BatchMaker

    data = tiny_data()
    with pytest.raises(TrainingError, match=r"training\.processes"):
        BatchMaker(
            data,
            tiny_tokenizer(),
            tiny_settings(),
            "continued",
            0,
            np.ones(len(data), dtype=bool),
            Ranks(0, 5),
        )


@pytest.mark.parametrize(
    ("error", "explained"),
    [
        pytest.param(torch.OutOfMemoryError("CUDA out of memory"), True, id="on_a_gpu"),
        pytest.param(RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: no"), True, id="cpu"),
        pytest.param(RuntimeError("a shape does not fit"), False, id="another_error_stays_as_it_is"),
    ],
)
def test_a_lack_of_memory_names_the_setting_to_turn(tmp_path, monkeypatch, error, explained):
    from egma_lib.training.step import TrainingStep

    def fail(self, batch):
        raise error

    monkeypatch.setattr(TrainingStep, "losses_and_gradients", fail)
    settings = tiny_settings(**SWIN)
    expected = TrainingError if explained else RuntimeError
    words = r"training\.micro_batch=3 .* losses\.chunk=8 \(now 16\)" if explained else "a shape"
    with pytest.raises(expected, match=words):
        train_run(RunSpec("continued", "egma", 0), settings, tiny_data(), tmp_path, tiny_tokenizer())
