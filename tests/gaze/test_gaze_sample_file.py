"""Gaze samples from a text table of any tracker."""

import numpy as np
import pytest

from egma_lib.errors import GazeError, SettingsError
from egma_lib.gaze.sample_file import read_sample_file


def write(tmp_path, text, name="samples.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("unit", "times"),
    [("s", "0.000 0.002 0.004"), ("ms", "0 2 4"), ("us", "0 2000 4000")],
)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_units_and_separators(unit, times, separator, tmp_path):
    lines = [separator.join(("gx", "t ", "gy"))]
    lines += [separator.join((f"{70 + i}", t, "35")) for i, t in enumerate(times.split())]
    path = write(tmp_path, "\ufeff" + "\n".join(lines) + "\n")
    samples = read_sample_file(path, time="t", x="gx", y="gy", time_unit=unit, unit="px", px_per_deg=35)
    np.testing.assert_allclose(samples.time_s, [0, 0.002, 0.004])
    np.testing.assert_allclose(samples.x_deg, [2, 71 / 35, 72 / 35])
    np.testing.assert_allclose(samples.y_deg, 1)
    assert samples.n_repaired_times == 0


def test_blank_marked_and_coded_samples_are_missing(tmp_path):
    rows = ["0,1,1", "0.001,,1", "0.002,.,1", "0.003,NA,1", "0.004,nan,1", "0.005,0,0", "0.006,0,1"]
    path = write(tmp_path, "\n".join(["time,x,y", *rows]))
    seen = ~np.isnan(read_sample_file(path, missing=0).x_deg)
    assert seen.tolist() == [True, False, False, False, False, False, True]
    both = np.isnan(read_sample_file(path, missing=0).y_deg)
    assert both.tolist() == [False, False, False, False, False, True, False]
    assert np.isnan(read_sample_file(path).x_deg).sum() == 4


def test_doubled_and_reversed_times_are_repaired_and_counted(tmp_path):
    path = write(tmp_path, "time,x,y\n0,1,0\n0.004,3,0\n0.002,2,0\n0.002,9,0\n0.006,4,0\n")
    samples = read_sample_file(path)
    np.testing.assert_allclose(samples.x_deg, [1, 2, 3, 4])
    # Two rows came late, and one of them was dropped as a double, which counts once more.
    assert samples.n_repaired_times == 3


SECONDS = "time,x,y\n" + "".join(f"{i},0,0\n" for i in range(5))
FAULTS = [
    pytest.param(SECONDS, {}, r"median step .* is 1 s .* give the unit with --time-unit", id="ms as s"),
    pytest.param(SECONDS, {"time_unit": "us"}, "--time-unit s, ms or us", id="ms as us"),
    pytest.param("t,x,y\n0,0,0\n", {}, r"no column 'time'; name one of 't', 'x', 'y' with --time", id="time"),
    pytest.param("time,gx,y\n0,0,0\n", {}, "no column 'x'.* with --x", id="x"),
    pytest.param(
        "time,x,y\n0,0,0\n0.002,a,0\n", {}, r"data row 2, column 'x': 'a' is not a number \(1 such", id="text"
    ),
    pytest.param("time,x,y\n0,0,0\n,0,0\n", {}, "data row 2: column 'time' is blank", id="blank time"),
    pytest.param("time,x,y\n0,0,0\n", {}, "1 samples with different times", id="one sample"),
    pytest.param("time,x,y\n", {}, "0 samples with different times", id="no sample"),
    pytest.param("", {}, "not a readable text table", id="empty file"),
    pytest.param(
        "time,x,y\n0,900,0\n0.002,901,0\n", {}, r"reach 901 degrees.*--unit px --px-per-deg", id="px as deg"
    ),
]


@pytest.mark.parametrize(("text", "options", "message"), FAULTS)
def test_faults_name_file_and_option(text, options, message, tmp_path):
    path = write(tmp_path, text)
    with pytest.raises(GazeError, match=message) as raised:
        read_sample_file(path, **options)
    assert str(path) in str(raised.value)


def test_missing_and_binary_files_are_refused(tmp_path):
    with pytest.raises(GazeError, match="no such file"):
        read_sample_file(tmp_path / "none.csv")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00\x80\x81")
    with pytest.raises(GazeError, match="not a readable text table"):
        read_sample_file(tmp_path / "binary.csv")


@pytest.mark.parametrize(("unit", "px_per_deg"), [("px", None), ("deg", 35.0), ("px", 0.0), ("px", -1.0)])
def test_unit_and_resolution_go_together(unit, px_per_deg, tmp_path):
    with pytest.raises(SettingsError, match="--unit px needs --px-per-deg N above 0"):
        read_sample_file(write(tmp_path, SECONDS), unit=unit, px_per_deg=px_per_deg)
