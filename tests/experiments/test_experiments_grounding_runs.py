"""Grounding of the tiny study end to end: its sets, the scores of its runs, and the rows of the table."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from egma_lib.errors import ArtefactError
from egma_lib.experiments import grounding_inputs
from egma_lib.experiments.grounding import (
    REGION_METRICS,
    phrase_maps,
    score_arms,
    score_references,
    score_run,
)
from egma_lib.experiments.grounding_inputs import code_of_scores, load_grounding_inputs
from egma_lib.experiments.grounding_measurements import grounding_rows
from egma_lib.experiments.grounding_references import REFERENCES
from egma_lib.experiments.phrase_pairs import GROUPS
from egma_lib.experiments.pretraining import arm_predictions
from egma_lib.models.build import load_dual_encoder


@pytest.fixture(scope="module")
def real_inputs(trained_study):
    return load_grounding_inputs(
        trained_study.study, trained_study.settings, trained_study.corpora, trained_study.gaze, progress=False
    )


@pytest.fixture(scope="module")
def scored(trained_study, real_inputs):
    study, settings = trained_study.study, trained_study.settings
    arms = arm_predictions(study, settings, trained_study.corpora, trained_study.arms)
    score_arms(study, settings, real_inputs, arms)
    return arms, score_references(real_inputs, study.folder("predictions"))


def test_sources_and_groups_of_a_study(real_inputs):
    names = [one.name for one in real_inputs.sets]
    assert {"rsna", "siim"} <= set(names)
    counts = real_inputs.counts()
    assert counts.index.tolist() == list(GROUPS)
    assert counts.columns.tolist() == [*names, "gaze"]
    assert (counts.sum() > 0).all()
    for one in real_inputs.sets:
        assert one.regions.any(axis=(1, 2)).all()
        assert set(one.pairs.table["group"]) <= {"side_free", "sided"}


def test_gaze_lies_where_its_heatmap_is_high(real_inputs):
    gaze = real_inputs.gaze
    for heat, cells in zip(gaze.heatmaps, gaze.fixated, strict=True):
        assert heat.max() == pytest.approx(1)
        assert heat.ravel()[cells].mean() > heat.mean()
    own = [len(cells) for cells in gaze.fixated]
    films = gaze.pairs.table["dicom_id"].to_numpy()
    for film, elsewhere in zip(films, gaze.elsewhere(), strict=True):
        assert len(elsewhere) == sum(own) - sum(np.array(own)[films == film])


def test_runs_are_scored_on_held_out_phrases_once(trained_study, real_inputs, scored):
    arms, references = scored
    folder = arms[0][1][0]
    table = pd.read_parquet(folder / "grounding.parquet")
    assert len(table) == sum(one.pairs.table["held_out"].sum() for one in real_inputs.sets)
    assert np.isfinite(table[list(REGION_METRICS)].to_numpy()).all()
    before = (folder / "grounding.json").stat().st_mtime_ns
    score_run(folder / "gone", trained_study.settings, real_inputs, folder)
    assert (folder / "grounding.json").stat().st_mtime_ns == before
    uniform = pd.read_parquet(references["uniform"] / "grounding_gaze.parquet")
    assert (uniform["auc_judd"] == 0.5).all()
    assert len(uniform) == real_inputs.gaze.pairs.table["held_out"].sum()


def test_a_change_of_the_metrics_scores_anew(trained_study, real_inputs, scored, monkeypatch):
    folder, code = scored[0][0][1][0], code_of_scores()
    changed = {name: text + "# changed" for name, text in code.items() if "metrics" in name}
    monkeypatch.setattr(grounding_inputs, "code_of_scores", lambda: code | changed)
    one = trained_study
    other = load_grounding_inputs(one.study, one.settings, one.corpora, one.gaze, progress=False)
    assert other.key != real_inputs.key
    with pytest.raises(ArtefactError):
        score_run(folder / "gone", one.settings, other, folder)


def test_a_map_is_the_cosine_of_patch_and_phrase(trained_study, real_inputs):
    run = trained_study.study.runs / trained_study.runs.set_index("arm").loc["egma", "run_id"]
    model = load_dual_encoder(run, trained_study.settings)
    pairs = next(one for one in real_inputs.sets if one.name == "rsna").pairs.select(
        np.arange(len(next(one for one in real_inputs.sets if one.name == "rsna").pairs)) < 1
    )
    maps = phrase_maps(model, replace(pairs, phrases=(("edema", "left effusion"),)), trained_study.settings)
    single = [
        phrase_maps(model, replace(pairs, phrases=((text,),)), trained_study.settings)
        for text in ("edema", "left effusion")
    ]
    assert maps.shape == (1, 4, 4)
    np.testing.assert_allclose(maps, np.mean(single, axis=0), atol=1e-6)
    assert np.abs(single).max() <= 1 + 1e-6


def test_rows_of_methods_differences_and_references(trained_study, scored):
    arms, references = scored
    rows = pd.DataFrame(grounding_rows(arms, references, trained_study.settings.evaluation))
    assert set(rows["method"]) == {arm.label for arm, _ in arms} | set(REFERENCES)
    differences = rows[rows["comparison"] != ""]
    assert set(differences["comparison"]) == {"minus Continued, no gaze"}
    assert not differences["setting"].str.contains(", ").any()
    assert set(rows.loc[rows["method"] == "uniform", "kind"]) == {"trivial"}
    assert rows["value"].notna().all()


def test_truth_is_taken_where_a_sentence_speaks_of_a_finding(trained_study, real_inputs):
    """A sentence has a true region exactly where the truth file lists findings for it."""
    truth = next((one for one in real_inputs.sets if one.name == "truth"), None)
    if truth is None:
        pytest.skip("no held-out sentence of the tiny study speaks of a finding")
    folder = trained_study.study.data_root / "truth" / "sentences" / "readings"
    samples = np.flatnonzero(
        np.asarray(real_inputs.data.is_validation)
        | (
            pd.Series(real_inputs.readers).groupby(real_inputs.films).transform("nunique") > 1
        ).to_numpy()
    )  # fmt: skip
    expected = set()
    for sample in samples.tolist():
        reading = real_inputs.data.sample_ids[sample]
        for number, spoken in enumerate(json.loads((folder / f"{reading}.json").read_text())):
            if spoken["findings"]:
                expected.add(f"{reading}/{number}")
    assert set(truth.pairs.table["case_id"]) == expected


def test_boxes_of_a_structure_are_those_of_the_table(trained_study, real_inputs):
    boxes = next((one for one in real_inputs.sets if one.name == "eye_gaze"), None)
    if boxes is None:
        pytest.skip("no held-out sentence of the tiny study names a structure with a box")
    sheet = trained_study.study.dataset("mimic-eye") / "spreadsheets" / "EyeGaze" / "bounding_boxes.csv"
    areas = pd.read_csv(sheet).assign(
        area=lambda t: (t["x2"] - t["x1"]) * (t["y2"] - t["y1"]), high=lambda t: t["y2"] - t["y1"]
    )
    hearts = areas[areas["bbox_name"] == "cardiac silhouette"].set_index("dicom_id")
    frames = trained_study.corpus.samples.drop_duplicates("dicom_id").set_index("dicom_id")
    table = boxes.pairs.table
    for index in np.flatnonzero(table["finding"] == "cardiac silhouette"):
        film = table["dicom_id"].iloc[index]
        side = frames.loc[film, ["rows", "columns"]].max()
        assert boxes.regions[index].mean() == pytest.approx(hearts.loc[film, "area"] / side**2, rel=0.1)
