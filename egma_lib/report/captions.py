"""Captions made from the settings, so that they cannot say what was not done."""

from __future__ import annotations

from collections.abc import Callable

from egma_lib.settings import Settings

TABLES = {
    "table_1_linear_probe": "Table 1: linear probe",
    "table_2_zero_shot": "Table 2: zero-shot classification",
    "table_3_retrieval": "Table 3: image-text retrieval",
    "table_4_ablation": "Table 4: modules and gaze quantity",
    "table_7_backbones": "Table 7: other backbones",
    "controls": "Controls of the gaze claim",
    "crossing": "Gaze quantity and strength of the confounder",
    "grounding": "Grounding of phrases and agreement with gaze",
    "deviations_effect": "Effect of each difference between paper and released code",
    "reported_audit": "Audit of reported numbers",
    "leakage_audit": "Leakage audit and provenance of checkpoints",
    "leakage_audit_linear_probe": "Leakage audit of the linear probe",
}
"""Tables of the report, contract name to heading, in order."""

FIGURES: dict[str, Callable[[Settings], str]] = {
    "figure_3_attention": lambda settings: (
        "Figure 3. Similarity of each patch to a dictated sentence, min-max scaled per map, on the "
        f"{settings.model.patch_grid} x {settings.model.patch_grid} grid, beside the gaze recorded while it "
        "was dictated, for every method of Tables 2 and 3; outlines: the finding as the reader marked it; "
        "first seed."
    ),
    "figure_4_tsne": lambda settings: (
        "Figure 4. t-SNE of the global image features of the 5x200 films (in a study without them of RSNA's "
        "or SIIM's); the share of same-class "
        f"neighbours is taken in the {settings.model.embed_dim}-dimensional space; first seed."
    ),
    "figure_5_sentence_heatmaps": lambda settings: (
        "Figure 5. Heatmaps of words and sentences: Gaussians of "
        f"{settings.gaze.sigma_deg:g} degree around each fixation, weighted by time."
    ),
    "figure_6_denoising": lambda settings: (
        f"Figure 6. From raw samples to fixations: {settings.gaze.method_high_rate} from 250 Hz on, "
        f"{settings.gaze.method_low_rate} below, where neither microsaccades nor peak velocities can be seen."
    ),
    "figure_7_readers": lambda settings: (
        "Figure 7. Several readers naming the same finding: fixations from "
        f"{settings.gaze.lead_s:g} s before its sentence to {settings.gaze.lag_s:g} s after it, and the "
        "region each reader marked."
    ),
    "figure_8_normal_abnormal": lambda settings: (
        "Figure 8. Gaze on normal and abnormal films; differences of means with 95 % intervals over patients "
        f"({settings.evaluation.bootstrap} resamples)."
    ),
    "figure_9_tsne_methods": lambda settings: (
        "Figure 9. The features of Figure 4 under every method of Tables 2 and 3; the share of same-class "
        f"neighbours is taken in the {settings.model.embed_dim}-dimensional space, before the embedding; "
        "first seed."
    ),
    "gaze_quantity": lambda settings: (
        "Gaze quantity: EGMA with gaze on a share of the readings; mean over "
        f"{len(settings.experiments.seeds)} seeds with 95 % intervals over patients. Apart from it, what the "
        "paper reports."
    ),
    "gaze_accuracy": lambda _: (
        "Effect of gaze against its accuracy: each point is a training with other heatmaps, placed by their "
        "median correlation with the true region, or with measured gaze where no truth is known; paired "
        "difference to continued training without gaze with its 95 % interval over seeds and patients."
    ),
    "eye_voice_lag": lambda settings: (
        "Eye-voice lag: share of fixation time inside the region that a sentence names, against the shift of "
        "its window; 95 % intervals over patients "
        f"({settings.evaluation.bootstrap} resamples). No training takes part."
    ),
    "prompt_spread": lambda settings: (
        f"Spread of the zero-shot score over {settings.evaluation.prompt_draws} draws of "
        f"{settings.evaluation.prompts_per_draw} prompts per class."
    ),
    "gaze_quality": lambda _: "Quality of the recordings, by device.",
    "training_curves": lambda settings: (
        f"Training curves: {settings.training.continued.image_passes} images shown in stage 2, batches of "
        f"{settings.training.continued.batch_size}."
    ),
}
"""Figures of the report, contract name to caption, in order."""

EXTERNAL_FIGURES = {
    "figure_3_attention": (
        "Similarity of each patch to a dictated sentence under the finished model alone, min-max scaled per "
        "map, on the model's own patch grid, beside the gaze recorded while it was dictated."
    ),
    "figure_4_tsne": (
        "t-SNE of the finished model's image features, beside those of the film's own coarse pixels; the "
        "shares of same-class neighbours are taken before the embedding."
    ),
}
"""Figures of a finished model (`egma evaluate`), name to caption, in order."""


def figure_caption(name: str, settings: Settings) -> str:
    """Return the caption of a figure under these settings."""
    return FIGURES[name](settings)
