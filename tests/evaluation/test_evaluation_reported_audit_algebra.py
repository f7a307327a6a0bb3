"""The closed forms of the audit, against every confusion matrix there is, and against libraries."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import accuracy_score, f1_score

from egma_lib.evaluation.binary_shares import called_shares, exceeds_accuracy, matching_counts
from egma_lib.evaluation.count_checks import wilson_interval
from egma_lib.evaluation.grim import grim, runs_that_fit
from egma_lib.evaluation.multiclass_range import highest_macro_f1, lowest_macro_f1
from egma_lib.evaluation.printed import Printed

MODES = (ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_DOWN)


def as_printed(share, mode=ROUND_HALF_UP):
    digits = Decimal(share.numerator * 100) / Decimal(share.denominator)
    return Printed.parse(str(digits.quantize(Decimal("0.01"), mode)))


def every_matrix(n):
    """Yield (tp, fn, fp, tn) of every binary confusion matrix of n cases with both classes present."""
    for n_positive in range(1, n):
        for tp, tn in product(range(n_positive + 1), range(n - n_positive + 1)):
            yield tp, n_positive - tp, n - n_positive - tn, tn


def scores(tp, fn, fp, tn):
    """Accuracy and the mean of both F1 from precision and recall, exactly."""

    def f1(correct, called, present):
        precision = Fraction(correct, called) if called else Fraction(0)
        recall = Fraction(correct, present)
        return 2 * precision * recall / (precision + recall) if correct else Fraction(0)

    mean = (f1(tp, tp + fp, tp + fn) + f1(tn, tn + fn, tn + fp)) / 2
    return Fraction(tp + tn, tp + fn + fp + tn), mean


def test_the_oracle_agrees_with_scikit_learn():
    for tp, fn, fp, tn in every_matrix(6):
        truth = [1] * (tp + fn) + [0] * (fp + tn)
        called = [1] * tp + [0] * fn + [1] * fp + [0] * tn
        accuracy, macro = scores(tp, fn, fp, tn)
        assert float(accuracy) == pytest.approx(accuracy_score(truth, called))
        assert float(macro) == pytest.approx(f1_score(truth, called, average="macro", zero_division=0))


@pytest.mark.parametrize("mode", MODES)
def test_every_matrix_lies_within_what_its_printed_scores_imply(mode):
    for n in (2, 7, 13, 24):
        for tp, fn, fp, tn in every_matrix(n):
            accuracy, macro = (as_printed(share, mode) for share in scores(tp, fn, fp, tn))
            assert not exceeds_accuracy(accuracy, macro)
            shares = called_shares(accuracy, macro)
            more, fewer = max(tp, tn) / n, min(tp, tn) / n
            assert shares.more.low - 1e-12 <= more <= shares.more.high + 1e-12
            assert shares.fewer.low - 1e-12 <= fewer <= shares.fewer.high + 1e-12
            smaller = min(tp + fn, fp + tn) / n
            assert shares.minority.low - 1e-12 <= smaller <= shares.minority.high + 1e-12


def test_macro_f1_never_exceeds_accuracy_and_equals_it_only_for_equal_calls():
    for n in (2, 9, 20):
        for tp, fn, fp, tn in every_matrix(n):
            accuracy, macro = scores(tp, fn, fp, tn)
            assert macro <= accuracy
            assert (macro == accuracy) == (tp == tn or accuracy == 1)


def test_the_difference_of_shares_follows_from_the_two_numbers_exactly():
    for tp, fn, fp, tn in every_matrix(15):
        accuracy, macro = scores(tp, fn, fp, tn)
        if macro < 1:
            assert (accuracy - macro) / (1 - macro) == Fraction(tp - tn, 15) ** 2


@pytest.mark.parametrize(
    ("average", "matrix"),
    [
        pytest.param("weighted", (50, 40, 0, 10), id="weighted_by_support"),
        pytest.param("binary", (80, 10, 10, 0), id="of_the_positive_class_only"),
        pytest.param("of the means", (9, 0, 90, 1), id="from_mean_precision_and_mean_recall"),
    ],
)
def test_other_averages_can_exceed_accuracy(average, matrix):
    tp, fn, fp, tn = matrix
    truth = np.repeat([1, 1, 0, 0], matrix)
    called = np.repeat([1, 0, 1, 0], matrix)
    if average == "of the means":
        precision = (tp / (tp + fp) + tn / (tn + fn)) / 2
        recall = (tp / (tp + fn) + tn / (tn + fp)) / 2
        score = 2 * precision * recall / (precision + recall)
    else:
        score = f1_score(truth, called, average=average)
    assert score > accuracy_score(truth, called)


@pytest.mark.parametrize("mode", MODES)
def test_matching_counts_are_all_matrices_that_print_the_numbers(mode):
    n, n_positive = 21, 6
    matrices = [one for one in every_matrix(n) if one[0] + one[1] == n_positive]
    for tp, fn, fp, tn in matrices[::7]:
        accuracy, macro = (as_printed(share, mode) for share in scores(tp, fn, fp, tn))
        wanted = [
            (a, d)
            for a, b, c, d in matrices
            if any(as_printed(Fraction(a + d, n), way).text == accuracy.text for way in MODES)
            and any(as_printed(scores(a, b, c, d)[1], way).text == macro.text for way in MODES)
        ]
        assert sorted(matching_counts(accuracy, macro, n, n_positive)) == sorted(wanted)


@pytest.mark.parametrize("total", [1, 3, 7, 40, 1600, 3000])
def test_grim_agrees_with_printing_every_count(total):
    # Half down too: what stands exactly between two texts prints as either in binary floating point.
    ways = (*MODES[:2], ROUND_HALF_DOWN)
    rounded = {as_printed(Fraction(k, total), way).text for k in range(total + 1) for way in ways}
    cut = {as_printed(Fraction(k, total), ROUND_DOWN).text for k in range(total + 1)}
    for hundredths in range(0, 10001, 1 if total < 100 else 3):
        text = f"{hundredths // 100}.{hundredths % 100:02d}"
        result = grim(Printed.parse(text), total)
        assert result.fits == (text in rounded)
        assert result.fits_cut == (text in cut)


@pytest.mark.parametrize(
    ("text", "total", "fits"),
    [
        pytest.param("59.55", 3000, False, id="three_runs_of_1000"),
        pytest.param("59.55", 2000, True, id="two_runs_of_1000"),
        pytest.param("58.93", 3000, True, id="another_share_of_three_runs"),
        pytest.param("42.65", 1600, False, id="retrieval_of_1600"),
        pytest.param("60.25", 40, False, id="retrieval_of_40"),
        pytest.param("0.13", 800, True, id="half_up_of_0.125"),
        pytest.param("0.12", 800, True, id="half_to_even_of_0.125"),
    ],
)
def test_grim_of_known_cases(text, total, fits):
    assert grim(Printed.parse(text), total).fits is fits


def test_grim_names_neighbours_power_and_runs():
    result = grim(Printed.parse("60.25"), 40)
    assert result.nearest == (Fraction(24, 40), Fraction(25, 40))
    assert result.has_power
    assert not grim(Printed.parse("60.25"), 20_000).has_power
    assert runs_that_fit(Printed.parse("60.25"), 40) == [10]
    with pytest.raises(ValueError, match="at least one counted call, not 0"):
        grim(Printed.parse("1.00"), 0)


def test_zeros_at_the_end_are_decimals():
    assert grim(Printed.parse("33.3"), 3).fits
    assert not grim(Printed.parse("33.30"), 3).fits


@pytest.mark.parametrize("text", ["", "-1", "1e2", "100.01", "nan", "12,5", " 5", "5.", "٣"])
def test_what_is_no_percentage_is_refused(text):
    with pytest.raises(ValueError, match="no plain decimal number from 0 to 100"):
        Printed.parse(text)


def balanced_scores(rows):
    matrix = np.array(rows)
    f1 = 2 * np.diag(matrix) / (matrix.sum(axis=0) + matrix.sum(axis=1))
    return np.trace(matrix) / matrix.sum(), f1.mean()


@pytest.mark.parametrize(("n_classes", "size"), [(3, 3), (3, 5), (4, 2)])
def test_every_balanced_matrix_lies_in_the_range_of_its_accuracy(n_classes, size):
    splits = [one for one in product(range(size + 1), repeat=n_classes) if sum(one) == size]
    for rows in product(splits, repeat=n_classes):
        accuracy, macro = balanced_scores(rows)
        assert lowest_macro_f1(accuracy, n_classes) - 1e-9 <= macro
        assert macro <= highest_macro_f1(accuracy, n_classes) + 1e-9


def test_five_equal_classes_can_have_macro_f1_above_accuracy():
    rows = [[100 if j == i else 100 if j == 4 else 0 for j in range(5)] for i in range(4)]
    accuracy, macro = balanced_scores([*rows, [0, 0, 0, 0, 200]])
    assert accuracy == 0.6
    assert macro == pytest.approx((4 * 2 / 3 + 1 / 2) / 5)
    assert macro > accuracy
    assert macro < highest_macro_f1(accuracy, 5) < 0.69


@pytest.mark.parametrize("n_classes", [3, 5, 8])
def test_a_one_class_predictor_has_the_lowest_macro_f1(n_classes):
    accuracy = 1 / n_classes
    assert lowest_macro_f1(accuracy, n_classes) == pytest.approx(2 / (n_classes + 1) / n_classes)
    assert lowest_macro_f1(1.0, n_classes) == pytest.approx(1)
    assert lowest_macro_f1(0.0, n_classes) == 0
    assert highest_macro_f1(1.0, n_classes) == pytest.approx(1)
    assert highest_macro_f1(0.0, n_classes) == 0


@pytest.mark.parametrize(("text", "n_cases"), [("80.00", 40), ("59.30", 1000), ("0.00", 7), ("100.00", 9)])
def test_the_interval_is_scipys_wilson_interval(text, n_cases):
    printed = Printed.parse(text)
    wanted = binomtest(round(printed.value * n_cases), n_cases).proportion_ci(0.95, method="wilson")
    assert wilson_interval(printed, n_cases) == pytest.approx((wanted.low, wanted.high), abs=1e-12)
