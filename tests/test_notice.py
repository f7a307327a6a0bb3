"""Results of real data carry the data-use notice; synthetic ones do not."""

from __future__ import annotations

import json

import pytest

from egma_lib.notice import NOTICE_FILE, write_notice
from egma_lib.settings import load_settings
from egma_lib.study import REPOSITORY, open_study


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        pytest.param(None, True, id="a_root_without_study_json_is_real"),
        pytest.param({"kind": "real", "name": "site-a"}, True, id="a_root_that_says_real"),
        pytest.param({"kind": "synthetic", "name": "toy"}, False, id="a_synthetic_root"),
    ],
)
def test_the_first_folder_of_results_brings_the_notice(tmp_path, about, expected):
    root = tmp_path / "data"
    root.mkdir()
    if about is not None:
        (root / "study.json").write_text(json.dumps(about))
    study = open_study(load_settings("smoke"), root, tmp_path / "results")
    study.folder("tables")
    assert (tmp_path / "results" / NOTICE_FILE).exists() is expected


def test_a_notice_that_is_there_is_left_alone(tmp_path):
    (tmp_path / NOTICE_FILE).write_text("ours, longer")
    write_notice(tmp_path)
    assert (tmp_path / NOTICE_FILE).read_text() == "ours, longer"


def test_git_ignores_every_results_folder_but_the_phantoms():
    lines = (REPOSITORY / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert "results/*" in lines
    kept = {line for line in lines if line.startswith("!results/")}
    assert kept <= {"!results/README.md", *(line for line in kept if line.startswith("!results/phantom/"))}
