"""`egma evaluate`: a finished model in every table and figure, without training."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from egma_lib.commands.options import DataRoot, Overrides, Profile

if TYPE_CHECKING:
    from egma_lib.experiments.corpora import Corpora
    from egma_lib.experiments.external_runs import External
    from egma_lib.gaze.artefact import GazeArtefact
    from egma_lib.settings import Settings
    from egma_lib.study import Study

EVALUATE_EXAMPLES = """
Examples:

  PYTHONPATH=. egma evaluate --model my_model:load --profile smoke --results results/my_model --prepare

  egma evaluate --model my_model:load --name "My model" --profile paper --data-root /data/cxr

  egma evaluate --model my_model:load --results results/narrow --set gaze.sigma_deg=0.5

docs/extending.md, section "Bring a finished model", has a worked example.
"""


def evaluate(
    model: Annotated[str, typer.Option(metavar="MODULE:FACTORY", help="Function that makes the model.")],
    name: Annotated[str, typer.Option(help="Name in tables and figures; empty is the function's.")] = "",
    score: Annotated[
        str, typer.Option(help="Score that the model trains: global, or fine_grained with patches.")
    ] = "global",
    profile: Profile = "phantom",
    data_root: DataRoot = "",
    results: Annotated[
        str,
        typer.Option(
            metavar="DIR",
            help="Results folder: that of a run puts its trained arms beside the model, a new one has none. "
            "Empty is results/<profile>, as for the runner.",
        ),
    ] = "",
    prepare: Annotated[
        bool,
        typer.Option(
            "--prepare",
            help="First make the gaze, films and sentences that grounding needs, as notebooks 01 and 02 do.",
        ),
    ] = False,
    linear_probe: Annotated[
        bool, typer.Option(help="Make Table 1; it decodes all training films of CheXpert, RSNA and SIIM.")
    ] = True,
    overrides: Overrides = None,
) -> None:
    """Score a finished model on every test set and write its tables and figures; nothing is trained.

    They go to external/<name>/ of the results folder, beside rows that know nothing and the trained arms of
    that folder, as far as there are some. Whether the model has seen test films in its own training is not
    checked.
    """
    from egma_lib.experiments.external_runs import evaluate_external, prepare_evaluation
    from egma_lib.settings import load_settings
    from egma_lib.study import open_study

    settings = load_settings(profile, overrides)
    study = open_study(settings, data_root, results)
    external = _load(model, name, score, settings)
    corpora, gaze = prepare_evaluation(study, settings, gaze=prepare)
    evaluate_external(external, study, settings, corpora)
    for line in (
        *_write_tables(external, study, settings, corpora, gaze, linear_probe),
        *_write_figures(external, study, settings, corpora, gaze),
        "report.html: notebook 06 puts these tables and figures there (./run_all.sh --only 06 --force)",
    ):
        typer.echo(line)


def _load(reference: str, name: str, score: str, settings: Settings) -> External:
    from egma_lib.evaluation.external_model import adapt_model, fingerprint, load_model
    from egma_lib.experiments.external_runs import External, require_own_label
    from egma_lib.training.device import choose_device

    adapted = adapt_model(load_model(reference), settings.data.image_size, choose_device(settings))
    model_hash = fingerprint(adapted, reference, settings.data.image_size)
    external = External(name or reference.partition(":")[2], adapted, model_hash, score)
    require_own_label(external, settings)
    return external


def _write_tables(
    external: External,
    study: Study,
    settings: Settings,
    corpora: Corpora,
    gaze: GazeArtefact | None,
    linear_probe: bool,
) -> Iterator[str | Path]:
    """Write every table and yield its Markdown file, or the line that says why there is none."""
    from egma_lib.experiments.external_probe import has_probe_sets
    from egma_lib.experiments.external_runs import evaluated_arms
    from egma_lib.experiments.grounding_inputs import load_grounding_inputs
    from egma_lib.report import external_tables as made
    from egma_lib.report.table_files import write_table

    folder = external.results(study).folder("tables")
    arms = evaluated_arms(study, settings, corpora)
    tables = made.external_tables(external, arms, study, settings, corpora)
    if not linear_probe:
        yield "table_1_linear_probe: not made (--no-linear-probe)"
    elif not has_probe_sets(study):
        yield "table_1_linear_probe: not available, none of CheXpert's train.csv, RSNA and SIIM is there"
    else:
        trained = [arm for arm, _ in arms]
        tables.append(made.external_probe_table(external, trained, study, settings, corpora))
    if gaze is None:
        yield "grounding: not available without gaze; give --prepare, or run notebooks 01 and 02"
    else:
        inputs = load_grounding_inputs(study, settings, corpora, gaze)
        tables.append(made.external_grounding_table(external, arms, study, settings, inputs))
    for table in tables:
        yield write_table(table, folder, study.kind, study.title_note)[1]


def _write_figures(
    external: External, study: Study, settings: Settings, corpora: Corpora, gaze: GazeArtefact | None
) -> Iterator[str | Path]:
    """Save every figure and yield its png file, or the line that says why there is none."""
    from egma_lib.datasets.gaze_corpus import load_study_gaze_corpus
    from egma_lib.figures.external_figures import external_attention, external_tsne
    from egma_lib.figures.style import save_figure

    folder = external.results(study).folder("figures")
    figure, points = external_tsne(external, settings, corpora, study.title_note)
    yield save_figure(figure, folder, "figure_4_tsne", points)[0]
    if not external.has_patches:
        yield f"figure_3_attention: not available, {external.label} has no patch features"
    elif gaze is None:
        yield "figure_3_attention: not available without gaze; give --prepare, or run notebooks 01 and 02"
    else:
        corpus = load_study_gaze_corpus(study, gaze, settings.data.validation_share)
        figure, values = external_attention(external, settings, corpora, gaze, corpus, study.title_note)
        yield save_figure(figure, folder, "figure_3_attention", values)[0]
