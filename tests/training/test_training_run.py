import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file
from training_cases import tiny_data, tiny_settings, tiny_tokenizer

from egma_lib.errors import ArtefactError, SettingsError, TrainingError
from egma_lib.models import build_dual_encoder, load_dual_encoder
from egma_lib.training import RunSpec, is_finished, run_id, train_run
from egma_lib.training.batches import BatchMaker
from egma_lib.training.loop import learning_rate
from egma_lib.training.step import TrainingStep


@pytest.fixture(scope="module")
def tokenizer():
    return tiny_tokenizer()


@pytest.fixture(scope="module")
def data():
    return tiny_data()


def metrics_of(folder):
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    for row in rows:
        row.pop("images_per_s")
    return rows


def assert_same_run(first, second):
    ours, theirs = load_file(first / "model.safetensors"), load_file(second / "model.safetensors")
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert metrics_of(first) == metrics_of(second)


def test_a_run_writes_the_files_of_the_contract(tmp_path, data, tokenizer):
    settings = tiny_settings()
    folder = train_run(RunSpec("continued", "egma", 0), settings, data, tmp_path, tokenizer)
    names = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    assert names == {"settings.yaml", "tokenizer", "metrics.jsonl", "model.safetensors"}
    rows = metrics_of(folder)
    assert [row["step"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert {"total", "egf", "egm", "logit_scale", "gradient_norm", "learning_rate"} <= set(rows[0])
    assert [row["step"] for row in rows if "validation_loss" in row] == [3, 6]
    about = yaml.safe_load((folder / "settings.yaml").read_text())
    assert about["settings"] == settings.model_dump(mode="json")
    assert about["run"]["method"] == "egma"
    model = load_dual_encoder(folder, settings)
    assert model.encode_texts(["no pneumothorax"]).sentence_features.shape == (1, 16)


@pytest.mark.parametrize("method", ["clip", "mlce", "mlce_alone", "egf", "egm", "egm_alone", "no_gaze"])
def test_every_method_trains(tmp_path, data, tokenizer, method):
    settings = tiny_settings(**{"training.continued.image_passes": 8})
    folder = train_run(RunSpec("continued", method, 0), settings, data, tmp_path, tokenizer)
    assert len(metrics_of(folder)) == 2


@pytest.mark.parametrize(
    ("stop_after", "select"),
    [
        pytest.param(1, "last", id="after_the_first_step"),
        pytest.param(4, "last", id="in_the_middle"),
        pytest.param(4, "validation", id="with_a_best_checkpoint_kept"),
    ],
)
def test_an_interrupted_run_ends_in_the_same_bits(tmp_path, data, tokenizer, stop_after, select):
    settings = tiny_settings(**{"training.checkpoint_every_s": 1e-6, "training.select": select})
    spec = RunSpec("continued", "egma", 3)
    whole = train_run(spec, settings, data, tmp_path / "whole", tokenizer)

    def interrupt(step, n_steps, loss):
        if step == stop_after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_run(spec, settings, data, tmp_path / "parts", tokenizer, progress=interrupt)
    folder = tmp_path / "parts" / whole.name
    assert not is_finished(folder)
    steps = []
    resumed = train_run(
        spec, settings, data, tmp_path / "parts", tokenizer, progress=lambda step, *_: steps.append(step)
    )
    assert steps[0] == stop_after + 1
    assert_same_run(whole, resumed)


def test_steps_after_the_last_saved_state_are_done_again(tmp_path, data, tokenizer):
    spec = RunSpec("continued", "egma", 3)
    settings = tiny_settings(**{"training.checkpoint_every_s": 1000.0})
    whole = train_run(spec, settings, data, tmp_path / "whole", tokenizer)

    def interrupt(step, n_steps, loss):
        if step == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_run(spec, settings, data, tmp_path / "parts", tokenizer, progress=interrupt)
    assert_same_run(whole, train_run(spec, settings, data, tmp_path / "parts", tokenizer))


def test_a_damaged_state_is_named(tmp_path, data, tokenizer):
    settings, spec = tiny_settings(), RunSpec("continued", "clip", 0)
    folder = tmp_path / run_id(spec, settings, data.data_hash)
    folder.mkdir()
    (folder / "state.safetensors").write_bytes(b"cut off")
    with pytest.raises(ArtefactError, match=r"state\.safetensors.*delete it"):
        train_run(spec, settings, data, tmp_path, tokenizer)


def test_a_finished_run_is_reused(tmp_path, data, tokenizer):
    settings, spec = tiny_settings(), RunSpec("base", "clip", 0)
    folder = train_run(spec, settings, data, tmp_path, tokenizer)
    before = (folder / "model.safetensors").stat().st_mtime_ns
    steps = []
    train_run(spec, settings, data, tmp_path, tokenizer, progress=lambda *args: steps.append(args))
    assert not steps
    assert (folder / "model.safetensors").stat().st_mtime_ns == before


def test_a_continued_run_starts_from_the_weights_named(tmp_path, data, tokenizer):
    settings = tiny_settings(**{"training.continued.learning_rate": 1e-30})
    base = train_run(RunSpec("base", "clip", 0), settings, data, tmp_path, tokenizer)
    spec = RunSpec("continued", "egma", 0, start=base.name)
    continued = train_run(spec, settings, data, tmp_path, tokenizer, base / "model.safetensors")
    ours, theirs = load_file(base / "model.safetensors"), load_file(continued / "model.safetensors")
    name = "text_projection.weight"
    torch.testing.assert_close(ours[name], theirs[name], atol=1e-7, rtol=0)
    with pytest.raises(TrainingError, match="go together"):
        train_run(spec, settings, data, tmp_path, tokenizer)


@pytest.mark.parametrize("select", ["last", "validation"])
def test_a_stage_of_no_images_keeps_the_weights_it_starts_with(tmp_path, data, tokenizer, select):
    settings = tiny_settings(**{"training.base.image_passes": 0, "training.select": select})
    folder = train_run(RunSpec("base", "clip", 0), settings, data, tmp_path, tokenizer)
    assert (folder / "metrics.jsonl").read_text() == ""
    untrained = build_dual_encoder(settings.model, tokenizer, 0, settings.data.image_size).state_dict()
    kept = load_file(folder / "model.safetensors")
    assert all(torch.equal(kept[name], value) for name, value in untrained.items())


def test_a_run_leaves_torch_as_it_was(tmp_path, data, tokenizer):
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    train_run(RunSpec("base", "clip", 1), tiny_settings(), data, tmp_path, tokenizer)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads
    assert not torch.are_deterministic_algorithms_enabled()


def test_a_gaze_subset_is_written_beside_the_run(tmp_path, data, tokenizer):
    spec = RunSpec("continued", "egma", 0, gaze_share=0.5)
    folder = train_run(spec, tiny_settings(), data, tmp_path, tokenizer)
    assert folder.name.startswith("egma-gaze50-s0-")
    kept = json.loads((folder / "gaze_samples.json").read_text())
    assert len(kept) == 3  # of the 6 training samples with gaze


def test_the_id_names_what_decides_the_result():
    settings, spec = tiny_settings(), RunSpec("continued", "egma", 0)
    reference = run_id(spec, settings, "data")
    assert reference.startswith("egma-s0-")
    same = tiny_settings(**{"training.checkpoint_every_s": 5.0, "evaluation.bootstrap": 77})
    assert run_id(spec, same, "data") == reference
    others = {
        run_id(spec, settings, "other"),
        run_id(RunSpec("continued", "egma", 1), settings, "data"),
        run_id(RunSpec("continued", "egma", 0, gaze_share=0.1), settings, "data"),
        run_id(spec, tiny_settings(**{"losses.egm_threshold": 0.5}), "data"),
        run_id(spec, tiny_settings(**{"training.continued.learning_rate": 0.1}), "data"),
    }
    assert len(others | {reference}) == 6
    base = RunSpec("base", "clip", 0)
    assert run_id(base, tiny_settings(**{"losses.egm_threshold": 0.5}), "data") == run_id(
        base, settings, "data"
    )


def test_learning_rate_warms_up_and_falls_along_a_cosine():
    stage = tiny_settings().training.base.model_copy(update={"learning_rate": 2.0, "warmup_share": 0.2})
    rates = [learning_rate(step, 10, stage) for step in range(10)]
    assert rates[:3] == pytest.approx([1.0, 2.0, 2.0])
    assert rates[6] == pytest.approx(1.0)
    assert all(late < early for early, late in pairwise(rates[2:]))


@pytest.mark.parametrize(
    ("overrides", "error", "words"),
    [
        pytest.param(
            {"training.base.batch_size": 64}, TrainingError, "do not fill one batch", id="batch_too_large"
        ),
        pytest.param(
            {"training.tensorboard": True}, TrainingError, "pip install tensorboard", id="no_tensorboard"
        ),
        pytest.param({"training.base.learning_rate": 1e30}, TrainingError, "learning_rate", id="diverged"),
    ],
)
def test_what_cannot_be_trained_is_refused(tmp_path, data, tokenizer, overrides, error, words):
    with pytest.raises(error, match=words):
        train_run(RunSpec("base", "clip", 0), tiny_settings(**overrides), data, tmp_path, tokenizer)


def test_unknown_methods_and_shares_are_refused():
    with pytest.raises(SettingsError, match="known: clip"):
        RunSpec("base", "clap", 0)
    with pytest.raises(TrainingError, match="gaze_share"):
        RunSpec("base", "clip", 0, gaze_share=1.5)


def test_without_held_out_samples_there_is_no_validation_loss_to_select_by(tmp_path, data, tokenizer):
    everything = replace(data, is_validation=np.zeros(len(data), dtype=bool))
    spec = RunSpec("base", "clip", 0)
    rows = metrics_of(train_run(spec, tiny_settings(), everything, tmp_path, tokenizer))
    assert rows[-1]["validation_loss"] is None
    with pytest.raises(TrainingError, match="no sample is held out"):
        train_run(spec, tiny_settings(**{"training.select": "validation"}), everything, tmp_path, tokenizer)


def test_selection_keeps_the_weights_of_the_lowest_validation_loss(tmp_path, data, tokenizer):
    # Random films can only be learned by heart, so the held-out loss soon rises.
    overrides = {
        "training.base.learning_rate": 0.03,
        "training.base.image_passes": 160,
        "training.validate_every": 1,
        "training.select": "validation",
    }
    spec = RunSpec("base", "clip", 0)
    settings = tiny_settings(**overrides)
    folder = train_run(spec, settings, data, tmp_path, tokenizer)
    losses = [row["validation_loss"] for row in metrics_of(folder)]
    best = losses.index(min(losses)) + 1
    assert best < len(losses)
    batches = BatchMaker(data, tokenizer, settings, "base", 0, np.ones(len(data), dtype=bool))
    model = load_dual_encoder(folder, settings)
    loss = TrainingStep(model, "clip", settings).losses(next(batches.validation_batches()))["total"].item()
    assert loss == pytest.approx(min(losses), rel=1e-5)


def test_mixed_precision_trains_on_the_cpu_too(tmp_path, data, tokenizer):
    exact = train_run(RunSpec("continued", "egma", 0), tiny_settings(), data, tmp_path, tokenizer)
    half = tiny_settings(**{"training.bf16": "on"})
    mixed = train_run(RunSpec("continued", "egma", 0), half, data, tmp_path, tokenizer)
    first, second = (metrics_of(folder)[0]["total"] for folder in (exact, mixed))
    assert first != second
    assert second == pytest.approx(first, rel=0.05)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_an_interrupted_run_goes_on_on_a_gpu(tmp_path, data, tokenizer):
    settings = tiny_settings(**{"training.device": "cuda", "training.checkpoint_every_s": 1e-6})
    spec = RunSpec("continued", "egma", 0)

    def interrupt(step, n_steps, loss):
        if step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_run(spec, settings, data, tmp_path, tokenizer, progress=interrupt)
    folder = train_run(spec, settings, data, tmp_path, tokenizer)
    assert [row["step"] for row in metrics_of(folder)] == [1, 2, 3, 4, 5, 6]
