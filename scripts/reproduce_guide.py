"""Write docs/reproduce.md from the phantom study's results: `python scripts/reproduce_guide.py`."""

from __future__ import annotations

from egma_lib.artefacts import write_text
from egma_lib.experiments.claims import read_claims
from egma_lib.report.reproduce_guide import reproduce_guide
from egma_lib.study import REPOSITORY


def main() -> None:
    """Write the guide."""
    claims = [(one.claim, one.source) for one in read_claims().claims]
    guide = reproduce_guide(REPOSITORY / "results" / "phantom", claims)
    write_text(REPOSITORY / "docs" / "reproduce.md", guide)


if __name__ == "__main__":
    main()
