"""From a foreign checkpoint to safetensors in the dual encoder's names, with an account of every tensor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from egma_lib.artefacts import atomic_path, content_hash, write_json
from egma_lib.errors import DataError
from egma_lib.models.checkpoints.read import read_checkpoint
from egma_lib.models.checkpoints.sources import AUTO, guess_source, source_by_name, unwrapped, why_not
from egma_lib.models.checkpoints.table import Ignored, Renamed, Source

FORMAT = "egma-start-weights-1"
BERT_BASE_WORDS = 28996
"""Words of Bio_ClinicalBERT's vocabulary, which all the sources with a BERT start from."""


@dataclass(frozen=True)
class ConversionReport:
    """What became of every tensor.

    Attributes
    ----------
    source
        Name of the source.
    file, file_hash
        The foreign file's name and the start of its SHA-256.
    n_in_file, n_taken, n_written
        Tensors in the file, taken over from it, and written (a fused one becomes several).
    ignored
        Names of the file left behind, each with the reason.
    beside
        What else the file held; never used.
    stays_random
        Names of the dual encoder that the file does not fill, each with the reason.
    settings
        Settings of the model that the converted file starts.
    differences
        What the source's own model does otherwise with the same weights.
    """

    source: str
    file: str
    file_hash: str
    n_in_file: int
    n_taken: int
    n_written: int
    ignored: Mapping[str, str]
    beside: tuple[str, ...]
    stays_random: Mapping[str, str]
    settings: Mapping[str, str]
    differences: tuple[str, ...]


def convert_checkpoint(path: Path, source_name: str, out: Path) -> ConversionReport:
    """Write the weights of a published checkpoint in the dual encoder's names, and the report beside them.

    Parameters
    ----------
    path
        The published file.
    source_name
        Name in `SOURCES`, or `auto`.
    out
        File to write, ending in .safetensors; the report takes its name with .json.

    Raises
    ------
    SettingsError
        The source is unknown.
    DataError
        The file cannot be read, or a tensor of it or of the model is unaccounted for.
    """
    if out.suffix != ".safetensors":
        raise DataError(f"{out}: the converted file is safetensors; give it a name ending in .safetensors")
    wanted = None if source_name == AUTO else source_by_name(source_name)
    checkpoint = read_checkpoint(path)
    names = list(checkpoint.tensors)
    source = wanted or guess_source(names, str(path))
    tensors = dict(zip(unwrapped(names, source.wrapper), checkpoint.tensors.values(), strict=True))
    lacking = [mark for mark in source.marks if mark not in tensors]
    if lacking:
        raise DataError(
            f"{path} is no {source.name} checkpoint: it lacks {', '.join(lacking)}; {why_not(names)}"
        )
    written, ignored = convert_tensors(source, tensors, expected_shapes(source), str(path))
    report = ConversionReport(
        source=source.name,
        file=path.name,
        file_hash=content_hash(path),
        n_in_file=len(tensors),
        n_taken=len(tensors) - len(ignored),
        n_written=len(written),
        ignored=ignored,
        beside=checkpoint.beside,
        stays_random=source.stays_random,
        settings=settings_of(source, out),
        differences=source.differences,
    )
    _write(written, source, out)
    write_json(out.with_suffix(".json"), asdict(report))
    return report


