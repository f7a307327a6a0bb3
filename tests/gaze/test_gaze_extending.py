"""The event detector of docs/extending.md, as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from egma_lib.errors import GazeError
from egma_lib.gaze.events import detect_events, registry

EXTENDING = Path(__file__).parents[2] / "docs" / "extending.md"


@pytest.fixture
def documented(monkeypatch):
    section = EXTENDING.read_text(encoding="utf-8").split("## Add a gaze filter")[1].split("\n## ")[0]
    (code,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    monkeypatch.setattr(registry, "_DETECTORS", dict(registry._DETECTORS))
    exec(code, {})


@pytest.mark.usefixtures("documented")
def test_two_places_with_a_jump_between_are_two_fixations():
    time_s = np.arange(100) / 100
    # A jump of 8 degrees: samples 50 and 51 are on the way.
    x_deg = np.where(time_s < 0.5, 0.0, 8.0)
    x_deg[50:52] = 3, 6
    events = detect_events(time_s, x_deg, np.zeros(100), "dispersion")
    fixations = events[events["event"] == "fixation"]
    assert fixations["x_deg"].tolist() == pytest.approx([0, 8])
    assert fixations["onset_s"].tolist() == pytest.approx([0, 0.52], abs=0.006)
    assert events["event"].tolist() == ["fixation", "saccade", "fixation"]


@pytest.mark.usefixtures("documented")
def test_a_recording_too_slow_is_refused():
    with pytest.raises(GazeError, match="needs 30 Hz or more"):
        detect_events(np.arange(20) / 20, np.zeros(20), np.zeros(20), "dispersion")
