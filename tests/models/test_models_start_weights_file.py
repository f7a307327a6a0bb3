"""Where the file of `model.start_weights` is looked for, and what it does to a run's id."""

import os

import pytest

from egma_lib.errors import SettingsError
from egma_lib.models.build import start_weights_file
from egma_lib.settings import load_settings
from egma_lib.study import REPOSITORY
from egma_lib.training import RunSpec, run_id


def settings(path):
    return load_settings("smoke", {"model.start_weights": str(path)})


def test_without_a_checkpoint_there_is_no_file():
    assert start_weights_file(load_settings("smoke").model) is None


def test_a_relative_path_is_below_the_repository():
    assert start_weights_file(settings("README.md").model) == REPOSITORY / "README.md"


def test_a_missing_file_says_how_to_make_it_or_to_do_without():
    with pytest.raises(SettingsError, match=r"egma weights convert .* --set model\.start_weights=null"):
        start_weights_file(load_settings("paper", {"model.start_weights": "data/weights/none.file"}).model)


def test_the_papers_start_is_medclip_without_a_stage_of_our_own():
    paper = load_settings("paper")
    assert paper.model.start_weights == "data/weights/medclip-vit.safetensors"
    assert paper.training.base.image_passes == 0


def test_a_run_is_named_by_the_checkpoints_content_and_not_by_its_place(tmp_path):
    first, second = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    first.write_bytes(b"weights")
    second.write_bytes(b"weights")
    spec = RunSpec("base", "clip", 0)
    same = run_id(spec, settings(first), "data")
    assert run_id(spec, settings(second), "data") == same
    assert run_id(spec, load_settings("smoke"), "data") != same
    second.write_bytes(b"others!")
    os.utime(second, ns=(1, 1))
    assert run_id(spec, settings(second), "data") != same
