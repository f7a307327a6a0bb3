"""The registry of methods."""

import sys

import pytest

from egma_lib.errors import SettingsError
from egma_lib.losses.methods import METHODS, find_method, method_loss


@pytest.mark.parametrize("name", METHODS)
def test_every_registered_loss_can_be_imported(name):
    assert find_method(name) is METHODS[name]
    assert method_loss(name).__name__ == name


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("egmaa", "'egmaa' is unknown; known: clip, .*module:function", id="no_such_name"),
        pytest.param("no_such_package.module:loss", "'no_such_package.module' cannot be", id="no_module"),
        pytest.param("egma_lib.losses.egma:loss", "losses.egma has no function 'loss'", id="no_function"),
        pytest.param("egma_lib.losses:__name__", "is not a function", id="not_a_function"),
        pytest.param(":loss", "module '' cannot be imported", id="no_module_named"),
    ],
)
def test_a_method_that_is_not_there_is_named(name, words):
    with pytest.raises(SettingsError, match=words):
        method_loss(name)


def test_a_loss_outside_the_package_needs_no_registration(tmp_path, monkeypatch):
    (tmp_path / "outside_loss.py").write_text("def mean(features, settings):\n    return {'total': 0.0}\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert method_loss("outside_loss:mean")(None, None) == {"total": 0.0}
    assert find_method("outside_loss:mean").uses_words
    sys.modules.pop("outside_loss")
