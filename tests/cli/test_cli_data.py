"""`egma data`: check, sample and build."""

from __future__ import annotations

import sys

import pytest
from typer.testing import CliRunner

from egma_lib import cli
from egma_lib.datasets.check.samples import SAMPLED_SETS
from egma_lib.phantom.build import build_phantom
from egma_lib.settings import DATASET_KEYS, PhantomSettings, PhantomSizes

NOT_RUN = "this reader was written from public descriptions and has not yet been run on the original release"


def invoke(*arguments):
    return CliRunner().invoke(cli.app, [str(one) for one in arguments], catch_exceptions=False)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    sizes = PhantomSizes(
        gaze_cases=4, multi_reader_cases=0, report_cases=4, chexpert_5x200_per_class=2,
        chexpert_marked_cases=2, chexpert_8x200_per_class=2, chexpert_train=3, chexpert_valid=3,
        rsna_cases=5, siim_cases=5,
    )  # fmt: skip
    settings = PhantomSettings(sizes=sizes, stored_rows=96, dicom_size=96, sampling_hz_reflacx=500)
    target = tmp_path_factory.mktemp("phantom") / "study"
    build_phantom(settings, target, recipe_hash="0123", jobs=1, progress=False)
    return target


def blocks(output):
    return {part.partition(":")[0]: part for part in output.split("\n\n")}


def test_check_without_a_root_says_how_to_get_everything():
    shown = invoke("data", "check")
    assert shown.exit_code == 0
    assert "Data root: none given (--data-root DIR)\nFree disk: " in shown.output
    parts = blocks(shown.output)
    for key in DATASET_KEYS:
        assert f"{key}: ABSENT" in parts[key]
        assert all(word in parts[key] for word in ("get it", "licence", "size", NOT_RUN))
    lacking = "MIMIC-EYE, or REFLACX or EGD-CXR with their films in MIMIC-CXR-JPG; "
    assert f"02 pretraining: no, lacks {lacking}" in shown.output


def test_check_of_a_whole_root(root):
    shown = invoke("data", "check", "--data-root", root)
    parts = blocks(shown.output)
    assert "rsna: COMPLETE" in parts["rsna"]
    assert "5 images (published: 26,684)" in parts["rsna"]
    assert "40 8x200 text queries (as published)" in parts["chexpert"]
    assert "get it" not in parts["rsna"]
    assert shown.output.rstrip().endswith("06 figures: yes")


def test_check_names_a_few_missing_files_and_writes_all(root, tmp_path):
    # Redirected to a copy with nothing but the table, so that every film is missing.
    copy = tmp_path / "rsna"
    copy.mkdir()
    (copy / "stage_2_train_images").mkdir()
    table = root / "rsna" / "stage_2_train_labels.csv"
    extra = "".join(f"00000000-0000-4000-8000-{number:012d},,,,,0\n" for number in range(10))
    (copy / table.name).write_text(table.read_text() + extra)
    out = tmp_path / "missing.txt"
    shown = invoke("data", "check", "--data-root", root, "--set", f"data.rsna={copy}", "--missing-to", out)
    part = blocks(shown.output)["rsna"]
    assert "rsna: PARTIAL" in part
    assert "missing   15: stage_2_train_images/" in part
    assert "; and 10 more" in part
    assert "get it" in part
    names = out.read_text().splitlines()
    assert len(names) == 15
    assert all(name.startswith("rsna/stage_2_train_images/") for name in names)
    assert "02 pretraining: no, lacks the rest of RSNA (or none of it)" in shown.output


def test_check_says_what_is_not_available(root, tmp_path):
    shown = invoke("data", "check", "--data-root", root, "--set", f"data.siim={tmp_path / 'none'}")
    assert "03 Table 2: zero-shot classification: yes; not available: SIIM" in shown.output


@pytest.mark.parametrize("name", SAMPLED_SETS)
def test_sample_prints_cases_of_every_set(name, root):
    shown = invoke("data", "sample", name, "-n", 2, "--data-root", root, "--profile", "smoke")
    cases = shown.output.split("\n\n")
    assert shown.exit_code == 0
    assert len(cases) == 2
    for case in cases:
        assert "  patient   " in case
        assert f"  film      {root}" in case
        assert " pixels)" in case
        assert ("  labels    " in case) != ("  sentence  " in case)
        assert ("  sentence  " in case) == name.startswith("mimic")


def test_sample_gives_all_where_there_are_fewer(root):
    shown = invoke("data", "sample", "chexpert_valid", "-n", 50, "--data-root", root, "--profile", "smoke")
    assert len(shown.output.split("\n\n")) == 3


def run_main(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["egma", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(("check", "--data-root", "/no/such"), "data root /no/such is not a folder", id="check"),
        pytest.param(
            ("sample", "nih", "--data-root", "{root}"), "data set 'nih' is unknown; use one", id="name"
        ),
        pytest.param(("sample", "rsna", "-n", "0", "--data-root", "{root}"), "ask for at least 1", id="none"),
        pytest.param(
            ("build", "chexpert_5x200", "--data-root", "{root}"),
            "exists already and is not replaced",
            id="list",
        ),
        pytest.param(
            ("build", "chexpert_8x200", "--data-root", "{root}", "--target", "{out}"),
            "200 are needed",
            id="few",
        ),
    ],
)
def test_errors_are_one_line_with_status_1(arguments, message, root, tmp_path, monkeypatch, capsys):
    filled = [one.format(root=root, out=tmp_path) for one in arguments]
    code, shown = run_main(monkeypatch, capsys, "data", *filled)
    assert code == 1
    assert shown.startswith("error: ")
    assert message in shown
    assert shown.count("\n") == 1
    assert "Traceback" not in shown
