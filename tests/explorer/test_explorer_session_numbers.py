"""The numbers beside a map: as in the tables of grounding, and in words where there are none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from egma_lib.errors import DataError
from egma_lib.experiments.grounding import score_references, score_run
from egma_lib.experiments.grounding_inputs import load_grounding_inputs
from egma_lib.experiments.pretraining import arm_job
from egma_lib.explorer.numbers import METRICS
from egma_lib.explorer.session import ExplorerSession

TABLE_NAMES = {"pointing_hit": "pointing_hit", "cnr": "cnr_signed", "cc": "cc", "nss": "nss"}


@pytest.fixture(scope="module")
def session(trained_study) -> ExplorerSession:
    return ExplorerSession(trained_study.study, trained_study.settings)


@pytest.fixture(scope="module")
def tables(trained_study, tmp_path_factory) -> dict[str, pd.DataFrame]:
    """Stored scores of EGMA, of the average gaze and of other readers, one row per sentence."""
    study, settings, corpora = trained_study.study, trained_study.settings, trained_study.corpora
    inputs = load_grounding_inputs(study, settings, corpora, trained_study.gaze, progress=False)
    run = study.runs / arm_job(study, settings, corpora, trained_study.arms[-1], 0).run_id
    target = tmp_path_factory.mktemp("grounding")
    folders = score_references(inputs, target) | {"EGMA": score_run(run, settings, inputs, target / "egma")}
    return {name: _rows(folder) for name, folder in folders.items()}


def _rows(folder) -> pd.DataFrame:
    """Return one row per sentence of a reading: of several regions the truth, else what the reader marked."""
    regions, gaze = (pd.read_parquet(folder / f"{name}.parquet") for name in ("grounding", "grounding_gaze"))
    order = {"truth": 0, "reflacx": 1, "eye_gaze": 2}
    regions = regions[regions["source"].isin(order)].sort_values("source", key=lambda names: names.map(order))
    regions = regions.drop_duplicates("case_id").set_index("case_id")[["pointing_hit", "cnr_signed"]]
    return regions.join(gaze.set_index("case_id")[["cc", "nss"]], how="outer")


def _measured(session, name, checkpoint):
    case_id, _, sentence = name.rpartition("/")
    case = session.case("gaze", case_id)
    text = case.sentences["text"].iloc[int(sentence)]
    return session.numbers(case, int(sentence), session.attention(case, text, checkpoint))


def test_numbers_are_those_of_the_tables(session, tables):
    egma, average = tables["EGMA"], tables["average gaze"]
    assert egma.notna().sum().min() >= 3

    for name, row in egma.iterrows():
        found = _measured(session, name, "EGMA")
        assert tuple(found) == METRICS
        for metric, column in TABLE_NAMES.items():
            assert found[metric].value == pytest.approx(row[column], abs=1e-4, nan_ok=True)
            assert found[metric].average == pytest.approx(average.loc[name, column], abs=1e-4, nan_ok=True)


def test_human_value_is_that_of_the_other_readers(session, tables):
    human = tables["another reader"]
    assert human.notna().any().all()

    for name, row in human.iterrows():
        found = _measured(session, name, "Start")
        for metric, column in TABLE_NAMES.items():
            assert found[metric].human == pytest.approx(row[column], abs=1e-4, nan_ok=True)


def test_a_map_of_the_gaze_itself_follows_it_best(session):
    case = session.case("gaze", "")
    sentence = int(np.flatnonzero(case.sentences["has_gaze"])[0])
    gaze = case.heatmaps[sentence]

    own, opposite = (session.numbers(case, sentence, one) for one in (gaze, -gaze))

    assert own["cc"].value > max(0, own["cc"].average)
    assert own["nss"].value > 0
    assert opposite["cc"].value == pytest.approx(-own["cc"].value)
    assert opposite["nss"].value == pytest.approx(-own["nss"].value, abs=1e-5)


def test_a_typed_sentence_has_a_region_by_what_it_names_and_no_gaze(session, trained_study):
    marked = trained_study.corpus.regions
    marked = marked[marked["finding"].isin(("Pneumonia", "Pneumothorax", "Atelectasis", "Consolidation"))]
    case = session.case("gaze", marked["case_id"].iloc[0])
    finding = marked["finding"].iloc[0]

    found = session.numbers(case, None, np.eye(4), typed=f"there is {finding.lower()}")
    denied = session.numbers(case, None, np.eye(4), typed=f"there is no {finding.lower()}")

    assert np.isfinite(found["cnr"].value)
    assert "of your own" in found["nss"].reason
    assert "names nothing that is marked" in denied["cnr"].reason


def test_a_test_film_is_pointed_at_by_its_finding_alone(session):
    case = session.case("siim", session.cases("siim", finding="Pneumothorax")["case_id"].iloc[0])

    finding, normal = (
        session.numbers(case, index, case.regions[0].mask[::28, ::28] * 1.0) for index in (1, 0)
    )
    typed = session.numbers(case, None, np.eye(4), typed="large pneumothorax")

    assert np.isfinite(finding["cnr"].value)
    assert np.isfinite(typed["pointing_hit"].value)
    assert "names nothing" in normal["cnr"].reason
    assert "no recording" in finding["cc"].reason
    assert "no recording" in finding["cnr"].human_reason


def test_a_map_without_contrast_says_so(session):
    case = session.case("gaze", "")
    sentence = int(np.flatnonzero(case.sentences["has_gaze"])[0])

    found = session.numbers(case, sentence, np.ones((4, 4)))

    assert np.isnan(found["cc"].value)
    assert found["cc"].reason == "the map is the same everywhere"
    assert found["nss"].value == 0


def test_every_number_has_a_value_or_a_reason(session):
    for case_id in session.cases("gaze")["case_id"].head(6):
        case = session.case("gaze", case_id)
        for sentence in range(len(case.sentences)):
            for number in session.numbers(case, sentence, np.eye(4)).values():
                assert np.isnan(number.value) == bool(number.reason)
                assert np.isnan(number.human) == bool(number.human_reason)
                assert np.isnan(number.average) <= bool(number.reason)


@pytest.mark.parametrize("corpus", ["gaze", "rsna"])
def test_a_sentence_that_the_case_lacks_is_refused(session, corpus):
    with pytest.raises(DataError, match=rf"{corpus} .*: no sentence 99; it has \d+"):
        session.numbers(session.case(corpus, ""), 99, np.eye(4))


def test_a_typed_sentence_is_put_to_the_true_mask_of_what_it_names(session):
    cases = (session.case("gaze", case_id) for case_id in session.cases("gaze")["case_id"])
    case, region = next(
        (case, one)
        for case in cases
        for one in case.regions
        if one.source == "truth" and one.mask.sum() > 100
    )
    inside = region.mask.reshape(4, 28, 4, 28).mean(axis=(1, 3))

    towards, away = (
        session.numbers(case, None, one, typed=f"there is {region.finding.lower()}")
        for one in (inside, -inside)
    )

    assert towards["pointing_hit"].value == 1
    assert towards["cnr"].value > 0
    assert away["cnr"].value == pytest.approx(-towards["cnr"].value)
