"""Finished models of any make behind the interface that evaluation uses."""

from __future__ import annotations

import importlib
import math
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from egma_lib.artefacts import content_hash
from egma_lib.code_behind import code_behind
from egma_lib.errors import DataError, SettingsError
from egma_lib.models.dual_encoder import ImageFeatures, TextFeatures

if TYPE_CHECKING:
    from collections.abc import Sequence

TRIAL_TEXTS = ("No acute finding.", "There is a pleural effusion.")
"""Texts that a model is tried on before anything is scored."""


class ImageTextModel(Protocol):
    """What a finished model needs; a method `encode_patches` of the same kind is optional.

    Features may have any length: evaluation scales each vector to unit length, and nothing else is scaled.
    The linear probe alone takes what `encode_image` returns as it is. Gradients are off while a model is
    asked. One that is an `nn.Module` is put into evaluation mode and moved to the device of the settings;
    any other object gets tensors of the CPU and sees to its own mode and device.
    """

    def encode_image(self, images: Tensor) -> Tensor:
        """Return one feature per image, shape (b, d).

        Parameters
        ----------
        images
            float32, shape (b, 3, S, S) with S = `data.image_size`: the film padded to a square, grey values
            in 0-1 minus `data.pixel_mean`, divided by `data.pixel_std`, the same in all three channels.
        """

    def encode_text(self, texts: list[str]) -> Tensor:
        """Return one feature per text, shape (k, d), in the space of the image features."""


class ImageTextModelWithPatches(ImageTextModel, Protocol):
    """A finished model that also has features of places."""

    def encode_patches(self, images: Tensor) -> Tensor:
        """Return one feature per patch, shape (b, n, d), in the space of the text features.

        n is a square number: the patches of a square grid, row by row from the upper left.
        """


def load_model(reference: str) -> ImageTextModel:
    """Import a module and call its factory without arguments.

    Parameters
    ----------
    reference
        `module:factory`; the module is looked for where Python looks for modules.

    Raises
    ------
    SettingsError
        The reference is not of this form, the module cannot be imported, it has no such factory, or what the
        factory makes lacks `encode_image` or `encode_text`.
    """
    module_name, _, factory_name = reference.partition(":")
    if not module_name or not factory_name:
        raise SettingsError(f"--model {reference!r}: expected module:factory, such as my_model:load")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise SettingsError(
            f"--model {reference!r}: module {module_name!r} cannot be imported ({error}); put its folder on "
            "PYTHONPATH and install what it imports"
        ) from error
    factory = getattr(module, factory_name, None)
    if not callable(factory):
        raise SettingsError(f"--model {reference!r}: {module.__file__} has no function {factory_name!r}")
    model = factory()
    lacking = [name for name in ("encode_image", "encode_text") if not callable(getattr(model, name, None))]
    if lacking:
        raise SettingsError(
            f"--model {reference!r}: {factory_name}() returned a {type(model).__name__} without "
            f"{' and '.join(lacking)}; see docs/extending.md, Bring a finished model"
        )
    return model  # type: ignore[no-any-return]


class ExternalModel(nn.Module):
    """A finished model with the methods that `encode_images` and `encode_prompts` call.

    Without patches every patch feature is NaN, so that no score made of patches can pass for a measured one.

    Parameters
    ----------
    model
        As `adapt_model` has tried it.
    embed_dim
        Width d of its features.
    patch_grid
        Patches per side; None where it has none.
    """

    def __init__(self, model: ImageTextModel, embed_dim: int, patch_grid: int | None) -> None:
        super().__init__()
        self.model = model
        self.embed_dim = embed_dim
        self.patch_grid = patch_grid
        # Evaluation asks the first parameter where images have to be.
        self.place = nn.Parameter(torch.zeros(()), requires_grad=False)

    def encode_images(self, images: Tensor) -> ImageFeatures:
        """Return unit-length patch and global features of normalised pixels, shape (b, 3, S, S)."""
        pooled = self.pooled_features(images)
        if self.patch_grid is None:
            patches = pooled.new_full((len(images), 1, self.embed_dim), math.nan)
        else:
            shape = (len(images), self.patch_grid**2, self.embed_dim)
            patches = _checked("encode_patches", _patches(self.model, images), shape)
        return ImageFeatures(F.normalize(patches, dim=-1), F.normalize(pooled, dim=-1))

    def encode_texts(self, texts: Sequence[str]) -> TextFeatures:
        """Return features of texts, each a sentence of its own."""
        mapped = _checked("encode_text", self.model.encode_text(list(texts)), (len(texts), self.embed_dim))
        return TextFeatures(F.normalize(mapped, dim=-1), mapped)

    def pooled_features(self, images: Tensor) -> Tensor:
        """Return what `encode_image` gives, shape (b, d), as it is."""
        return _checked("encode_image", self.model.encode_image(images), (len(images), self.embed_dim))


