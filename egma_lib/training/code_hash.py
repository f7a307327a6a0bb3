"""Which code a run's result depends on: what its training and its method import, without comments."""

from __future__ import annotations

import ast
import importlib.util
from functools import lru_cache
from pathlib import Path

from egma_lib.errors import SettingsError
from egma_lib.losses.methods import find_method

_COUNTED = ("egma_lib.losses.", "egma_lib.models.", "egma_lib.training.")
_ENTRY = "egma_lib.training.run"
# The list of all methods and this file change no run's result.
_NOT_COUNTED = ("egma_lib.losses.methods", __name__)


@lru_cache
def code_of_method(method: str) -> dict[str, str]:
    """Return module name to code of all of losses, models and training that a run of `method` executes.

    Imports are read from the source, those inside functions too. The registry names losses as text, so
    another method's loss is no part of the answer; a loss outside the package counts with its own file and
    with what that imports from the package. Comments, docstrings and layout are left out: they change no
    result.

    Parameters
    ----------
    method
        Name of the loss.

    Raises
    ------
    SettingsError
        The method's module cannot be found.
    """
    waiting, found = [_ENTRY, find_method(method).loss.partition(":")[0]], dict[str, str]()
    while waiting:
        name = waiting.pop()
        if name in found or name in _NOT_COUNTED:
            continue
        path = _source_of(name)
        if path is None:
            raise SettingsError(f"method {method!r}: there is no module {name!r}")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found[name] = ast.unparse(_WithoutDocstrings().visit(tree))
        waiting += _imports(tree)
    return dict(sorted(found.items()))


class _WithoutDocstrings(ast.NodeTransformer):
    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        body = getattr(node, "body", None)
        if isinstance(body, list):
            kept = [line for line in body if not _is_text(line)]
            # A function of nothing but a docstring still needs a body.
            node.body = kept or body  # type: ignore[attr-defined]
        return node


def _is_text(node: ast.AST) -> bool:
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Constant):
        return False
    return isinstance(node.value.value, str)


def _source_of(module: str) -> Path | None:
    try:
        spec = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        return None
    return None if spec is None or spec.origin is None else Path(spec.origin)


def _imports(tree: ast.AST) -> list[str]:
    """Return the counted modules that a module imports by their full name."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
            # `from package import module` names a module, `from module import name` does not.
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return [name for name in found if name.startswith(_COUNTED) and _source_of(name) is not None]
