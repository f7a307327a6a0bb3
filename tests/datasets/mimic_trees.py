"""Small MIMIC trees in the real layouts for the check of a data root; every identifier is invented."""

from __future__ import annotations

import json
from pathlib import Path

from dataset_layouts import write_jpg, write_text

FILM = "0000000{n}-11111111-22222222-33333333-44444444"
REFLACX_ID, DISCARDED_ID = "P300R000001", "P100R000002"
META = "dicom_id,subject_id,study_id,ViewPosition,Rows,Columns"
GAZE_HEADER = (
    "x_position,y_position,angular_resolution_x_pixels_per_degree,angular_resolution_y_pixels_per_degree,"
    "xmin_shown_from_image,ymin_shown_from_image,xmax_shown_from_image,ymax_shown_from_image,"
    "xmin_in_screen_coordinates,ymin_in_screen_coordinates,xmax_in_screen_coordinates,"
    "ymax_in_screen_coordinates"
)
SHOWN = "4,3,2,2,0,0,6,8,0,0,600,800"


def film(number: int) -> str:
    return FILM.format(n=number)


def write_mimic_eye(root: Path) -> Path:
    """Patient 10000001 with two REFLACX readings, one discarded; patient 10000002 with EYE GAZE."""
    films = [(film(1), 10000001, 50000001, False, True), (film(2), 10000002, 50000002, True, False)]
    lines = []
    for dicom, patient, study, eye_gaze, reflacx in films:
        line = f"{dicom},{patient},{study},PA,8,6,{eye_gaze},{reflacx}"
        lines.append(line)
        folder = root / f"patient_{patient}" / "CXR-JPG"
        write_jpg(folder / f"s{study}" / f"{dicom}.jpg")
        write_text(folder / "cxr_meta.csv", f"{META},in_eye_gaze,in_reflacx\n{line}\n")
    text = "\n".join([f"{META},in_eye_gaze,in_reflacx", *lines]) + "\n"
    write_text(root / "spreadsheets/cxr_meta.csv", text)
    write_text(root / "spreadsheets/CXR-JPG/cxr_chexpert.csv", "subject_id,study_id\n")
    _write_reflacx(root / "patient_10000001/REFLACX")
    _write_eye_gaze(root / "patient_10000002/EyeGaze")
    return root


def _write_reflacx(folder: Path) -> None:
    columns = "id,eye_tracking_data_discarded,dicom_id,subject_id,image_size_x,image_size_y"
    rows = [
        f"{one},{discarded},{film(1)},10000001,6,8"
        for one, discarded in ((REFLACX_ID, False), (DISCARDED_ID, True))
    ]
    write_text(folder / "metadata.csv", "\n".join([columns, *rows]) + "\n")
    write_reading(folder, REFLACX_ID)


def write_reading(folder: Path, reading: str) -> None:
    main = folder / "main_data" / reading
    samples = "".join(f"{index / 1000:.3f},{SHOWN}\n" for index in range(20))
    write_text(folder / "gaze_data" / reading / "gaze.csv", f"timestamp_sample,{GAZE_HEADER}\n{samples}")
    write_text(
        main / "fixations.csv",
        f"timestamp_start_fixation,timestamp_end_fixation,{GAZE_HEADER}\n0.0,0.02,{SHOWN}\n",
    )
    words = "heart,0.1,0.2\nnormal,0.2,0.3\n.,0.3,0.3\nlungs,0.4,0.5\nclear,0.5,0.6\n.,0.6,0.6\n"
    write_text(
        main / "timestamps_transcription.csv", "word,timestamp_start_word,timestamp_end_word\n" + words
    )
    write_text(main / "anomaly_location_ellipses.csv", "xmin,ymin,xmax,ymax,certainty\n")


def _write_eye_gaze(folder: Path) -> None:
    for name in ("eye_gaze.csv", "fixations.csv"):
        write_text(folder / name, "DICOM_ID\n")
    write_text(folder / "master_sheet.csv", f"dicom_id,patient_id,study_id\n{film(2)},10000002,50000002\n")
    spoken = folder / "audio_segmentation_transcripts" / film(2)
    write_text(spoken / "transcript.json", json.dumps({"full_text": "", "time_stamped_text": []}))


def write_reflacx(root: Path) -> Path:
    """REFLACX on its own: one reading in phase 3, one discarded in phase 1, none in phase 2."""
    columns = "id,eye_tracking_data_discarded,dicom_id,subject_id"
    rows = {
        1: f"{DISCARDED_ID},True,{film(1)},10000001\n",
        2: "",
        3: f"{REFLACX_ID},False,{film(1)},10000001\n",
    }
    for phase, row in rows.items():
        write_text(root / f"main_data/metadata_phase_{phase}.csv", f"{columns}\n{row}")
    write_reading(root, REFLACX_ID)
    return root


def write_mimic_cxr(root: Path) -> None:
    """Films and reports of two studies; the first also lists a lateral film, of which there is no file."""
    jpg = root / "mimic-cxr-jpg/2.1.0"
    rows = [
        f"{film(3)},10000003,50000003,PA,8,6",
        f"{film(4)},10000003,50000003,LATERAL,8,6",
        f"{film(5)},10000003,50000004,AP,8,6",
    ]
    write_text(jpg / "mimic-cxr-2.0.0-metadata.csv", "\n".join([META, *rows]) + "\n")
    patient = "files/p10/p10000003"
    for study, dicom in (("s50000003", film(3)), ("s50000004", film(5))):
        write_jpg(jpg / patient / study / f"{dicom}.jpg")
        text = " FINAL REPORT\n \n FINDINGS:\n \n The lungs are clear.  No pleural effusion.\n"
        write_text(root / "mimic-cxr/2.1.0" / patient / f"{study}.txt", text)


def write_ms_cxr(root: Path) -> None:
    """Two boxes of one sentence on a film of `write_mimic_cxr`."""
    header = "dicom_id,category_name,label_text,path,x,y,w,h,image_width,image_height,split"
    path = f"files/p10/p10000003/s50000003/{film(3)}.jpg"
    row = f"{film(3)},Pneumonia,right lower lobe,{path},0,0,2,2,6,8,test\n"
    write_text(root / "ms-cxr/1.1.0/MS_CXR_Local_Alignment_v1.1.0.csv", f"{header}\n{row}{row}")
