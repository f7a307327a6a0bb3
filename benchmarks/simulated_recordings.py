"""Simulated readings as recordings with truth, in degrees on the screen."""

from __future__ import annotations

from typing import Literal

from detector_scoring import TrueRecording

from egma_lib.phantom.case import SimulatedReading
from egma_lib.phantom.film import draw_film
from egma_lib.phantom.planning import case_rng, plan_case
from egma_lib.phantom.reading import draw_reader, simulate_reading
from egma_lib.phantom.reports import write_sentences
from egma_lib.phantom.speech import dictate
from egma_lib.settings import load_settings


def simulate_recordings(
    n_readings: int, tracker: Literal["eyelink", "gazepoint"], sampling_hz: float
) -> list[TrueRecording]:
    """Return simulated readings of the profile `phantom`, each by another reader."""
    settings = load_settings("phantom").phantom
    recordings = []
    for index in range(n_readings):
        rng = case_rng(settings.seed, "gaze", index, f"benchmark {tracker}")
        plan = plan_case(settings, "gaze", index)
        film = draw_film(plan, rng, settings.stored_rows, settings.stored_rows * 5 // 6)
        sentences = write_sentences(plan, rng)
        reader = draw_reader(f"reader {index}", rng)
        reading = simulate_reading(
            plan, film, sentences, dictate(sentences, reader, rng), reader, rng,
            sampling_hz=sampling_hz,
            frame_rows=settings.frame_rows,
            frame_columns=settings.frame_columns,
            accuracy=settings.gaze_accuracy,
            informative=settings.gaze_informative,
            tracker=tracker,
        )  # fmt: skip
        recordings.append(_on_screen(f"{tracker} {index}", reading))
    return recordings


def _on_screen(name: str, reading: SimulatedReading) -> TrueRecording:
    """Undo zoom and pan, which move the image but not the eye."""
    samples = reading.samples
    zoom = (samples["screen_x_max"] - samples["screen_x_min"]) / (samples["x_max_px"] - samples["x_min_px"])
    screen_px_per_deg = samples["px_per_deg"] * zoom
    x, y = (
        (samples[f"screen_{axis}_min"] + (samples[f"{axis}_px"] - samples[f"{axis}_min_px"]) * zoom)
        / screen_px_per_deg
        for axis in ("x", "y")
    )
    truth = samples["event"].astype(str).to_numpy()
    return TrueRecording(name, samples["time_s"].to_numpy(), x.to_numpy(), y.to_numpy(), truth)
