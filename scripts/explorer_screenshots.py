"""Pictures of the explorer for the documentation: the page of `--explore`, and notebook 07 in JupyterLab.

Run: python scripts/explorer_screenshots.py --profile phantom [--data-root DIR] [--results DIR] [--set a.b=c]
Writes explorer_page.png and explorer_lab.png below --folder (docs/images), each under 150 kB. They show EGMA
and the same training without gaze, on the first reading that no training saw with a sentence that has gaze
and a marked region: chosen by what is there, not by what the models make of it.
"""

import argparse
import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from nbformat import write as write_notebook
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from egma_lib.errors import DataError
from egma_lib.experiments.arms import REFERENCE_ARM, chosen_arms
from egma_lib.explorer.session import ExplorerSession
from egma_lib.explorer.sources import GAZE_CORPUS
from egma_lib.explorer.state import Layer, ViewState, save_state
from egma_lib.explorer.widgets.save import FOLDER
from egma_lib.runner.explore import NOTEBOOK, page_notebook, serving
from egma_lib.runner.lab_page import run_all_cells, serving_lab
from egma_lib.settings import load_settings, parse_overrides
from egma_lib.study import open_study

VIEW = "screenshot"
LARGEST_BYTES = 150_000
COLOURS = (256, 128, 64, 32)
TIMEOUT_MS = 180_000


def shown_state(session: ExplorerSession) -> ViewState:
    """Return the view: two models with their regions, at the first sentence that has both gaze and region."""
    labels = {arm.name: arm.label for arm in chosen_arms(session.settings.experiments)}
    egma, without = labels["egma"], labels[REFERENCE_ARM]
    cases = session.cases(GAZE_CORPUS)
    for case_id in cases.loc[cases["has_gaze"], "case_id"]:
        case = session.case(GAZE_CORPUS, case_id)
        gazed = case.sentences[case.sentences["has_gaze"].astype(bool)]
        for index, text in gazed[["sentence_index", "text"]].itertuples(index=False):
            attention = session.attention(case, text, egma)
            if not session.numbers(case, int(index), attention)["pointing_hit"].reason:
                return ViewState(
                    case_id=case_id,
                    sentence_index=int(index),
                    checkpoint=egma,
                    beside=without,
                    regions=Layer(shown=True, opacity=0.9),
                )
    raise DataError("no sentence of the study has both gaze and a marked region; nothing to picture")


def take(page: Page, path: Path) -> None:
    """Restore the view in an explorer that is being opened, and write what is on the screen."""
    page.locator("img.egma-picture").wait_for(timeout=TIMEOUT_MS)
    page.locator(".egma-save select").select_option(label=VIEW)
    page.get_by_role("button", name="Restore", exact=True).click()
    page.locator(".egma-saved").get_by_text("Restored").wait_for(timeout=TIMEOUT_MS)
    page.locator(".egma-explorer").evaluate("explorer => explorer.scrollIntoView({block: 'start'})")
    page.wait_for_timeout(2000)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    for colours in COLOURS:
        picture.quantize(colours, dither=Image.Dither.NONE).save(path, optimize=True)
        if path.stat().st_size < LARGEST_BYTES:
            return
    raise DataError(f"{path}: {path.stat().st_size} bytes with {COLOURS[-1]} colours, wanted {LARGEST_BYTES}")


@contextmanager
def new_page(width: int, height: int) -> Iterator[Page]:
    """Open a page in headless Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(TIMEOUT_MS)
        yield page
        browser.close()


def main() -> None:
    """Serve page and notebook, one after the other, and take a picture of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--profile", "--data-root", "--results"):
        parser.add_argument(name, default="phantom" if name == "--profile" else "")
    parser.add_argument("--set", dest="overrides", action="append", default=[])
    parser.add_argument("--folder", type=Path, default=Path("docs/images"))
    arguments = parser.parse_args()
    overrides = parse_overrides(arguments.overrides)
    settings = load_settings(arguments.profile, overrides)
    study = open_study(settings, arguments.data_root, arguments.results)
    parameters = {
        "profile": arguments.profile,
        "data_root": str(study.data_root),
        "results_dir": str(study.results),
        "overrides": overrides,
    }
    arguments.folder.mkdir(parents=True, exist_ok=True)
    view = save_state(shown_state(ExplorerSession(study, settings)), study.folder(FOLDER) / f"{VIEW}.json")
    try:
        with TemporaryDirectory() as folder:
            notebook = page_notebook(NOTEBOOK, Path(folder) / NOTEBOOK.name, parameters)
            with serving(notebook, Path(folder) / "log") as (_, address), new_page(1500, 1100) as page:
                page.goto(address)
                take(page, arguments.folder / "explorer_page.png")
        with TemporaryDirectory() as folder:
            notebook = Path(folder) / NOTEBOOK.name
            write_notebook(parameterize_notebook(load_notebook_node(str(NOTEBOOK)), parameters), notebook)
            with serving_lab(notebook, Path(folder) / "log") as (_, address), new_page(1700, 1100) as page:
                page.goto(address)
                run_all_cells(page)
                take(page, arguments.folder / "explorer_lab.png")
    finally:
        view.unlink()


if __name__ == "__main__":
    main()
