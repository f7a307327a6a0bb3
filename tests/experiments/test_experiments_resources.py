"""Estimates of time and memory: by measured rows alone, and said in plain words."""

from __future__ import annotations

import pandas as pd
import pytest

from egma_lib.errors import ArtefactError
from egma_lib.experiments import resources
from egma_lib.experiments.measured_speeds import (
    COLUMNS,
    read_resources,
    resources_markdown,
    what_is_measured,
)
from egma_lib.experiments.resources import describe_estimate, describe_study, duration, estimate_training
from egma_lib.settings import load_settings
from egma_lib.study import REPOSITORY

HERE = "Test CPU, 4 cores"


@pytest.fixture(autouse=True)
def this_machine(monkeypatch):
    monkeypatch.setattr(resources, "machine_name", lambda device: HERE)


def settings_of(**overrides):
    names = {name.replace("__", "."): value for name, value in overrides.items()}
    fixed = {
        "training.device": "cpu",
        "experiments.jobs": 4,
        "training.base.image_passes": 6000,
        "training.continued.image_passes": 2000,
    }
    return load_settings("smoke", {**fixed, **names})


def row(**changed):
    about = {"machine": HERE, "device": "cpu", **what_is_measured(settings_of(), "cpu"), "method": "egma"}
    about |= {"images_per_s": 10.0, "peak_gib": 1.25, "bf16_peak_share": "", "measured_on": "2026-01-02"}
    return {**about, "command": "python benchmarks/resources.py", **changed}


def table(*rows):
    return pd.DataFrame(list(rows), columns=list(COLUMNS))


def test_runs_are_counted_in_rounds_of_what_fits_beside_each_other():
    estimate = estimate_training(settings_of(), 5, 9, table(row()))
    # 2 rounds of base runs at 600 s and 3 rounds of continued ones at 200 s.
    assert estimate.seconds == pytest.approx(2 * 600 + 3 * 200)
    assert estimate.peak_gib == 1.25
    assert estimate.is_this_machine
    assert describe_estimate(estimate) == (
        "about 30 min for 14 runs (4 at a time), with 1.2 GiB per process, by the row measured on "
        "Test CPU, 4 cores on 2026-01-02. Training alone: evaluation comes on top"
    )


def test_another_machine_s_row_is_named_as_such():
    estimate = estimate_training(settings_of(), 1, 3, table(row(machine="Other CPU, 8 cores")))
    said = describe_estimate(estimate)
    assert not estimate.is_this_machine
    assert (
        "by the row measured on Other CPU, 8 cores on 2026-01-02; this machine is Test CPU, 4 cores" in said
    )
    assert "no measurement: `python benchmarks/resources.py --profile smoke` measures 20 steps" in said


def test_without_a_fitting_row_there_is_no_number():
    estimate = estimate_training(settings_of(data__image_size=224), 2, 5, table(row()))
    assert (estimate.seconds, estimate.peak_gib, estimate.row) == (None, None, None)
    said = describe_estimate(estimate)
    assert said.startswith(
        "time of 7 runs (4 at a time): not known, no model of these sizes has been measured"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("model.image_channels", [8, 16, 32], id="encoder_widths"),
        pytest.param("model.patch_grid", 14, id="patch_grid"),
        pytest.param("model.text_layers", 3, id="text_layers"),
        pytest.param("model.text_width", 32, id="text_width"),
        pytest.param("model.embed_dim", 32, id="shared_space"),
        pytest.param("training.continued.batch_size", 8, id="batch"),
    ],
)
def test_a_speed_of_other_sizes_is_never_used(name, value):
    assert estimate_training(settings_of(**{name: value}), 1, 1, table(row())).row is None


def test_a_row_of_another_method_is_not_used():
    assert estimate_training(settings_of(), 1, 1, table(row(method="clip"))).row is None


