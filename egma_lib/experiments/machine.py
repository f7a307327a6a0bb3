"""What computes here: names of processor and GPUs, nothing that names the machine or its user."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path


def processor_name() -> str:
    """Return the processor's name as its maker gives it."""
    about = Path("/proc/cpuinfo")
    if about.exists():
        for line in about.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def gpu_names() -> list[str]:
    """Return the names of NVIDIA's GPUs, without taking memory on any; empty where there is no driver."""
    if shutil.which("nvidia-smi") is None:
        return []
    query = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    done = subprocess.run(query, capture_output=True, text=True, check=False)
    return done.stdout.splitlines() if done.returncode == 0 else []


def machine_name(device: str) -> str:
    """Return what a speed is measured on: the first GPU for `cuda`, processor and cores for `cpu`."""
    if device == "cuda":
        import torch

        # The driver's tool first: asking PyTorch takes memory on the card.
        return (gpu_names() or [torch.cuda.get_device_name(0)])[0].strip()
    return f"{processor_name()}, {os.cpu_count()} cores"
