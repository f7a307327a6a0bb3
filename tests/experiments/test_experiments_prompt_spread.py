import numpy as np
import pandas as pd
import pytest

from egma_lib.evaluation.scores import SCORES
from egma_lib.experiments.prompt_spread import draw_prompt_indices, prompt_spread, swapped_column_warnings
from egma_lib.settings import EvaluationSettings

SETTINGS = EvaluationSettings(prompt_draws=4, prompts_per_draw=2)
PROMPT_CLASS = np.array([0, 0, 0, 0, 1, 1, 1, 1])


def run(folder, seed, labels):
    rng = np.random.default_rng(seed)
    folder.mkdir()
    scores = {
        name: rng.normal(size=(len(labels), 8)) for name in ("global", "image_to_text", "text_to_image")
    }
    np.savez(folder / "rsna_prompts.npz", prompt_class=PROMPT_CLASS, **scores)
    pd.DataFrame({"label": labels}).to_parquet(folder / "rsna.parquet")
    return folder


@pytest.fixture
def folders(tmp_path):
    labels = np.arange(30) % 2
    return [run(tmp_path / f"run{seed}", seed, labels) for seed in range(3)]


def indices(text):
    return np.array([int(one) for one in text.split()])


def test_same_prompts_are_drawn_for_every_method_and_seed(folders):
    first = prompt_spread(folders[:2], "rsna", "fine_grained", "EGMA", SETTINGS)
    second = prompt_spread(folders[2:], "rsna", "global", "CLIP", SETTINGS)
    drawn = pd.concat([first, second]).groupby("draw")["prompt_indices"].nunique()
    assert (drawn == 1).all()
    assert first["prompt_indices"].nunique() > 2
    assert sorted(first["draw"].unique()) == [-1, 0, 1, 2, 3]


def test_each_draw_takes_its_number_of_every_class(folders):
    spread = prompt_spread(folders[:1], "rsna", "global", "CLIP", SETTINGS)
    for text in spread.loc[spread["draw"] >= 0, "prompt_indices"]:
        assert np.bincount(PROMPT_CLASS[indices(text)]).tolist() == [2, 2]


@pytest.mark.parametrize("score", SCORES)
def test_stored_indices_reproduce_the_score(folders, score):
    spread = prompt_spread(folders[:1], "rsna", score, "EGMA", SETTINGS)
    stored = dict(np.load(folders[0] / "rsna_prompts.npz"))
    stored["fine_grained"] = (stored["image_to_text"] + stored["text_to_image"]) / 2
    labels = pd.read_parquet(folders[0] / "rsna.parquet")["label"].to_numpy()
    for _, row in spread.iterrows():
        chosen = np.arange(8) if row["draw"] == -1 else indices(row["prompt_indices"])
        normal, abnormal = (
            stored[score][:, [i for i in chosen if PROMPT_CLASS[i] == k]].mean(axis=1) for k in (0, 1)
        )
        assert row["accuracy"] == pytest.approx(100 * np.mean((abnormal > normal) == labels))


def test_class_with_fewer_prompts_gives_all_of_them():
    drawn = draw_prompt_indices(np.array([0, 1, 1, 1]), 2, 2, np.random.default_rng(0))
    assert drawn[0] == 0
    assert len(drawn) == 3


def test_low_auroc_warns_of_swapped_columns():
    row = {"method": "EGMA", "dataset": "rsna", "setting": "global", "metric": "auroc", "kind": "measured"}
    rows = pd.DataFrame(
        [
            {**row, "value": 20.0, "comparison": ""},
            {**row, "value": 60.0, "comparison": ""},
            {**row, "value": -3.0, "comparison": "minus no gaze"},
            {**row, "value": 20.0, "comparison": "", "metric": "accuracy"},
            {**row, "value": 20.0, "comparison": "", "kind": "trivial"},
        ]
    )
    (said,) = swapped_column_warnings(rows)
    assert said == "EGMA on rsna (global): AUROC 20.0 is under 35; are the class columns swapped?"
