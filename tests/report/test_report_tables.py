from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from prediction_folders import N_CASES, write_predictions

from egma_lib.errors import SettingsError
from egma_lib.evaluation.scores import SCORES
from egma_lib.experiments.arm_measurements import measure_arms
from egma_lib.experiments.arms import chosen_arms
from egma_lib.report.retrieval_table import table_3
from egma_lib.report.table_files import REPORTED, write_table
from egma_lib.report.zero_shot_tables import table_2, table_4
from egma_lib.settings import EvaluationSettings, ExperimentSettings

SETTINGS = EvaluationSettings(bootstrap=50)
CONTRACT = [
    "study", "dataset", "method", "setting", "metric", "value", "ci_low", "ci_high", "sd", "n_cases",
    "n_seeds", "kind", "source",
]  # fmt: skip
NOTE = "phantom study, synthetic"
NAMES = {2: "table_2_zero_shot", 3: "table_3_retrieval", 4: "table_4_ablation"}


def make_arms(folder: Path, names=("clip", "no_gaze", "egma"), marked=True, seeds=2):
    wanted = ExperimentSettings(arms=names if "no_gaze" in names else (*names, "no_gaze"), gaze_shares=())
    chosen = [arm for arm in chosen_arms(wanted) if arm.name in names]
    return [
        (
            arm,
            [write_predictions(folder / f"{arm.name}{s}", 10 * i + s, marked) for s in range(seeds)],
        )
        for i, arm in enumerate(chosen)
    ]


@pytest.fixture(scope="module")
def arms(tmp_path_factory):
    return make_arms(tmp_path_factory.mktemp("predictions"))


@pytest.fixture(scope="module")
def tables(arms):
    measured = measure_arms(arms, SETTINGS)
    return {
        2: table_2(arms, measured, SETTINGS, "phantom", REPORTED),
        3: table_3(arms, SETTINGS, "phantom", REPORTED),
        4: table_4(arms, measured, SETTINGS, "phantom", REPORTED),
    }


@pytest.mark.parametrize("number", [2, 3, 4])
def test_synthetic_csv_is_long_and_holds_nothing_reported(tables, number, tmp_path):
    csv, _, _ = write_table(tables[number], tmp_path, "synthetic", NOTE)
    assert csv.name == f"{NAMES[number]}.csv"
    rows = pd.read_csv(csv)
    assert list(rows.columns[: len(CONTRACT)]) == CONTRACT
    assert set(rows["kind"]) == {"measured", "trivial"}
    assert set(rows["study"]) == {"phantom"}
    assert rows["n_cases"].dtype.kind == rows["n_seeds"].dtype.kind == "i"
    inside = rows[rows["ci_low"].notna() & (rows["kind"] == "measured")]
    assert (inside["ci_low"] <= inside["ci_high"]).all()


@pytest.mark.parametrize("number", [2, 3, 4])
def test_synthetic_text_has_reported_numbers_in_a_block_of_their_own(tables, number, tmp_path):
    _, md, tex = write_table(tables[number], tmp_path, "synthetic", NOTE)
    text = md.read_text()
    assert text.startswith(f"# {tables[number].title} ({NOTE})\n")
    heading = "### Reported by the paper (real data; not comparable with a synthetic study)"
    own, reported = text.split(heading)
    assert f"Source: EGMA, NeurIPS 2024, Table {number}." in reported
    assert "NeurIPS" not in own
    assert NOTE in tex.read_text()
    assert "Reported by the paper" in tex.read_text()


@pytest.mark.parametrize("number", [2, 3, 4])
def test_real_csv_holds_reported_rows_with_their_source(tables, number, tmp_path):
    csv, md, _ = write_table(tables[number], tmp_path, "real", "")
    rows = pd.read_csv(csv)
    reported = rows[rows["kind"] == "reported"]
    assert set(rows["kind"]) == {"measured", "trivial", "reported"}
    assert len(reported) == len(tables[number].reported)
    assert set(reported["study"]) == {"paper"}
    assert set(reported["source"]) == {f"EGMA, NeurIPS 2024, Table {number}"}
    assert reported["comparison"].isna().all()
    text = md.read_text()
    assert text.startswith(f"# {tables[number].title}\n")
    assert "synthetic" not in text


