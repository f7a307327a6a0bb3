"""Time from a click in the explorer's page to the new picture on the screen, over many cases.

Run: python benchmarks/explorer_clicks.py --profile smoke [--results DIR] [--set a.b=c] [--cases 50] [--write]
Serves the page as `./run_all.sh --explore` does and drives it in headless Chromium (extra `test-browser`).
Per case: choosing it, clicking a sentence, typing one that no case had before, and moving the opacity. A time
is the page's own, from the event to the picture being loaded. --write renews explorer_clicks.csv and .md.
"""

import argparse
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from playwright.sync_api import Page, sync_playwright

from egma_lib.artefacts import write_text
from egma_lib.experiments.machine import machine_name
from egma_lib.runner.explore import NOTEBOOK, page_notebook, serving
from egma_lib.settings import load_settings, parse_overrides
from egma_lib.study import open_study

FOLDER = Path(__file__).parent
SIZES = ("small", "large", "subtle", "severe", "faint", "dense", "new")
FINDINGS = ("effusion", "opacity", "edema", "nodule", "consolidation")
PLACES = ("left lung", "right lung", "left base", "right base", "upper zone")

TIMED = """([selector, event, index, value]) => new Promise((done, fail) => {
  const picture = document.querySelector('img.egma-picture');
  const target = document.querySelectorAll(selector)[index];
  const start = performance.now();
  picture.addEventListener('load', () => done(performance.now() - start), {once: true});
  setTimeout(() => fail(new Error('no new picture after ' + event + ' on ' + selector)), 20000);
  if (event === 'click') target.click();
  else if (event === 'keydown') target.dispatchEvent(new KeyboardEvent(event, {key: value, bubbles: true}));
  else { target.value = value; target.dispatchEvent(new Event(event, {bubbles: true})); }
})"""

PLAYED = """() => new Promise(done => {
  const picture = document.querySelector('img.egma-picture'), seen = [];
  picture.addEventListener('load', () => seen.push(performance.now()));
  document.querySelector('.egma-play button').click();
  setTimeout(() => done(seen.slice(1).map((time, index) => time - seen[index])), 8000);
})"""


def typed_sentence(number: int) -> str:
    """Return a sentence of known words, another one for every number below 175."""
    size, rest = SIZES[number % len(SIZES)], number // len(SIZES)
    return f"{size} {FINDINGS[rest % len(FINDINGS)]} in the {PLACES[rest // len(FINDINGS)]}"


def measure(page: Page, n_cases: int) -> pd.DataFrame:
    """Return action and time (ms): four rows a case, then the intervals of eight seconds of replay."""
    listed = page.locator(".egma-cases select option").count()
    rows = []

    def act(action: str, selector: str, event: str, index: int = 0, value: str | None = None) -> None:
        rows.append((action, page.evaluate(TIMED, [selector, event, index, value])))
        # The other panels are drawn after the picture; the next click comes when all is still.
        page.wait_for_timeout(600)

    for number in range(n_cases):
        option = page.locator(".egma-cases select option").nth((number + 1) % listed)
        act("another case", ".egma-cases select", "change", value=option.get_attribute("value"))
        act(
            "a sentence of the report",
            ".egma-sentence",
            "click",
            index=min(1, page.locator(".egma-sentence").count() - 1),
        )
        act("a typed sentence", ".egma-typed input", "change", value=typed_sentence(number))
        arrow = "ArrowRight" if number % 2 else "ArrowLeft"
        act("opacity", ".egma-layer-attention .noUi-handle", "keydown", value=arrow)
    rows += [("replay, from one picture to the next", ms) for ms in page.evaluate(PLAYED)]
    return pd.DataFrame(rows, columns=["action", "ms"])


def summary(times: pd.DataFrame) -> pd.DataFrame:
    """Return n, median and 95th percentile of every action."""
    by_action = times.groupby("action", sort=False)["ms"]
    table = pd.DataFrame(
        {"n": by_action.size(), "median_ms": by_action.median(), "p95_ms": by_action.quantile(0.95)}
    )
    return table.round(0).astype(int).reset_index()


def as_markdown(table: pd.DataFrame, profile: str) -> str:
    """Return the page of the results."""
    lines = [
        "# Time from click to picture",
        "",
        "From the event to the new picture being loaded, by the page's clock: widget messages, the model,",
        "drawing and the PNG. The page is served as by `--explore` and driven in headless Chromium",
        f"on the same machine ({machine_name('cpu')}). Profile `{profile}`; other work ran beside it.",
        "Every typed sentence is new to the session; the replay asks for a picture every 100 ms.",
        "Made by `python benchmarks/explorer_clicks.py --write`.",
        "",
        "| action | n | median ms | 95th percentile ms |",
        "|---|---|---|---|",
    ]
    lines += [f"| {row.action} | {row.n} | {row.median_ms} | {row.p95_ms} |" for row in table.itertuples()]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Serve, measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--profile", "--data-root", "--results"):
        parser.add_argument(name, default="phantom" if name == "--profile" else "")
    parser.add_argument("--set", dest="overrides", action="append", default=[])
    parser.add_argument("--cases", type=int, default=50)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    overrides = parse_overrides(arguments.overrides)
    study = open_study(load_settings(arguments.profile, overrides), arguments.data_root, arguments.results)
    parameters = {
        "profile": arguments.profile,
        "data_root": arguments.data_root,
        "results_dir": str(study.results),
        "overrides": overrides,
    }
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        notebook = page_notebook(NOTEBOOK, Path(folder) / NOTEBOOK.name, parameters)
        with serving(notebook, Path(folder) / "voila.log") as (_, address):
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
            )
            page = browser.new_page(viewport={"width": 1500, "height": 1000})
            page.goto(address, timeout=120_000)
            page.locator("img.egma-picture").wait_for(timeout=120_000)
            page.wait_for_timeout(3000)
            table = summary(measure(page, arguments.cases))
            browser.close()
    text = as_markdown(table, arguments.profile)
    print(text)
    if arguments.write:
        write_text(FOLDER / "explorer_clicks.csv", table.to_csv(index=False))
        write_text(FOLDER / "explorer_clicks.md", text)


if __name__ == "__main__":
    main()
