"""Tiny data sets in the real layouts; every identifier is invented."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dataset_layouts import CHEXPERT_HEADER, CHEXPERT_LABELS, chexpert_row, write_dicom, write_jpg, write_text


@pytest.fixture
def chexpert(tmp_path: Path) -> Path:
    """5x200 and 8x200 of one case a class, a marked copy, train of three patients, valid of two."""
    root = tmp_path / "chexpert"
    small = root / "CheXpert-v1.0-small"
    classes = ["Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Pleural_Effusion"]
    lines = ["," + CHEXPERT_HEADER]
    for number, name in enumerate(classes):
        path = f"CheXpert-v1.0-small/train/patient9000{number}/study1/view1_frontal.jpg"
        write_jpg(root / path)
        lines.append(f"{number + 7}," + chexpert_row(path, **{name: "1.0"}))
    write_text(root / "chexpert_5x200.csv", "\n".join(lines) + "\n")
    marked = "CheXpert-v1.0-small/train/patient90001/study1/view1_frontal_marked.jpg"
    write_jpg(root / marked)
    original = "CheXpert-v1.0-small/train/patient90001/study1/view1_frontal.jpg"
    write_text(
        root / "chexpert_5x200_marked.csv",
        f",{CHEXPERT_HEADER},unmarked_path\n0,{chexpert_row(marked, Cardiomegaly='1.0')},{original}\n",
    )
    _write_8x200(root)
    rows = {
        "train": [
            chexpert_row(
                "CheXpert-v1.0-small/train/patient00001/study1/view1_frontal.jpg",
                Atelectasis="-1.0",
                Cardiomegaly="-1.0",
                Consolidation="1.0",
                Edema="0.0",
            ),
            chexpert_row("CheXpert-v1.0-small/train/patient00001/study1/view2_lateral.jpg", "Lateral"),
            chexpert_row("CheXpert-v1.0-small/train/patient00002/study3/view1_frontal.jpg", No_Finding="1.0"),
            chexpert_row("CheXpert-v1.0-small/train/patient90000/study2/view1_frontal.jpg", Edema="1.0"),
        ],
        "valid": [
            chexpert_row("CheXpert-v1.0-small/valid/patient64541/study1/view1_frontal.jpg", Edema="1.0"),
            chexpert_row("CheXpert-v1.0-small/valid/patient64542/study1/view1_frontal.jpg", Edema="-1.0"),
        ],
    }
    for name, lines in rows.items():
        write_text(small / f"{name}.csv", "\n".join([CHEXPERT_HEADER, *lines]) + "\n")
        for line in lines:
            write_jpg(root / line.partition(",")[0])
    return root


def _write_8x200(root: Path) -> None:
    classes = [
        "No Finding",
        "Cardiomegaly",
        "Edema",
        "Pneumonia",
        "Atelectasis",
        "Pneumothorax",
        "Pleural Effusion",
        "Fracture",
    ]
    lines = [CHEXPERT_HEADER]
    for number, name in enumerate(classes):
        path = f"CheXpert-v1.0-small/train/patient8000{number}/study1/view1_frontal.jpg"
        write_jpg(root / path)
        others = {one.replace(" ", "_"): "0.0" for one in CHEXPERT_LABELS}
        lines.append(chexpert_row(path, **(others | {name.replace(" ", "_"): "1.0"})))
    for kind in ("image", "text"):
        write_text(root / f"chexpert_8x200/{kind}-retrieval/candidate.csv", "\n".join(lines) + "\n")
    queries = "".join(f"{name},A sentence on {name.lower()}.\r\n" for name in classes)
    write_text(root / "chexpert_8x200/text-retrieval/query.csv", "Variable,Text\r\n" + queries)
    path = "CheXpert-v1.0-small/train/patient00002/study9/view1_frontal.jpg"
    write_text(root / "chexpert_8x200/image-retrieval/query.csv", f"Variable,Path\r\nEdema,{path}\r\n")


@pytest.fixture
def rsna(tmp_path: Path) -> Path:
    """Twenty films of 40 x 20 pixels; the third has two boxes, the fifth one."""
    root = tmp_path / "rsna"
    ids = [f"00000000-0000-4000-8000-{number:012d}" for number in range(20)]
    lines = ["patientId,x,y,width,height,Target"]
    for number, one in enumerate(ids):
        write_dicom(
            root / f"stage_2_train_images/{one}.dcm", np.zeros((40, 20), dtype=np.uint8), PatientID=one
        )
        if number == 2:
            lines += [f"{one},5.0,10.0,10.0,20.0,1", f"{one},0.0,0.0,20.0,40.0,1"]
        else:
            lines.append(f"{one},2.0,4.0,6.0,8.0,1" if number == 4 else f"{one},,,,,0")
    write_text(root / "stage_2_train_labels.csv", "\n".join(lines) + "\n")
    return root


@pytest.fixture
def siim(tmp_path: Path) -> Path:
    """Three films of 4 rows x 3 columns: a negative in each way of writing it, one with two rows of runs."""
    root = tmp_path / "siim"
    uids = [f"1.2.276.0.7230010.3.1.4.8323329.99999.1517875299.10000{number}" for number in range(3)]
    for number, uid in enumerate(uids):
        folder = root / "dicom-images-train" / f"1.2.3.{number}" / f"1.2.4.{number}"
        write_dicom(folder / f"{uid}.dcm", np.zeros((4, 3), dtype=np.uint8), PatientID=f"film-{number}")
    write_text(
        root / "train-rle.csv",
        f"ImageId, EncodedPixels\n{uids[0]}, -1\n{uids[1]},-1\n{uids[2]}, 1 2 3 1\n{uids[2]}, 11 1\n",
    )
    return root
