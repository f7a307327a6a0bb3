"""Whether there is a page that shows widgets."""

from __future__ import annotations

import os


def interactive() -> bool:
    """Whether this kernel was started by a page that shows widgets: JupyterLab, Notebook or Voila.

    Jupyter Server tells a kernel its session (`JPY_SESSION_NAME`), Voila names itself (`SERVER_SOFTWARE`);
    papermill and nbconvert start kernels without either. `EGMA_HEADLESS` decides before both: the runner sets
    it to 1, and a user of another front end, such as an editor, sets it to 0.
    """
    stated = os.environ.get("EGMA_HEADLESS", "")
    if stated:
        return stated == "0"
    return "JPY_SESSION_NAME" in os.environ or os.environ.get("SERVER_SOFTWARE", "").startswith("voila/")
