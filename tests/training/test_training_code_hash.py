import importlib
import sys

import pytest

from egma_lib.errors import SettingsError
from egma_lib.training import RunSpec, run_id
from egma_lib.training.code_hash import code_of_method


@pytest.fixture
def own_loss(tmp_path, monkeypatch):
    """Return a function that writes the module `own_loss_case` and forgets what was read of it."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(text):
        (tmp_path / "own_loss_case.py").write_text(text)
        sys.modules.pop("own_loss_case", None)
        importlib.invalidate_caches()

    yield write
    sys.modules.pop("own_loss_case", None)


def test_a_run_depends_on_its_own_loss_and_on_no_other_method_s():
    clip, egma = code_of_method("clip"), code_of_method("egma")
    assert "egma_lib.training.step" in clip
    assert "egma_lib.models.image_encoders" in clip
    assert "egma_lib.losses.multilabel" in egma
    assert "egma_lib.losses.multilabel" not in clip
    assert not {"egma_lib.losses.gloria", "egma_lib.losses.methods"} & (clip.keys() | egma.keys())


def test_words_about_the_code_change_no_id_and_the_code_does(own_loss):
    from training_cases import tiny_settings

    ids = []
    for text in (
        '"""One."""\nfrom egma_lib.losses.contrastive import clip_loss\ndef loss(f, s):\n    return {}\n',
        '"""Two."""\nfrom egma_lib.losses.contrastive import clip_loss\n\n\ndef loss(f, s):\n'
        '    """Say more."""\n    return {}  # nothing\n',
        "from egma_lib.losses.contrastive import clip_loss\ndef loss(f, s):\n    return {1: 1}\n",
    ):
        own_loss(text)
        spec = RunSpec("base", "own_loss_case:loss", 0, tag="own")
        ids.append(run_id(spec, tiny_settings(), "data"))
    assert ids[0] == ids[1] != ids[2]
    assert {"own_loss_case", "egma_lib.losses.contrastive"} <= code_of_method("own_loss_case:loss").keys()


def test_a_docstring_may_be_all_there_is(own_loss):
    own_loss('def loss(f, s):\n    """Nothing else."""\n')
    assert "Nothing else" in code_of_method("own_loss_case:loss")["own_loss_case"]


def test_a_loss_that_is_nowhere_is_named():
    with pytest.raises(SettingsError, match="no module 'nowhere_at_all'"):
        code_of_method("nowhere_at_all:loss")
