"""Print how this interpreter's packages differ from a lock: `python check_environment.py LOCK [LIMIT]`.

Uses the standard library and `packaging` only, since it runs in environments that may hold nothing else.
Exit status 0: the lock is met. 1: it is not, and the first LIMIT differences are printed.
"""

from __future__ import annotations

import importlib.metadata
import re
import sys
from collections.abc import Iterator
from pathlib import Path

# CPU builds of torch come without these.
CUDA_ONLY = re.compile(r"^(nvidia-|cuda-|triton$)")


def requirements(lock: Path) -> Iterator[tuple[str, str]]:
    """Yield (name, version) of the lock's lines whose marker holds for this interpreter.

    Raises
    ------
    ModuleNotFoundError
        `packaging` is not installed.
    """
    from packaging.markers import Marker

    for line in lock.read_text(encoding="utf-8").splitlines():
        pin, _, marker = line.partition(";")
        name, equals, version = pin.strip().rstrip("\\").strip().partition("==")
        if equals and not name.startswith("-") and (not marker or Marker(marker.rstrip(" \\")).evaluate()):
            yield name.strip(), version.strip()


def differences(lock: Path) -> list[str]:
    """Return one line per package that is missing or has another version than the lock's."""
    try:
        wanted = list(requirements(lock))
    except ModuleNotFoundError:
        return ["packaging is not installed; this environment holds none of the suite's packages"]
    installed = {
        re.sub(r"[-_.]+", "-", item.metadata["Name"]).lower(): item.version
        for item in importlib.metadata.distributions()
    }
    cpu_build = installed.get("torch", "").endswith("+cpu")
    lines = []
    for name, version in wanted:
        have = installed.get(re.sub(r"[-_.]+", "-", name).lower())
        if have is None and cpu_build and CUDA_ONLY.match(name):
            continue
        # A local label such as +cpu or +cu126 is another build of the same version.
        if have is None or have.partition("+")[0] != version.partition("+")[0]:
            lines.append(f"{name}: wanted {version}, {'not installed' if have is None else f'found {have}'}")
    return lines


def main(arguments: list[str]) -> int:
    """Print the differences and return the exit status."""
    limit = int(arguments[1]) if len(arguments) > 1 else 10
    found = differences(Path(arguments[0]))
    shown = [f"  {line}" for line in found[:limit]]
    if len(found) > limit:
        shown.append(f"  ... and {len(found) - limit} more")
    sys.stdout.writelines(f"{line}\n" for line in shown)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
