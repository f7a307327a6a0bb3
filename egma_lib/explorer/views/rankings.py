"""Bars: how similar a sentence is to classes and prompts, and which sentences are most similar to a patch."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.figure import Figure

from egma_lib.errors import DataError
from egma_lib.figures.style import PALETTE, new_figure, styled

_BAR_IN = 0.3
_LABEL_CHARACTERS = 60
MOST_PROMPTS = 40
"""Bars of prompts that can still be read: all of the 8x200 set; the 5x200 set has hundreds."""


@styled
def draw_class_bars(values: Mapping[str, float], title: str) -> Figure:
    """Draw a bar per class with its value, in the order given, the largest in another colour.

    Parameters
    ----------
    values
        Class name to similarity.
    title
        What is compared with the classes.

    Raises
    ------
    DataError
        There is no class.
    """
    return _bars(list(values), list(values.values()), title)


@styled
def draw_prompt_bars(table: pd.DataFrame, title: str) -> Figure:
    """Draw a bar per class prompt, the most similar first; of many prompts only MOST_PROMPTS.

    Parameters
    ----------
    table
        Columns class, prompt and similarity, in any order of rows.
    title
        What is compared with the prompts; how many of them are drawn is added.

    Raises
    ------
    DataError
        A column is missing, or there is no row.
    """
    _check_columns(table, ("class", "prompt", "similarity"))
    ranked = table.sort_values("similarity", ascending=False, kind="stable").head(MOST_PROMPTS)
    labels = [f"{name}: {prompt}" for name, prompt in zip(ranked["class"], ranked["prompt"], strict=True)]
    counted = f"{title} ({len(ranked)} of {len(table)} prompts)"
    return _bars(labels, ranked["similarity"].tolist(), counted, lines_a_label=1)


@styled
def draw_sentence_ranking(table: pd.DataFrame, title: str = "Sentences most similar to this patch") -> Figure:
    """Draw sentences with their similarity, the most similar first.

    Parameters
    ----------
    table
        Columns text and similarity, in any order of rows.
    title
        What the sentences are compared with.

    Raises
    ------
    DataError
        A column is missing, or there is no row.
    """
    _check_columns(table, ("text", "similarity"))
    ranked = table.sort_values("similarity", ascending=False, kind="stable")
    return _bars(list(ranked["text"]), ranked["similarity"].tolist(), title)


def _check_columns(table: pd.DataFrame, columns: Sequence[str]) -> None:
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise DataError(f"ranking: column {missing[0]!r} is missing")


def _bars(names: Sequence[str], values: Sequence[float], title: str, lines_a_label: int = 2) -> Figure:
    if not names:
        raise DataError(f"{title!r}: nothing to rank; expected at least one value")
    labels = [
        "\n".join(textwrap.wrap(name, _LABEL_CHARACTERS, max_lines=lines_a_label, placeholder=" …"))
        for name in names
    ]
    lines = sum(label.count("\n") + 1 for label in labels)
    figure = new_figure(6.2, 0.8 + _BAR_IN * max(lines, len(names)))
    ax = figure.subplots()
    largest = max(range(len(values)), key=lambda index: values[index])
    colours = [PALETTE[1] if index == largest else PALETTE[0] for index in range(len(values))]
    bars = ax.barh(range(len(values)), values, color=colours, height=0.65)
    ax.bar_label(bars, [f"{value:.2f}" for value in values], fontsize=7, padding=2)
    ax.set_yticks(range(len(values)), labels, fontsize=7)
    ax.invert_yaxis()
    ax.axvline(0, color="0.5", lw=0.6)
    ax.margins(x=0.12)
    ax.set(xlabel="cosine similarity", title="\n".join(textwrap.wrap(title, 80)))
    return figure
