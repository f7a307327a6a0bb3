"""`python -m egma_lib.runner`, which run_all.sh calls."""

import sys
from collections.abc import Sequence

from egma_lib.runner.options import parse_options


def main(arguments: Sequence[str] | None = None, program: str = "./run_all.sh") -> int:
    """Read the command line, run the suite or serve the explorer, and return the exit status."""
    options = parse_options(sys.argv[1:] if arguments is None else arguments, program)
    # After the options, so that --help and a mistyped one need no installed package.
    if options.explore:
        from egma_lib.runner.explore import explore

        return explore(options)
    from egma_lib.runner.suite import run_suite

    return run_suite(options)


if __name__ == "__main__":
    sys.exit(main())
