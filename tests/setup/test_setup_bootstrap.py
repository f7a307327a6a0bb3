"""scripts/bootstrap.sh with fake interpreters, a fake df and no network: what it refuses, builds, mends."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from egma_lib.study import REPOSITORY

PACKAGES = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
# Runs Python code for real, except for what the bootstrap must not do in a test: install packages.
FAKE_PYTHON = """#!/bin/sh
case "$*" in
  *"sys.version_info[:3]))"*) echo "{version}"; exit 0 ;;
  *"print(sys.executable)"*) echo "$0"; exit 0 ;;
  "-c import venv, ensurepip") exit {venv} ;;
  "-m venv"*)
    mkdir -p "$5/bin" "$5/{packages}" && cp "$0" "$5/bin/python"
    printf '#!%s/bin/python\\n' "$5" >"$5/bin/jupyter" ;;
  "-m pip"*) echo "$@" >>"{log}"; exit {pip} ;;
  *check_environment.py*) echo "  torch: wanted 2, found 1"; exit {check} ;;
  *) exec {real} "$@" ;;
esac
"""


class Clone:
    """A copy of the set-up files, with a PATH that holds only fakes and the system's own tools."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "a clone"
        self.bin = folder / "bin"
        self.log = folder / "pip.log"
        self.bin.mkdir()
        (self.root / "scripts").mkdir(parents=True)
        for name in ("scripts/bootstrap.sh", "scripts/check_environment.py", "pyproject.toml", "run_all.sh"):
            shutil.copy(REPOSITORY / name, self.root / name)
        for name in ("requirements.lock", "requirements-hashed.lock"):
            (self.root / name).write_text("torch==2\ntriton==3\n", encoding="utf-8")
        self.command("df", 'printf "head\\nfs 1 1 %s 1%% /\\n" "${FAKE_FREE_KB:-90000000}"')
        for name in ("python3", "python3.11", "python3.12", "python3.13", "uv"):
            self.command(name, "exit 127" if name != "uv" else "exit 1")
        (self.bin / "uv").unlink()

    def command(self, name: str, body: str) -> Path:
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        path.chmod(0o755)
        return path

    def python(self, name: str, version: str = "3.12.4", venv: int = 0, pip: int = 0, check: int = 0) -> Path:
        path = self.bin / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            FAKE_PYTHON.format(
                version=version,
                venv=venv,
                pip=pip,
                check=check,
                log=self.log,
                packages=PACKAGES,
                real=sys.executable,
            ),
            encoding="utf-8",
        )
        path.chmod(0o755)
        return path

    def bootstrap(self, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                "bash",
                "-c",
                'set -euo pipefail; source scripts/bootstrap.sh; egma_bootstrap; echo "$EGMA_PYTHON"',
            ],
            cwd=self.root,
            env={"PATH": f"{self.bin}:/usr/bin:/bin", "HOME": str(self.root), **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def installs(self) -> list[str]:
        return self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []


@pytest.fixture
def clone(tmp_path):
    return Clone(tmp_path)


def stamp(clone: Clone) -> list[str]:
    return (clone.root / ".venv" / "egma-lock").read_text(encoding="utf-8").splitlines()


def test_the_first_call_builds_and_the_next_one_installs_nothing(clone):
    clone.python("python3.12")
    done = clone.bootstrap()
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(clone.root / ".venv" / "bin" / "python")
    assert "about 3000 MB to download" in done.stderr
    assert stamp(clone)[1] == str(clone.root / ".venv")
    script = (clone.root / ".venv" / "bin" / "jupyter").read_text(encoding="utf-8")
    assert script == f"#!{clone.root}/.venv/bin/python\n", "no script names the temporary folder"
    link = clone.root / ".venv" / PACKAGES / "egma_repository.pth"
    assert link.read_text(encoding="utf-8") == f"{clone.root}\n"
    assert not list(clone.root.glob(".venv-building*"))
    assert len(clone.installs()) == 1
    assert "--require-hashes" in clone.installs()[0]
    again = clone.bootstrap()
    assert (again.returncode, again.stderr) == (0, "")
    assert len(clone.installs()) == 1


@pytest.mark.parametrize(
    ("name", "version", "reason"),
    [
        pytest.param(
            "python3", "3.10.2", "python3: is Python 3.10.2, needed is >=3.11.5,<3.14", id="too_old"
        ),
        pytest.param("python3.13", "3.14.0", "python3.13: is Python 3.14.0", id="too_new"),
        pytest.param("python3.11", "3.11.4", "python3.11: is Python 3.11.4", id="too_old_by_a_patch"),
    ],
)
def test_a_wrong_version_is_refused_with_what_was_tried(clone, name, version, reason):
    clone.python(name, version)
    done = clone.bootstrap()
    assert done.returncode == 1
    assert "error: no suitable Python (>=3.11.5,<3.14). Tried:" in done.stderr
    assert reason in done.stderr
    assert "but it does not run" in done.stderr, "a shim that exists and fails is said to"
    assert not clone.installs()


def test_the_newest_one_that_runs_is_taken_and_a_named_one_before_it(clone):
    clone.python("python3.12")
    clone.python("python3.11", "3.11.9")
    named = clone.python("other/my python", "3.11.9", venv=1)
    done = clone.bootstrap(PYTHON=str(named))
    assert done.returncode == 1
    assert f"{named} lacks the modules venv and ensurepip" in done.stderr
    assert clone.bootstrap().returncode == 0
    assert clone.installs()[0].startswith("-m pip")


def test_a_missing_venv_module_names_the_system_package(clone):
    clone.python("python3.12", venv=1)
    done = clone.bootstrap()
    version = (
        f"{sys.version_info.major}.{sys.version_info.minor}"  # the fake's own version code runs for real
    )
    assert done.returncode == 1
    assert f"sudo apt install python{version}-venv" in done.stderr
    assert not (clone.root / ".venv").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="the size with CUDA is Linux's")
