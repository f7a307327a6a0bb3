"""The part of a manifest that may be shared: validated settings, versions and hashes; no path, no message."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from egma_lib.errors import ArtefactError
from egma_lib.settings import Settings

_PATTERNS = {
    "commit": re.compile(r"[0-9a-f]{40}(-dirty)?"),
    "hash": re.compile(r"[0-9a-f]{8,64}"),
    "version": re.compile(r"[\w.+!-]{1,40}"),
    "name": re.compile(r"\d\d_[a-z0-9_]{1,60}"),
    "status": re.compile(r"[a-z]{1,20}"),
    "hardware": re.compile(r"[\w .()@+,-]{1,80}"),
}
_HUB_NAME = re.compile(r"[A-Za-z][\w.-]*(/[\w.-]+)?")
LOCAL_FOLDER = "local folder"


def shareable_manifest(manifest: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Return commit, settings, versions, hardware, seeds, data hash and stages, each checked.

    Settings are validated field by field, so that nothing unknown passes; redirected data sets and the engine
    of the runs are left out, and weights of a local folder are called just that. Of a stage that failed,
    neither cell nor message is kept.

    Parameters
    ----------
    manifest
        Content of `manifest.json`.
    path
        Its file, for errors.

    Raises
    ------
    ArtefactError
        Settings or a value are not as this version writes them.
    """
    try:
        settings = Settings.model_validate(manifest["settings"])
        shared = {
            "commit": _checked("commit", manifest["commit"]) if manifest["commit"] else None,
            "settings": _without_paths(settings),
            "versions": {
                _checked("version", name): _checked("version", version)
                for name, version in manifest["versions"].items()
            },
            "hardware": _hardware(manifest["hardware"]),
            "seeds": [int(seed) for seed in manifest["seeds"]],
            "data_hash": _checked("hash", manifest["data_hash"]),
            "stages": [
                {
                    "name": _checked("name", stage["name"]),
                    "status": _checked("status", stage["status"]),
                    "seconds": float(stage["seconds"]),
                    "inputs_hash": _checked("hash", stage["inputs_hash"]),
                }
                for stage in manifest["stages"]
            ],
        }
    except (ValidationError, KeyError, TypeError, ValueError) as error:
        raise ArtefactError(
            f"{path}: not a manifest as this version writes it ({type(error).__name__}); run the suite again "
            "before exporting"
        ) from error
    return shared


def _checked(kind: str, text: str) -> str:
    if not _PATTERNS[kind].fullmatch(text):
        raise ValueError(f"not a {kind}")
    return text


def _hardware(about: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "system": _checked("hardware", about["system"]),
        "processor": _checked("hardware", about["processor"]),
        "cores": int(about["cores"]),
        "memory_gib": float(about["memory_gib"]),
        "gpus": [_checked("hardware", name) for name in about["gpus"]],
    }


def _without_paths(settings: Settings) -> dict[str, Any]:
    content = settings.model_dump(mode="json")
    content["data"]["paths"] = {}
    # The engine's address names a machine.
    content["experiments"]["cluster"] = None
    for field, value in content["model"].items():
        if field.endswith("_weights") and value is not None:
            local = Path(value).expanduser().exists() or not _HUB_NAME.fullmatch(value)
            content["model"][field] = LOCAL_FOLDER if local else value
    return content
