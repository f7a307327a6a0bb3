# shellcheck shell=bash
# Shared by run_all.sh and run_tests.sh: `egma_bootstrap` leaves in EGMA_PYTHON an interpreter whose packages meet
# the lock, making .venv the first time. Works with bash 3.2 (macOS): no associative arrays, no ${x,,}, no mapfile.
#
#   PYTHON=...       interpreter to build .venv with (otherwise the first of python3.13 ... python3.11, python3)
#   EGMA_TORCH=cpu   take the CPU builds of torch and torchvision (Linux without an NVIDIA card: 5 GB less)

EGMA_ROOT="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)"
EGMA_LOCK="$EGMA_ROOT/requirements-hashed.lock"
EGMA_VENV="$EGMA_ROOT/.venv"
EGMA_STAMP="$EGMA_VENV/egma-lock"
EGMA_CPU_INDEX="https://download.pytorch.org/whl/cpu"

egma_say() { printf '%s\n' "$*" >&2; }
egma_fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# The range stands in pyproject.toml and nowhere else.
egma_python_range() { sed -n 's/^requires-python *= *"\(.*\)".*/\1/p' "$EGMA_ROOT/pyproject.toml"; }

# Why an interpreter cannot be used; empty when it can. A pyenv shim exists and yet does not run: so it is run.
egma_refusal() {
  local version
  command -v -- "$1" >/dev/null 2>&1 || { echo "not found"; return; }
  version="$("$1" -c 'import sys; print(".".join(map(str, sys.version_info[:3])))' 2>/dev/null)" ||
    { echo "found at $(command -v -- "$1"), but it does not run"; return; }
  "$1" - "$version" "$(egma_python_range)" <<'PY' || echo "is Python $version, needed is $(egma_python_range)"
import sys
have = tuple(int(piece) for piece in sys.argv[1].split("."))
for part in sys.argv[2].split(","):
    sign, number = part[:2].rstrip("0123456789"), part.lstrip("<>=")
    want = tuple(int(piece) for piece in number.split("."))
    if not {">=": have >= want, "<": have < want}[sign]:
        sys.exit(1)
PY
}

egma_find_python() {
  local candidate why refused=""
  if [ -n "${PYTHON:-}" ]; then set -- "$PYTHON"; else set -- python3.13 python3.12 python3.11 python3; fi
  for candidate in "$@"; do
    why="$(egma_refusal "$candidate")"
    if [ -z "$why" ]; then EGMA_BASE="$("$candidate" -c 'import sys; print(sys.executable)')"; return; fi
    refused="$refused
  $candidate: $why"
  done
  egma_fail "no suitable Python ($(egma_python_range)). Tried:$refused
Install one (Debian, Ubuntu: sudo apt install python3.12 python3.12-venv; macOS: brew install python@3.12) and call
again, or name yours: PYTHON=/path/to/python3.12 $0"
}

