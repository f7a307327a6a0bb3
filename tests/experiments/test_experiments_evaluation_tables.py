"""Which test sets a study evaluates, and what it cannot do without."""

import logging

import pandas as pd
import pytest

from egma_lib.datasets.contract import CaseTable
from egma_lib.errors import DataError
from egma_lib.evaluation.evaluation_sets import CLASS_ORDERS
from egma_lib.experiments import evaluation_tables
from egma_lib.settings import load_settings
from egma_lib.study import Study

FILES = {
    "chexpert_5x200": "chexpert/chexpert_5x200.csv",
    "chexpert_8x200": "chexpert/chexpert_8x200/text-retrieval/candidate.csv",
    "text_queries": "chexpert/chexpert_8x200/text-retrieval/query.csv",
    "rsna": "rsna/stage_2_train_labels.csv",
    "siim": "siim/train-rle.csv",
}
QUERIES = pd.DataFrame(
    [{"class_name": name, "text": f"there is {name.lower()}"} for name in CLASS_ORDERS["chexpert_8x200"]]
)


def make_table(name):
    cases = pd.DataFrame(
        {
            "case_id": ["a", "b"], "patient_id": ["p", "q"], "image_path": "x.jpg", "rows": 4, "columns": 4,
            "split": ["test", "train"],
        }
    )  # fmt: skip
    classes = CLASS_ORDERS[name]
    labels = [[float(i == k) for i in range(len(classes))] for k in (0, 1)]
    return CaseTable(name, cases, classes, pd.DataFrame(labels).to_numpy())


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A study whose readers give two cases each; tests write the files that say which sets are there."""
    for name, reader in (
        ("chexpert_5x200", "load_chexpert_5x200"),
        ("rsna", "load_rsna"),
        ("siim", "load_siim"),
    ):
        monkeypatch.setattr(evaluation_tables, reader, lambda folder, name=name: make_table(name))
    monkeypatch.setattr(
        evaluation_tables, "load_chexpert_8x200", lambda folder: (make_table("chexpert_8x200"), QUERIES)
    )
    monkeypatch.setattr(evaluation_tables, "load_text_queries", lambda folder: QUERIES)
    return Study("toy", "real", "", tmp_path, tmp_path / "results", "0123", {})


def hold(study, *names):
    for name in names:
        path = study.data_root / FILES[name]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")


def names_of(study, **overrides):
    settings = load_settings("smoke", {"evaluation.zero_shot_split": "all", **overrides})
    tables, queries = evaluation_tables.load_evaluation_tables(study, settings)
    return [table.name for table in tables], queries


def test_whole_study_has_every_set_in_order(study):
    hold(study, *FILES)
    names, queries = names_of(study)
    assert names == ["chexpert_5x200", "chexpert_8x200", "rsna", "siim"]
    assert len(queries) == 8


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        pytest.param(["chexpert_5x200"], ["chexpert_5x200"], id="5x200 alone"),
        pytest.param(["text_queries", "siim"], ["siim"], id="SIIM with the sentences of 8x200"),
        pytest.param(
            ["chexpert_5x200", "rsna", "siim"], ["chexpert_5x200"], id="no sentences, no RSNA, SIIM"
        ),
        pytest.param(["text_queries", "chexpert_8x200", "rsna"], ["chexpert_8x200", "rsna"], id="no 5x200"),
    ],
)
def test_absent_sets_are_left_out_and_named(held, expected, study, caplog):
    hold(study, *held)
    with caplog.at_level(logging.WARNING):
        names, _ = names_of(study)
    assert names == expected
    for name in ("chexpert_5x200", "chexpert_8x200", "rsna", "siim"):
        assert (f"{name} is not available in this study" in caplog.text) == (name not in expected)
    without_prompts = {"rsna", "siim"} & set(held) - set(expected)
    assert caplog.text.count("query.csv, which is not there") == len(without_prompts)


@pytest.mark.parametrize("held", [[], ["chexpert_8x200", "text_queries"], ["rsna", "siim"]])
def test_study_without_a_set_to_classify_is_refused(held, study):
    hold(study, *held)
    with pytest.raises(DataError, match=r"none of the test sets .* run `egma data check --data-root"):
        names_of(study)


def test_only_the_test_split_of_rsna_is_scored_by_default(study):
    hold(study, "text_queries", "rsna")
    settings = load_settings("smoke", {"evaluation.zero_shot_split": "test"})
    (table,), _ = evaluation_tables.load_evaluation_tables(study, settings)
    assert table.cases["case_id"].tolist() == ["a"]


def test_5x200_has_its_prompts_without_any_query():
    none = pd.DataFrame(columns=["query_id", "class_name", "text"])
    assert tuple(evaluation_tables.prompts_of("chexpert_5x200", none)) == CLASS_ORDERS["chexpert_5x200"]
    assert set(evaluation_tables.queries_by_class(none).values()) == {()}
    with pytest.raises(DataError, match="text queries hold no 'No Finding' row"):
        evaluation_tables.prompts_of("siim", none)


def test_queries_of_a_class_keep_their_order():
    twice = pd.concat([QUERIES, QUERIES.assign(text="again")])
    assert evaluation_tables.queries_by_class(twice)["Edema"] == ("there is edema", "again")


@pytest.mark.parametrize("lacking", ["mimic-cxr-jpg", "mimic-cxr"])
@pytest.mark.parametrize("left", ["nothing", "an empty folder"])
def test_set_needed_for_training_is_asked_for_by_folder(lacking, left, study):
    for key in ("mimic-eye", "mimic-cxr-jpg", "mimic-cxr"):
        (study.data_root / key / "x").mkdir(parents=True)
    evaluation_tables.require_datasets(study)
    (study.data_root / lacking / "x").rmdir()
    if left == "nothing":
        (study.data_root / lacking).rmdir()
    with pytest.raises(DataError) as raised:
        evaluation_tables.require_datasets(study)
    message = str(raised.value)
    assert message.startswith(f"{study.data_root / lacking}: no data set here")
    assert f"egma data check --data-root {study.data_root}" in message
    assert f"--set data.{lacking}=PATH" in message


@pytest.mark.parametrize("held", ["mimic-eye", "reflacx", "egd-cxr"])
def test_one_collection_of_readings_is_enough(held, study):
    for key in (held, "mimic-cxr-jpg", "mimic-cxr"):
        (study.data_root / key / "x").mkdir(parents=True)
    evaluation_tables.require_datasets(study)


def test_without_any_readings_one_error_names_all_three_collections(study):
    for key in ("mimic-cxr-jpg", "mimic-cxr"):
        (study.data_root / key / "x").mkdir(parents=True)
    with pytest.raises(DataError, match="mimic-eye, or reflacx, or egd-cxr cannot be left out"):
        evaluation_tables.require_datasets(study)
