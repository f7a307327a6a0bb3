"""The published checkpoints by name, and which one a file is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from egma_lib.errors import DataError, SettingsError
from egma_lib.models.checkpoints.clip import CLIP, OPEN_CLIP
from egma_lib.models.checkpoints.gloria import GLORIA
from egma_lib.models.checkpoints.medclip import MEDCLIP_RESNET50, MEDCLIP_VIT
from egma_lib.models.checkpoints.mgca import MGCA_RESNET50, MGCA_VIT
from egma_lib.models.checkpoints.table import Source

SOURCES: Mapping[str, Source] = MappingProxyType(
    {
        source.name: source
        for source in (MEDCLIP_VIT, MEDCLIP_RESNET50, GLORIA, MGCA_VIT, MGCA_RESNET50, CLIP, OPEN_CLIP)
    }
)
"""Published checkpoints by name."""

AUTO = "auto"


def source_by_name(name: str) -> Source:
    """Return a source.

    Raises
    ------
    SettingsError
        There is none of that name; lists them.
    """
    if name not in SOURCES:
        raise SettingsError(
            f"checkpoint source {name!r} is unknown; choose one of {', '.join((*SOURCES, AUTO))}"
        )
    return SOURCES[name]


def matching_sources(names: Collection[str]) -> list[Source]:
    """Return the sources whose marks are all among the names, a wrapping prefix removed or not."""
    return [
        source for source in SOURCES.values() if set(source.marks) <= set(unwrapped(names, source.wrapper))
    ]


def unwrapped(names: Collection[str], wrapper: str) -> list[str]:
    """Return the names without a prefix that every one of them has; in the same order."""
    if names and all(name.startswith(wrapper) for name in names):
        return [name.removeprefix(wrapper) for name in names]
    return list(names)


def guess_source(names: Collection[str], file: str) -> Source:
    """Return the one source that a file's names belong to.

    Raises
    ------
    DataError
        None, or more than one: says what to do.
    """
    found = matching_sources(names)
    if len(found) == 1:
        return found[0]
    if found:
        raise DataError(
            f"{file}: its names fit {' and '.join(source.name for source in found)}; the file does not say "
            "which activation it was trained with. OpenAI's weights (also in open_clip's format, and its "
            "-quickgelu models) are --source clip, open_clip's own are --source open_clip"
        )
    raise DataError(f"{file}: {why_not(names)}")


def why_not(names: Collection[str]) -> str:
    """Return why a file with these names cannot be taken over."""
    if any("visual.attnpool." in name for name in names):
        return (
            "CLIP's ResNet is a modified one (a stem of three convolutions, average pools for strides, an "
            "attention pool at the end); no encoder here is the same function. Take CLIP's ViT-B/16"
        )
    if any("vision_model.encoder.layers." in name for name in names):
        return (
            "CLIP in the names of transformers needs no conversion: set model.image_encoder=clip_vit_b_16 "
            "and model.image_weights to its folder"
        )
    first = ", ".join(sorted(names)[:5])
    return (
        f"its names are those of none of {', '.join(SOURCES)} (it begins with {first}); "
        "`egma weights show` lists all"
    )
