import math
import re

import pandas as pd
import pytest

from egma_lib.errors import DataError
from egma_lib.experiments.claims import (
    NOT_REPRODUCED,
    REPRODUCED,
    UNDECIDED,
    Claim,
    ReportedPairs,
    judge,
    read_claims,
    reported_effect,
)
from egma_lib.experiments.two_way_effects import Effect
from egma_lib.report.table_files import REPORTED

NUMBERS = pd.read_csv(REPORTED, keep_default_na=False)
NAN = float("nan")


def effect(value, low, high):
    """Return an effect of five seeds with this interval."""
    error = (high - low) / 2 / 2.776
    sd = 0.0 if math.isnan(error) else 1.0
    return Effect(value, low, high, sd, error, NAN, NAN, n_cases=100, n_seeds=5)


@pytest.mark.parametrize(
    ("low", "high", "reported", "kind", "verdict", "reason"),
    [
        pytest.param(
            1,
            9,
            5,
            "synthetic",
            REPRODUCED,
            "in a simulation: the effect has the claimed sign",
            id="above_zero_in_a_simulation",
        ),
        pytest.param(
            1,
            9,
            50,
            "synthetic",
            REPRODUCED,
            "in a simulation: the effect has the claimed sign",
            id="sizes_do_not_count_in_a_simulation",
        ),
        pytest.param(
            -9,
            -1,
            5,
            "synthetic",
            NOT_REPRODUCED,
            "in a simulation: the effect has the opposite",
            id="below_zero_in_a_simulation",
        ),
        pytest.param(
            -1,
            9,
            5,
            "synthetic",
            UNDECIDED,
            "in a simulation: the interval holds zero",
            id="zero_inside_in_a_simulation",
        ),
        pytest.param(0, 9, 5, "real", UNDECIDED, "the interval holds zero", id="zero_at_the_edge"),
        pytest.param(
            1, 9, 5, "real", REPRODUCED, "the effect has the claimed sign", id="real_and_as_reported"
        ),
        pytest.param(1, 9, 9.9, "real", REPRODUCED, "the effect", id="real_and_within_the_tolerance"),
        pytest.param(
            1,
            9,
            10.1,
            "real",
            NOT_REPRODUCED,
            "the reported effect lies outside our interval ± 1",
            id="real_and_larger_than_ours_allows",
        ),
        pytest.param(
            20,
            29,
            10,
            "real",
            NOT_REPRODUCED,
            "the reported effect lies outside",
            id="real_and_smaller_than_ours_allows",
        ),
        pytest.param(
            -1,
            3,
            10,
            "real",
            NOT_REPRODUCED,
            "the reported effect lies outside",
            id="real_and_outside_though_zero_is_inside",
        ),
        pytest.param(
            -9,
            -1,
            5,
            "real",
            NOT_REPRODUCED,
            "the effect has the opposite sign",
            id="real_and_of_opposite_sign",
        ),
        pytest.param(
            1, 9, None, "real", REPRODUCED, "the effect has the claimed sign", id="real_and_nothing_reported"
        ),
        pytest.param(NAN, NAN, 5, "real", UNDECIDED, "no spread over seeds, no statement", id="no_spread"),
        pytest.param(
            NAN, NAN, 5, "synthetic", UNDECIDED, "in a simulation: no spread", id="no_spread_in_a_simulation"
        ),
    ],
)
def test_the_interval_decides(low, high, reported, kind, verdict, reason):
    middle = 0.0 if math.isnan(low) else (low + high) / 2
    found = judge(effect(middle, low, high), reported, kind, 1.0)
    assert found.verdict == verdict
    assert found.reason.startswith(reason)


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind) for kind in ("real", "synthetic")])
def test_numbers_of_the_paper_that_do_not_show_its_claim_are_said(kind):
    found = judge(effect(-5, -9, -1), -4.0, kind, 1.0)
    assert found.verdict == NOT_REPRODUCED
    assert found.reason.endswith("the paper's own numbers do not show it")


def claim(**more):
    values = {
        "id": "x",
        "claim": "X is better.",
        "source": "Table 4",
        "measured": "ablation",
        "ours": ["egma"],
        "references": ["start"],
        "datasets": ["siim"],
        "metrics": ["accuracy"],
    }
    return Claim(**(values | more))


def pairs(ours, references=(), paired=False):
    return ReportedPairs(ours=ours, references=references, paired=paired)


