import pytest

from egma_lib.errors import SettingsError
from egma_lib.settings import PROFILES, load_settings, parse_overrides


@pytest.mark.parametrize("profile", PROFILES)
def test_every_shipped_profile_loads(profile):
    assert load_settings(profile).profile == profile


def test_settings_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        load_settings("smoke").gaze.sigma_deg = 2.0


@pytest.mark.parametrize(
    ("override", "words"),
    [
        pytest.param("gaze.sigma_deg=-1", ["gaze.sigma_deg", "-1", "greater than 0"], id="out_of_range"),
        pytest.param("gaze.sigma=1", ["gaze.sigma", "not permitted"], id="unknown_field"),
        pytest.param("gase.sigma_deg=1", ["gase", "not permitted"], id="unknown_group"),
        pytest.param("data.paths={cheese: /x}", ["cheese", "known"], id="unknown_data_set"),
        pytest.param("sigma_deg=1", ["needs a group"], id="no_group"),
        pytest.param("experiments.cluster=ray", ["experiments.cluster", "ray"], id="unknown_engine"),
        pytest.param("gaze.sigma_deg", ["group.field=value"], id="no_value"),
        pytest.param("model.embed_dim.x=1", ["is a value, not a group"], id="value_as_group"),
    ],
)
def test_a_bad_override_is_named(override, words):
    with pytest.raises(SettingsError) as caught:
        load_settings("smoke", [override])
    assert all(word in str(caught.value) for word in words)


def test_unknown_profile_lists_the_known_ones():
    with pytest.raises(SettingsError, match="smoke, phantom, paper"):
        load_settings("tiny")


def test_overrides_come_as_strings_or_as_a_mapping():
    assert parse_overrides(["a.b=1e-3", "c.d=[1, 2]"]) == {"a.b": "1e-3", "c.d": [1, 2]}
    assert load_settings("smoke", {"gaze.sigma_deg": 2.0}).gaze.sigma_deg == 2.0
    assert load_settings("smoke", ["training.base.learning_rate=1e-3"]).training.base.learning_rate == 1e-3


def test_a_data_set_can_be_redirected_by_its_key():
    assert str(load_settings("smoke", ["data.rsna=/data/rsna"]).data.paths["rsna"]) == "/data/rsna"


def test_preset_null_takes_confounder_and_gaze_away():
    null = load_settings("smoke", ["phantom.preset=null"]).phantom
    assert (null.preset, null.confounder_strength, null.gaze_informative) == ("null", 0.0, False)
    with pytest.raises(SettingsError, match="confounder_strength 0"):
        load_settings("smoke", ["phantom.preset=null", "phantom.confounder_strength=0.5"])


def test_where_runs_are_trained_decides_no_hash():
    one, two = (load_settings("smoke", {"experiments.jobs": jobs}) for jobs in (1, 2))
    assert one.hash_of("experiments") == two.hash_of("experiments")
    sent = load_settings("smoke", {"experiments.cluster": "dask=tcp://host:8786"})
    assert sent.hash_of("experiments") == one.hash_of("experiments")
    assert sent.changed({"experiments.seeds": [5]}).experiments.cluster == "dask=tcp://host:8786"
    other = load_settings("smoke", {"experiments.seeds": [5]})
    assert other.hash_of("experiments") != one.hash_of("experiments")


@pytest.mark.parametrize("word", ["on", "off", "auto"])
def test_mixed_precision_is_switched_by_a_word_on_the_command_line(word):
    assert load_settings("paper", [f"training.bf16={word}"]).training.bf16 == word
