"""The code behind a result: modules and what they import, without comments and docstrings."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Collection, Iterable
from functools import lru_cache
from pathlib import Path

from egma_lib.errors import SettingsError


def code_behind(
    entries: Iterable[str], packages: Collection[str], left_out: Collection[str] = ()
) -> dict[str, str]:
    """Return module name to code of the entries and of all they import from some packages.

    Imports are read from the source, those inside functions too, so nothing is executed. Comments, docstrings
    and layout are left out: they change no result.

    Parameters
    ----------
    entries
        Full names of modules, of any package.
    packages
        Packages whose modules count where they are imported, such as `egma_lib.losses`.
    left_out
        Modules that change no result.

    Raises
    ------
    SettingsError
        There is no module of an entry's name.
    """
    waiting, found = list(entries), dict[str, str]()
    prefixes = tuple(f"{package}." for package in packages)
    while waiting:
        name = waiting.pop()
        if name in found or name in left_out:
            continue
        path = _source_of(name)
        if path is None:
            raise SettingsError(f"there is no module {name!r}")
        found[name], imported = _read(path, path.stat().st_mtime_ns)
        waiting += [
            module for module in imported if module.startswith(prefixes) and _source_of(module) is not None
        ]
    return dict(sorted(found.items()))


@lru_cache(maxsize=512)
def _read(path: Path, changed_ns: int) -> tuple[str, tuple[str, ...]]:
    """Return the code of a file and the full names that it may import; read again when the file changes."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return ast.unparse(_WithoutDocstrings().visit(tree)), tuple(sorted(_imports(tree)))


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


def _imports(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
            # `from package import module` names a module, `from module import name` does not.
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found
