"""One frozen, validated settings object; `configs/*.yaml` and explicit overrides are its only sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import ValidationError

from egma_lib.artefacts import content_hash
from egma_lib.errors import SettingsError
from egma_lib.setting_groups.base import Group
from egma_lib.setting_groups.data import (
    DATASET_KEYS,
    DataSettings,
    GazeSettings,
    PhantomSettings,
    PhantomSizes,
)
from egma_lib.setting_groups.evaluation import EvaluationSettings, ExperimentSettings, ProbeSettings
from egma_lib.setting_groups.learning import LossSettings, ModelSettings, StageSettings, TrainingSettings

__all__ = [
    "CONFIG_FOLDER", "DATASET_KEYS", "PROFILES", "DataSettings", "EvaluationSettings", "ExperimentSettings",
    "GazeSettings", "Group", "LossSettings", "ModelSettings", "PhantomSettings", "PhantomSizes",
    "ProbeSettings", "Settings", "StageSettings", "TrainingSettings", "load_settings", "parse_overrides",
]  # fmt: skip

CONFIG_FOLDER = Path(__file__).resolve().parents[1] / "configs"
PROFILES = ("smoke", "phantom", "paper")


class Settings(Group):
    """Everything that decides a result."""

    profile: Literal["smoke", "phantom", "paper"]
    phantom: PhantomSettings
    data: DataSettings = DataSettings()
    gaze: GazeSettings = GazeSettings()
    model: ModelSettings
    losses: LossSettings = LossSettings()
    training: TrainingSettings
    evaluation: EvaluationSettings = EvaluationSettings()
    probe: ProbeSettings = ProbeSettings()
    experiments: ExperimentSettings = ExperimentSettings()

    def changed(self, overrides: Mapping[str, Any]) -> Settings:
        """Return these settings with some fields changed, by dotted name.

        Raises
        ------
        SettingsError
            Unknown field, or a value out of range.
        """
        content = self.model_dump(mode="json")
        for name, value in overrides.items():
            _set_dotted(content, name, value)
        try:
            return Settings.model_validate(content)
        except ValidationError as error:
            raise SettingsError(_explain(error, f"profile {self.profile}")) from error

    def hash_of(self, *groups: str) -> str:
        """Return a short hash of the named groups, e.g. `hash_of("gaze", "data")`.

        `jobs` and `cluster` do not count: where a run is trained decides no result.
        """
        where = {"jobs", "cluster"}
        return content_hash(
            {name: getattr(self, name).model_dump(mode="json", exclude=where) for name in groups}
        )


def load_settings(profile: str, overrides: Mapping[str, Any] | Sequence[str] | None = None) -> Settings:
    """Load `configs/<profile>.yaml`, apply overrides and validate.

    Parameters
    ----------
    profile
        `smoke`, `phantom` or `paper`.
    overrides
        Either a mapping of dotted names to values (the notebooks' parameter) or `a.b=c` strings (the command
        line's `--set`), whose values are read as YAML.

    Raises
    ------
    SettingsError
        Unknown profile or field, or a value out of range: names field, value and what is allowed.
    """
    if profile not in PROFILES:
        raise SettingsError(f"profile {profile!r} is unknown; use one of {', '.join(PROFILES)}")
    path = CONFIG_FOLDER / f"{profile}.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    for name, value in parse_overrides(overrides).items():
        _set_dotted(content, name, value)
    try:
        return Settings.model_validate({"profile": profile, **content})
    except ValidationError as error:
        raise SettingsError(_explain(error, path.name)) from error


def parse_overrides(overrides: Mapping[str, Any] | Sequence[str] | None) -> dict[str, Any]:
    """Return overrides as {dotted name: value}, from a mapping or from `a.b=c` strings."""
    if overrides is None:
        return {}
    if isinstance(overrides, Mapping):
        return dict(overrides)
    parsed = {}
    for item in overrides:
        name, sign, value = item.partition("=")
        if not sign or not name.strip():
            raise SettingsError(f"override {item!r} is not of the form group.field=value")
        parsed[name.strip()] = yaml.safe_load(value)
    return parsed


def _set_dotted(content: dict[str, Any], name: str, value: Any) -> None:
    *groups, field = name.split(".")
    # `--set data.rsna=PATH` redirects one data set; its settings field is data.paths.
    if groups == ["data"] and field in DATASET_KEYS:
        groups = ["data", "paths"]
    if not groups:
        raise SettingsError(f"override {name!r} needs a group, such as gaze.sigma_deg")
    for group in groups:
        nested = content.setdefault(group, {})
        if not isinstance(nested, dict):
            raise SettingsError(f"override {name!r}: {group} is a value, not a group")
        content = nested
    content[field] = value


def _explain(error: ValidationError, source: str) -> str:
    lines = []
    for item in error.errors():
        field = ".".join(str(part) for part in item["loc"])
        got = "" if item["type"] == "missing" else f" (got {item['input']!r})"
        lines.append(f"{field}: {item['msg']}{got}")
    return f"settings from {source} and overrides are not valid:\n  " + "\n  ".join(lines)
