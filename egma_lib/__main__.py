"""`python -m egma_lib` is the `egma` command."""

from egma_lib.cli import main

if __name__ == "__main__":
    main()
