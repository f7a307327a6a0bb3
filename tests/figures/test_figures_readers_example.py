"""Which readers Figure 7 shows where a study has several on one finding, one, or none."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from egma_lib.datasets.contract import REGION_COLUMNS, ReportCorpus
from egma_lib.errors import DataError
from egma_lib.figures.gaze_examples import readers_example
from egma_lib.figures.readers import plot_readers
from egma_lib.gaze.artefact import GazeArtefact

READINGS = {"r1": "film_a", "r2": "film_a", "r3": "film_b"}


def study(tmp_path, said: dict[str, str], marked: tuple[str, ...]):
    """Readings that say one sentence each with three fixations; `marked` ones mark an edema."""
    ids = list(said)
    readings = pd.DataFrame({"reading_id": ids, "reason": ""})
    sentences = pd.DataFrame({"reading_id": ids, "sentence_index": 0, "text": [said[one] for one in ids]})
    fixations = pd.DataFrame(
        [(one, k, k / 5, 0.2, 0.4 + k / 9, 0.5, 0.05, 0.05, True, 0, 0.2) for one in ids for k in range(3)],
        columns=["reading_id", "order", "onset_s", "duration_s", "x", "y", "sigma_x", "sigma_y", "on_image",
                 "sentence_index", "weight_s"],
    )  # fmt: skip
    empty = pd.DataFrame({"reading_id": []})
    gaze = GazeArtefact(readings, empty, sentences, fixations, empty, tmp_path)
    samples = pd.DataFrame({"sample_id": ids, "dicom_id": [READINGS[one] for one in ids]})
    samples = samples.assign(rows=100, columns=80, image_path="", source="reflacx")
    regions = pd.DataFrame([(one, "Edema", "ellipse", 0.4, 0.4, 0.6, 0.6) for one in marked])
    regions = regions.set_axis(list(REGION_COLUMNS), axis=1) if len(marked) else None
    return gaze, ReportCorpus("c", samples, tuple((said[one],) for one in ids), regions)


def test_several_readers_of_one_finding_go_before_one(tmp_path):
    said = dict.fromkeys(READINGS, "mild edema")
    sample, finding, readers = readers_example(*study(tmp_path, said, ("r1", "r2", "r3")))
    assert (sample, finding, [one.reading_id for one in readers]) == ("r1", "Edema", ["r1", "r2"])


def test_without_an_image_of_several_readers_one_is_shown_and_the_title_says_so(tmp_path):
    said = {"r1": "lungs are clear", "r2": "mild edema", "r3": "mild edema"}
    _, finding, readers = readers_example(*study(tmp_path, said, ("r1", "r2", "r3")))
    assert [one.reading_id for one in readers] == ["r2"]
    figure = plot_readers(np.zeros((8, 8), np.uint8), finding, readers, "")
    assert "One reader naming edema" in " ".join(text.get_text() for text in figure.findobj(plt.Text))
    plt.close(figure)


@pytest.mark.parametrize(
    ("said", "marked", "message"),
    [
        pytest.param("no edema", ("r3",), "no finding was marked and named", id="denied"),
        pytest.param("mild edema", (), "Figure 7 needs REFLACX readings", id="nothing_marked"),
    ],
)
def test_a_study_without_a_marked_and_named_finding_is_refused(tmp_path, said, marked, message):
    with pytest.raises(DataError, match=message):
        readers_example(*study(tmp_path, {"r3": said}, marked))
