#!/usr/bin/env bash
# Runs every notebook of the suite; see `./run_all.sh --help`. The first call makes .venv (scripts/bootstrap.sh).
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/scripts/bootstrap.sh"

case " $* " in
  *" --help "* | *" -h "*) # needs no package, so nothing is installed for it
    egma_find_python
    PYTHONPATH="$EGMA_ROOT" exec "$EGMA_BASE" -m egma_lib.runner --help
    ;;
esac

egma_bootstrap
exec "$EGMA_PYTHON" -P -m egma_lib.runner "$@"
