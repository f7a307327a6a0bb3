"""Captions follow the settings."""

import re

import pytest

from egma_lib.report.captions import FIGURES, TABLES, figure_caption
from egma_lib.settings import load_settings


@pytest.mark.parametrize("name", FIGURES)
def test_every_caption_is_a_sentence(name):
    caption = figure_caption(name, load_settings("smoke"))
    assert re.fullmatch(r"[A-Z].*\.", caption)
    assert "\n" not in caption
    number = re.match(r"figure_(\d)_", name)
    assert number is None or caption.startswith(f"Figure {number[1]}. ")


@pytest.mark.parametrize(
    ("name", "setting", "value", "said"),
    [
        ("figure_3_attention", "model.patch_grid", 5, "on the 5 x 5 grid"),
        ("figure_4_tsne", "model.embed_dim", 48, "the 48-dimensional space"),
        ("figure_9_tsne_methods", "model.embed_dim", 48, "the 48-dimensional space"),
        ("figure_5_sentence_heatmaps", "gaze.sigma_deg", 1.5, "of 1.5 degree"),
        ("figure_7_readers", "gaze.lead_s", 0.75, "from 0.75 s before"),
        ("figure_7_readers", "gaze.lag_s", 0.25, "to 0.25 s after"),
        ("figure_8_normal_abnormal", "evaluation.bootstrap", 123, "(123 resamples)"),
        ("gaze_quantity", "experiments.seeds", [0, 1, 2], "mean over 3 seeds"),
        ("prompt_spread", "evaluation.prompt_draws", 7, "over 7 draws"),
        ("prompt_spread", "evaluation.prompts_per_draw", 3, "of 3 prompts"),
        ("training_curves", "training.continued.image_passes", 444, "444 images"),
        ("training_curves", "training.continued.batch_size", 6, "batches of 6"),
    ],
)
def test_captions_state_the_setting(name, setting, value, said):
    assert said in figure_caption(name, load_settings("smoke", {setting: value}))
    assert said not in figure_caption(name, load_settings("smoke"))


def test_denoising_names_both_detectors():
    settings = load_settings("smoke")
    caption = figure_caption("figure_6_denoising", settings)
    assert f"{settings.gaze.method_high_rate} from 250 Hz on" in caption
    assert f"{settings.gaze.method_low_rate} below" in caption


def test_the_report_has_the_contract_s_tables_and_figures():
    assert list(TABLES) == [
        "table_1_linear_probe", "table_2_zero_shot", "table_3_retrieval", "table_4_ablation",
        "table_7_backbones", "controls", "crossing", "grounding", "deviations_effect", "reported_audit",
        "leakage_audit", "leakage_audit_linear_probe",
    ]  # fmt: skip
    assert [name for name in FIGURES if name.startswith("figure_")] == [
        "figure_3_attention", "figure_4_tsne", "figure_5_sentence_heatmaps", "figure_6_denoising",
        "figure_7_readers", "figure_8_normal_abnormal", "figure_9_tsne_methods",
    ]  # fmt: skip
