"""The set-up files agree: ranges, locks, environment, scripts, profiles, README, notebooks."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from egma_lib.runner.options import parse_options
from egma_lib.runner.stages import PARAMETERS
from egma_lib.settings import load_settings
from egma_lib.study import REPOSITORY

SCRIPTS = ("run_all.sh", "run_tests.sh", "scripts/bootstrap.sh", ".ci/run")
NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def pins(lock: str) -> list[tuple[str, str, str]]:
    """Return (name, version, marker) of each pin of a lock."""
    found = []
    for line in (REPOSITORY / lock).read_text(encoding="utf-8").splitlines():
        match = re.match(r"([A-Za-z0-9._-]+)==([^ ;\\]+)(?: *; *([^\\]+?))? *\\?$", line)
        if match:
            found.append((canonicalize_name(match[1]), match[2], match[3] or ""))
    return found


def test_the_lock_meets_every_range_for_every_python():
    extras = PROJECT["optional-dependencies"]
    assert set(extras) == {"dev", "test-browser", "cluster"}
    ranges = [
        Requirement(text) for text in (*PROJECT["dependencies"], *(t for e in extras.values() for t in e))
    ]
    for python in ("3.11", "3.12", "3.13"):
        environment = {"python_version": python, "python_full_version": f"{python}.9"}
        locked = {
            name: version
            for name, version, marker in pins("requirements.lock")
            if not marker or Marker(marker).evaluate(environment)
        }
        for wanted in ranges:
            version = locked.get(canonicalize_name(wanted.name))
            assert version is not None, f"{wanted.name} is in no lock for Python {python}"
            assert wanted.specifier.contains(version), f"{wanted} but the lock has {version}"


def test_the_two_locks_are_equal_and_every_pin_of_one_has_a_hash():
    assert pins("requirements.lock") == pins("requirements-hashed.lock")
    hashed = (REPOSITORY / "requirements-hashed.lock").read_text(encoding="utf-8")
    for block in re.split(r"\n(?=[a-z])", hashed.strip()):
        assert "--hash=sha256:" in block, block.splitlines()[0]


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-hashed.lock"])
def test_a_lock_names_no_machine(lock):
    content = (REPOSITORY / lock).read_text(encoding="utf-8")
    assert not re.search(r"https?:|file:|--index-url|--find-links| @ ", content)


def test_environment_yml_names_only_pythons_version():
    content = yaml.safe_load((REPOSITORY / "environment.yml").read_text(encoding="utf-8"))
    *plain, pip = content["dependencies"]
    assert [entry for entry in plain if re.search(r"\d", entry)] == ["python=3.11"]
    assert plain[1:] == ["pip"]
    assert pip == {"pip": ["-r requirements.lock", "-e ."]}


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_is_executable_bash_that_version_3_understands(script):
    path = REPOSITORY / script
    subprocess.run(["bash", "-n", path], check=True)
    text = path.read_text(encoding="utf-8")
    newer = r"declare -A|local -A|mapfile|readarray|\$\{\w+(,,|\^\^|@)|\|&|&>>|coproc|wait -n"
    code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    assert not re.search(newer, code)
    if script != "scripts/bootstrap.sh":
        assert path.stat().st_mode & 0o111
        assert "set -euo pipefail" in text


@pytest.mark.parametrize("profile", sorted(path.stem for path in (REPOSITORY / "configs").glob("*.yaml")))
def test_every_shipped_profile_loads(profile):
    assert load_settings(profile).profile == profile


def readme_commands() -> list[str]:
    readme = REPOSITORY / "README.md"
    text = readme.read_text(encoding="utf-8") if readme.exists() else ""
    blocks = re.findall(r"^```(?:bash|sh|console)?\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    lines = [
        line.strip().removeprefix("$ ").partition(" #")[0] for block in blocks for line in block.splitlines()
    ]
    return [line.strip() for line in lines if re.match(r"(\w+=\S+ )*(\./|egma )", line)]


@pytest.mark.skipif(not (REPOSITORY / "README.md").exists(), reason="README.md is not written yet")
def test_the_readmes_commands_exist():
    commands = readme_commands()
    assert any(command.startswith("./run_all.sh") for command in commands)
    assert any(command.startswith("./run_tests.sh") for command in commands)
    for command in commands:
        words = [word for word in command.split() if not re.match(r"[A-Z_]+=", word)]
        if words[0].startswith("./"):
            assert (REPOSITORY / words[0]).is_file(), command
        if words[0] == "./run_all.sh":
            parse_options([word for word in words[1:] if word not in ("--help", "-h")])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stripped_and_takes_the_suites_parameters(path: Path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert "papermill" not in notebook["metadata"]
    assert "widgets" not in notebook["metadata"]
    tagged = []
    for cell in notebook["cells"]:
        assert not cell.get("outputs"), "has outputs: nbstripout " + str(path.relative_to(REPOSITORY))
        assert cell.get("execution_count") is None
        assert "papermill" not in cell["metadata"]
        if "parameters" in cell["metadata"].get("tags", []):
            tagged.append("".join(cell["source"]))
    assert len(tagged) == 1
    assert set(re.findall(r"^(\w+)\s*(?::[^=]+)?=", tagged[0], flags=re.MULTILINE)) == set(PARAMETERS)


def test_check_environment_lists_what_differs(tmp_path):
    lock = tmp_path / "some.lock"
    script = REPOSITORY / "scripts" / "check_environment.py"
    lock.write_text(
        "pytest==0.1\nno-such-package==1 \\\n    --hash=sha256:00\nnever==1 ; sys_platform == 'nowhere'\n",
        "utf-8",
    )
    done = subprocess.run([sys.executable, script, lock, "1"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == f"  pytest: wanted 0.1, found {pytest.__version__}\n  ... and 1 more\n"
    lock.write_text(f"pytest=={pytest.__version__}\n", encoding="utf-8")
    assert subprocess.run([sys.executable, script, lock], check=False).returncode == 0


def test_nothing_large_is_committed():
    if not (REPOSITORY / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        ["git", "-C", REPOSITORY, "ls-files", "-z"], capture_output=True, text=True, check=True
    ).stdout.split("\0")
    sizes = {
        name: (REPOSITORY / name).stat().st_size for name in listed if name and (REPOSITORY / name).is_file()
    }
    limits = {"results/phantom/report.html": 4_000_000}
    assert not {name: size for name, size in sizes.items() if size > limits.get(name, 1_000_000)}
