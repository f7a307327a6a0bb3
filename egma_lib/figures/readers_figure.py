"""Figure 7 of a study, or what stands in its place where no reader marked a finding."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from egma_lib.datasets.contract import ReportCorpus
from egma_lib.figures.gaze_examples import film_of, readers_example
from egma_lib.figures.readers import plot_readers, readers_data
from egma_lib.figures.style import new_figure, styled, title
from egma_lib.gaze.artefact import GazeArtefact

_COLUMNS = (
    "reading_id", "sentence", "share_on_region", "kind", "x", "y", "duration_s", "x_min", "y_min", "x_max",
    "y_max",
)  # fmt: skip
"""As `readers_data` gives them."""


def readers_figure(artefact: GazeArtefact, corpus: ReportCorpus, note: str) -> tuple[Figure, pd.DataFrame]:
    """Draw the finding that most readers marked and named.

    Parameters
    ----------
    artefact, corpus
        Used readings and their films.
    note
        The study's title note.

    Returns
    -------
    (Figure, pandas.DataFrame)
        The figure and the rows behind it. Without a region in the corpus (EGD-CXR alone: only readers of
        REFLACX mark findings) the figure says "not available" and there is no row.

    Raises
    ------
    DataError
        There are regions, but no reader named what was marked.
    """
    if corpus.regions is None or corpus.regions.empty:
        return _not_available(note), pd.DataFrame(columns=list(_COLUMNS))
    sample, finding, readers = readers_example(artefact, corpus)
    return plot_readers(film_of(corpus, sample), finding, readers, note), readers_data(readers)


@styled
def _not_available(note: str) -> Figure:
    figure = new_figure(6.0, 1.2)
    title(figure, "Not available: only readers of REFLACX mark findings, and this study has none", note)
    return figure
