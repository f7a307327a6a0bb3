"""Where a study's data and results are, what it is called, and what its data were made from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from egma_lib.artefacts import content_hash, read_json
from egma_lib.errors import DataError
from egma_lib.notice import write_notice
from egma_lib.settings import DATASET_KEYS, Settings

REPOSITORY = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Study:
    """A data root with its results folder.

    Attributes
    ----------
    name, kind, title_note
        From the root's `study.json`; `real`, `real` and an empty note where there is none.
    data_root, results
        Absolute folders.
    data_hash
        Short hash of what the data are (the phantom's recipe, or names and sizes of a real root's tables).
    redirects
        Data sets that lie elsewhere.
    """

    name: str
    kind: Literal["synthetic", "real"]
    title_note: str
    data_root: Path
    results: Path
    data_hash: str
    redirects: dict[str, Path]

    def dataset(self, key: str) -> Path:
        """Return the folder of a data set (`rsna`, `mimic-eye`, ...), whether or not it exists."""
        if key not in DATASET_KEYS:
            raise DataError(f"data set {key!r} is unknown; known: {', '.join(DATASET_KEYS)}")
        return self.redirects.get(key, self.data_root / key)

    def has(self, key: str) -> bool:
        """Whether the folder of a data set exists and holds anything."""
        folder = self.dataset(key)
        return folder.is_dir() and any(folder.iterdir())

    def folder(self, name: str) -> Path:
        """Return a folder of the results (`tables`, `figures`, `predictions`, ...), made if need be.

        With real data the data-use notice is put into the results folder before anything else is.
        """
        if self.kind == "real":
            write_notice(self.results)
        path = self.results / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    @property
    def runs(self) -> Path:
        """Folder of the training runs."""
        return self.folder("runs")


def phantom_folder(settings: Settings) -> Path:
    """Return `data/phantom/<hash>` for these settings and this version of the simulator's code."""
    sources = [
        *sorted((Path(__file__).parent / "phantom").rglob("*.py")),
        REPOSITORY / "data" / "reference" / "phantom_grammar.yaml",
    ]
    digest = content_hash(settings.phantom.model_dump(mode="json"), *sources)
    return REPOSITORY / "data" / "phantom" / digest


def open_study(settings: Settings, data_root: str | Path = "", results_dir: str | Path = "") -> Study:
    """Find the data and name the results folder.

    Parameters
    ----------
    settings
        Decides profile, phantom recipe and redirects.
    data_root
        Folder of the data sets; empty for the built-in phantom.
    results_dir
        Folder for the results; empty for `results/<profile>` (built-in phantom, preset main),
        `results/<profile>-null` (preset null) or `results/<profile>-<study name>`.

    Raises
    ------
    DataError
        The root does not exist: says how to make or name it.
    """
    built_in = not str(data_root)
    root = phantom_folder(settings) if built_in else Path(data_root).expanduser().resolve()
    if not root.is_dir():
        if built_in:
            raise DataError(
                f"the phantom study of profile {settings.profile!r} has not been made yet ({root}); run "
                f"`./run_all.sh --profile {settings.profile} --only 01` once, with the same --set"
            )
        raise DataError(f"data root {root} is not a folder; give --data-root DIR")
    recipe = root / "study.json"
    about: dict[str, Any] = {"name": "real", "kind": "real", "title_note": ""}
    if recipe.exists():
        about |= read_json(recipe)
    if about["kind"] not in ("synthetic", "real"):
        raise DataError(f"{recipe}: kind is {about['kind']!r}, expected synthetic or real; correct the file")
    if built_in:
        suffix = "" if settings.phantom.preset == "main" else f"-{settings.phantom.preset}"
    else:
        suffix = f"-{about['name']}"
    results = (
        Path(results_dir).expanduser()
        if str(results_dir)
        else (REPOSITORY / "results" / f"{settings.profile}{suffix}")
    )
    return Study(
        name=about["name"],
        kind=about["kind"],
        title_note=about["title_note"],
        data_root=root,
        results=results.resolve(),
        data_hash=fingerprint_data(root, settings.data.paths),
        redirects={key: Path(path).expanduser().resolve() for key, path in settings.data.paths.items()},
    )


def fingerprint_data(root: Path, redirects: dict[str, Path] | None = None) -> str:
    """Return a short hash of a data root: of `study.json` where it states a recipe, else of its tables.

    For real data the names and sizes of all tables down to the third level stand for the content, since
    hashing hundreds of gigabytes on every start would not be bearable.
    """
    moved = {key: str(path) for key, path in sorted((redirects or {}).items())}
    recipe = root / "study.json"
    if recipe.exists():
        about = read_json(recipe)
        if "recipe_hash" in about:
            return content_hash(about["recipe_hash"], moved)
    folders = [root, *(Path(path) for path in moved.values())]
    tables = [
        (str(path.relative_to(folder)), path.stat().st_size)
        for folder in folders
        for pattern in ("*", "*/*", "*/*/*")
        for path in sorted(folder.glob(pattern))
        if path.is_file() and path.suffix in {".csv", ".gz", ".json", ".zip", ".parquet"}
    ]
    return content_hash(tables, moved)