@torch.no_grad()
def adapt_model(model: ImageTextModel, image_size: int, device: torch.device) -> ExternalModel:
    """Try a model on two made-up films and two texts, and wrap it.

    Parameters
    ----------
    model
        Finished model.
    image_size
        Pixels per side of the films.
    device
        Where an `nn.Module` is moved to.

    Raises
    ------
    DataError
        A method returns something else than a finite tensor of the promised shape: names the method, what was
        expected and what came.
    """
    place = torch.device("cpu")
    if isinstance(model, nn.Module):
        model.eval().to(device)
        place = device
    images = trial_images(image_size).to(place)
    pooled = _checked("encode_image", model.encode_image(images), (len(images), None))
    embed_dim = pooled.shape[1]
    _checked("encode_text", model.encode_text(list(TRIAL_TEXTS)), (len(TRIAL_TEXTS), embed_dim))
    grid = None
    if callable(getattr(model, "encode_patches", None)):
        patches = _checked("encode_patches", _patches(model, images), (len(images), None, embed_dim))
        grid = math.isqrt(patches.shape[1])
        if grid**2 != patches.shape[1] or grid == 0:
            raise DataError(
                f"encode_patches returned {patches.shape[1]} patches, which is no square grid; drop class "
                "tokens and return the patches row by row"
            )
    adapted = ExternalModel(model, embed_dim, grid).eval()
    return adapted.to(place)


def trial_images(image_size: int) -> Tensor:
    """Return a ramp of grey values and its mirror image, float32, shape (2, 3, image_size, image_size)."""
    ramp = torch.linspace(-1.0, 1.0, image_size**2).reshape(image_size, image_size)
    return torch.stack([ramp, ramp.flip(1)])[:, None].repeat(1, 3, 1, 1)


@torch.no_grad()
def fingerprint(adapted: ExternalModel, reference: str, image_size: int) -> str:
    """Return a short hash of a model: the code of its module and package, and its features of the trial."""
    module = reference.partition(":")[0]
    images = adapted.encode_images(trial_images(image_size).to(adapted.place.device))
    features = [*images, adapted.encode_texts(TRIAL_TEXTS).mapped]
    code = code_behind([module], [module.partition(".")[0]])
    return content_hash(code, reference, *(one.cpu().numpy().tobytes() for one in features), length=8)


def _patches(model: ImageTextModel, images: Tensor) -> Tensor:
    return model.encode_patches(images)  # type: ignore[attr-defined, no-any-return]


def _checked(method: str, features: object, shape: tuple[int | None, ...]) -> Tensor:
    """Return features as float32 if they are finite and have a shape; None stands for any length."""
    expected = f"({', '.join('any' if one is None else str(one) for one in shape)})"
    if not isinstance(features, Tensor):
        raise DataError(
            f"{method} returned a {type(features).__name__}, expected a torch.Tensor of shape {expected}"
        )
    found = tuple(features.shape)
    fits = len(found) == len(shape) and all(
        want in (None, size) for want, size in zip(shape, found, strict=True)
    )
    if not fits:
        what = "texts" if method == "encode_text" else "images"
        raise DataError(
            f"{method} returned shape {found} for {shape[0]} {what}, expected {expected}; image, text and "
            "patch features share one width"
        )
    features = features.detach().float()
    if not torch.isfinite(features).all():
        raise DataError(
            f"{method} returned values that are not finite; check its weights and the pixels it expects"
        )
    return features
