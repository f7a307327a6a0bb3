"""Draw the contact sheet of the phantom's films: findings by severity, marks, views and scanners.

python benchmarks/phantom_contact_sheet.py [docs/images/phantom_contact_sheet.png]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from egma_lib.artefacts import atomic_path
from egma_lib.phantom.case import FINDINGS, MARK_FINDINGS, CasePlan, Film, Finding
from egma_lib.phantom.film import draw_film

ROWS, COLUMNS = 336, 280
THUMB = (112, 134)
"""Width and height of a film on the sheet (pixels): the size that the small image encoder sees."""
LABEL_WIDTH, HEAD_HEIGHT, GAP = 108, 20, 3
OUTLINE = (240, 170, 0)
GREYS = 48
EXAMPLES = {
    "Atelectasis": ("left", "lower"),
    "Cardiomegaly": ("none", "none"),
    "Consolidation": ("right", "upper"),
    "Edema": ("bilateral", "mid"),
    "Pleural Effusion": ("right", "lower"),
    "Pneumonia": ("left", "mid"),
    "Pneumothorax": ("left", "upper"),
    "Fracture": ("right", "mid"),
    "Support Devices": ("left", "none"),
}
HEADS = ("mild", "moderate", "moderate, truth", "severe", "severe, truth", "mark, healthy film")


def film_of(plan: CasePlan, seed: int) -> Film:
    """Draw one film of the sheet."""
    return draw_film(plan, np.random.default_rng(seed), ROWS, COLUMNS)


def thumbnail(film: Film, outlined: bool = False) -> Image.Image:
    """Return a film as a small colour picture, the edge of its truth drawn in if asked."""
    grey = Image.fromarray(np.rint(film.image * 255).astype(np.uint8))
    picture = np.asarray(grey.resize(THUMB, Image.Resampling.BOX).convert("RGB")).copy()
    if outlined:
        truth = np.any(film.finding_masks, axis=0)
        small = np.asarray(Image.fromarray(truth).resize(THUMB, Image.Resampling.NEAREST))
        picture[ndimage.binary_dilation(small) & ~small] = OUTLINE
    return Image.fromarray(picture)


def finding_row(name: str, mark: str, seed: int) -> list[Image.Image]:
    """Return the pictures of one row: a finding by severity, and a mark on a healthy film."""
    side, zone = EXAMPLES[name]
    films = {
        severity: film_of(
            CasePlan("sheet", seed + i, (Finding(name, side, zone, severity, 0.5),)),
            seed + i,  # type: ignore[arg-type]
        )
        for i, severity in enumerate(("mild", "moderate", "severe"))
    }
    marked = film_of(CasePlan("sheet", seed, (), mark=mark), seed)
    return [
        thumbnail(films["mild"]),
        thumbnail(films["moderate"]),
        thumbnail(films["moderate"], outlined=True),
        thumbnail(films["severe"]),
        thumbnail(films["severe"], outlined=True),
        thumbnail(marked),
    ]


def healthy_row() -> tuple[list[Image.Image], list[str]]:
    """Return healthy films: both views, then one patient on the four scanners."""
    plans = {
        "PA": CasePlan("sheet", 0, ()),
        "AP": CasePlan("sheet", 1, (), view="AP"),
        "mimic": CasePlan("sheet", 2, ()),
        "chexpert": CasePlan("sheet", 2, (), scanner="chexpert"),
        "rsna": CasePlan("sheet", 2, (), scanner="rsna"),
        "siim": CasePlan("sheet", 2, (), scanner="siim"),
    }
    return [thumbnail(film_of(plan, 300 + plan.index)) for plan in plans.values()], list(plans)


def draw_sheet() -> Image.Image:
    """Return the whole sheet."""
    step_x, step_y = THUMB[0] + GAP, THUMB[1] + GAP
    size = (LABEL_WIDTH + len(HEADS) * step_x, 2 * HEAD_HEIGHT + (len(FINDINGS) + 1) * step_y)
    sheet = Image.new("RGB", size, "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)

    def place(pictures: list[Image.Image], top: int, label: str) -> None:
        pen.multiline_text((4, top + THUMB[1] // 2 - 8), label, fill="black", font=font)
        for column, picture in enumerate(pictures):
            sheet.paste(picture, (LABEL_WIDTH + column * step_x, top))

    def write_heads(heads: tuple[str, ...] | list[str], top: int) -> None:
        for column, head in enumerate(heads):
            pen.text((LABEL_WIDTH + column * step_x + 2, top + 3), head, fill="black", font=font)

    write_heads(HEADS, 0)
    for number, (name, mark) in enumerate(zip(FINDINGS, MARK_FINDINGS, strict=True)):
        label = name if name == mark else f"{name}\n(mark: {mark})"
        place(finding_row(name, mark, 100 + 10 * number), HEAD_HEIGHT + number * step_y, label)
    pictures, heads = healthy_row()
    top = HEAD_HEIGHT + len(FINDINGS) * step_y
    write_heads(heads, top)
    place(pictures, top + HEAD_HEIGHT, "No Finding:\nviews, and one\npatient on four\nscanners")
    return reduce_colours(sheet)


def reduce_colours(sheet: Image.Image) -> Image.Image:
    """Return the sheet in evenly spaced greys and the outline's colour, so that the file stays small."""
    palette = Image.new("P", (1, 1))
    greys = [(level, level, level) for level in np.linspace(0, 255, GREYS).astype(int).tolist()]
    palette.putpalette([channel for colour in [*greys, OUTLINE] for channel in colour])
    return sheet.quantize(palette=palette, dither=Image.Dither.NONE)


def main() -> None:
    """Write the sheet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    default = Path(__file__).resolve().parents[1] / "docs/images/phantom_contact_sheet.png"
    parser.add_argument("path", type=Path, nargs="?", default=default)
    path = parser.parse_args().path
    with atomic_path(path) as temporary:
        draw_sheet().save(temporary, optimize=True)
    print(f"{path}: {path.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
