"""A case with its film and its report, drawn once and handed to the writer of its layout."""

from __future__ import annotations

from dataclasses import dataclass

from egma_lib.phantom.case import CasePlan, Film, PlannedSentence
from egma_lib.phantom.planning import case_frame, case_rng, plan_case
from egma_lib.phantom.writers.images import stored_size
from egma_lib.settings import PhantomSettings


@dataclass(frozen=True)
class DrawnCase:
    """A planned case, its film and the full-size frame that tables, boxes and gaze refer to (pixels)."""

    plan: CasePlan
    film: Film
    frame_rows: int
    frame_columns: int


def draw_case(settings: PhantomSettings, corpus: str, index: int) -> DrawnCase:
    """Plan a case and draw its film; a marked copy is drawn with the draws of its 5x200 case."""
    from egma_lib.phantom.film import draw_film

    plan = plan_case(settings, corpus, index)
    source = "chexpert_5x200" if corpus == "chexpert_marked" else corpus
    rng = case_rng(settings.seed, source, index, "film")
    if corpus in ("rsna", "rsna_test", "siim"):
        rows = columns = settings.dicom_size
        return DrawnCase(plan, draw_film(plan, rng, rows, columns), rows, columns)
    frame_rows, frame_columns = case_frame(settings, corpus, index)
    rows, columns = stored_size(frame_rows, frame_columns, settings.stored_rows)
    return DrawnCase(plan, draw_film(plan, rng, rows, columns), frame_rows, frame_columns)


def clinical_report(settings: PhantomSettings, plan: CasePlan) -> tuple[tuple[PlannedSentence, ...], str]:
    """Return the sentences of the clinical report of a case and its full text."""
    from egma_lib.phantom.reports import report_text, write_sentences

    sentences = tuple(
        write_sentences(plan, case_rng(settings.seed, plan.corpus, plan.index, "report sentences"))
    )
    text = report_text(plan, sentences, case_rng(settings.seed, plan.corpus, plan.index, "report text"))
    return sentences, text
