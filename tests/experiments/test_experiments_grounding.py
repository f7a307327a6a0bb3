"""Scores of grounding worked by hand: references, maps of a quadrant, and means over cases."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from egma_lib.artefacts import write_json
from egma_lib.errors import ArtefactError
from egma_lib.evaluation.pointing import REGION_RASTER
from egma_lib.experiments.grounding import (
    DONE_FILE,
    GAZE_METRICS,
    REGION_METRICS,
    gaze_scores,
    region_scores,
    score_run,
)
from egma_lib.experiments.grounding_inputs import GazeSet, GroundingInputs, code_of_scores
from egma_lib.experiments.grounding_measurements import measure_grounding
from egma_lib.experiments.grounding_references import REFERENCES, reference_maps
from egma_lib.experiments.grounding_sets import GroundingSet
from egma_lib.experiments.phrase_pairs import PhrasePairs, place_group
from egma_lib.settings import EvaluationSettings, load_settings
from egma_lib.training.data import TrainingData

SETTINGS = EvaluationSettings(bootstrap=50)


def peak(patch):
    """Return a map on 2 x 2 patches with gaze on one of them."""
    return np.eye(4, dtype=np.float32)[patch]


def hand_pairs(rows):
    """`rows`: film, reader, findings, sides, text; all held out."""
    table = pd.DataFrame(
        {
            "case_id": [f"c{i}" for i in range(len(rows))], "patient_id": [f"p{i}" for i in range(len(rows))],
            "dicom_id": [row[0] for row in rows], "reader": [row[1] for row in rows], "image_index": 0,
            "finding": [row[2][0] if row[2] else "" for row in rows],
            "named": pd.Series([row[2] for row in rows], dtype=object), "sides": [row[3] for row in rows],
            "group": [place_group(row[4]) if row[2] else "no_finding" for row in rows],
            "held_out": True, "sample": 0, "sentence": 0,
        }
    )  # fmt: skip
    return PhrasePairs("hand", np.zeros((1, 4, 4), np.uint8), table, tuple((row[4],) for row in rows))


@pytest.fixture
def inputs():
    """Three training sentences, and two readers of film d9, one of them held out."""
    sentences = (("edema", "left edema", "clear"), ("edema",), ("edema", "clear"))
    gaze = [np.stack([peak(0), peak(1), peak(2)]), peak(3)[None], np.stack([peak(2), peak(3)])]
    data = TrainingData(
        images=np.zeros((1, 4, 4), np.uint8), image_index=np.zeros(3, int), sentences=sentences,
        gaze_similarity=gaze, has_gaze=[np.ones(len(s), bool) for s in sentences],
        is_validation=np.array([False, True, True]), patient_ids=("p0", "p9", "p9"),
        sample_ids=("r0", "r1", "r2"), data_hash="0123abcd",
    )  # fmt: skip
    average = np.array([[1, 1], [1, 0]]) / 3
    none = GazeSet(hand_pairs([]), np.zeros((0, REGION_RASTER, REGION_RASTER)), ())
    return GroundingInputs(
        (), none, data, average, np.array(["d0", "d9", "d9"]), np.array(["a", "a", "b"]), "key"
    )


def test_references_by_hand(inputs):
    pairs = hand_pairs(
        [
            ("d9", "a", ("Edema",), "", "edema"), ("d9", "b", ("Edema",), "left", "left edema"),
            ("d9", "a", (), "", "clear"), ("d9", "a", (), "", "no words like it"),
            ("d8", "", ("Fracture",), "", "fracture"),
        ]
    )  # fmt: skip
    maps = {name: make(pairs).reshape(-1, 4) for name, make in reference_maps(inputs).items()}
    assert tuple(maps) == REFERENCES
    assert (maps["uniform"] == 1).all()
    np.testing.assert_allclose(maps["average gaze"], np.tile(inputs.average.ravel(), (5, 1)))
    expected = [peak(0), peak(1), peak(2), peak(2), inputs.average.ravel()]
    np.testing.assert_allclose(maps["training positions"], expected)
    none = np.full(4, np.nan)
    # Reader b looked at patch 2 while naming the edema and at 3 while saying "clear"; a looked at 3.
    np.testing.assert_allclose(maps["another reader"], [peak(2), peak(3), peak(3), peak(3), none])


@pytest.fixture
def quadrant():
    region = np.zeros((2, REGION_RASTER, REGION_RASTER), bool)
    region[:, : REGION_RASTER // 2, : REGION_RASTER // 2] = True
    pairs = hand_pairs([("d0", "", ("Edema",), "", "edema"), ("d1", "", ("Edema",), "", "edema")])
    return GroundingSet(pairs, region)


def test_region_scores_of_a_quadrant(quadrant):
    maps = np.stack([peak(0), peak(3)]).reshape(2, 2, 2)
    scores = region_scores(quadrant, maps)
    assert scores["pointing_hit"].tolist() == [1, 0]
    assert scores["cnr_signed"].iloc[0] > 1 > 0 > scores["cnr_signed"].iloc[1]
    assert (scores["cnr"] == scores["cnr_signed"].abs()).all()
    assert scores["auprc"].iloc[0] > 0.9 > 0.25 > scores["auprc"].iloc[1]
    assert scores["source"].tolist() == ["hand", "hand"]


def test_a_constant_map_points_by_chance_and_a_missing_one_has_no_score(quadrant):
    maps = np.stack([np.ones((2, 2)), np.full((2, 2), np.nan)])
    scores = region_scores(quadrant, maps)[list(REGION_METRICS)]
    # Each patch centre is at least half a patch from the quadrant, but for its own.
    assert scores.iloc[0]["pointing_hit"] == region_scores(quadrant, np.ones((2, 2, 2)))["pointing_hit"][1]
    assert scores.iloc[0]["auprc"] == 0.25
    assert scores.iloc[0]["cnr"] == 0
    assert scores.iloc[1].isna().all()


def test_gaze_scores_of_a_map_that_is_the_gaze(quadrant):
    heatmaps = quadrant.regions.astype(np.float32)
    heatmaps[1] = heatmaps[1, ::-1, ::-1]
    cells = tuple(np.flatnonzero(heat.ravel())[::50] for heat in heatmaps)
    maps = np.stack([peak(0), peak(0)]).reshape(2, 2, 2)
    scores = gaze_scores(GazeSet(quadrant.pairs, heatmaps, cells), maps, np.ones((2, 2)))
    assert scores["shuffled_auc"].tolist() == pytest.approx([1, 0], abs=0.03)
    assert (scores["cc"] > 0).tolist() == [True, False]
    assert (scores["information_gain"] > 0).tolist() == [True, False]
    assert (scores["kl"] > 0).all()


def test_the_code_of_the_metrics_belongs_to_stored_scores():
    code = code_of_scores()
    metrics = {f"egma_lib.evaluation.{name}" for name in ("grounding_metrics", "gaze_agreement", "pointing")}
    assert metrics < code.keys()
    assert "def contrast_to_noise" in code["egma_lib.evaluation.grounding_metrics"]
    # Intervals and tables are made of stored scores: their code scores nothing anew.
    assert "egma_lib.experiments.grounding_measurements" not in code


def test_scores_stored_under_another_key_are_not_used(inputs, tmp_path):
    write_json(tmp_path / DONE_FILE, {"inputs": inputs.key})
    settings, run = load_settings("smoke"), tmp_path / "gone"
    assert score_run(run, settings, inputs, tmp_path) == tmp_path
    with pytest.raises(ArtefactError, match="gone"):
        score_run(run, settings, replace(inputs, key="other"), tmp_path)


def test_means_over_cases_by_hand(tmp_path):
    for seed, hits in enumerate(([1.0, 0.0, 1.0], [1.0, 1.0, np.nan])):
        folder = tmp_path / f"s{seed}"
        folder.mkdir()
        cases = {"case_id": ["a", "b", "c"], "patient_id": ["p", "q", "q"], "source": "rsna"}
        groups = {"finding": ["Edema", "Edema", ""], "group": ["side_free", "side_free", "no_finding"]}
        table = pd.DataFrame(cases | groups)
        table.assign(**dict.fromkeys(REGION_METRICS, 0.5) | {"pointing_hit": hits}).to_parquet(
            folder / "grounding.parquet"
        )
        table.assign(**dict.fromkeys(GAZE_METRICS, 2.0) | {"source": "gaze"}).to_parquet(
            folder / "grounding_gaze.parquet"
        )
    found = measure_grounding([tmp_path / "s0", tmp_path / "s1"], SETTINGS)
    assert found["rsna", "side_free", "pointing_hit"].per_seed.tolist() == [50, 100]
    assert found["rsna", "side_free, Edema", "pointing_hit"].n_cases == 2
    # A seed without any score of a cell leaves the cell out.
    assert ("rsna", "no_finding", "pointing_hit") not in found
    assert found["gaze", "no_finding", "nss"].per_seed.tolist() == [2, 2]
    pd.read_parquet(tmp_path / "s1" / "grounding.parquet").iloc[::-1].to_parquet(
        tmp_path / "s1" / "grounding.parquet"
    )
    with pytest.raises(ArtefactError, match="other cases"):
        measure_grounding([tmp_path / "s0", tmp_path / "s1"], SETTINGS)
    with pytest.raises(ArtefactError, match="no predictions"):
        measure_grounding([tmp_path / "s2"], SETTINGS)