def test_too_little_disk_stops_before_anything_is_downloaded(clone):
    clone.python("python3.12")
    done = clone.bootstrap(FAKE_FREE_KB="5000000")
    assert done.returncode == 1
    assert "has 5000 MB free; the packages need 8000 MB" in done.stderr
    assert not clone.installs()
    assert clone.bootstrap(FAKE_FREE_KB="5000000", EGMA_TORCH="cpu").returncode == 0
    first, second = clone.installs()
    assert "--index-url https://download.pytorch.org/whl/cpu" in first
    assert "--require-hashes" not in second


def test_a_failed_installation_leaves_nothing_that_looks_finished(clone):
    clone.python("python3.12", pip=1)
    done = clone.bootstrap()
    assert done.returncode == 1
    assert "the packages could not be installed" in done.stderr
    assert not list(clone.root.glob(".venv*"))


def test_the_leftover_of_a_killed_installation_is_removed(clone):
    clone.python("python3.12")
    ended = subprocess.Popen(["true"])
    ended.wait()
    (clone.root / f".venv-building.{ended.pid}" / "bin").mkdir(parents=True)
    assert clone.bootstrap().returncode == 0
    assert not list(clone.root.glob(".venv-building*"))


def test_a_changed_lock_updates_and_an_interrupted_update_is_taken_up(clone):
    clone.python("python3.12")
    clone.bootstrap()
    (clone.root / "requirements-hashed.lock").write_text("torch==3\n", encoding="utf-8")
    python = clone.root / ".venv" / "bin" / "python"
    working = python.read_text(encoding="utf-8")
    python.write_text(working.replace("exit 0 ;;\n  *check", "exit 1 ;;\n  *check"), encoding="utf-8")
    done = clone.bootstrap()
    assert done.returncode == 1
    assert "the update failed" in done.stderr
    assert stamp(clone)[0] == "unfinished"
    python.write_text(working, encoding="utf-8")
    done = clone.bootstrap()
    assert done.returncode == 0, done.stderr
    assert "bringing .venv up to it" in done.stderr
    assert stamp(clone)[0] != "unfinished"


