"""Writing results so that none is ever half there, and naming them by the content they were made from."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from egma_lib.errors import ArtefactError


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; it takes the final name only if the block ends well.

    Works for files and for folders (the block may create either). An existing file is replaced; an existing
    folder is kept and the new one dropped, since folders are named by their content.

    Parameters
    ----------
    path
        Final path; its parent is created.

    Yields
    ------
    Path
        Path to write to, with the same suffix as `path`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{uuid.uuid4().hex[:8]}.tmp{path.suffix}")
    try:
        yield temporary
        if temporary.is_dir() and path.exists():
            _remove(temporary)
        elif temporary.exists():
            temporary.replace(path)
        else:
            raise ArtefactError(f"{path}: nothing was written under its temporary name {temporary.name}")
    finally:
        _remove(temporary)


def _remove(path: Path) -> None:
    if path.is_dir():
        import shutil

        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> Path:
    """Write `text` (UTF-8, newline ends as given) atomically and return `path`."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return path


def write_json(path: Path, content: Any) -> Path:
    """Write `content` as indented JSON with sorted keys, atomically, and return `path`."""
    return write_text(path, json.dumps(content, indent=1, sort_keys=True, default=str) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file; raise ArtefactError naming it where it is absent or not JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ArtefactError(f"{path}: not found") from error
    except json.JSONDecodeError as error:
        raise ArtefactError(f"{path}: not valid JSON ({error}); delete it and run its stage again") from error


def content_hash(*parts: Any, length: int = 12) -> str:
    """Return a short hexadecimal SHA-256 of parts.

    Parameters
    ----------
    parts
        Bytes, an iterator of chunks of bytes (which counts as the joined bytes, and so hashes what does not
        fit into memory), anything `json.dumps` takes, or a `Path` to an existing file whose bytes count.
    length
        Number of hexadecimal digits.
    """
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, bytes):
            digest.update(part)
        elif isinstance(part, Iterator):
            for chunk in part:
                digest.update(chunk)
        elif isinstance(part, Path):
            with part.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        else:
            digest.update(json.dumps(part, sort_keys=True, default=str).encode())
        digest.update(b"\x00")
    return digest.hexdigest()[:length]