@pytest.mark.parametrize(
    ("about", "cell", "effect", "words"),
    [
        pytest.param(
            {"reported": pairs([(4, "EGMA")], [(4, "Start")])},
            ("siim", "", "accuracy"),
            5.22,
            "EGMA 63.62 against Start 58.40: +5.22",
            id="one_pair",
        ),
        pytest.param(
            {"reported": pairs([(4, "MLCE"), (4, "EGF"), (4, "EGM")], [(4, "Start")])},
            ("siim", "", "accuracy"),
            -30.97,
            "MLCE 27.43 against Start 58.40: -30.97",
            id="the_worst_pair",
        ),
        pytest.param(
            {"reported": pairs([(7, "CLIP"), (7, "MGCA")], [(2, "CLIP"), (2, "MGCA")], True)},
            ("rsna", "", "accuracy"),
            -3.75,
            "MGCA 57.08 against MGCA 60.83: -3.75",
            id="one_to_one",
        ),
        pytest.param(
            {"reported": pairs([(3, "EGMA")], [(3, "GLoRIA"), (3, "ConVIRT")])},
            ("chexpert_8x200", "image to text", "precision_at_1"),
            3.90,
            "EGMA 42.65 against GLoRIA 38.75: +3.90",
            id="a_method_without_that_number_is_left_out",
        ),
        pytest.param(
            {
                "rule": "trend",
                "ours": ["a", "b"],
                "references": [],
                "reported": pairs([(4, "gaze 1%"), (4, "gaze 10%"), (4, "EGMA")]),
            },
            ("siim", "", "accuracy"),
            2.86,
            "57.90, 58.27, 63.62: +2.86 a step",
            id="slope",
        ),
    ],
)
def test_the_reported_effect_is_worked_out_from_the_printed_numbers(about, cell, effect, words):
    found = reported_effect(claim(**about), NUMBERS, *cell)
    assert found is not None
    assert found[0] == pytest.approx(effect)
    assert found[1] == words


def test_nothing_reported_gives_none():
    assert reported_effect(claim(), NUMBERS, "siim", "", "accuracy") is None
    elsewhere = claim(reported=pairs([(4, "EGMA")], [(4, "Start")]))
    assert reported_effect(elsewhere, NUMBERS, "siim", "", "auroc") is None
    series = claim(rule="trend", ours=["a", "b"], references=[], reported=pairs([(4, "EGMA"), (4, "other")]))
    assert reported_effect(series, NUMBERS, "siim", "", "accuracy") is None


def test_every_claim_that_names_rows_of_the_paper_finds_them():
    claims = read_claims()
    assert claims.tolerance_points == 1.0
    for one in claims.claims:
        for dataset in one.datasets if one.reported else ():
            for setting in one.settings:
                for metric in one.metrics:
                    assert reported_effect(one, NUMBERS, dataset, setting, metric), (one.id, dataset, metric)


def test_every_table_of_the_paper_has_a_claim():
    sources = " ".join(one.source for one in read_claims().claims)
    assert all(f"Table {number}" in sources for number in (1, 2, 3, 4, 7))
    assert "not tested by the paper" in sources


@pytest.mark.parametrize("claim", read_claims().claims, ids=lambda claim: claim.id)
def test_a_claim_is_a_sentence_that_names_table_and_rows(claim):
    assert re.fullmatch(r"[A-Z][^()]+ \((Table \d|Figures? \d|in no table)[^()]*\)\.", claim.claim)
    assert len(claim.claim) <= 120
    for number in re.findall(r"(?:Table|Figures?) \d", claim.source):
        assert number in claim.claim
    for table, method in claim.reported.ours if claim.reported else ():
        printed = method.removeprefix("gaze ").removesuffix("%")
        assert f"Table {table}" in claim.claim
        assert printed in claim.claim


ENTRY = "tolerance_points: 1\nclaims:\n- {id: a, claim: c, source: s, untested: no data}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("claims: []", "tolerance_points: Field required", id="no_tolerance"),
        pytest.param(
            ENTRY + ENTRY.split("\n")[2], r"claims \['a'\] stand there twice", id="the_same_id_twice"
        ),
        pytest.param(
            ENTRY.replace("untested: no data", "ours: [egma]"),
            "needs measured, datasets",
            id="nothing_measured",
        ),
        pytest.param(ENTRY.replace("id: a", "id: a, sauce: s"), "sauce: Extra inputs", id="unknown_field"),
        pytest.param(
            ENTRY.replace(
                "untested: no data", "measured: ablation, datasets: [a], metrics: [b], ours: [egma]"
            ),
            "a gain needs ours and references",
            id="gain_over_nothing",
        ),
        pytest.param(
            ENTRY.replace(
                "untested: no data",
                "rule: trend, measured: ablation, datasets: [a], metrics: [b], ours: [egma]",
            ),
            "a trend needs two or more",
            id="trend_of_one_arm",
        ),
    ],
)
def test_a_file_of_claims_that_is_none_is_refused(tmp_path, text, message):
    path = tmp_path / "claims.yaml"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        read_claims(path)
