"""Every figure is drawn from tiny data: a Figure with its panels, note and finding, and no global state."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from egma_lib.figures import normal_abnormal, quality
from egma_lib.figures.attention import AttentionExample, plot_attention
from egma_lib.figures.denoising import DenoisedRecording, plot_denoising
from egma_lib.figures.gaze_quantity import PANELS, gaze_quantity_data, plot_gaze_quantity, reported_quantity
from egma_lib.figures.normal_abnormal import plot_normal_abnormal
from egma_lib.figures.prompt_spread import plot_prompt_spread
from egma_lib.figures.quality import plot_quality
from egma_lib.figures.readers import ReaderOnFinding, plot_readers
from egma_lib.figures.sentence_heatmaps import SpokenHeatmaps, plot_sentence_heatmaps
from egma_lib.figures.training_curves import plot_training_curves
from egma_lib.figures.tsne import chance_purity, plot_tsne
from egma_lib.report.table_files import REPORTED, read_reported

NOTE = "phantom study, synthetic"
FILM = np.full((16, 16), 100, np.uint8)
MAP = np.eye(4)


def attention():
    methods = {"No gaze": MAP[::-1], "EGMA": MAP}
    examples = [AttentionExample("r0", "heart is large", FILM, MAP, methods)] * 2
    return plot_attention(examples, NOTE), 2 * 4, "No gaze -0.33, EGMA 1.00"


def recording(missing=False):
    time_s = np.arange(60) / 60
    trace = np.full(60, np.nan) if missing else np.sin(time_s)
    events = pd.DataFrame(
        {"event": ["fixation", "saccade"], "onset_s": [0.1, 0.5], "offset_s": [0.5, 0.6], "x_deg": [1.0, 2.0]}
    )
    points, duration_s = np.array([0.2, 0.8, 0.5]), np.array([0.2, 0.1, 0.3])
    return DenoisedRecording(
        "EYE GAZE", 60.0, "ivt", time_s, trace, trace, events, points, points, duration_s, trace, trace, FILM
    )


def denoising():
    return plot_denoising([recording(), recording()], NOTE), 6, "60 samples to 3 fixations"


def denoising_of_missing_samples():
    return plot_denoising([recording(missing=True)], NOTE), 3, "60 samples to 3 fixations"


def table_4_rows(panels=PANELS):
    rows = [
        {
            "method": method,
            "dataset": dataset,
            "setting": setting,
            "metric": metric,
            "value": value,
            "ci_low": value - 2,
            "ci_high": value + 2,
            "n_cases": 10,
            "n_seeds": 2,
            "comparison": "",
        }
        for dataset, setting, metric, _ in panels
        for method, value in (("EGMA", 60.0), ("Continued, no gaze", 50.0), ("gaze 10%", 55.0))
    ]
    return pd.DataFrame(rows)


SHARES = {"Continued, no gaze": 0.0, "EGMA": 1.0, "gaze 10%": 0.1}


def gaze_quantity():
    data = gaze_quantity_data(table_4_rows(), SHARES)
    return plot_gaze_quantity(data, NOTE), 6, "5x200 accuracy 50.0 % without gaze, 60.0 % with 100% of it"


def gaze_quantity_without_5x200():
    data = gaze_quantity_data(table_4_rows(), SHARES)
    data = data[data["dataset"] != "chexpert_5x200"]
    return plot_gaze_quantity(data, NOTE), 6, "RSNA AUROC 50.0 % without gaze, 60.0 % with 100% of it"


def gaze_quantity_beside_the_reported():
    reported = reported_quantity(read_reported(REPORTED, 4))
    data = gaze_quantity_data(table_4_rows(), SHARES)
    return plot_gaze_quantity(data, NOTE, reported), 6 + 3, "5x200 accuracy 50.0 % without gaze"


def attention_of_ten_methods():
    marked = pd.DataFrame({"kind": ["box"], "x_min": [0.1], "y_min": [0.2], "x_max": [0.4], "y_max": [0.6]})
    methods = {f"method {index}": MAP for index in range(10)}
    examples = [AttentionExample("r0", "heart is large", FILM, MAP, methods, marked)] * 3
    return plot_attention(examples, NOTE), 3 * (2 + 10), "method 9 1.00"


def normal_and_abnormal():
    rng = np.random.default_rng(0)
    measures = pd.DataFrame({"patient_id": range(20), "group": ["normal", "abnormal"] * 10})
    for column in normal_abnormal.MEASURES:
        measures[column] = rng.normal(size=20)
    measures.loc[measures["group"] == "abnormal", "spread"] += 50
    differences = normal_abnormal.group_differences(measures, rng, 50)
    pair = {"normal": FILM.astype(float), "abnormal": FILM.astype(float)}
    heat = {"normal": MAP, "abnormal": MAP}
    return plot_normal_abnormal(pair, heat, measures, differences, NOTE), 6, "differ in: "


def spread(indices=("0 1", "0 2")):
    rows = [
        {"dataset": d, "method": m, "seed_index": s, "draw": k, "accuracy": 50.0 + 2 * k, "prompt_indices": i}
        for d in ("rsna", "siim")
        for m in ("CLIP", "EGMA")
        for s in range(2)
        for k, i in ((-1, ""), (0, indices[0]), (1, indices[1]))
    ]
    return pd.DataFrame(rows)


def prompt_spread():
    # Accuracies of 50 and 52: standard deviation 1.4 points.
    return plot_prompt_spread(spread(), NOTE), 2, "moves accuracy by up to 1.4 points (sd)\n2 draws x 2 seeds"


def recording_quality():
    readings = pd.DataFrame({"source": ["reflacx", "eye_gaze"] * 4})
    for column in quality.MEASURES:
        readings[column] = np.arange(8.0)
    return plot_quality(readings, NOTE), 6, "eye_gaze n = 4, reflacx n = 4"


def reader(sentence="there is edema", heat=MAP):
    regions = pd.DataFrame(
        [
            {"kind": "ellipse", "x_min": 0.0, "y_min": 0.0, "x_max": 1.0, "y_max": 1.0},
            {"kind": "box", "x_min": 0.4, "y_min": 0.4, "x_max": 0.6, "y_max": 0.6},
        ]
    )
    x, y = np.array([0.5, 0.01]), np.array([0.5, 0.01])
    return ReaderOnFinding("r0", sentence, heat, x, y, np.array([0.3, 0.1]), regions)


def several_readers():
    figure = plot_readers(FILM, "Edema", [reader(), reader(), reader(heat=np.zeros((4, 4)))], NOTE)
    return figure, 4, "3 readers naming edema: heatmaps correlate at 1.00"


def spoken():
    words = SpokenHeatmaps("heart is large", ("heart", "is"), np.stack([MAP, np.zeros((4, 4))]), MAP)
    return plot_sentence_heatmaps(FILM, [words, words], NOTE), 6, "50% of these words have no gaze"


def training_curves():
    curves = pd.DataFrame({"step": [1, 2, 1, 2], "run_id": ["a", "a", "b", "b"], "label": list("xxyy")})
    curves = curves.assign(total=[3.0, 2, 3, 1], validation_loss=[np.nan, 2, np.nan, 1], logit_scale=14.0)
    return plot_training_curves(curves, NOTE), 3, "2 runs"


def tsne():
    points = pd.DataFrame({"method": ["Start"] * 2 + ["EGMA"] * 2, "label": ["Edema", "Fracture"] * 2})
    points = points.assign(x=np.arange(4.0), y=0.0, neighbour_purity=[0.3, 0.3, 0.6, 0.6], silhouette=0.1)
    return plot_tsne(points, NOTE), 2, "Figure 4. Image features by class: neighbours agree most in EGMA"


def tsne_of_seven_methods():
    points = pd.DataFrame(
        {"method": [f"method {i // 2}" for i in range(14)], "label": ["Edema", "Fracture"] * 7}
    )
    points = points.assign(x=np.arange(14.0), y=0.0, neighbour_purity=np.arange(14) // 2 / 10, silhouette=0.1)
    return (
        plot_tsne(points, NOTE, number=9),
        7,
        "Figure 9. Image features by class: neighbours agree most in method 6",
    )


@pytest.mark.parametrize(
    "make",
    [
        attention, attention_of_ten_methods, gaze_quantity_beside_the_reported, denoising,
        denoising_of_missing_samples, gaze_quantity, gaze_quantity_without_5x200,
        normal_and_abnormal, prompt_spread, recording_quality, several_readers, spoken, training_curves, tsne,
        tsne_of_seven_methods,
    ],
)  # fmt: skip
def test_figure_has_its_panels_note_and_finding(make):
    before = dict(matplotlib.rcParams)
    figure, n_panels, finding = make()
    assert isinstance(figure, Figure)
    figure.canvas.draw()
    every = [*figure.axes, *(ax for sub in figure.subfigs for ax in sub.axes)]
    assert len(set(every)) == n_panels
    text = figure.get_suptitle()
    assert finding in text
    assert text.endswith(NOTE)
    assert plt.get_fignums() == []
    assert dict(matplotlib.rcParams) == before


def test_drawing_takes_nothing_from_the_global_generator():
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    for make in (prompt_spread, recording_quality, normal_and_abnormal):
        make()
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002


def test_panel_that_was_not_measured_says_so():
    data = gaze_quantity_data(table_4_rows(PANELS[:-1]), SHARES)
    assert plot_gaze_quantity(data, "").axes[-1].get_title() == "not measured in this study"


def test_gaze_quantity_leaves_out_differences_and_other_methods():
    rows = pd.concat(
        [
            table_4_rows(),
            table_4_rows().assign(comparison="minus x"),
            table_4_rows().assign(method="EGF"),
            table_4_rows().assign(metric="macro_f1"),
        ]
    )
    data = gaze_quantity_data(rows, SHARES)
    assert len(data) == len(PANELS) * 3
    assert data.groupby("method")["gaze_share"].first().to_dict() == SHARES


def test_reported_quantities_are_the_paper_s_and_on_axes_of_their_own():
    reported = reported_quantity(read_reported(REPORTED, 4))
    rsna = reported[reported["dataset"] == "rsna"]
    assert dict(zip(rsna["gaze_share"], rsna["value"], strict=True)) == {
        0.01: 40.38, 0.05: 53.00, 0.1: 53.78, 0.5: 58.54, 1.0: 76.97,
    }  # fmt: skip
    figure = plot_gaze_quantity(gaze_quantity_data(table_4_rows(), SHARES), NOTE, reported)
    measured, apart = figure.subfigs
    assert apart.get_suptitle().startswith("As reported by the paper")
    lines = [line for ax in measured.axes for line in ax.lines if line.get_marker() == "o"]
    assert {float(value) for line in lines for value in line.get_ydata()} == {50.0, 55.0, 60.0}
    (line,) = apart.axes[1].lines
    assert list(line.get_ydata()) == [40.38, 53.00, 53.78, 58.54, 76.97]


def test_the_marked_region_is_drawn_on_every_panel():
    figure, n_panels, _ = attention_of_ten_methods()
    assert sum(len(ax.patches) for ax in figure.axes) == n_panels
    assert figure.axes[0].get_title() == "film, finding marked"
    assert attention()[0].axes[0].get_title() == "film, no finding marked"


def test_silhouettes_stand_over_their_panels():
    points = pd.DataFrame({"method": ["Start"] * 2 + ["EGMA"] * 2, "label": ["Edema", "Fracture"] * 2})
    points = points.assign(
        x=np.arange(4.0),
        y=0.0,
        neighbour_purity=[0.3, 0.3, 0.6, 0.6],
        silhouette=[np.nan, np.nan, 0.25, 0.25],
    )
    start, egma = plot_tsne(points, NOTE).axes
    assert "silhouette" not in start.get_title()
    assert "silhouette 0.25" in egma.get_title()


def test_the_chance_level_of_neighbours_counts_pairs_of_one_class():
    # Of the 4 x 3 ordered pairs of other films, 3 x 2 are of one class.
    assert chance_purity(pd.Series(["Edema"] * 3 + ["Fracture"])) == 0.5
    points = pd.DataFrame({"method": "EGMA", "label": ["Edema"] * 3 + ["Fracture"]})
    points = points.assign(x=np.arange(4.0), y=0.0, neighbour_purity=0.6, silhouette=np.nan)
    assert "neighbours drawn at random: 50%" in plot_tsne(points, NOTE).get_suptitle().replace("\n", " ")


def test_draws_that_take_all_prompts_are_called_so():
    figure = plot_prompt_spread(spread(indices=("0 1", "0 1")), "")
    assert figure.axes[0].get_title() == "rsna: every draw takes all prompts"
