"""A complete data root in the real layouts, written from the format notes by code of its own."""

from __future__ import annotations

from pathlib import Path

from real_tree_chexpert import write_chexpert
from real_tree_kaggle import write_rsna, write_siim
from real_tree_mimic_cxr import write_mimic_cxr
from real_tree_mimic_eye import write_mimic_eye
from real_tree_standalone import write_egd, write_ms_cxr, write_reflacx


def write_real_tree(
    folder: Path, n: int = 40, mimic_rows: int = 1528, kaggle_side: int = 1024, *, standalone: bool = False
) -> Path:
    """Write every data set that the suite trains on and tests with.

    There is no `study.json`, so the study counts as real.

    Parameters
    ----------
    folder
        Data root.
    n
        Gaze readings, reports, and films of RSNA and SIIM each; the CheXpert test sets have n // 8 a class.
    mimic_rows
        Rows of a portrait MIMIC film (3056 in the real data, which takes minutes to write).
    kaggle_side
        Side of RSNA and SIIM films (1024 in the real data).
    standalone
        Also write REFLACX and EGD-CXR on their own, with the readings that MIMIC-EYE holds.
    """
    write_mimic_eye(folder / "mimic-eye" / "1.0.0", n, mimic_rows)
    write_mimic_cxr(folder / "mimic-cxr-jpg" / "2.1.0", folder / "mimic-cxr" / "2.0.0", n, mimic_rows)
    write_chexpert(folder / "chexpert", n)
    write_rsna(folder / "rsna", n, kaggle_side)
    write_siim(folder / "siim", n, kaggle_side)
    write_ms_cxr(folder / "ms-cxr", min(n, 8), mimic_rows)
    if standalone:
        write_reflacx(folder / "reflacx" / "1.0.0", n, mimic_rows)
        write_egd(folder / "egd-cxr" / "1.0.0", n, mimic_rows)
    return folder


if __name__ == "__main__":
    import sys

    write_real_tree(Path(sys.argv[1]))
