import pytest
from training_cases import tiny_settings

from egma_lib.training.device import count_workers, visible_gpus, worker_environments


@pytest.fixture
def four_gpus(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,GPU-c,3")
    return {"training.device": "auto"}


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        pytest.param({}, 4, id="one_run_a_gpu"),
        pytest.param({"training.processes": 2}, 2, id="two_gpus_a_run"),
        pytest.param({"training.processes": 8}, 1, id="more_processes_than_gpus"),
        pytest.param({"experiments.jobs": 3}, 3, id="as_many_as_asked_for"),
    ],
)
def test_runs_at_the_same_time_follow_from_the_gpus(four_gpus, overrides, expected):
    assert count_workers(tiny_settings(**four_gpus, **overrides)) == expected


def test_on_the_cpu_runs_share_the_cores(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    assert count_workers(tiny_settings()) == 8
    assert count_workers(tiny_settings(**{"training.threads": 4})) == 2
    assert count_workers(tiny_settings(**{"training.threads": 16})) == 1


def test_every_worker_gets_gpus_of_its_own(four_gpus):
    settings = [tiny_settings(**four_gpus), tiny_settings(**four_gpus, **{"training.processes": 2})]
    shares = [each["CUDA_VISIBLE_DEVICES"] for each in worker_environments(settings, 3)]
    assert shares == ["0,1", "GPU-c,3", "0,1"]


def test_on_the_cpu_no_gpu_is_named(four_gpus):
    settings = tiny_settings(**{"training.threads": 3})
    assert settings.training.device == "cpu"
    assert visible_gpus(settings) == ()
    assert worker_environments([settings], 1) == [
        dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "3")
    ]
    assert worker_environments([], 0) == []
