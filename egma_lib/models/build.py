"""Building the dual encoder that the settings name."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from egma_lib.errors import SettingsError
from egma_lib.models.checkpoints.start import fill_start_weights
from egma_lib.models.dual_encoder import DualEncoder
from egma_lib.models.image_encoders import build_image_encoder
from egma_lib.models.text_encoder import build_text_encoder
from egma_lib.models.vocabulary import load_tokenizer
from egma_lib.models.weights import load_weights, stored_text_sizes
from egma_lib.settings import ModelSettings, Settings
from egma_lib.study import REPOSITORY

if TYPE_CHECKING:
    from transformers import BertTokenizer

_log = logging.getLogger(__name__)


def build_dual_encoder(
    settings: ModelSettings, tokenizer: BertTokenizer, seed: int, image_size: int
) -> DualEncoder:
    """Return a new dual encoder on the CPU, in training mode.

    Parameters
    ----------
    settings
        Names encoders, weights and sizes.
    tokenizer
        Its vocabulary sizes the text encoder's embedding.
    seed
        Fixes the initialisation; PyTorch's own generator is left as it was.
    image_size
        Side of the square images (pixels).

    Raises
    ------
    SettingsError
        Weights cannot be read or do not fit, or the patch grid does not fit the encoder.
    """
    start = start_weights_file(settings)
    # A converted checkpoint fills the whole image encoder, so weights of its own are not looked for.
    chosen = settings if start is None else settings.model_copy(update={"image_weights": None})
    model = _assemble(chosen, tokenizer, seed, image_size, text_sizes=None)
    if start is not None:
        report = fill_start_weights(model, start, settings)
        _log.info(
            "%s: %d tensors from %s, left out %s, random %s",
            start, report.n_filled, report.source, sorted(report.left_out), sorted(report.random),
        )  # fmt: skip
    return model


def start_weights_file(settings: ModelSettings) -> Path | None:
    """Return the file of `model.start_weights`; a relative path is below the repository.

    Raises
    ------
    SettingsError
        There is no such file: says how to make it, or to do without.
    """
    if settings.start_weights is None:
        return None
    path = REPOSITORY / Path(settings.start_weights).expanduser()
    if not path.is_file():
        raise SettingsError(
            f"model.start_weights {path}: no such file. The paper starts from MedCLIP's published weights: "
            f"convert them with `egma weights convert FILE --source medclip-vit --out {path.name}` "
            "(docs/weights.md); or train a stage 1 here, with --set model.start_weights=null and "
            "training.base.image_passes above 0 (released length: 184750)"
        )
    return path


def _assemble(
    settings: ModelSettings,
    tokenizer: BertTokenizer,
    seed: int,
    image_size: int,
    text_sizes: Mapping[str, Any] | None,
) -> DualEncoder:
    """Return a dual encoder, its text encoder of the sizes given or, with None, of those of the settings."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        image_encoder = build_image_encoder(settings, image_size)
        pad_id = int(tokenizer.pad_token_id or 0)
        text_encoder = build_text_encoder(settings, len(tokenizer), pad_id, text_sizes)
        return DualEncoder(image_encoder, text_encoder, settings.embed_dim, tokenizer, settings.max_tokens)


def load_dual_encoder(run_folder: Path, settings: Settings) -> DualEncoder:
    """Return the trained dual encoder of a run, on the CPU, in evaluation mode.

    Parameters
    ----------
    run_folder
        Folder with `model.safetensors` and `tokenizer/`.
    settings
        Settings that the run was trained with.

    Raises
    ------
    ArtefactError
        Files are missing, or the weights do not fit the model of these settings.
    """
    # The stored weights fill every tensor, so pretrained ones need not be looked for again.
    no_start = {"image_weights": None, "text_weights": None, "start_weights": None}
    blank = settings.model.model_copy(update=no_start)
    tokenizer = load_tokenizer(run_folder / "tokenizer")
    weights = run_folder / "model.safetensors"
    model = _assemble(blank, tokenizer, 0, settings.data.image_size, stored_text_sizes(weights))
    load_weights(model, weights)
    return model.eval()
