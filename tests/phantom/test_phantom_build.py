"""The build as a whole: same bytes whatever the number of processes, nothing half made, cases independent."""

from __future__ import annotations

import hashlib
import json

import pandas as pd
import pytest
from tiny_studies import phantom_settings

from egma_lib.errors import SettingsError
from egma_lib.phantom import build
from egma_lib.phantom.build import build_phantom


def digests(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_bytes_do_not_depend_on_the_number_of_processes(tmp_path):
    settings = phantom_settings()
    one = build_phantom(settings, tmp_path / "one", recipe_hash="a", jobs=1, progress=False)
    two = build_phantom(settings, tmp_path / "two", recipe_hash="a", jobs=2, progress=False)
    assert digests(one) == digests(two)


def test_a_larger_study_holds_the_files_of_a_smaller_one(tiny_study, tmp_path):
    settings = phantom_settings(multi_reader_cases=2)
    small = build_phantom(settings, tmp_path / "small", recipe_hash="a", jobs=1, progress=False)
    large = digests(tiny_study.folder)
    # Tables over all cases differ; every file of a single case has to be the same.
    shared = {
        name: digest
        for name, digest in digests(small).items()
        if name.endswith((".jpg", ".dcm", ".txt", ".npz", ".parquet", "gaze.csv", "transcript.json"))
        and "spreadsheets" not in name
        and "plans" not in name
    }
    assert len(shared) > 100
    assert {name: large.get(name) for name in shared} == shared


def test_study_json_says_what_it_is(tiny_study):
    about = json.loads((tiny_study.folder / "study.json").read_text())
    assert about == {
        "name": "phantom-main",
        "kind": "synthetic",
        "title_note": "phantom study, synthetic",
        "recipe_hash": "0123abcd",
    }


def test_the_null_preset_is_named_and_noted(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "CORPORA", ("siim",))
    null = {"preset": "null", "confounder_strength": 0.0, "gaze_informative": False}
    settings = phantom_settings().model_copy(update=null)
    build_phantom(settings, tmp_path / "study", recipe_hash="a", jobs=1, progress=False)
    about = json.loads((tmp_path / "study" / "study.json").read_text())
    assert (about["name"], about["kind"]) == ("phantom-null", "synthetic")
    assert about["title_note"] == "phantom study (null preset), synthetic"


def test_sentence_truth_points_at_findings_of_the_plan(tiny_study):
    truth = tiny_study.folder / "truth"
    plans = pd.read_csv(truth / "plans/gaze.csv").set_index("case_id")
    pointed = 0
    for path in sorted((truth / "sentences/gaze").glob("*.json")):
        findings = plans.loc[path.stem, "findings"]
        count = 0 if pd.isna(findings) else len(findings.split("|"))
        used = [index for sentence in json.loads(path.read_text()) for index in sentence["findings"]]
        assert all(0 <= index < count for index in used)
        pointed += len(used)
    assert pointed > 10
    readings = {path.stem for path in (truth / "sentences/readings").glob("*.json")}
    events = {path.stem for path in (truth / "events").glob("*.parquet")}
    assert events == readings | {f"{name}_fixations" for name in readings}


def test_the_roots_of_all_data_sets_are_there(tiny_study):
    found = {path.name for path in tiny_study.folder.iterdir()}
    assert found == {
        "mimic-eye", "mimic-cxr-jpg", "mimic-cxr", "chexpert", "rsna", "siim", "truth", "study.json",
    }  # fmt: skip


def test_an_existing_study_is_kept(tmp_path):
    target = tmp_path / "study"
    target.mkdir()
    (target / "study.json").write_text("kept")
    build_phantom(phantom_settings(), target, recipe_hash="a", jobs=1, progress=False)
    assert (target / "study.json").read_text() == "kept"


def test_an_interrupted_build_leaves_nothing(tmp_path, monkeypatch):
    def interrupted(folder):
        assert any(folder.rglob("*.dcm")), "the interruption comes after files were written"
        raise KeyboardInterrupt

    monkeypatch.setattr(build, "CORPORA", ("siim",))
    monkeypatch.setattr(build.chexpert, "write_text_queries", interrupted)
    with pytest.raises(KeyboardInterrupt):
        build_phantom(phantom_settings(), tmp_path / "study", recipe_hash="a", jobs=1, progress=False)
    assert list(tmp_path.iterdir()) == []


def test_no_process_at_all_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="jobs is 0; at least 1 process is needed"):
        build_phantom(phantom_settings(), tmp_path / "study", recipe_hash="a", jobs=0)


def test_progress_goes_to_standard_error(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(build, "CORPORA", ("siim",))
    build_phantom(phantom_settings(), tmp_path / "study", recipe_hash="a", jobs=1)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "phantom" in captured.err
    assert "case/s" in captured.err
