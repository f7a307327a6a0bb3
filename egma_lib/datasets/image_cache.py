"""Films decoded once: every epoch, evaluation and explorer view reads the same memory-mapped squares."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from filelock import FileLock

from egma_lib.artefacts import atomic_path, content_hash, read_json, write_json
from egma_lib.datasets import pixels
from egma_lib.datasets.pixels import film_to_uint8_square
from egma_lib.errors import ArtefactError, DataError

BLOCK = 512
"""Films between two saved states: an interrupted build loses at most this many."""


@dataclass(frozen=True)
class ImageCache:
    """Decoded films.

    Attributes
    ----------
    folder
        Where `images.npy` and `index.parquet` lie.
    images
        uint8 memory map, shape (n_films, size, size), read only.
    row_of
        Film path -> row of `images`.
    """

    folder: Path
    images: np.ndarray
    row_of: dict[str, int]

    @property
    def size(self) -> int:
        """Side of the squares (pixels)."""
        return int(self.images.shape[1])

    def __len__(self) -> int:
        return len(self.images)

    def rows(self, paths: Sequence[str]) -> np.ndarray:
        """Return the rows of `images` for n film paths, int64 of shape (n,).

        Raises
        ------
        ArtefactError
            A film is not in the cache.
        """
        try:
            return np.array([self.row_of[str(path)] for path in paths], dtype=np.int64)
        except KeyError as error:
            raise ArtefactError(
                f"{self.folder}: film {error.args[0]} is not in this cache; build it with all films in use"
            ) from error


def build_image_cache(
    paths: Sequence[str], size: int, folder: Path, *, jobs: int, progress: bool
) -> ImageCache:
    """Decode films to (size, size) squares, or open the cache that already holds exactly these.

    The cache is named by the films' paths, file sizes and times, by `size` and by the code that decodes.
    Squares that another cache in `folder` holds are taken over; a build that was interrupted goes on where it
    stopped; two processes that want the same cache wait for each other.

    Parameters
    ----------
    paths
        Film files; duplicates are stored once.
    size
        Side of the squares (pixels).
    folder
        Holds one folder per cache.
    jobs
        Threads; the result does not depend on it.
    progress
        Show a progress bar.

    Returns
    -------
    ImageCache
        With one row per distinct path, in order of first appearance.

    Raises
    ------
    DataError
        No film given, or one missing or unreadable.
    """
    index = _index(paths)
    code = content_hash(Path(pixels.__file__))
    final = Path(folder) / content_hash(index.to_dict("list"), size, code)
    if not final.is_dir():
        final.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(final.with_suffix(".lock")):
            if not final.is_dir():
                _build(index, size, code, final, jobs, progress)
    return open_image_cache(final)


def open_image_cache(folder: Path) -> ImageCache:
    """Open a finished cache.

    Raises
    ------
    ArtefactError
        It is not there or damaged.
    """
    try:
        index = pd.read_parquet(folder / "index.parquet")
        images = np.load(folder / "images.npy", mmap_mode="r")
    except (OSError, ValueError, EOFError) as error:
        raise ArtefactError(
            f"{folder}: no readable image cache ({error}); delete it to have it made again"
        ) from error
    if images.ndim != 3 or len(images) != len(index):
        raise ArtefactError(
            f"{folder}: {len(images)} squares for {len(index)} films; delete it to have it made again"
        )
    return ImageCache(folder, images, dict(zip(index["path"], range(len(index)), strict=True)))


def _index(paths: Sequence[str]) -> pd.DataFrame:
    distinct = list(dict.fromkeys(str(path) for path in paths))
    if not distinct:
        raise DataError("image cache of no films; give at least one path")
    try:
        states = [Path(path).stat() for path in distinct]
    except FileNotFoundError as error:
        raise DataError(f"{error.filename}: film not found; complete the data set") from error
    return pd.DataFrame(
        {
            "path": distinct,
            "bytes": [state.st_size for state in states],
            "mtime_ns": [state.st_mtime_ns for state in states],
        }
    )


def _build(index: pd.DataFrame, size: int, code: str, final: Path, jobs: int, progress: bool) -> None:
    partial = final.with_suffix(".partial")
    partial.mkdir(exist_ok=True)
    done_file = partial / "done.json"
    images_file = partial / "images.npy"
    shape = (len(index), size, size)
    # Without a saved state the map may be cut short: it is made anew.
    done = read_json(done_file)["films"] if done_file.exists() else 0
    images = np.lib.format.open_memmap(
        images_file, mode="r+" if done else "w+", dtype=np.uint8, shape=None if done else shape
    )
    known = _known_squares(index, size, code, final.parent)
    for start in _blocks(done, len(index), progress):
        block = slice(start, min(start + BLOCK, len(index)))
        images[block] = _decode(index["path"].iloc[block].tolist(), size, known, jobs)
        images.flush()
        write_json(done_file, {"films": block.stop})
    del images
    done_file.unlink()
    write_json(partial / "cache.json", {"size": size, "code": code})
    with atomic_path(partial / "index.parquet") as temporary:
        index.to_parquet(temporary, index=False)
    if not index.equals(_index(index["path"].tolist())):
        shutil.rmtree(partial)
        raise DataError(
            f"{final}: films changed while they were decoded; leave the data set alone and start again"
        )
    partial.rename(final)


def _blocks(done: int, total: int, progress: bool) -> Iterator[int]:
    from tqdm.auto import tqdm

    with tqdm(total=total, initial=done, desc="decoding films", unit="film", disable=not progress) as bar:
        for start in range(done, total, BLOCK):
            yield start
            bar.update(min(BLOCK, total - start))


def _decode(paths: list[str], size: int, known: dict[str, np.ndarray], jobs: int) -> np.ndarray:
    def one(path: str) -> np.ndarray:
        return known[path] if path in known else film_to_uint8_square(path, size)

    with ThreadPoolExecutor(max_workers=max(jobs, 1)) as pool:
        return np.stack(list(pool.map(one, paths)))


def _known_squares(index: pd.DataFrame, size: int, code: str, folder: Path) -> dict[str, np.ndarray]:
    """Return views of squares of the same films, size and code in finished caches beside this one."""
    known: dict[str, np.ndarray] = {}
    for about in sorted(folder.glob("*/cache.json")):
        if about.parent.suffix == ".partial" or read_json(about) != {"size": size, "code": code}:
            continue
        other = open_image_cache(about.parent)
        states = pd.read_parquet(about.parent / "index.parquet")
        states["row"] = np.arange(len(states))
        same = index.merge(states, on=["path", "bytes", "mtime_ns"])
        known |= {path: other.images[row] for path, row in zip(same["path"], same["row"], strict=True)}
    return known
