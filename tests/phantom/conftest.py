"""A tiny study, written once for all tests of the phantom's files."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from egma_lib.phantom.build import build_phantom
from egma_lib.settings import PhantomSettings, PhantomSizes


class TinyStudy(NamedTuple):
    settings: PhantomSettings
    folder: Path


def tiny_settings(seed=5, **sizes) -> PhantomSettings:
    """Settings of a study that takes a second or so; keyword arguments change single sizes."""
    default = {
        "gaze_cases": 4, "multi_reader_cases": 0, "report_cases": 4, "chexpert_5x200_per_class": 2,
        "chexpert_marked_cases": 5, "chexpert_8x200_per_class": 2, "chexpert_train": 3, "chexpert_valid": 3,
        "rsna_cases": 5, "siim_cases": 5,
    }  # fmt: skip
    return PhantomSettings(
        seed=seed,
        sizes=PhantomSizes(**{**default, **sizes}),
        stored_rows=96,
        dicom_size=96,
        sampling_hz_reflacx=500,
    )


@pytest.fixture(scope="session")
def tiny_study(tmp_path_factory) -> TinyStudy:
    settings = tiny_settings(
        gaze_cases=20, multi_reader_cases=2, report_cases=24, chexpert_train=40, chexpert_valid=8,
        rsna_cases=40, siim_cases=40,
    )  # fmt: skip
    target = tmp_path_factory.mktemp("phantom") / "study"
    build_phantom(settings, target, recipe_hash="0123abcd", jobs=1, progress=False)
    return TinyStudy(settings, target)
