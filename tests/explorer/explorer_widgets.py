"""Helpers of the widget tests: an explorer of a study, and what it shows."""

from __future__ import annotations

import hashlib

from egma_lib.explorer.widgets import Explorer


def picture(explorer: Explorer) -> str:
    """Return a hash of the picture."""
    return hashlib.sha256(explorer.panels["image"].picture.value).hexdigest()


def caption(explorer: Explorer) -> str:
    return explorer.panels["image"].caption.value


def notices(explorer: Explorer) -> dict[str, str]:
    """Return what panels say went wrong."""
    return {name: panel.notice.value for name, panel in explorer.panels.items() if panel.notice.value}


def pointer(kind: str, x: float, y: float, side: float = 1000.0, **more: float | str) -> dict[str, object]:
    """Return an event of the pointer at 0-1 of a picture of `side` pixels, as the event widget sends it."""
    return {
        "type": kind, "event": kind, "relativeX": x * side, "relativeY": y * side, "boundingRectWidth": side,
        "boundingRectHeight": side, **more,
    }  # fmt: skip
