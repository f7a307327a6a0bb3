"""From raw recordings and transcripts to events, sentences and sentence heatmaps.

Names are loaded on first use, so that `import egma_lib.gaze` stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from egma_lib.gaze.artefact import GazeArtefact, load_gaze_artefact, save_artefact
    from egma_lib.gaze.events import detect_events
    from egma_lib.gaze.frames import ImageFrame
    from egma_lib.gaze.heatmaps import gaze_similarity, patch_heatmap, sentence_heatmaps, word_heatmaps
    from egma_lib.gaze.preprocess import build_gaze_artefact, preprocess_recording
    from egma_lib.gaze.recording import ReadingReference, Recording
    from egma_lib.gaze.recordings import find_readings, read_recording

_HOMES = {
    "GazeArtefact": "artefact",
    "ImageFrame": "frames",
    "ReadingReference": "recording",
    "Recording": "recording",
    "build_gaze_artefact": "preprocess",
    "detect_events": "events",
    "find_readings": "recordings",
    "gaze_similarity": "heatmaps",
    "load_gaze_artefact": "artefact",
    "patch_heatmap": "heatmaps",
    "preprocess_recording": "preprocess",
    "read_recording": "recordings",
    "save_artefact": "artefact",
    "sentence_heatmaps": "heatmaps",
    "word_heatmaps": "heatmaps",
}

__all__ = [
    "GazeArtefact", "ImageFrame", "ReadingReference", "Recording", "build_gaze_artefact", "detect_events",
    "find_readings", "gaze_similarity", "load_gaze_artefact", "patch_heatmap", "preprocess_recording",
    "read_recording", "save_artefact", "sentence_heatmaps", "word_heatmaps",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