def accuracy(table, method, setting, dataset="rsna"):
    rows = table.rows
    mine = rows[
        (rows["method"] == method)
        & (rows["dataset"] == dataset)
        & (rows["setting"] == setting)
        & (rows["metric"] == "accuracy")
        & (rows["comparison"] == "")
    ]
    assert len(mine) == 1
    return mine["value"].iloc[0]


def shown(block, method, column):
    return float(block.cells.loc[method, column].split()[0])


def test_table_2_shows_each_method_under_the_score_it_trains(tables, arms):
    for arm, _ in arms:
        values = {score: accuracy(tables[2], arm.label, score) for score in SCORES}
        expected = values[arm.trained_score]
        assert shown(tables[2].blocks[0], arm.label, "RSNA accuracy") == pytest.approx(expected, abs=0.06)
    assert {arm.trained_score for arm, _ in arms} == {"global", "fine_grained"}


def test_table_4_shows_every_row_under_the_fine_grained_score(tables, arms):
    for arm, _ in arms:
        expected = accuracy(tables[4], arm.label, "fine_grained")
        assert shown(tables[4].blocks[0], arm.label, "RSNA accuracy") == pytest.approx(expected, abs=0.06)
    # With these predictions the other score would have shown.
    assert accuracy(tables[4], "Continued CLIP", "fine_grained") != accuracy(
        tables[4], "Continued CLIP", "global"
    )


@pytest.mark.parametrize("number", [2, 4])
def test_accuracy_in_the_table_is_that_of_the_stored_scores(tables, arms, number):
    arm, folders = arms[-1]
    for score in SCORES:
        by_seed = []
        for folder in folders:
            stored = pd.read_parquet(folder / "rsna.parquet")
            called = stored[f"{score}|Pneumonia"] > stored[f"{score}|Normal"]
            by_seed.append(100 * np.mean(called.astype(int) == stored["label"]))
        assert accuracy(tables[number], arm.label, score) == pytest.approx(np.mean(by_seed), abs=1e-4)


@pytest.mark.parametrize("number", [2, 3, 4])
def test_every_score_stands_beside(tables, number):
    settings = set(tables[number].rows["setting"])
    if number == 3:
        assert {f"{way}, {s}" for way in ("image to text", "text to image") for s in SCORES} <= settings
    else:
        assert set(SCORES) <= settings
    beside = tables[number].blocks[-1].cells
    assert all(any(score in column for column in beside.columns) for score in SCORES)
    assert not (beside == "-").to_numpy().any()


@pytest.mark.parametrize("number", [2, 4])
def test_trivial_predictors_stand_below_with_n_and_class_counts(tables, number, tmp_path):
    main = tables[number].blocks[0]
    assert {"majority class", "random"} <= set(main.cells.index)
    # Twelve films of two classes in turn.
    assert "RSNA: n = 12 (Normal 6, Pneumonia 6)" in main.note
    assert "CheXpert 5x200: n = 20 (Atelectasis 4, Cardiomegaly 4," in main.note
    assert "50 resamples of patients" in main.note
    text = write_table(tables[number], tmp_path, "synthetic", NOTE)[1].read_text()
    assert "RSNA: n = 12 (Normal 6, Pneumonia 6)" in text
    # Chance of pointing is the mean of .25, .25, .5 and 0.
    assert shown(tables[number].blocks[1], "random", "RSNA pointing hit") == pytest.approx(25)


