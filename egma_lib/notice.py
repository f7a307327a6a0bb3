"""The notice that lies beside every result made from real data."""

from __future__ import annotations

from pathlib import Path

from egma_lib.artefacts import write_text

NOTICE_FILE = "NOTICE.txt"
_NOTICE = """\
DATA-USE NOTICE

The files in this folder were made from data sets that are given out under data-use agreements (among them
the PhysioNet Credentialed Health Data License of MIMIC-CXR, MIMIC-EYE, REFLACX, EYE GAZE and MS-CXR, and the
Stanford research-use agreement of CheXpert). They hold content of single cases: films, report sentences,
gaze, identifiers, per-case scores.

- Do not publish, upload or send this folder or parts of it, and do not add it to a repository. Models trained
  on the data (runs/) come under the same agreements.
- To share results, run `egma export --shareable RESULTS OUT`: it writes aggregates, settings and hashes only,
  and leaves out every number that fewer than 10 cases stand behind.
- Each data set's own agreement decides; read it before sharing anything, the export included.
"""


def write_notice(results: Path) -> Path:
    """Write the notice into a results folder unless it is there; return its path."""
    path = results / NOTICE_FILE
    return path if path.exists() else write_text(path, _NOTICE)