def test_what_the_row_was_measured_with_otherwise_is_said():
    estimate = estimate_training(settings_of(), 1, 1, table(row(micro_batch="8", threads="2")))
    assert estimate.differences == (
        "training.micro_batch=8 (here null)",
        "training.threads=2 (here 1)",
    )
    assert "with training.micro_batch=8 (here null), training.threads=2 (here 1)" in describe_estimate(
        estimate
    )


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(
            [row(images_per_s=1.0), row(machine="Other", images_per_s=9.0)],
            id="this_machine_before_a_faster_one",
        ),
        pytest.param(
            [
                row(machine="GPU", device="cuda", threads="", bf16="on"),
                row(machine="Other", images_per_s=1.0),
            ],
            id="the_same_kind_of_device_before_another",
        ),
        pytest.param(
            [row(micro_batch="8", measured_on="2026-02-01"), row(images_per_s=1.0)],
            id="the_same_settings_before_a_later_day",
        ),
        pytest.param(
            [row(), row(images_per_s=1.0, measured_on="2026-02-01")],
            id="the_latest_of_equals",
        ),
    ],
)
def test_the_nearest_row_is_taken(rows):
    chosen = min(rows, key=lambda one: one["images_per_s"])
    for order in (rows, rows[::-1]):
        assert estimate_training(settings_of(), 1, 1, table(*order)).row == chosen


def test_threads_of_a_gpu_row_are_no_difference():
    gpu = row(machine="GPU", device="cuda", threads="", bf16="on")
    assert estimate_training(settings_of(), 1, 1, table(gpu)).differences == ()


def test_nothing_to_train_takes_no_time():
    said = describe_estimate(estimate_training(settings_of(), 0, 0, table(row())))
    assert said == "every run has been trained; training takes no time"


def test_a_study_counts_a_base_run_per_seed_and_its_arms():
    settings = settings_of(
        experiments__seeds=[0, 1],
        experiments__extra_pair_seeds=[2],
        experiments__n_few_seeds=1,
        experiments__arms=["start", "no_gaze", "egma"],
        experiments__gaze_shares=[0.5],
        experiments__methods=["sparc"],
        experiments__controls=["uniform"],
        experiments__switches=[],
        experiments__backbones={"B": {"model.embed_dim": 32}},
    )
    # 3 base runs; 3 x no gaze and EGMA, 2 x half the gaze and uniform gaze, 1 x SPARC. The backbone is of
    # other sizes.
    assert "14 runs (4 at a time)" in describe_study(settings)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        pytest.param(0.2, "1 s", id="less_than_a_second"),
        pytest.param(89, "89 s", id="seconds"),
        pytest.param(3580, "1 h", id="an_hour_after_rounding"),
        pytest.param(11400, "3 h 10 min", id="hours"),
        pytest.param(48 * 3600, "2 days", id="whole_days"),
        pytest.param(50.6 * 3600, "2 days 3 h", id="days_and_rounded_hours"),
        pytest.param(253 * 3600, "11 days", id="many_days_without_hours"),
    ],
)
def test_durations_are_said_in_two_units(seconds, said):
    assert duration(seconds) == said


def test_the_document_holds_the_measured_table():
    text = (REPOSITORY / "docs" / "resources.md").read_text(encoding="utf-8")
    shown = text.partition("<!-- measured: begin -->\n")[2].partition("<!-- measured: end -->")[0]
    assert shown == resources_markdown(read_resources()), "run benchmarks/resources.py with --append"


@pytest.mark.parametrize("profile", ["smoke", "phantom", "paper"])
def test_every_profile_has_a_measured_row(profile):
    assert estimate_training(load_settings(profile, {"training.device": "cpu"}), 1, 1).seconds > 0


def test_a_table_without_a_column_is_refused(tmp_path):
    path = tmp_path / "resources.csv"
    path.write_text("machine,device\na,cpu\n")
    with pytest.raises(ArtefactError, match=r"resources\.csv lacks the columns image_encoder"):
        read_resources(path)


@pytest.mark.parametrize("value", ["", "fast", "0", "nan"])
def test_a_speed_that_is_no_positive_number_is_named_by_its_line(tmp_path, value):
    path = tmp_path / "resources.csv"
    spoilt = read_resources().astype(str).head(2)
    spoilt.loc[1, "images_per_s"] = value
    spoilt.to_csv(path, index=False)
    with pytest.raises(ArtefactError, match=r"line 3: images_per_s is not a positive number"):
        read_resources(path)
