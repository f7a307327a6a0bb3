"""`report.html`: one self-contained page with tables, figures and what they were made from."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from pathlib import Path

import mistune
from PIL import Image

from egma_lib import __version__
from egma_lib.artefacts import write_text
from egma_lib.experiments.claims import CLAIMS_FILE
from egma_lib.report.blocks import markdown
from egma_lib.report.captions import EXTERNAL_FIGURES, FIGURES, TABLES, figure_caption
from egma_lib.report.claims import claims_block, claims_summary, read_claim_rows
from egma_lib.report.statements import report_statements
from egma_lib.settings import Settings
from egma_lib.study import Study

_IMAGE_WIDTH = 1300
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 1180px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { margin-top: 2.5rem; border-bottom: 1px solid #ccc; } h3 { font-size: 1rem; }
table { border-collapse: collapse; font-size: 12px; display: block; overflow-x: auto; }
th, td { padding: 3px 8px; border-bottom: 1px solid #e3e3e3; text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; } th { background: #f5f5f5; }
#reported_audit td, #claims td { text-align: left; white-space: normal; min-width: 7rem; vertical-align: top; }
img { max-width: 100%; } figure { margin: 1.5rem 0; } figcaption { color: #555; font-size: 13px; }
.note { background: #fff7e0; border-left: 4px solid #e0a800; padding: .6rem 1rem; }
"""  # noqa: E501 - a style sheet reads better in whole rules


def write_report(study: Study, settings: Settings) -> Path:
    """Write the page from the stored tables and figures; what has not been made is named as missing.

    Parameters
    ----------
    study
        Results folder, name and note.
    settings
        Captions state the settings that decide what is shown.

    Returns
    -------
    Path
        `report.html` in the results folder.
    """
    parts = [
        f"<h1>EGMA suite: {html.escape(study.name)}</h1>",
        _about(study, settings),
        "<h2>What we see</h2>",
        _list(report_statements(study)),
        _claims(study.results / CLAIMS_FILE),
    ]
    for name, title in TABLES.items():
        parts.append(f"<h2>{html.escape(title)}</h2>")
        parts.append(f'<section id="{name}">{_table(study.folder("tables") / f"{name}.md")}</section>')
    parts.append("<h2>Figures</h2>")
    for name in FIGURES:
        parts.append(_figure(study.folder("figures") / f"{name}.png", figure_caption(name, settings)))
    parts += _finished_models(study.results / "external")
    page = (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>EGMA suite: '
        f"{html.escape(study.name)}</title><style>{_STYLE}</style></head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )
    return write_text(study.results / "report.html", page)


def _about(study: Study, settings: Settings) -> str:
    lines = [
        f"Profile <b>{settings.profile}</b>, {len(settings.experiments.seeds)} seed(s), image encoder "
        f"<b>{settings.model.image_encoder}</b>, text encoder <b>{settings.model.text_encoder}</b>, "
        f"{settings.model.patch_grid} x {settings.model.patch_grid} patches.",
        f"Suite version {__version__}, data {study.data_hash}. Every number comes from a run of this "
        "repository; intervals, seeds and case counts stand with the tables.",
    ]
    text = "".join(f"<p>{line}</p>" for line in lines)
    if study.kind == "synthetic":
        note = (
            f"{html.escape(study.title_note)}: a simulated study shows that a mechanism works or fails. It "
            "is no evidence about radiologists, and its numbers are not comparable with the paper's."
        )
        text += f'<p class="note">{note}</p>'
    return text + "<p>Research software, not a medical device.</p>"


def _list(items: Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{html.escape(item)}</li>" for item in items) + "</ul>"


def _claims(path: Path) -> str:
    if not path.exists():
        return "<p>The claims of the paper have not been judged yet; run notebook 06.</p>"
    rows = read_claim_rows(path)
    body = mistune.create_markdown(plugins=["table"])(markdown(claims_block(rows)))
    return f'<section id="claims">{body}<p>{html.escape(claims_summary(rows))}.</p></section>'


def _table(path: Path) -> str:
    if not path.exists():
        return f"<p>{path.name} has not been made yet.</p>"
    body = path.read_text(encoding="utf-8").split("\n", 1)[1]
    return str(mistune.create_markdown(plugins=["table"])(body))


def _finished_models(folder: Path) -> list[str]:
    """Return what `egma evaluate` has written, a part per model; nothing where it was not called."""
    parts = []
    for model in sorted(path for path in folder.glob("*") if path.is_dir()):
        name = html.escape(model.name)
        parts.append(
            f"<h2>Finished model {name}</h2><p>As `egma evaluate` wrote it last; not trained here.</p>"
        )
        for table, title in TABLES.items():
            path = model / "tables" / f"{table}.md"
            if path.exists():
                heading = f"<h3>{html.escape(title)}, with {name}</h3>"
                parts.append(f'{heading}<section id="{name}-{table}">{_table(path)}</section>')
        for figure, caption in EXTERNAL_FIGURES.items():
            path = model / "figures" / f"{figure}.png"
            if path.exists():
                parts.append(_figure(path, f"{model.name}. {caption}", f"{model.name}-{figure}"))
    return parts


def _figure(path: Path, caption: str, name: str = "") -> str:
    if not path.exists():
        return f"<p>{path.name} has not been made yet.</p>"
    with Image.open(path) as picture:
        shown = picture.convert("RGB")
        shown.thumbnail((_IMAGE_WIDTH, 10 * _IMAGE_WIDTH))
        buffer = io.BytesIO()
        shown.save(buffer, "WEBP", quality=82)
    data = base64.b64encode(buffer.getvalue()).decode()
    return (
        f'<figure id="{html.escape(name or path.stem)}"><img alt="{html.escape(caption)}" '
        f'src="data:image/webp;base64,{data}">'
        f"<figcaption>{html.escape(caption)}</figcaption></figure>"
    )
