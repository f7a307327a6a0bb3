"""Which code a run's result depends on: what its training and its method import."""

from __future__ import annotations

from egma_lib.code_behind import code_behind
from egma_lib.losses.methods import find_method

_PACKAGES = ("egma_lib.losses", "egma_lib.models", "egma_lib.training")
_ENTRY = "egma_lib.training.run"
# The list of all methods and this file change no run's result.
_LEFT_OUT = ("egma_lib.losses.methods", __name__)


def code_of_method(method: str) -> dict[str, str]:
    """Return module name to code of all of losses, models and training that a run of `method` executes.

    The registry names losses as text, so another method's loss is no part of the answer; a loss outside the
    package counts with its own file and with what that imports from the package.

    Parameters
    ----------
    method
        Name of the loss.

    Raises
    ------
    SettingsError
        The method's module cannot be found.
    """
    module = find_method(method).loss.partition(":")[0]
    return code_behind([_ENTRY, module], _PACKAGES, _LEFT_OUT)