egma_need_venv_module() {
  command -v uv >/dev/null 2>&1 && return
  "$EGMA_BASE" -c 'import venv, ensurepip' >/dev/null 2>&1 && return
  local name
  name="$("$EGMA_BASE" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
  egma_fail "$EGMA_BASE lacks the modules venv and ensurepip, so .venv cannot be made.
Debian and Ubuntu keep them in a package of their own: sudo apt install $name
Or install uv (https://docs.astral.sh/uv), which needs neither, and call again."
}

# Sizes in MB of the Linux CUDA wheels, and of the builds without CUDA (measured or, for macOS, estimated from them).
egma_need_disk() {
  local download=3000 installed=7000 free
  if [ "$(uname -s)" != Linux ] || [ "${EGMA_TORCH:-}" = cpu ]; then download=700 installed=2000; fi
  free="$(df -Pk "$EGMA_ROOT" | awk 'NR == 2 { print int($4 / 1000) }')"
  [ "$free" -ge $((installed + 1000)) ] ||
    egma_fail "$EGMA_ROOT has $free MB free; the packages need $((installed + 1000)) MB there.
Nothing was downloaded. Free some space, or clone the repository onto a larger disk."
  egma_say "First call: installing the packages of requirements-hashed.lock into .venv"
  egma_say "  about $((download / 100 * 100)) MB to download (less where cached), $installed MB on disk, $free MB free; 2 to 6 minutes"
  if [ "$installed" -eq 7000 ] && ! command -v nvidia-smi >/dev/null 2>&1; then
    egma_say "  No NVIDIA driver found: most of that is CUDA, which this machine cannot use. To spare it, stop now (Ctrl-C)"
    egma_say "  and call: EGMA_TORCH=cpu $0      (README, \"Without an NVIDIA card\")"
  fi
}

# egma_pip PYTHON ARGUMENT...: install with uv where there is one, else with that environment's pip.
egma_pip() {
  local python="$1"
  shift
  if command -v uv >/dev/null 2>&1; then
    uv pip install --python "$python" "$@"
  else
    "$python" -m pip install --disable-pip-version-check --no-input --quiet --progress-bar on "$@"
  fi
}

# The lock is complete, so nothing is resolved (--no-deps) and every file is checked against its hash. The CPU wheels
# come from PyTorch's own index, whose hashes the lock does not hold; CUDA's libraries are then left out.
egma_install_lock() {
  local python="$1" rest
  if [ "${EGMA_TORCH:-}" = cpu ]; then
    rest="$(dirname -- "$python")/../egma-rest.txt"
    grep -E '^(torch|torchvision)==' "$EGMA_ROOT/requirements.lock" >"$rest"
    egma_pip "$python" --no-deps --index-url "$EGMA_CPU_INDEX" -r "$rest" || return 1
    grep -vE '^(torch|torchvision|triton|nvidia-[a-z0-9-]+|cuda-[a-z0-9-]+)==' "$EGMA_ROOT/requirements.lock" >"$rest"
    egma_pip "$python" --no-deps -r "$rest" || return 1
    rm -f "$rest"
  else
    egma_pip "$python" --no-deps --require-hashes -r "$EGMA_LOCK"
  fi
}

egma_lock_sum() { cksum <"$EGMA_LOCK" | tr ' ' '-'; }

# A virtual environment carries its path in its scripts. Renaming the finished build, or moving the clone, therefore
# rewrites that path; Python itself finds its packages from where it lies.
# egma_settle FOLDER OLD NEW: rewrite scripts and link the package into the environment.
egma_settle() {
  "$1/bin/python" - "$1" "$2" "$3" "$EGMA_ROOT" <<'PY'
import sys, sysconfig
from pathlib import Path

folder, old, new, root = sys.argv[1:]
binaries = Path(folder) / "bin"
for path in [*binaries.iterdir(), Path(folder) / "pyvenv.cfg"]:
    if path.is_symlink() or not path.is_file():
        continue
    content = path.read_bytes()
    if old.encode() in content and b"\0" not in content:
        path.write_bytes(content.replace(old.encode(), new.encode()))
# A .pth file instead of an editable install: no build, nothing left in the tree, and it follows a moved clone.
packages = Path(sysconfig.get_path("purelib", "venv", {"base": folder}))
(packages / "egma_repository.pth").write_text(root + "\n", encoding="utf-8")
command = binaries / "egma"
command.write_text('#!/bin/sh\nexec "$(dirname -- "$0")/python" -m egma_lib "$@"\n', encoding="utf-8")
command.chmod(0o755)
PY
}

egma_write_stamp() { printf '%s\n%s\n' "$(egma_lock_sum)" "$EGMA_VENV" >"$1/egma-lock"; }

# Two first calls at the same time: the later one waits; what a killed call left is removed. The name carries the pid.
egma_wait_for_builders() {
  local folder pid told=""
  for folder in "$EGMA_ROOT"/.venv-building.*; do
    [ -d "$folder" ] || continue
    pid="${folder##*.}"
    while kill -0 "$pid" 2>/dev/null && [ -d "$folder" ]; do
      [ -n "$told" ] || egma_say "Another call (process $pid) is installing; waiting for it. If none is, remove $folder"
      told=yes
      sleep 2
    done
    rm -rf "$folder"
  done
}

egma_build_venv() (
  # This subshell's own pid ($BASHPID is newer than bash 3.2): it goes on when only the calling script is killed.
  local new
  new="$EGMA_ROOT/.venv-building.$(exec sh -c 'echo "$PPID"')"
  trap 'rm -rf "$new"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  if command -v uv >/dev/null 2>&1; then
    uv venv --quiet --seed --no-project --prompt .venv --python "$EGMA_BASE" "$new" || exit 1
  else
    "$EGMA_BASE" -m venv --prompt .venv "$new" || exit 1
  fi
  egma_install_lock "$new/bin/python" || {
    egma_say "error: the packages could not be installed (see above); nothing was kept. Is the network up? Call again."
    exit 1
  }
  egma_settle "$new" "$new" "$EGMA_VENV" && egma_write_stamp "$new" && mv "$new" "$EGMA_VENV"
)

# egma_differences PYTHON: what that environment lacks of the lock, one line each; status 0 when it meets the lock.
egma_differences() { "$1" "$EGMA_ROOT/scripts/check_environment.py" "$EGMA_ROOT/requirements.lock" 10; }

egma_use_active() {
  local python="$1/bin/python" differences
  [ -x "$python" ] || egma_fail "the active environment $1 has no bin/python; leave it (\`deactivate\`) and call again."
  differences="$(egma_differences "$python")" || egma_fail "the active environment $1 does not meet requirements.lock:
$differences
Either leave it (\`deactivate\`, \`conda deactivate\`) and call again: a .venv of its own is then made here;
or bring it up to the lock: $python -m pip install -r $EGMA_ROOT/requirements.lock"
  EGMA_PYTHON="$python"
}

egma_use_venv() {
  local have="" where=""
  if [ -f "$EGMA_STAMP" ]; then { read -r have && read -r where; } <"$EGMA_STAMP" || true; fi
  if [ -n "$have" ] && ! "$EGMA_VENV/bin/python" -c '' >/dev/null 2>&1; then
    egma_say "The Python that .venv was made from is gone; making .venv anew."
    rm -rf "$EGMA_VENV"
  fi
  if [ ! -e "$EGMA_VENV" ]; then
    egma_wait_for_builders
  fi
  if [ ! -e "$EGMA_VENV" ]; then
    egma_find_python
    egma_need_venv_module
    egma_need_disk
    egma_build_venv || exit $?
  elif [ -z "$have" ]; then
    egma_adopt_venv
  elif [ "$have" != "$(egma_lock_sum)" ]; then
    egma_update_venv "$where"
  elif [ "$where" != "$EGMA_VENV" ]; then
    egma_settle "$EGMA_VENV" "$where" "$EGMA_VENV" && egma_write_stamp "$EGMA_VENV"
  fi
  EGMA_PYTHON="$EGMA_VENV/bin/python"
}

# A .venv that somebody made by hand is taken if it meets the lock, and left alone if not.
egma_adopt_venv() {
  local differences
  differences="$(egma_differences "$EGMA_VENV/bin/python")" ||
    egma_fail ".venv was not made by this script and does not meet requirements.lock:
$differences
Either remove it (rm -rf .venv) and call again, or bring it up to the lock:
.venv/bin/python -m pip install -r requirements.lock"
  egma_settle "$EGMA_VENV" "$EGMA_VENV" "$EGMA_VENV" && egma_write_stamp "$EGMA_VENV"
}

# The stamp says `unfinished` until the update is through, so an interrupted one is taken up at the next call.
egma_update_venv() {
  egma_say "The lock has changed, or an update was interrupted: bringing .venv up to it."
  printf 'unfinished\n%s\n' "$1" >"$EGMA_STAMP"
  case "$("$EGMA_VENV/bin/python" -c 'import importlib.metadata as m; print(m.version("torch"))' 2>/dev/null)" in
    *+cpu) EGMA_TORCH=cpu ;;
  esac
  egma_install_lock "$EGMA_VENV/bin/python" || egma_fail "the update failed (see above); call again to go on."
  egma_settle "$EGMA_VENV" "$1" "$EGMA_VENV" && egma_write_stamp "$EGMA_VENV"
}

egma_bootstrap() {
  local active="${VIRTUAL_ENV:-}"
  # A .venv that is a link belongs to another checkout: used if it meets the lock, never changed.
  if [ -z "$active" ] && [ -L "$EGMA_VENV" ]; then active="$(cd -- "$EGMA_VENV" && pwd -P)"; fi
  if [ -z "$active" ] && [ "${CONDA_DEFAULT_ENV:-base}" != base ]; then active="${CONDA_PREFIX:-}"; fi
  if [ -n "$active" ] && [ "$active" != "$EGMA_VENV" ]; then
    egma_use_active "$active"
  else
    egma_use_venv
  fi
  # Waiting OpenMP threads spin otherwise: tenfold slower when the cores are shared (docs/development.md).
  export OMP_WAIT_POLICY=PASSIVE
  export MPLBACKEND="${MPLBACKEND:-Agg}"
  export PYTHONPATH="$EGMA_ROOT${PYTHONPATH:+:$PYTHONPATH}"
}
