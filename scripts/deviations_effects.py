"""Fill in the measured effects of docs/deviations.md: `python scripts/deviations_effects.py`."""

from __future__ import annotations

from egma_lib.artefacts import write_text
from egma_lib.experiments.comparison_arms import switch_arms
from egma_lib.report.deviations_effects import read_effects, with_measured_effects
from egma_lib.settings import load_settings
from egma_lib.study import REPOSITORY


def main() -> None:
    """Write the last column of every row whose switch the committed phantom study has measured."""
    path = REPOSITORY / "docs" / "deviations.md"
    effects = read_effects(REPOSITORY / "results" / "phantom" / "tables" / "deviations_effect.csv")
    arms = switch_arms(load_settings("phantom").experiments)
    write_text(path, with_measured_effects(path.read_text(encoding="utf-8"), effects, arms))


if __name__ == "__main__":
    main()
