"""What the simulated radiologists say and write."""

from egma_lib.phantom.reports.report import report_text, retrieval_queries
from egma_lib.phantom.reports.sentences import write_sentences

__all__ = ["report_text", "retrieval_queries", "write_sentences"]