def test_a_moved_clone_keeps_its_environment(clone, tmp_path):
    clone.python("python3.12")
    clone.bootstrap()
    clone.root = clone.root.rename(tmp_path / "moved")
    done = clone.bootstrap()
    assert done.returncode == 0, done.stderr
    assert (clone.root / ".venv" / "bin" / "jupyter").read_text() == f"#!{clone.root}/.venv/bin/python\n"
    assert len(clone.installs()) == 1


@pytest.mark.parametrize("variable", ["VIRTUAL_ENV", "CONDA_PREFIX"])
def test_an_active_environment_is_used_only_if_it_meets_the_lock(clone, tmp_path, variable):
    good = clone.python(str(tmp_path / "good" / "bin" / "python"))
    bad = clone.python(str(tmp_path / "bad" / "bin" / "python"), check=1)
    conda = {"CONDA_DEFAULT_ENV": "mine"} if variable == "CONDA_PREFIX" else {}
    done = clone.bootstrap(**conda, **{variable: str(good.parents[1])})
    assert (done.returncode, done.stdout.strip()) == (0, str(good))
    done = clone.bootstrap(**conda, **{variable: str(bad.parents[1])})
    assert done.returncode == 1
    assert "does not meet requirements.lock:\n  torch: wanted 2, found 1\n" in done.stderr
    assert "deactivate" in done.stderr
    assert not (clone.root / ".venv").exists()


def test_condas_base_does_not_count_as_active(clone):
    clone.python("python3.12")
    done = clone.bootstrap(CONDA_DEFAULT_ENV="base", CONDA_PREFIX="/nowhere")
    assert done.stdout.strip() == str(clone.root / ".venv" / "bin" / "python")


@pytest.mark.parametrize("meets", [True, False], ids=["meets_the_lock", "does_not"])
def test_an_environment_made_by_hand_is_taken_or_left_alone(clone, meets):
    clone.python(str(clone.root / ".venv" / "bin" / "python"), check=0 if meets else 1)
    (clone.root / ".venv" / PACKAGES).mkdir(parents=True)
    done = clone.bootstrap()
    assert done.returncode == (0 if meets else 1)
    assert not clone.installs()
    if not meets:
        assert ".venv was not made by this script" in done.stderr


def test_help_needs_no_package(clone):
    clone.python("python3.12")
    package = clone.root / "egma_lib"
    shutil.copytree(REPOSITORY / "egma_lib", package, ignore=shutil.ignore_patterns("__pycache__"))
    done = subprocess.run(
        ["./run_all.sh", "--help"],
        cwd=clone.root,
        env={"PATH": f"{clone.bin}:/usr/bin:/bin", "PYTHONNOUSERSITE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "--data-root DIR" in done.stdout
    assert not (clone.root / ".venv").exists()
    assert os.access(REPOSITORY / "run_all.sh", os.X_OK)


def test_a_call_waits_for_an_installation_that_is_under_way(clone):
    clone.python("python3.12")
    building = subprocess.Popen(["sleep", "3"])
    (clone.root / f".venv-building.{building.pid}").mkdir()
    waiting = subprocess.Popen(
        ["bash", "-c", "set -eu; source scripts/bootstrap.sh; egma_bootstrap"],
        cwd=clone.root,
        env={"PATH": f"{clone.bin}:/usr/bin:/bin"},
        stderr=subprocess.PIPE,
        text=True,
    )
    # The pid of a child that has ended stays taken until it is waited for.
    building.wait()
    said = waiting.communicate(timeout=20)[1]
    assert waiting.returncode == 0, said
    assert said.startswith(f"Another call (process {building.pid}) is installing; waiting for it.")