def convert_tensors(
    source: Source, tensors: Mapping[str, Tensor], expected: Mapping[str, tuple[int, ...]], file: str
) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return the tensors under the dual encoder's names, and the ignored names with their reasons.

    Parameters
    ----------
    source
        Whose table of names to use.
    tensors
        Tensors by the file's names.
    expected
        Shape of every tensor of the model to fill, by the dual encoder's names.
    file
        Named in errors.

    Raises
    ------
    DataError
        A tensor of the file is in no row of the table, one of the model is not filled and not listed as
        staying random, two would fill the same, or shapes differ: lists them.
    """
    written: dict[str, Tensor] = {}
    ignored: dict[str, str] = {}
    problems: list[str] = []
    for name, values in tensors.items():
        targets = [(row.new_name(name), row) for row in source.rows if isinstance(row, Renamed)]
        taken = [(new_name, row) for new_name, row in targets if new_name is not None]
        reason = next(
            (row.reason for row in source.rows if isinstance(row, Ignored) and row.matches(name)), None
        )
        if not taken and reason is None:
            problems.append(f"unmatched {name} {tuple(values.shape)}")
        elif not taken:
            ignored[name] = str(reason)
        for new_name, row in taken:
            if new_name in written:
                problems.append(f"{name} would fill {new_name}, which another tensor fills")
            written[new_name] = row.change(values) if row.change else values
    problems += _misfits(source, written, expected)
    if problems:
        raise DataError(
            f"{file} is not the {source.name} checkpoint that the suite knows, nothing is converted:\n  "
            + "\n  ".join(problems)
        )
    return written, ignored


def _misfits(
    source: Source, written: Mapping[str, Tensor], expected: Mapping[str, tuple[int, ...]]
) -> list[str]:
    """Return what of the model is not filled, not known or of another shape."""
    problems = [
        f"missing {name} {shape}"
        for name, shape in expected.items()
        if name not in written and reason_to_stay_random(source, name) is None
    ]
    problems += [
        f"unknown {name} {tuple(values.shape)}: the model has no such part"
        for name, values in written.items()
        if name not in expected
    ]
    problems += [
        f"{name} has shape {tuple(values.shape)}, expected {expected[name]}"
        for name, values in written.items()
        if name in expected and tuple(values.shape) != tuple(expected[name])
    ]
    return problems


def reason_to_stay_random(source: Source, name: str) -> str | None:
    """Return why the source does not fill a tensor of the dual encoder, or None where it must."""
    for listed, reason in source.stays_random.items():
        if name == listed or (listed.endswith(".") and name.startswith(listed)):
            return reason
    return None


def expected_shapes(source: Source) -> dict[str, tuple[int, ...]]:
    """Return the shape of every tensor of the full-size model that a source fills, without using memory."""
    from transformers import BertConfig, BertModel

    from egma_lib.models.image_encoders import IMAGE_ENCODERS
    from egma_lib.settings import ModelSettings

    grid = 7 if source.image_encoder in ("swin_t", "resnet50") else 14
    settings = ModelSettings.model_validate({"image_encoder": source.image_encoder, "patch_grid": grid})
    with torch.device("meta"):
        image_encoder = IMAGE_ENCODERS[source.image_encoder](settings, 224)
        config = BertConfig(vocab_size=BERT_BASE_WORDS, num_hidden_layers=max(source.text_layers, 1))
        bert = BertModel(config, add_pooling_layer=False)
    shapes = {f"image_encoder.{name}": tuple(v.shape) for name, v in image_encoder.state_dict().items()}
    shapes |= {f"text_encoder.bert.{name}": tuple(v.shape) for name, v in bert.state_dict().items()}
    shapes |= {"image_projection.weight": (512, image_encoder.channels), "text_projection.weight": (512, 768)}
    return shapes | {"log_logit_scale": ()}


def settings_of(source: Source, out: Path) -> dict[str, str]:
    """Return the settings of a model that starts from the converted file."""
    grid = "7" if source.image_encoder in ("swin_t", "resnet50") else "14 (or 7, averaged)"
    settings = {
        "model.start_weights": str(out),
        "model.image_encoder": source.image_encoder,
        "model.patch_grid": grid,
        "data.image_size": "224",
    }
    if source.text_layers:
        settings["model.text_encoder"] = "bert"
        settings["model.text_weights"] = "emilyalsentzer/Bio_ClinicalBERT (or its folder, for the vocabulary)"
        settings["model.text_layers"] = f"{source.text_layers} (or fewer)"
    if "image_projection.weight" not in source.stays_random:
        settings["model.embed_dim"] = "512"
    return settings


def _write(tensors: Mapping[str, Tensor], source: Source, out: Path) -> None:
    from safetensors.torch import save_file

    # Tensors of a checkpoint may share memory, which safetensors does not store.
    own = {name: values.clone(memory_format=torch.contiguous_format) for name, values in tensors.items()}
    metadata = {"format": FORMAT, "source": source.name}
    with atomic_path(out) as temporary:
        save_file(own, temporary, metadata=metadata)
