import numpy as np
import pandas as pd
import pytest

from egma_lib.report.blocks import Block, escape_latex, escape_markdown, format_value, latex, markdown, pivot


def row(**values):
    base = {"value": 61.25, "sd": np.nan, "ci_low": np.nan, "ci_high": np.nan, "comparison": ""}
    return pd.Series({**base, **values})


@pytest.mark.parametrize(
    ("values", "text"),
    [
        pytest.param({}, "61.2", id="value_alone"),
        pytest.param({"sd": 1.26}, "61.2 ± 1.3", id="with_spread"),
        pytest.param({"ci_low": 58.0, "ci_high": 64.0}, "61.2 [58.0, 64.0]", id="with_interval"),
        pytest.param({"value": 2.0, "comparison": "minus x"}, "+2.0", id="difference_up_carries_its_sign"),
        pytest.param({"value": -2.0, "comparison": "minus x"}, "-2.0", id="difference_down"),
    ],
)
def test_cells_leave_out_what_is_not_known(values, text):
    assert format_value(row(**values)) == text


def test_pivot_keeps_orders_and_marks_gaps():
    rows = pd.DataFrame(
        [
            {**row(value=1.0), "method": "B", "dataset": "siim", "metric": "auroc"},
            {**row(value=2.0), "method": "A", "dataset": "rsna", "metric": "accuracy"},
        ]
    )
    wide = pivot(rows, [("rsna", "accuracy"), ("siim", "auroc")])
    assert list(wide.index) == ["B", "A"]
    assert list(wide.columns) == ["RSNA accuracy", "SIIM AUROC"]
    assert wide.to_numpy().tolist() == [["-", "1.0"], ["2.0", "-"]]


BLOCK = Block(
    "Shares & gaps",
    pd.DataFrame({"a|b": ["1 ± 2", "50 %"]}, index=pd.Index(["x_1", "y\nz"], name="method")),
    "100 % of #1.",
)


def test_markdown_cells_stay_in_their_column_and_row():
    lines = markdown(BLOCK).splitlines()
    assert lines[0] == "### Shares & gaps"
    assert lines[2:6] == [r"| method | a\|b |", "|---|---|", "| x_1 | 1 ± 2 |", "| y z | 50 % |"]
    assert "100 % of #1." in lines


def test_latex_has_a_column_per_cell_and_no_bare_specials():
    text = latex(BLOCK, "Table 2 (phantom_study, 50 % noise)")
    assert r"\begin{tabular}{lr}" in text
    assert r"x\_1 & 1 $\pm$ 2 \\" in text
    assert (
        r"\caption{Table 2 (phantom\_study, 50 \% noise). Shares \& gaps. 100 \% of \#1.}"
        in text.splitlines()
    )


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        pytest.param("a_b & 5 % #1 $x", r"a\_b \& 5 \% \#1 \$x", id="specials"),
        pytest.param("{x}", r"\{x\}", id="braces"),
        pytest.param("a\\b", r"a\textbackslash{}b", id="backslash"),
        pytest.param("~^<>", r"\textasciitilde{}\textasciicircum{}\textless{}\textgreater{}", id="signs"),
    ],
)
def test_latex_escapes(text, escaped):
    assert escape_latex(text) == escaped


def test_markdown_escapes():
    assert escape_markdown("a|b\nc") == r"a\|b c"
