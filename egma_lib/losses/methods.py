"""What each arm of a comparison trains on, by the name that settings and tables use."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, cast

from egma_lib.errors import SettingsError
from egma_lib.losses.features import MethodLoss, PairFeatures, WordFeatures

__all__ = ["METHODS", "Method", "MethodLoss", "PairFeatures", "WordFeatures", "find_method", "method_loss"]


class Method(NamedTuple):
    """A method as registered; its loss is imported only when a run needs it.

    Attributes
    ----------
    loss
        `module:function` of a `MethodLoss`. The modules that this one imports are the code that a run of the
        method depends on.
    uses_words
        Whether the loss reads `PairFeatures.words`, which cost time to make.
    own_score
        Name of the zero-shot score that the method publishes for itself, where none of
        `egma_lib.evaluation.scores.SCORES` is it; stored for its runs only.
    uses_labels
        Whether the loss reads `PairFeatures.labels`, which not every study has.
    """

    loss: str
    uses_words: bool = False
    own_score: str | None = None
    uses_labels: bool = False


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "clip": Method("egma_lib.losses.global_contrast:clip"),
        "mlce": Method("egma_lib.losses.egma_methods:mlce"),
        "mlce_alone": Method("egma_lib.losses.egma_methods:mlce_alone"),
        "egf": Method("egma_lib.losses.egma_methods:egf"),
        "egm": Method("egma_lib.losses.egma_methods:egm"),
        "egm_alone": Method("egma_lib.losses.egma_methods:egm_alone"),
        "egma": Method("egma_lib.losses.egma_methods:egma"),
        "no_gaze": Method("egma_lib.losses.egma_methods:no_gaze"),
        "convirt": Method("egma_lib.losses.convirt:convirt"),
        "filip": Method("egma_lib.losses.filip:filip", uses_words=True),
        "gloria": Method("egma_lib.losses.gloria:gloria", uses_words=True, own_score="gloria"),
        "medclip": Method("egma_lib.losses.medclip:medclip", uses_labels=True),
        "sparc": Method("egma_lib.losses.sparc:sparc", uses_words=True),
    }
)
"""Methods by name. `mlce_alone` and `egm_alone` contain no contrast between images and collapse; they exist
for the deviations table."""


def find_method(name: str) -> Method:
    """Return a method by its registered name, or by `package.module:function` for a loss of the user's own.

    A loss given as `package.module:function` is handed words too, since nothing says whether it reads them.

    Raises
    ------
    SettingsError
        No method of that name: lists the known ones.
    """
    if name in METHODS:
        return METHODS[name]
    if ":" in name:
        return Method(name, uses_words=True)
    raise SettingsError(
        f"method {name!r} is unknown; known: {', '.join(METHODS)}, or a loss of your own as "
        "package.module:function"
    )


def method_loss(name: str) -> MethodLoss:
    """Import and return the loss of a method.

    Raises
    ------
    SettingsError
        No method of that name, or its module or function cannot be imported.
    """
    module_name, _, function_name = find_method(name).loss.partition(":")
    try:
        loss = getattr(importlib.import_module(module_name), function_name)
    except (ImportError, ValueError) as error:
        raise SettingsError(
            f"method {name!r}: module {module_name!r} cannot be imported ({error})"
        ) from error
    except AttributeError as error:
        raise SettingsError(f"method {name!r}: {module_name} has no function {function_name!r}") from error
    if not callable(loss):
        raise SettingsError(f"method {name!r}: {module_name}.{function_name} is not a function")
    return cast("MethodLoss", loss)
