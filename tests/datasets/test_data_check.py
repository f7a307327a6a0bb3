"""The check of a data root: nothing, half a tree, a whole one, and the phantom."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml
from dataset_layouts import write_text
from mimic_trees import film, write_mimic_cxr, write_mimic_eye, write_ms_cxr, write_reflacx

from egma_lib.datasets.check import check_data
from egma_lib.datasets.check.outcomes import outcomes
from egma_lib.datasets.check.reference import ACCESS_FILE, COUNTS_FILE, read_access
from egma_lib.errors import DataError
from egma_lib.phantom.build import build_phantom
from egma_lib.settings import DATASET_KEYS, PhantomSettings, PhantomSizes

TRAINING = {"mimic-eye", "report_films", "reports"}
ALL_SETS = {"chexpert_5x200", "chexpert_8x200", "rsna", "siim", "text_queries"}


@pytest.fixture
def whole(tmp_path, chexpert, rsna, siim):
    """A complete data root without the sets that the suite can do without."""
    assert {one.parent for one in (chexpert, rsna, siim)} == {tmp_path}
    write_mimic_eye(tmp_path / "mimic-eye")
    write_mimic_cxr(tmp_path)
    return tmp_path


def by_key(found):
    return {one.key: one for one in found.datasets}


def counts(one):
    return {count.what: count.found for count in one.counts}


@pytest.mark.parametrize("root", ["none", "empty folder"])
def test_of_nothing_every_set_is_absent_and_says_how_to_get_it(root, tmp_path):
    found = check_data(None if root == "none" else tmp_path)
    assert [one.key for one in found.datasets] == list(DATASET_KEYS)
    assert {one.status for one in found.datasets} == {"absent"}
    assert all(one.access.page and one.access.licence and one.access.credential for one in found.datasets)
    assert not any(outcome.runs for outcome in found.outcomes)
    assert found.free_bytes > 0


def test_empty_data_set_folder_is_absent(tmp_path):
    (tmp_path / "rsna").mkdir()
    assert by_key(check_data(tmp_path))["rsna"].status == "absent"


def test_root_that_is_no_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match="is not a folder; give --data-root DIR"):
        check_data(tmp_path / "nowhere")


def test_whole_tree_is_complete_and_counted(whole):
    sets = by_key(check_data(whole))
    present = {key for key, one in sets.items() if one.status == "complete"}
    assert present == {"mimic-eye", "mimic-cxr-jpg", "mimic-cxr", "chexpert", "rsna", "siim"}
    assert {sets[key].status for key in set(sets) - present} == {"absent"}
    assert counts(sets["mimic-eye"]) == {
        "patients": 2, "images": 2, "images in REFLACX": 1, "images in EYE GAZE": 1, "images in both": 0,
        "REFLACX readings": 2, "images with several readings": 1, "usable REFLACX readings": 1,
    }  # fmt: skip
    assert counts(sets["mimic-cxr-jpg"]) == {"images": 3, "studies": 2, "patients": 1}
    assert counts(sets["mimic-cxr"]) == {"reports": 2}
    assert counts(sets["chexpert"]) == {
        "train.csv rows": 4, "train.csv frontal": 3, "train.csv patients": 3, "valid.csv rows": 2,
        "valid.csv frontal": 2, "5x200 cases": 5, "8x200 candidates": 8, "8x200 text queries": 8,
    }  # fmt: skip
    assert counts(sets["rsna"]) == {"images": 20, "positive images": 2, "label rows": 21}
    assert counts(sets["siim"]) == {"images": 3, "positive images": 1, "label rows": 4}
    assert any("1 readings will be excluded" in note for note in sets["mimic-eye"].inventory.notes)


def test_whole_tree_runs_everything(whole):
    assert all(one.runs and not one.not_available for one in check_data(whole).outcomes)


def test_counts_stand_beside_the_published_ones(whole):
    rsna = by_key(check_data(whole))["rsna"]
    published = {count.what: (count.published, count.differs) for count in rsna.counts}
    assert published["images"] == (26684, True)
    assert all(count.source for count in rsna.counts)


ONE_FILE = [
    pytest.param("mimic-eye", f"patient_10000001/CXR-JPG/s50000001/{film(1)}.jpg", id="a film of MIMIC-EYE"),
    pytest.param("mimic-eye", "patient_10000001/REFLACX/gaze_data/P300R000001/gaze.csv", id="gaze samples"),
    pytest.param("mimic-eye", "spreadsheets/CXR-JPG/cxr_chexpert.csv", id="labels of MIMIC-EYE"),
    pytest.param("mimic-eye", "patient_10000002/EyeGaze/eye_gaze.csv", id="samples of EYE GAZE"),
    pytest.param("mimic-cxr-jpg", f"2.1.0/files/p10/p10000003/s50000003/{film(3)}.jpg", id="frontal film"),
    pytest.param("mimic-cxr", "2.1.0/files/p10/p10000003/s50000004.txt", id="report"),
    pytest.param(
        "chexpert", "CheXpert-v1.0-small/train/patient00002/study3/view1_frontal.jpg", id="CheXpert film"
    ),
    pytest.param("rsna", "stage_2_train_images/00000000-0000-4000-8000-000000000007.dcm", id="RSNA film"),
]


@pytest.mark.parametrize("damage", ["removed", "emptied"])
@pytest.mark.parametrize(("key", "name"), ONE_FILE)
def test_missing_or_empty_file_is_named(key, name, damage, whole):
    path = whole / key / name
    assert path.is_file()
    if damage == "removed":
        path.unlink()
    else:
        path.write_bytes(b"")
    one = by_key(check_data(whole))[key]
    assert one.status == "partial"
    assert name in one.inventory.missing


def test_lateral_film_is_not_asked_for(whole):
    # Its metadata row is there and no file was ever written.
    assert not any(film(4) in name for name in by_key(check_data(whole))["mimic-cxr-jpg"].inventory.missing)


def test_siim_film_is_named_by_its_id(whole):
    (path,) = (whole / "siim").rglob("*100001.dcm")
    path.unlink()
    one = by_key(check_data(whole))["siim"]
    assert one.inventory.missing == (f"dicom-images-train/*/*/{path.name}",)


@pytest.mark.parametrize(
    ("key", "table", "column"),
    [
        ("rsna", "stage_2_train_labels.csv", "Target"),
        ("siim", "train-rle.csv", "ImageId"),
        ("chexpert", "chexpert_5x200.csv", "Edema"),
        ("mimic-eye", "spreadsheets/cxr_meta.csv", "study_id"),
    ],
)
def test_table_without_a_column_is_a_fault_that_names_both(key, table, column, whole):
    path = whole / key / table
    path.write_text(path.read_text().replace(column, "other", 1))
    one = by_key(check_data(whole))[key]
    assert one.status == "partial"
    (fault,) = one.inventory.faults
    assert str(path) in fault
    assert column in fault


def test_half_a_tree_runs_what_it_can_and_says_what_is_not_available(whole):
    for name in ("siim", "chexpert/chexpert_5x200.csv", "chexpert/chexpert_8x200/image-retrieval"):
        path = whole / name
        path.unlink() if path.is_file() else shutil.rmtree(path)
    (whole / "chexpert/chexpert_8x200/text-retrieval/candidate.csv").unlink()
    found = check_data(whole)
    chexpert = by_key(found)["chexpert"]
    assert chexpert.status == "partial"
    assert "chexpert_5x200.csv" in chexpert.inventory.missing
    assert any("egma data build chexpert_5x200" in note for note in chexpert.inventory.notes)
    runs = {one.name[:10]: one for one in found.outcomes}
    assert runs["03 Table 2"].runs
    assert runs["03 Table 2"].not_available == ("CheXpert 5x200", "SIIM")
    assert not runs["03 Table 3"].runs
    assert runs["03 Table 3"].lacking == ("CheXpert 8x200",)


def test_without_text_queries_rsna_and_siim_have_no_prompts(whole):
    shutil.rmtree(whole / "chexpert/chexpert_8x200")
    table_2 = next(one for one in check_data(whole).outcomes if "Table 2" in one.name)
    assert table_2.not_available == (
        "RSNA (without the text queries of CheXpert 8x200)",
        "SIIM (without the text queries of CheXpert 8x200)",
    )


def test_begun_test_set_stops_the_evaluation_until_it_is_complete():
    everything = TRAINING | ALL_SETS
    with_rest = outcomes(everything - {"rsna"}, begun=ALL_SETS)
    assert [one.runs for one in with_rest] == [True, True] + [False] * 8
    assert "the rest of RSNA (or none of it)" in with_rest[2].lacking
    without = outcomes(everything - {"rsna"}, begun=ALL_SETS - {"rsna"})
    assert all(one.runs for one in without)


def test_redirected_set_is_found_where_it_is(whole, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("archive") / "films"
    (whole / "rsna").rename(elsewhere)
    assert by_key(check_data(whole))["rsna"].status == "absent"
    moved = by_key(check_data(whole, {"rsna": elsewhere}))["rsna"]
    assert (moved.status, moved.folder) == ("complete", elsewhere)
    assert by_key(check_data(None, {"rsna": elsewhere}))["rsna"].status == "complete"


def test_reports_alone_are_counted_but_cannot_be_matched(whole):
    shutil.rmtree(whole / "mimic-cxr-jpg")
    one = by_key(check_data(whole))["mimic-cxr"]
    assert counts(one) == {"reports": 2}
    assert "not known which reports" in one.inventory.notes[0]
    assert not one.inventory.provides


def test_reports_still_zipped_are_named(whole):
    shutil.rmtree(whole / "mimic-cxr")
    write_text(whole / "mimic-cxr/mimic-cxr-reports.zip", "zip")
    assert "unpack mimic-cxr-reports.zip" in by_key(check_data(whole))["mimic-cxr"].inventory.missing[0]


def test_reflacx_on_its_own(tmp_path):
    folder = write_reflacx(tmp_path / "reflacx")
    one = by_key(check_data(tmp_path))["reflacx"]
    assert one.status == "complete"
    assert counts(one) == {
        "readings": 2, "usable readings": 1, "images": 1, "images with several readings": 1, "patients": 1,
    }  # fmt: skip
    (folder / "main_data/metadata_phase_2.csv").unlink()
    (folder / "gaze_data/P300R000001/gaze.csv").unlink()
    missing = by_key(check_data(tmp_path))["reflacx"].inventory.missing
    assert len(missing) == 2
    assert "gaze_data/P300R000001/gaze.csv" in missing


def test_egd_cxr_on_its_own(tmp_path):
    write_mimic_eye(tmp_path / "eye")
    (tmp_path / "eye/patient_10000002/EyeGaze").rename(tmp_path / "egd-cxr")
    one = by_key(check_data(tmp_path))["egd-cxr"]
    assert one.status == "complete"
    assert counts(one) == {"images": 1, "patients": 1, "studies": 1}
    (tmp_path / "egd-cxr/fixations.csv").write_text("")
    assert by_key(check_data(tmp_path))["egd-cxr"].inventory.missing == ("fixations.csv",)


def test_ms_cxr_groups_boxes_and_needs_the_films(whole):
    write_ms_cxr(whole)
    one = by_key(check_data(whole))["ms-cxr"]
    assert one.status == "complete"
    assert counts(one) == {"image-sentence pairs": 1, "patients": 1}
    shutil.rmtree(whole / "mimic-cxr-jpg")
    notes = by_key(check_data(whole))["ms-cxr"].inventory.notes
    assert notes == ("its films are those of mimic-cxr-jpg, which is not there",)


def test_phantom_is_complete_and_runs_everything(tmp_path):
    sizes = PhantomSizes(
        gaze_cases=4, multi_reader_cases=0, report_cases=4, chexpert_5x200_per_class=2,
        chexpert_marked_cases=2, chexpert_8x200_per_class=2, chexpert_train=3, chexpert_valid=3,
        rsna_cases=5, siim_cases=5,
    )  # fmt: skip
    settings = PhantomSettings(sizes=sizes, stored_rows=96, dicom_size=96, sampling_hz_reflacx=500)
    build_phantom(settings, tmp_path / "study", recipe_hash="0123", jobs=1, progress=False)
    found = check_data(tmp_path / "study")
    complete = {one.key for one in found.datasets if one.status == "complete"}
    assert complete == set(DATASET_KEYS) - {"reflacx", "egd-cxr", "ms-cxr"}
    assert not any(one.inventory.faults for one in found.datasets)
    assert all(one.runs and not one.not_available for one in found.outcomes)


def test_every_set_says_how_to_get_it_and_every_published_number_has_a_source():
    access = read_access()
    assert set(access) == set(DATASET_KEYS) == set(yaml.safe_load(ACCESS_FILE.read_text()))
    assert all(one.address.startswith("https://") for one in access.values())
    published = yaml.safe_load(COUNTS_FILE.read_text())
    assert set(published) == set(DATASET_KEYS)
    for entries in published.values():
        assert all(isinstance(one["count"], int) and one["source"] for one in entries.values())


@pytest.mark.parametrize("text", ["mimic-eye: {title: x}\n", "a: [\n"], ids=["field lacking", "not yaml"])
def test_damaged_reference_says_how_to_restore_it(text, tmp_path):
    path: Path = tmp_path / "access.yaml"
    path.write_text(text)
    with pytest.raises(DataError, match="git checkout -- data/reference"):
        read_access(path)
