"""The numbers behind the figures, and their files."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from test_figures_plots import FILM, MAP, recording

from egma_lib.figures.attention import (
    AttentionExample,
    attention_data,
    attention_map,
    gaze_agreement,
    map_correlation,
    plot_attention,
)
from egma_lib.figures.denoising import denoising_data, steps_run
from egma_lib.figures.normal_abnormal import MEASURES, group_differences, reading_measures
from egma_lib.figures.quality import MEASURES as QUALITY
from egma_lib.figures.quality import quality_table
from egma_lib.figures.readers import ReaderOnFinding, heat_correlation, readers_data
from egma_lib.figures.sentence_heatmaps import SpokenHeatmaps, empty_word_share, heatmap_data
from egma_lib.figures.style import save_figure
from egma_lib.figures.tsne import embed_tsne

FLAT = np.zeros((4, 4))


def example(name="r0", attention=MAP):
    return AttentionExample(name, "heart is large", FILM, MAP, {"EGMA": attention})


def test_attention_map_is_scaled_from_0_to_1_by_rows():
    patches = np.array([[0.0, 1], [0.6, 0.8], [0.8, 0.6], [1, 0]])
    np.testing.assert_allclose(attention_map(patches, np.array([1.0, 0])), [[0, 0.6], [0.8, 1]])
    assert not attention_map(np.ones((4, 2)), np.array([1.0, 0])).any()


def test_agreement_leaves_out_flat_maps():
    assert map_correlation(MAP, 3 * MAP + 1) == pytest.approx(1)
    assert np.isnan(map_correlation(MAP, FLAT))
    assert gaze_agreement([example(), example(attention=FLAT)])["EGMA"] == pytest.approx(1)
    assert np.isnan(gaze_agreement([example(attention=FLAT)])["EGMA"])


def test_attention_rows_hold_every_patch_drawn():
    data = attention_data([example("r0"), example("r1", FLAT)])
    assert len(data) == 2 * 2 * 16
    mine = data[(data["sample_id"] == "r0") & (data["source"] == "EGMA")]
    np.testing.assert_array_equal(MAP[mine["patch_row"], mine["patch_column"]], mine["value"])
    assert not mine.duplicated(["patch_row", "patch_column"]).any()


def test_a_marked_region_is_a_row_of_its_own():
    marked = pd.DataFrame({"kind": ["box"], "x_min": [0.1], "y_min": [0.2], "x_max": [0.4], "y_max": [0.6]})
    data = attention_data([AttentionExample("r0", "heart is large", FILM, MAP, {"EGMA": MAP}, marked)])
    (row,) = data[data["source"] == "marked region"].to_dict("records")
    assert (row["kind"], row["x_min"], row["y_max"], row["sample_id"]) == ("box", 0.1, 0.6, "r0")
    assert np.isnan(row["value"])


def test_a_palette_changes_the_png_little_and_makes_it_smaller(tmp_path):
    ramp = np.add.outer(np.arange(256), np.arange(256)).astype(np.uint8)
    item = AttentionExample("r0", "heart is large", ramp, MAP, {"EGMA": MAP})
    full, reduced = (
        save_figure(plot_attention([item], ""), tmp_path / str(n), "f", attention_data([item]), n_colours=n)[
            0
        ]
        for n in (None, 256)
    )
    assert reduced.stat().st_size < full.stat().st_size
    ours, theirs = (np.asarray(Image.open(path).convert("RGB"), dtype=float) for path in (full, reduced))
    assert np.abs(ours - theirs).mean() < 4


def test_denoising_rows_hold_trace_events_and_fixations():
    item = recording()
    data = denoising_data([item, recording()], seconds=0.5)
    one = data.iloc[: len(data) // 2]
    counts = one["part"].value_counts().to_dict()
    # Half a second of 60 Hz from the middle of 0-59/60 s: samples 15 to 44.
    assert counts == {"sample": 30, "event": 2, "fixation": 3}
    samples = one[one["part"] == "sample"]
    assert samples["time_s"].iloc[0] == pytest.approx(15 / 60)
    step = np.hypot(*(np.sin(15 / 60) - np.sin(14 / 60),) * 2)
    assert samples["speed_deg_s"].iloc[0] == pytest.approx(step * 60)
    assert one.loc[one["part"] == "fixation", "duration_s"].tolist() == [0.2, 0.1, 0.3]


def test_slow_recordings_claim_no_microsaccades():
    assert "too slow for microsaccades" in steps_run(recording())


def reader(heat=MAP, regions=((0.0, 0.0, 0.5, 0.5),)):
    table = pd.DataFrame(list(regions), columns=["x_min", "y_min", "x_max", "y_max"]).assign(kind="box")
    xy = np.array([0.25, 0.75])
    return ReaderOnFinding("r0", "edema", heat, xy, xy, np.array([0.3, 0.1]), table)


def test_share_on_region_is_of_time():
    assert reader().share_on_region() == pytest.approx(0.75)
    assert np.isnan(reader(regions=()).share_on_region())


def test_ellipse_leaves_out_the_corners_of_its_box():
    item = reader(regions=((0.2, 0.2, 1.2, 1.2),))
    assert item.share_on_region() == pytest.approx(1)
    item.regions["kind"] = "ellipse"
    # (0.25, 0.25) is in a corner of the box, (0.75, 0.75) near its centre.
    assert item.share_on_region() == pytest.approx(0.25)


def test_readers_rows_hold_fixations_and_regions():
    data = readers_data([reader(), reader(regions=((0, 0, 1, 1), (0.1, 0.1, 0.2, 0.2)))])
    assert data["kind"].value_counts().to_dict() == {"fixation": 4, "box": 3}
    assert data["x_min"].notna().sum() == 3
    assert data["duration_s"].sum() == pytest.approx(0.8)


def test_heatmaps_of_readers_correlate_over_pairs_with_gaze():
    assert heat_correlation([reader(), reader(FLAT), reader(2 * MAP)]) == pytest.approx(1)
    # Off-diagonal mirror: the mean of (MAP, MAP), (MAP, mirror), (MAP, mirror) = (1 - 1/3 - 1/3) / 3.
    assert heat_correlation([reader(), reader(), reader(MAP[::-1])]) == pytest.approx(1 / 9)


def test_words_without_gaze_are_counted():
    spoken = [
        SpokenHeatmaps("a b", ("a", "b"), np.stack([MAP, FLAT]), MAP),
        SpokenHeatmaps("c d", ("c", "d"), np.stack([FLAT, FLAT]), FLAT),
    ]
    assert empty_word_share(spoken) == (0.75, 0.5)
    data = heatmap_data(spoken)
    assert data["word"].tolist() == ["", "a", "b", "", "c", "d"]
    assert data["has_gaze"].tolist() == [True, True, False, False, False, False]
    assert (data.loc[0, "peak_x"], data.loc[0, "peak_y"]) == (0.125, 0.125)


def test_reading_measures_by_hand():
    fixations = pd.DataFrame(
        {"onset_s": [0.0, 1.0], "duration_s": [0.5, 0.5], "x": [0.2, 0.4], "y": [0.05, 0.05]}
    )
    found = reading_measures(fixations)
    # Two fixations from 0 to 1.5 s; x is 0.1 from its mean on either side.
    assert found["n_fixations_per_s"] == pytest.approx(2 / 1.5)
    assert found["spread"] == pytest.approx(0.1)
    assert found["fixation_duration_s"] == pytest.approx(0.5)
    assert found["concentration"] == pytest.approx(1)
    assert set(found) == set(MEASURES)


def test_difference_of_groups_is_found_and_none_invented():
    rng = np.random.default_rng(0)
    measures = pd.DataFrame({"patient_id": np.arange(200) // 2, "group": ["normal", "abnormal"] * 100})
    for column in MEASURES:
        measures[column] = rng.normal(size=200)
    measures.loc[measures["group"] == "abnormal", "spread"] += 3
    found = group_differences(measures, rng, 300).set_index("measure")
    assert found.loc["spread", "ci_low"] > 2
    for measure in MEASURES:
        by_group = measures.groupby("group")[measure].mean()
        expected = by_group["abnormal"] - by_group["normal"]
        assert found.loc[measure, "difference"] == pytest.approx(expected)
        assert found.loc[measure, "ci_low"] < expected < found.loc[measure, "ci_high"]


def test_quality_table_has_a_row_per_device_and_measure():
    readings = pd.DataFrame({"source": ["reflacx"] * 5 + ["eye_gaze"] * 3})
    for column in QUALITY:
        readings[column] = [1.0, 2, 3, 4, 5, 10, 20, np.nan]
    table = quality_table(readings).set_index(["source", "measure"])
    assert len(table) == 2 * len(QUALITY)
    assert table.loc[("reflacx", "data_loss")].tolist() == [2, 3, 4, 5]
    assert table.loc[("eye_gaze", "data_loss"), "n"] == 2


def test_neighbour_purity_counts_other_points_only():
    # Two classes apart, with features that coincide: a point must not be its own neighbour.
    features = np.repeat([[1.0, 0.0], [0.0, 1.0]], 12, axis=0) + np.arange(24)[:, None] // 3 * 1e-3
    labels = np.repeat(["a", "b"], 12)
    points = embed_tsne({"apart": features, "mixed": features[::-1]}, labels, seed=0)
    assert points.groupby("method")["neighbour_purity"].first().to_dict() == {"apart": 1.0, "mixed": 1.0}
    assert (points["silhouette"] > 0.95).all()
    turned = embed_tsne({"alternating": features}, np.array(["a", "b"] * 12), seed=0)
    # Of the other eleven points in a cluster six have the other class; ten of them are nearest.
    assert 0.3 < turned["neighbour_purity"].iloc[0] < 0.5
    assert abs(turned["silhouette"].iloc[0]) < 0.1
    one_class = embed_tsne({"one": features}, np.array(["a"] * 24), seed=0)
    assert one_class["silhouette"].isna().all()


def test_saved_files_are_the_same_bytes_every_time(tmp_path):
    data = attention_data([example()])
    paths = [
        save_figure(plot_attention([example()], "note"), tmp_path / name, "figure_3_attention", data)
        for name in ("first", "second")
    ]
    assert [path.name for path in paths[0]] == [
        f"figure_3_attention.{kind}" for kind in ("png", "pdf", "csv")
    ]
    for one, other in zip(*paths, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.suffix
    pd.testing.assert_frame_equal(pd.read_csv(paths[0][2]), data, check_dtype=False)
