"""CheXpert-v1.0-small with train and valid, the 5x200 table and the 8x200 retrieval folders."""

from __future__ import annotations

from pathlib import Path

from real_tree_common import CHEXPERT_LABELS, film, write_csv, write_jpg

ARCHIVE = "CheXpert-v1.0-small"
COLUMNS = ("Path", "Sex", "Age", "Frontal/Lateral", "AP/PA", *CHEXPERT_LABELS)
FIVE = ("Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Pleural Effusion")
EIGHT = (
    "No Finding", "Cardiomegaly", "Edema", "Pneumonia", "Atelectasis", "Pneumothorax", "Pleural Effusion",
    "Fracture",
)  # fmt: skip


def row_of(
    path: str, positive: str, *, blank: str = "", uncertain: str = "", lateral: bool = False
) -> list[str]:
    """One row; `blank` is what a label that is not mentioned looks like."""
    cells = [
        "1.0" if name == positive else "-1.0" if name == uncertain else blank for name in CHEXPERT_LABELS
    ]
    return [path, "Female", "61", "Lateral" if lateral else "Frontal", "" if lateral else "PA", *cells]


def film_path(part: str, patient: int, view: str = "view1_frontal", archive: str = ARCHIVE) -> str:
    """Real patients end at 64,740: these have five digits of 9xxxx."""
    return f"{archive}/{part}/patient{patient:05d}/study1/{view}.jpg"


def write_chexpert(root: Path, n: int = 40) -> Path:
    """Write 5 x k cases, 8 x k candidates (k = n // 8, at least 2), 8 x 5 queries, train and valid."""
    per_class, train = max(n // 8, 2), []
    five = [(name, 90000 + i) for i, name in enumerate(FIVE * per_class)]
    eight = [(name, 91000 + i) for i, name in enumerate(name for name in EIGHT for _ in range(per_class))]
    rows = []
    for i, (name, patient) in enumerate(sorted(five, key=lambda pair: FIVE.index(pair[0]))):
        _write_film(root, film_path("train", patient), patient, name)
        # Tables made from the full-size release name that archive; the first part is dropped either way.
        rows.append([7 * i, *row_of(film_path("train", patient, archive="CheXpert-v1.0"), name)])
        train.append(row_of(film_path("train", patient), name))
    write_csv(root / "chexpert_5x200.csv", ("", *COLUMNS), rows)
    candidates = [row_of(film_path("train", patient), name, blank="0.0") for name, patient in eight]
    for name, patient in eight:
        _write_film(root, film_path("train", patient), patient, name)
    _write_8x200(root / "chexpert_8x200", candidates, eight)
    train += [row_of(film_path("train", patient), name) for name, patient in eight]
    _write_train_and_valid(root, train, n)
    return root


def _write_8x200(folder: Path, candidates: list[list[str]], eight: list[tuple[str, int]]) -> None:
    for kind in ("image", "text"):
        write_csv(folder / f"{kind}-retrieval/candidate.csv", COLUMNS, candidates)
    images = [(name, film_path("train", 92000 + i)) for i, name in enumerate(EIGHT)]
    images[0] = (EIGHT[0], film_path("train", eight[0][1], "view2_frontal"))  # a patient of the candidates
    write_csv(folder / "image-retrieval/query.csv", ("Variable", "Path"), images, "\r\n")
    texts = [(name, text) for name in EIGHT for text in _sentences(name)]
    write_csv(folder / "text-retrieval/query.csv", ("Variable", "Text"), texts, "\r\n")


def _sentences(name: str) -> tuple[str, ...]:
    word = "normal film" if name == "No Finding" else name.lower()
    return (
        f"Invented: {word} is present.", f"This film shows {word}, I invented.",
        f"Evidence of {word} on the left.",
        f"Bilateral {word}.", f"The apperance of {word}.",
    )  # fmt: skip


def _write_train_and_valid(root: Path, train: list[list[str]], n: int) -> None:
    for i in range(n):
        name, patient = FIVE[i % len(FIVE)], 93000 + i
        uncertain = FIVE[(i + 1) % len(FIVE)] if i % 4 == 0 else ""
        paths = [film_path("train", patient)]
        _write_film(root, paths[0], patient, name)
        train.append(row_of(paths[0], name, uncertain=uncertain))
        if i % 6 == 0:
            side = film_path("train", patient, "view2_lateral")
            _write_film(root, side, patient, name)
            train.append(row_of(side, name, lateral=True))
    write_csv(root / ARCHIVE / "train.csv", COLUMNS, train)
    valid = []
    for i in range(max(n // 4, 2)):
        path = film_path("valid", 94000 + i)
        _write_film(root, path, 94000 + i, FIVE[i % len(FIVE)])
        valid.append(row_of(path, FIVE[i % len(FIVE)], blank="0.0"))
    write_csv(root / ARCHIVE / "valid.csv", COLUMNS, valid)


def _write_film(root: Path, path: str, seed: int, finding: str) -> None:
    write_jpg(root / path, film(seed, 390, 320, finding))
