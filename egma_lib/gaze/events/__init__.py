"""Event detection: fixations, saccades, post-saccadic oscillations and blinks from gaze samples."""

# A detector enters itself in the registry when its module is imported; the order is that of the listings.
from egma_lib.gaze.events import adaptive, ivt, nystrom_holmqvist  # noqa: F401
from egma_lib.gaze.events.registry import detect_events, detector_names, get_detector, register_detector
from egma_lib.gaze.events.table import sample_labels

__all__ = [
    "detect_events",
    "detector_names",
    "get_detector",
    "register_detector",
    "sample_labels",
]
