"""The image encoder of docs/extending.md, as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import torch
from tiny_studies import one_step_settings

from egma_lib.models import image_encoders

EXTENDING = Path(__file__).parents[2] / "docs" / "extending.md"


def test_the_documented_encoder_gives_patches_in_order_and_trains(monkeypatch):
    section = EXTENDING.read_text(encoding="utf-8").split("## Add an image encoder")[1].split("\n## ")[0]
    (code,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    names: dict = {}
    exec(code, names)
    known = {**image_encoders.IMAGE_ENCODERS, "plain_conv": names["plain_conv"]}
    monkeypatch.setattr(image_encoders, "IMAGE_ENCODERS", known)
    settings = one_step_settings().model.model_copy(update={"image_encoder": "plain_conv"})
    encoder = image_encoders.build_image_encoder(settings, 32)
    images = torch.zeros(1, 3, 32, 32)
    # Patch 6 of a 4 x 4 grid: second row, third column.
    images[:, :, 8:16, 16:24] = 1
    encoder.eval()
    changed = (encoder(images) - encoder(torch.zeros_like(images))).abs().sum(dim=(0, 2))
    assert encoder.channels == 16
    assert changed.shape == (16,)
    assert changed.argmax() == 6
    encoder.train()(torch.rand(2, 3, 32, 32)).square().sum().backward()
    assert all(torch.isfinite(weight.grad).all() for weight in encoder.parameters())
