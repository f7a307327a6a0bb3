import json

import pytest

from egma_lib.errors import DataError
from egma_lib.settings import load_settings
from egma_lib.study import REPOSITORY, open_study, phantom_folder


def study_at(root, about=None, overrides=None):
    root.mkdir(exist_ok=True)
    if about is not None:
        (root / "study.json").write_text(json.dumps(about))
    return open_study(load_settings("smoke", overrides), root)


def test_a_root_without_study_json_is_real(tmp_path):
    study = study_at(tmp_path / "data")
    assert (study.name, study.kind, study.title_note) == ("real", "real", "")
    assert study.results == REPOSITORY / "results" / "smoke-real"


def test_study_json_names_the_study(tmp_path):
    study = study_at(tmp_path / "data", {"name": "toy", "kind": "synthetic", "title_note": "toy, synthetic"})
    assert (study.kind, study.title_note, study.results.name) == ("synthetic", "toy, synthetic", "smoke-toy")


def test_results_folder_can_be_given(tmp_path):
    (tmp_path / "data").mkdir()
    study = open_study(load_settings("smoke"), tmp_path / "data", tmp_path / "out")
    assert study.folder("tables") == tmp_path / "out" / "tables"
    assert study.folder("tables").is_dir()


def test_an_unknown_kind_names_the_file(tmp_path):
    with pytest.raises(DataError, match=r"study\.json.*'imaginary'.*synthetic or real"):
        study_at(tmp_path / "data", {"name": "x", "kind": "imaginary"})


def test_a_missing_root_says_what_to_give(tmp_path):
    with pytest.raises(DataError, match="is not a folder; give --data-root"):
        open_study(load_settings("smoke"), tmp_path / "nowhere")


def test_a_phantom_not_yet_made_says_what_to_run():
    settings = load_settings("smoke", {"phantom.seed": 987654321})
    with pytest.raises(DataError, match=r"run_all\.sh --profile smoke"):
        open_study(settings)


def test_redirected_and_unknown_data_sets(tmp_path):
    study = study_at(tmp_path / "data", overrides=[f"data.rsna={tmp_path / 'elsewhere'}"])
    assert study.dataset("rsna") == tmp_path / "elsewhere"
    assert study.dataset("siim") == tmp_path / "data" / "siim"
    with pytest.raises(DataError, match="'cheese' is unknown"):
        study.dataset("cheese")


def test_data_hash_follows_the_tables_not_their_place(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name / "rsna").mkdir(parents=True)
        (tmp_path / name / "rsna" / "labels.csv").write_text("patientId,Target\n")
    first, second = study_at(tmp_path / "a"), study_at(tmp_path / "b")
    assert first.data_hash == second.data_hash
    (tmp_path / "b" / "rsna" / "labels.csv").write_text("patientId,Target\nx,1\n")
    assert study_at(tmp_path / "b").data_hash != first.data_hash


def test_phantom_folder_follows_its_settings_only():
    base = phantom_folder(load_settings("smoke"))
    assert phantom_folder(load_settings("smoke", {"gaze.sigma_deg": 2.0})) == base
    assert phantom_folder(load_settings("smoke", {"phantom.seed": 1})) != base
