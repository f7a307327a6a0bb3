"""The probe's films from a phantom on disk: parts, labels, views of the cache, and leakage."""

from __future__ import annotations

import dataclasses
import shutil

import numpy as np
import pytest
from tiny_studies import one_step_settings

from egma_lib.datasets.chexpert import load_chexpert_5x200, load_chexpert_8x200
from egma_lib.datasets.leakage import require_no_leakage
from egma_lib.datasets.pixels import film_to_uint8_square
from egma_lib.errors import ArtefactError, DataError, LeakageError
from egma_lib.experiments.leakage_audit import audit_probe_sets
from egma_lib.experiments.probe_sets import build_probe_sets, load_probe_sets, load_probe_tables
from egma_lib.study import open_study

SETTINGS = one_step_settings()


@pytest.fixture(scope="module")
def study(tiny_study, tmp_path_factory):
    return open_study(SETTINGS, tiny_study.folder, tmp_path_factory.mktemp("probe_results"))


@pytest.fixture(scope="module")
def sets(study):
    return {one.name: one for one in build_probe_sets(study, SETTINGS, progress=False)}


def test_parts_share_no_patient_and_stand_one_behind_the_other(sets):
    assert list(sets) == ["chexpert", "rsna", "siim"]
    for one in sets.values():
        rows = [one.rows(part) for part in ("train", "validation", "test")]
        patients = [set(one.patient_ids[part]) for part in rows]
        assert sum(map(len, patients)) == len(set().union(*patients))
        np.testing.assert_array_equal(np.concatenate(rows), np.arange(len(one)))


def test_labels_and_films_belong_to_the_cases(study, sets):
    for table in load_probe_tables(study, SETTINGS):
        one = sets[table.name]
        assert one.case_ids.tolist() == table.cases["case_id"].tolist()
        columns = [table.class_names.index(name) for name in one.class_names]
        np.testing.assert_array_equal(one.labels, table.labels[:, columns].astype(np.float32))
        for row in (0, len(one) - 1):
            expected = film_to_uint8_square(table.cases["image_path"].iloc[row], SETTINGS.data.image_size)
            np.testing.assert_array_equal(one.images[row], expected)


def test_patients_of_the_other_chexpert_test_sets_take_no_part_in_training(study, sets):
    folder = study.dataset("chexpert")
    tests = [load_chexpert_5x200(folder), load_chexpert_8x200(folder)[0]]
    one = sets["chexpert"]
    seen = set(one.patient_ids[one.split != "test"])
    assert all(seen.isdisjoint(table.cases["patient_id"]) for table in tests)
    assert all(one.case_ids[row].startswith("valid/") for row in one.rows("test"))


def test_what_has_been_made_is_read_again(study, sets):
    again = {one.name: one for one in build_probe_sets(study, SETTINGS, progress=False)}
    for name, one in sets.items():
        assert again[name].cache == one.cache
        np.testing.assert_array_equal(again[name].labels, one.labels)


def test_absent_sets_are_left_out_and_none_at_all_is_an_error(tiny_study, tmp_path, caplog):
    root = tmp_path / "root"
    shutil.copytree(tiny_study.folder / "rsna", root / "rsna")
    study = open_study(SETTINGS, root, tmp_path / "results")
    assert [table.name for table in load_probe_tables(study, SETTINGS)] == ["rsna"]
    assert "siim is not available" in caplog.text
    shutil.rmtree(root / "rsna")
    with pytest.raises(DataError, match=r"none of CheXpert's train\.csv, RSNA and SIIM is there"):
        load_probe_tables(study, SETTINGS)


def test_sets_that_were_not_made_are_asked_for(tmp_path):
    with pytest.raises(ArtefactError, match="run notebook 04 first"):
        load_probe_sets(tmp_path / "none", tmp_path)


def test_a_patient_in_train_and_test_stops_the_run(trained_study, sets):
    evaluation = trained_study.settings.evaluation
    audit = audit_probe_sets(trained_study.corpora, list(sets.values()), evaluation)
    require_no_leakage(audit)
    assert {"base_train", "gaze_train", "probe_chexpert_train", "probe_siim_test"} <= set(audit.sets["set"])
    rsna = sets["rsna"]
    patients = rsna.patient_ids.copy()
    patients[rsna.rows("test")[0]] = patients[0]
    leaking = audit_probe_sets(
        trained_study.corpora, [dataclasses.replace(rsna, patient_ids=patients)], evaluation
    )
    with pytest.raises(LeakageError, match="probe_rsna_train/probe_rsna_test shares 1 patients"):
        require_no_leakage(leaking)
