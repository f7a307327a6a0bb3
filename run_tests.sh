#!/usr/bin/env bash
# ./run_tests.sh                 everything: lint, format, types, tests, and one smoke run of the whole suite
# ./run_tests.sh PYTEST_ARGS...  only pytest with these arguments, e.g. ./run_tests.sh tests/losses -x
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/scripts/bootstrap.sh"
egma_bootstrap
cd -- "$EGMA_ROOT"

if [ $# -gt 0 ]; then
  exec "$EGMA_PYTHON" -m pytest "$@"
fi

step() {
  egma_say "== $*"
  "$EGMA_PYTHON" -m "$@"
}
step ruff check .
step ruff format --check .
step mypy
# Several processes at once: one thread each (docs/development.md).
OMP_NUM_THREADS=1 step pytest -n 2 -m "not smoke"
step pytest -m smoke