def test_paired_differences_are_to_continued_training_without_gaze(tables):
    paired = tables[4].rows[tables[4].rows["comparison"] != ""]
    assert set(paired["comparison"]) == {"minus Continued, no gaze"}
    assert set(paired["method"]) == {"Continued CLIP", "EGMA"}
    row = paired[
        (paired["method"] == "EGMA")
        & (paired["dataset"] == "siim")
        & (paired["setting"] == "global")
        & (paired["metric"] == "accuracy")
    ].iloc[0]
    expected = accuracy(tables[4], "EGMA", "global", "siim") - accuracy(
        tables[4], "Continued, no gaze", "global", "siim"
    )
    assert row["value"] == pytest.approx(expected)
    note = tables[4].blocks[2].note
    assert "[95 % interval over seeds and patients]" in note
    assert "With 2 seeds, and the spread over seeds and patients, a paired t test at 5 % finds" in note


def test_one_seed_makes_no_statement(tmp_path):
    arms = make_arms(tmp_path, ("no_gaze", "egma"), seeds=1)
    table = table_4(arms, measure_arms(arms, SETTINGS), SETTINGS, "phantom", REPORTED)
    assert "One seed, or no spread over seeds: no statement" in table.blocks[2].note
    assert "±" not in table.blocks[0].cells.loc["EGMA", "RSNA accuracy"]


def test_study_without_marked_copies_has_no_shortcut_gap(tmp_path):
    arms = make_arms(tmp_path, ("no_gaze", "egma"), marked=False)
    measured = measure_arms(arms, SETTINGS)
    for table in (table_2, table_4):
        made = table(arms, measured, SETTINGS, "real", REPORTED)
        assert "shortcut_gap" not in set(made.rows["metric"])
        assert made.blocks[1].cells.loc["EGMA", "CheXpert 5x200 shortcut gap"] == "-"


def test_table_4_without_its_reference_is_refused(tmp_path):
    arms = make_arms(tmp_path, ("clip",), seeds=1)
    with pytest.raises(SettingsError, match="needs the arm 'no_gaze'"):
        table_4(arms, measure_arms(arms, SETTINGS), SETTINGS, "phantom", REPORTED)


def test_retrieval_has_chance_and_ceiling(tables):
    main = tables[3].blocks[0].cells
    for column in main.columns:
        assert main.loc["chance", column] == "12.5"
    # Five texts a class: of ten retrieved at most five can be right; two images a class here.
    to_text = [main.loc["ceiling", f"image to text P@{k}"] for k in (1, 5, 10)]
    to_image = [main.loc["ceiling", f"text to image P@{k}"] for k in (1, 5, 10)]
    assert to_text == ["100.0", "100.0", "50.0"]
    assert to_image == ["100.0", "40.0", "20.0"]


def test_retrieval_counts_images_in_one_direction_and_texts_in_the_other(tables):
    rows = tables[3].rows
    measured = rows[rows["kind"] == "measured"]
    counts = measured.groupby(measured["setting"].str.split(", ").str[0])["n_cases"].unique()
    assert counts["image to text"].tolist() == [N_CASES["chexpert_8x200"]]
    assert counts["text to image"].tolist() == [40]
    note = tables[3].blocks[0].note
    assert "CheXpert 8x200: n = 16 (No Finding 2, Cardiomegaly 2," in note
    assert "40 text queries" in note


def test_retrieval_shows_each_method_under_the_score_it_trains(tables, arms):
    rows = tables[3].rows
    for arm, folders in arms:
        by_seed = []
        for folder in folders:
            stored = dict(np.load(folder / "chexpert_8x200_prompts.npz"))
            stored["fine_grained"] = (stored["image_to_text"] + stored["text_to_image"]) / 2
            first = stored[arm.trained_score].argmax(axis=1) // 5
            by_seed.append(100 * np.mean(first == np.arange(16) % 8))
        expected = np.mean(by_seed)
        assert shown(tables[3].blocks[0], arm.label, "image to text P@1") == pytest.approx(expected, abs=0.06)
        key = f"image to text, {arm.trained_score}"
        mine = rows[(rows["method"] == arm.label) & (rows["setting"] == key)].set_index("metric")
        assert mine.loc["precision_at_1", "value"] == pytest.approx(expected)
