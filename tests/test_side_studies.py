import pytest

from egma_lib.errors import DataError
from egma_lib.settings import load_settings
from egma_lib.side_studies import null_study, open_side_study, other_strength_study, side_studies
from egma_lib.study import Study


@pytest.fixture
def settings():
    return load_settings("phantom", {"experiments.null_study": True, "experiments.other_strength": 0.25})


SIZES = {"chexpert_train", "chexpert_valid", "chexpert_8x200_per_class"}
"""Sizes of what only linear probe and retrieval use, which side studies do without."""


def assert_same_but(side, settings, named):
    left_out = dict.fromkeys(named, True) | {"sizes": SIZES}
    ours, main = (one.phantom.model_dump(exclude=left_out) for one in (side.settings, settings))
    assert ours == main
    assert side.settings.model_dump(exclude={"phantom"}) == settings.model_dump(exclude={"phantom"})


def test_the_null_study_differs_by_confounder_and_gaze(settings):
    side = null_study(settings, "")
    assert side.settings.phantom.confounder_strength == 0
    assert not side.settings.phantom.gaze_informative
    assert_same_but(side, settings, {"preset", "confounder_strength", "gaze_informative"})
    assert side.seeds == settings.experiments.seeds


def test_the_other_strength_is_the_only_difference_of_its_study(settings):
    side = other_strength_study(settings, "")
    assert (side.name, side.settings.phantom.confounder_strength) == ("strength-0.25", 0.25)
    assert side.settings.phantom.gaze_informative
    assert_same_but(side, settings, {"confounder_strength"})
    assert side.seeds == settings.experiments.few_seeds


def test_side_studies_make_no_films_for_probe_and_retrieval_alone(settings):
    for side in side_studies(settings, ""):
        sizes = side.settings.phantom.sizes
        assert (sizes.chexpert_train, sizes.chexpert_valid, sizes.chexpert_8x200_per_class) == (0, 0, 2)


@pytest.mark.parametrize(
    ("overrides", "names"),
    [
        pytest.param({}, ["null", "strength-0.25"], id="both"),
        pytest.param({"experiments.null_study": False}, ["strength-0.25"], id="no_null_study"),
        pytest.param({"experiments.other_strength": None}, ["null"], id="no_other_strength"),
        pytest.param({"phantom.preset": "null"}, [], id="none_beside_the_null_study_itself"),
    ],
)
def test_settings_decide_which_there_are(settings, overrides, names):
    base = {"experiments.other_strength": 0.25}
    changed = load_settings("phantom", {**base, **overrides})
    assert [side.name for side in side_studies(changed, "")] == names


def test_a_data_root_of_the_users_has_none(settings, tmp_path):
    assert side_studies(settings, tmp_path) == ()


def test_results_lie_in_the_main_study(settings, tmp_path, monkeypatch):
    side = null_study(settings, "")
    folder = tmp_path / "phantom"
    monkeypatch.setattr("egma_lib.study.phantom_folder", lambda settings: folder)
    main = Study("phantom", "synthetic", "", tmp_path, tmp_path / "results", "hash", {})
    with pytest.raises(DataError, match="has not been made yet"):
        open_side_study(side, main)
    folder.mkdir()
    (folder / "study.json").write_text('{"name": "phantom-null", "kind": "synthetic", "title_note": "n"}')
    opened = open_side_study(side, main)
    assert opened.results == (tmp_path / "results" / "studies" / "null").resolve()
    assert opened.data_root == folder
