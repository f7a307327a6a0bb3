"""Training data of arms that see other gaze than the measured one: made once, beside the gaze corpus."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from egma_lib.artefacts import content_hash
from egma_lib.errors import SettingsError
from egma_lib.experiments.arms import Arm
from egma_lib.experiments.corpora import Corpora, gaze_variant_folder
from egma_lib.experiments.gaze_controls.registry import MEASURED, make_control, unavailable_reason
from egma_lib.experiments.gaze_controls.variant import with_gaze
from egma_lib.gaze.artefact import GazeArtefact
from egma_lib.gaze.heatmaps import gaze_similarity
from egma_lib.losses.methods import find_method
from egma_lib.settings import Settings
from egma_lib.study import REPOSITORY, Study
from egma_lib.training.data import TrainingData, has_labels

_DRAWN_BY = {"gaze.sigma_deg", "gaze.gaze_floor", "gaze.whole_report_fallback"}


def arm_settings(settings: Settings, arm: Arm) -> Settings:
    """Return the settings that an arm trains with."""
    return settings.changed(dict(arm.overrides)) if arm.overrides else settings


def gaze_data_folder(corpora: Corpora, arm: Arm) -> Path:
    """Return the folder of the training data that an arm's stage 2 sees."""
    redrawn = _redrawn(arm)
    if arm.gaze == MEASURED and not redrawn:
        return corpora.gaze
    code = sorted((Path(__file__).parent / "gaze_controls").glob("*.py"))
    return gaze_variant_folder(corpora, f"{arm.gaze}-{content_hash(redrawn, *code, length=8)}")


def available_arms(
    arms: Iterable[Arm], study: Study, corpora: Corpora
) -> tuple[tuple[Arm, ...], dict[str, str]]:
    """Return the arms that a study can have, and for each other one's label why it cannot."""
    wanted = tuple(arms)
    reasons = {arm.label: reason for arm in wanted if (reason := _reason(arm, study, corpora))}
    return tuple(arm for arm in wanted if arm.label not in reasons), reasons


def make_gaze_variants(
    arms: Iterable[Arm],
    study: Study,
    settings: Settings,
    corpora: Corpora,
    gaze: GazeArtefact,
    *,
    progress: bool = True,
) -> None:
    """Make the training data of all arms that see other gaze, unless they are there.

    Parameters
    ----------
    arms
        Arms that the study can have.
    study, settings, corpora, gaze
        The study, with the gaze artefact that its gaze corpus was made from.
    progress
        Show a bar where recordings are read again.

    Raises
    ------
    SettingsError
        An arm changes a gaze setting that does not decide how heatmaps are drawn.
    DataError
        What a control is made from is not in order.
    """
    for arm in arms:
        folder = gaze_data_folder(corpora, arm)
        if folder.is_dir():
            continue
        data = TrainingData.load(corpora.gaze)
        if arm.gaze != MEASURED:
            made = make_control(arm.gaze, data, gaze, arm_settings(settings, arm), study, progress=progress)
        else:
            made = _drawn_again(data, gaze, arm_settings(settings, arm))
        made.save(folder)


def _redrawn(arm: Arm) -> dict[str, object]:
    changed = {name: value for name, value in arm.overrides if name.startswith("gaze.")}
    unfit = sorted(changed.keys() - _DRAWN_BY)
    if unfit:
        raise SettingsError(
            f"arm {arm.label!r} changes {', '.join(unfit)}; an arm may change how heatmaps are drawn "
            f"({', '.join(sorted(_DRAWN_BY))}), the rest is one setting for the whole study"
        )
    return changed


def _drawn_again(data: TrainingData, gaze: GazeArtefact, settings: Settings) -> TrainingData:
    ids, grid = data.sample_ids, (settings.model.patch_grid, settings.model.patch_grid)
    return with_gaze(data, [*gaze_similarity(gaze, ids, grid, gaze.frames_of(ids), settings.gaze)])


def _reason(arm: Arm, study: Study, corpora: Corpora) -> str:
    if arm.method is not None and find_method(arm.method).uses_labels and not has_labels(corpora.gaze):
        return "not available: the study has no CheXpert labels of its reports"
    if arm.gaze != MEASURED and (reason := unavailable_reason(arm.gaze, study)):
        return reason
    weights = dict(arm.overrides).get("model.start_weights")
    if weights and not (REPOSITORY / Path(str(weights)).expanduser()).is_file():
        return f"not available: no file {Path(str(weights)).name}"
    return ""
