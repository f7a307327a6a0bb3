"""`egma evaluate`, with the model of docs/extending.md as it stands there."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from egma_lib import cli
from egma_lib.commands.evaluate import EVALUATE_EXAMPLES
from egma_lib.evaluation.scores import SCORES

EXTENDING = Path(__file__).parents[2] / "docs" / "extending.md"
WITH_PATCHES_ONLY = {"fine_grained", "image_to_text", "text_to_image"}


def documented_model() -> str:
    section = EXTENDING.read_text(encoding="utf-8").split("## Bring a finished model")[1].split("\n## ")[0]
    found = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    assert found is not None
    return found.group(1)


@pytest.fixture
def models(tmp_path, monkeypatch):
    """A folder of modules: the documented model, and the same without patches."""
    code = documented_model()
    (tmp_path / "tiny_clip.py").write_text(code, encoding="utf-8")
    (tmp_path / "pooled_clip.py").write_text(
        "from tiny_clip import TinyClip\n\n\n"
        "class Pooled:\n"
        "    encode_text = TinyClip.encode_text\n\n"
        "    def encode_image(self, images):\n"
        "        return TinyClip().encode_image(images)\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in ("tiny_clip", "pooled_clip"):
        sys.modules.pop(name, None)


@pytest.fixture
def its_settings(trained_study, monkeypatch):
    monkeypatch.setattr("egma_lib.settings.load_settings", lambda profile, overrides: trained_study.settings)


def evaluate(trained_study, *more, results=None):
    study = trained_study.study
    folder = results or study.results
    arguments = ["evaluate", "--data-root", study.data_root, "--results", folder, *more]
    return CliRunner().invoke(cli.app, [*map(str, arguments)], catch_exceptions=False)


def test_the_documented_model_is_short():
    assert len(documented_model().splitlines()) < 30


@pytest.mark.usefixtures("its_settings", "models")
def test_the_documented_model_fills_every_table_beside_the_trained_arms(trained_study):
    shown = evaluate(trained_study, "--model", "tiny_clip:load", "--name", "Tiny CLIP")
    assert shown.exit_code == 0
    assert "not available" not in shown.output
    folder = trained_study.study.results / "external" / "Tiny_CLIP"
    names = ["grounding", "table_1_linear_probe", "table_2_zero_shot", "table_3_retrieval"]
    assert sorted(path.stem for path in (folder / "tables").glob("*.csv")) == names
    for name in names:
        rows = pd.read_csv(folder / "tables" / f"{name}.csv")
        own = rows[rows["method"] == "Tiny CLIP"]
        assert own["value"].notna().all()
        assert len(own)
        assert "trivial" in set(rows["kind"])
        if name in ("table_2_zero_shot", "table_3_retrieval"):
            assert "EGMA" in set(rows.loc[rows["kind"] == "measured", "method"])
    zero_shot = pd.read_csv(folder / "tables" / "table_2_zero_shot.csv")
    own = zero_shot[zero_shot["method"] == "Tiny CLIP"]
    assert set(own["setting"]) == {*SCORES, "similarity"}
    assert (own["n_seeds"] == 1).all()
    assert {path.stem for path in (folder / "figures").iterdir()} == {"figure_3_attention", "figure_4_tsne"}
    assert len(list((trained_study.study.results / "predictions").glob("Tiny_CLIP-*"))) == 1


@pytest.mark.usefixtures("its_settings", "models")
def test_without_patches_cells_say_not_available_and_never_zero(trained_study):
    shown = evaluate(trained_study, "--model", "pooled_clip:Pooled", "--no-linear-probe")
    assert "figure_3_attention: not available, Pooled has no patch features" in shown.output
    tables = trained_study.study.results / "external" / "Pooled" / "tables"
    for name in ("table_2_zero_shot", "table_3_retrieval", "grounding"):
        rows = pd.read_csv(tables / f"{name}.csv")
        settings = rows.loc[rows["method"] == "Pooled", "setting"].str.split(", ").str[-1]
        assert not set(settings) & {*WITH_PATCHES_ONLY, "similarity", "side_free", "sided"}
        text = (tables / f"{name}.md").read_text(encoding="utf-8")
        assert "Pooled has no patch features" in text
        lines = [line for line in text.splitlines() if line.startswith("| Pooled |")]
        assert lines
        assert any("not available" in line for line in lines)
        assert not any("nan" in line or "| - |" in line for line in lines)


@pytest.mark.usefixtures("its_settings", "models")
def test_a_fresh_results_folder_needs_neither_gaze_nor_training_data(trained_study, tmp_path):
    results = tmp_path / "fresh"
    before = sorted(trained_study.study.results.glob("external/*"))
    shown = evaluate(trained_study, "--model", "tiny_clip:load", "--no-linear-probe", results=results)
    assert "grounding: not available without gaze; give --prepare" in shown.output
    assert not (results / "corpora").exists() or not list((results / "corpora").iterdir())
    rows = pd.read_csv(results / "external" / "load" / "tables" / "table_2_zero_shot.csv")
    assert set(rows["method"]) == {"load", "majority class", "random"}
    assert sorted(trained_study.study.results.glob("external/*")) == before


def test_every_example_names_a_results_folder_or_data_of_the_users_own():
    texts = [EXTENDING, EXTENDING.parents[1] / "README.md"]
    joined = [path.read_text(encoding="utf-8").replace("\\\n", " ") for path in texts]
    lines = [line for text in joined for line in text.splitlines()]
    lines += EVALUATE_EXAMPLES.splitlines()
    examples = [line for line in lines if "egma evaluate --model" in line]
    assert len(examples) >= 5
    assert [line for line in examples if "--results" not in line and "--data-root" not in line] == []


@pytest.mark.usefixtures("its_settings", "models")
def test_what_has_been_scored_is_not_scored_again(trained_study):
    arguments = ("--model", "tiny_clip:load", "--name", "Twice", "--no-linear-probe")
    evaluate(trained_study, *arguments)
    (folder,) = (trained_study.study.results / "predictions").glob("Twice-*")
    before = (folder / "rsna.parquet").stat().st_mtime_ns
    evaluate(trained_study, *arguments)
    assert (folder / "rsna.parquet").stat().st_mtime_ns == before
