"""What the weights of a run go with, as their seal says it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import torch

from throughtime.tasks.run_config import RunConfig
from throughtime.training.checkpoint import weights_of
from throughtime.training.seal import Seal, digest_of

__all__ = ["seal_of", "which_run"]


def which_run(config: RunConfig, job: Any, max_minutes: float | None) -> str:
    """Name a run by all that decides what becomes of it, so that the same run made again has the same name.

    Args:
        config: what the run is made of.
        job: what is trained; its weights are the first ones.
        max_minutes: the time that training may take, or None.

    Returns:
        32 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for name, tensor in sorted(weights_of(job.module).items()):
        digest.update(name.encode())
        digest.update(tensor.cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    made = [config.task, config.options.to_mapping(), job.content_key, max_minutes]
    digest.update(json.dumps(made, sort_keys=True).encode())
    return digest.hexdigest()[:32]


def seal_of(config: RunConfig, job: Any, folder: Path) -> Seal:
    """Say what the weights of a run go with.

    Args:
        config: what the run is made of.
        job: what is trained.
        folder: the run; the files that its network is opened with are there.

    Returns:
        The seal.
    """
    options = config.options
    fixed = {name: value for name, value in options.to_mapping().items() if name not in options.TRAINING_ONLY}
    # Of what a task leaves beside the weights it reads the JSON again; the rest is for people.
    files = [name for name in job.artifacts if name.endswith(".json")]
    return Seal(
        run=config.run,
        task=config.task,
        options=fixed,
        files={name: digest_of((folder / name).read_bytes()) for name in files},
        about=job.about,
    )
