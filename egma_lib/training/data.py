"""What a run trains on, in memory or as a folder that worker processes map instead of copying."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from egma_lib.artefacts import atomic_path, read_json, write_json
from egma_lib.errors import ArtefactError, DataError


@dataclass(frozen=True)
class TrainingData:
    """Image-report pairs with sentence heatmaps; N samples over K stored images.

    Attributes
    ----------
    images
        Shape (K, S, S) uint8, grey, padded to squares; may be a memory map, also one of more films than the
        samples show.
    image_index
        Shape (N,) int, the image of each sample.
    sentences
        Sentences of each sample, at least one.
    gaze_similarity
        Per sample a float32 array of shape (sentences, n) >= 0 on the patch grid, or None without gaze.
    has_gaze
        Per sample a bool array of shape (sentences,).
    is_validation
        Shape (N,) bool, True = held out.
    patient_ids, sample_ids
        Texts of shape (N,).
    data_hash
        Hash of what all of this was made from, vocabulary included; part of every run's id.
    strata
        What gaze subsets are stratified by (source and reader), one text per sample; empty is one stratum.
    labels
        Shape (N, 14) float32: CheXpert findings of the report, 1 / 0 / NaN, for losses that use them; None
        where the corpus has none.
    """

    images: np.ndarray
    image_index: np.ndarray
    sentences: tuple[tuple[str, ...], ...]
    gaze_similarity: list[np.ndarray | None]
    has_gaze: list[np.ndarray]
    is_validation: np.ndarray
    patient_ids: tuple[str, ...]
    sample_ids: tuple[str, ...]
    data_hash: str
    strata: tuple[str, ...] = ()
    labels: np.ndarray | None = None

    def __post_init__(self) -> None:
        n_samples = len(self.sentences)
        for name in (
            "image_index",
            "gaze_similarity",
            "has_gaze",
            "is_validation",
            "patient_ids",
            "sample_ids",
        ):
            if len(getattr(self, name)) != n_samples:
                raise DataError(
                    f"training data: {name} has {len(getattr(self, name))} entries for {n_samples} samples"
                )
        if self.strata and len(self.strata) != n_samples:
            raise DataError(f"training data: strata has {len(self.strata)} entries for {n_samples} samples")
        if self.labels is not None and self.labels.shape != (n_samples, 14):
            raise DataError(
                f"training data: labels {self.labels.shape} for {n_samples} samples of 14 findings"
            )
        if self.images.ndim != 3 or self.images.dtype != np.uint8:
            raise DataError(
                f"training data: images must be (K, S, S) uint8, got {self.images.dtype} {self.images.shape}"
            )
        if n_samples and not 0 <= int(np.min(self.image_index)) <= int(np.max(self.image_index)) < len(
            self.images
        ):
            raise DataError(f"training data: image_index leaves the {len(self.images)} images")
        for index in range(n_samples):
            self._check_sample(index)
        held_out = {p for p, held in zip(self.patient_ids, self.is_validation, strict=True) if held}
        shared = held_out.intersection(
            p for p, held in zip(self.patient_ids, self.is_validation, strict=True) if not held
        )
        if shared:
            raise DataError(f"training data: patient {min(shared)} is in both training and validation")

    def _check_sample(self, index: int) -> None:
        where = f"training data, sample {self.sample_ids[index]}"
        n_sentences, gaze = len(self.sentences[index]), self.gaze_similarity[index]
        if n_sentences == 0:
            raise DataError(f"{where}: no sentence; drop the sample")
        if self.has_gaze[index].shape != (n_sentences,):
            raise DataError(f"{where}: has_gaze {self.has_gaze[index].shape} for {n_sentences} sentences")
        if gaze is None and self.has_gaze[index].any():
            raise DataError(f"{where}: has_gaze without gaze_similarity")
        if gaze is not None and (gaze.ndim != 2 or len(gaze) != n_sentences):
            raise DataError(f"{where}: gaze_similarity {gaze.shape} for {n_sentences} sentences")

    def __len__(self) -> int:
        return len(self.sentences)

    def __repr__(self) -> str:
        with_gaze = sum(bool(flags.any()) for flags in self.has_gaze)
        n_images = len(np.unique(self.image_index))
        return (
            f"TrainingData({len(self)} samples, {n_images} images, {with_gaze} with gaze, "
            f"{int(np.sum(self.is_validation))} held out)"
        )

    def save(self, folder: Path) -> Path:
        """Write the data as a folder (npy and parquet), atomically; an existing folder is kept.

        Images that are the memory map of a whole npy file, such as an image cache, are not written again: the
        folder refers to that file by its relative path. Heatmaps of all samples lie in one array; a sample's
        rows follow from the counts in `samples.parquet`.
        """
        gaze = [rows for rows in self.gaze_similarity if rows is not None]
        mapped = mapped_file(self.images)
        # Relative, so that a results folder can be moved.
        images = "images.npy" if mapped is None else os.path.relpath(mapped, folder.resolve())
        with atomic_path(folder) as temporary:
            temporary.mkdir()
            if mapped is None:
                np.save(temporary / "images.npy", self.images)
            if self.labels is not None:
                np.save(temporary / "labels.npy", self.labels.astype(np.float32, copy=False))
            stacked = np.concatenate(gaze) if gaze else np.zeros((0, 0), np.float32)
            np.save(temporary / "gaze.npy", stacked.astype(np.float32, copy=False))
            self._sample_table().to_parquet(temporary / "samples.parquet")
            about = {
                "data_hash": self.data_hash,
                "has_labels": self.labels is not None,
                "has_strata": bool(self.strata),
                "images": images,
            }
            write_json(temporary / "about.json", about)
        return folder

    def _sample_table(self) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "sample_id": self.sample_ids,
                "patient_id": self.patient_ids,
                "image_index": self.image_index,
                "is_validation": self.is_validation,
                "stratum": self.strata or ("",) * len(self),
                "sentences": [list(report) for report in self.sentences],
                "has_gaze": [flags.tolist() for flags in self.has_gaze],
                "gaze_rows": [0 if rows is None else len(rows) for rows in self.gaze_similarity],
            }
        )

    @classmethod
    def load(cls, folder: Path) -> TrainingData:
        """Read a folder written by `save`; images and heatmaps stay on disk as memory maps.

        Raises
        ------
        ArtefactError
            A file of the folder, or the image cache it refers to, is missing or damaged.
        """
        lacking = [
            name for name in ("about.json", "gaze.npy", "samples.parquet") if not (folder / name).is_file()
        ]
        if lacking:
            raise ArtefactError(
                f"{folder}: no training data, {', '.join(lacking)} missing; run its stage again"
            )
        about = read_json(folder / "about.json")
        table = pd.read_parquet(folder / "samples.parquet")
        gaze = np.load(folder / "gaze.npy", mmap_mode="r")
        ends = table["gaze_rows"].cumsum().tolist()
        rows = table["gaze_rows"].tolist()
        return cls(
            images=_mapped_images(folder, about["images"]),
            image_index=table["image_index"].to_numpy(),
            sentences=tuple(tuple(report) for report in table["sentences"]),
            gaze_similarity=[gaze[end - n : end] if n else None for end, n in zip(ends, rows, strict=True)],
            has_gaze=[np.asarray(flags, dtype=bool) for flags in table["has_gaze"]],
            is_validation=table["is_validation"].to_numpy(dtype=bool),
            patient_ids=tuple(table["patient_id"]),
            sample_ids=tuple(table["sample_id"]),
            data_hash=about["data_hash"],
            strata=tuple(table["stratum"]) if about["has_strata"] else (),
            labels=np.load(folder / "labels.npy") if about["has_labels"] else None,
        )


def mapped_file(images: np.ndarray) -> Path | None:
    """Return the npy file whose whole content `images` is a memory map of, or None."""
    filename = getattr(images, "filename", None)
    if filename is None or not images.flags.c_contiguous:
        return None
    # A part of a map keeps the file's name, so the shapes tell.
    return Path(filename) if np.load(filename, mmap_mode="r").shape == images.shape else None


def _mapped_images(folder: Path, name: str) -> np.ndarray:
    path = Path(os.path.normpath(folder.resolve() / name))
    try:
        return np.load(path, mmap_mode="r")
    except (OSError, ValueError, EOFError) as error:
        raise ArtefactError(
            f"{folder}: its images lie in {path}, which cannot be read ({error}); delete {folder} and run "
            "its stage again"
        ) from error


def has_labels(folder: Path) -> bool:
    """Whether training data saved in `folder` bring labels."""
    return (folder / "labels.npy").is_file()
