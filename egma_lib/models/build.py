"""Building the dual encoder that the settings name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch

from egma_lib.models.dual_encoder import DualEncoder
from egma_lib.models.image_encoders import build_image_encoder
from egma_lib.models.text_encoder import build_text_encoder
from egma_lib.models.vocabulary import load_tokenizer
from egma_lib.models.weights import load_weights
from egma_lib.settings import ModelSettings, Settings

if TYPE_CHECKING:
    from transformers import BertTokenizer


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
        Weights cannot be read, or the patch grid does not fit the encoder.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        image_encoder = build_image_encoder(settings, image_size)
        text_encoder = build_text_encoder(settings, len(tokenizer), int(tokenizer.pad_token_id or 0))
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
    blank = settings.model.model_copy(update={"image_weights": None, "text_weights": None})
    tokenizer = load_tokenizer(run_folder / "tokenizer")
    model = build_dual_encoder(blank, tokenizer, seed=0, image_size=settings.data.image_size)
    load_weights(model, run_folder / "model.safetensors")
    return model.eval()
