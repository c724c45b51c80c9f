"""The weights of a run, and the checkpoint from which training goes on bit for bit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol, cast

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file  # pyright: ignore[reportUnknownVariableType]
from torch import Tensor, nn

from throughtime.doors import option
from throughtime.errors import CheckpointError
from throughtime.training.files import write_json, writing
from throughtime.training.seal import Seal, seal_metadata, signed, stamp

__all__ = [
    "Checkpoint",
    "Position",
    "capture",
    "load_weights",
    "read_checkpoint",
    "read_tensors",
    "restore",
    "save_weights",
    "weights_of",
    "write_checkpoint",
]


class Optimizer(Protocol):
    """What a checkpoint needs of an optimizer."""

    state: Any
    """For each parameter its tensors by name."""


@dataclass(slots=True, kw_only=True)
class Position:
    """Where training is: all that is not a tensor."""

    step: int = 0
    """Optimizer steps done; with the seed, it fixes what is read next."""
    tokens: int = 0
    """Tokens scored so far."""
    seconds: float = 0.0
    """Time spent training."""
    best: dict[str, float] = field(default_factory=dict[str, float])
    """Metrics of the best validation."""
    stale: int = 0
    """Validations since the best one."""
    status: str = "running"
    """How the last call ended, or "running"."""
    content_key: str = ""
    """Key of the data."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """All that training needs to go on."""

    tensors: Mapping[str, Tensor]
    """Weights, optimizer, generators and lane state, by name."""
    position: Position
    """Counters."""


def weights_of(module: nn.Module) -> dict[str, Tensor]:
    """Give the module's parameters and buffers by name, each once even where two names share it.

    Args:
        module: whose weights.

    Returns:
        The tensors themselves, detached.
    """
    named = dict(module.named_parameters()) | dict(module.named_buffers())
    return {name: tensor.detach() for name, tensor in named.items()}


def save_weights(path: Path, module: nn.Module, seal: Seal | None = None) -> None:
    """Write the module's weights as safetensors, whole or not at all.

    Args:
        path: where.
        module: whose weights.
        seal: what they go with; None where they go with nothing.

    Raises:
        TrainingError: it cannot be written.
    """
    _save_tensors(path, weights_of(module), {}, seal)


def load_weights(path: Path, module: nn.Module) -> None:
    """Read weights into a module.

    Args:
        path: a file of :func:`save_weights`.
        module: takes the weights, in place.

    Raises:
        CheckpointError: the file is missing, damaged, or of another network.
    """
    tensors, _ = read_tensors(path)
    _copy_all(path, tensors, weights_of(module))


def _save_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: dict[str, str], seal: Seal | None) -> None:
    with writing(path) as beside:
        more = seal_metadata(seal) if seal else {}
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, beside, metadata | more)
        if seal:
            stamp(beside)


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read a safetensors file.

    Args:
        path: the file.

    Returns:
        (tensors by name, on the CPU; metadata).

    Raises:
        CheckpointError: the file is missing, corrupt or truncated.
    """
    try:
        with cast(Any, safe_open(path, framework="pt")) as opened:
            # Cloned, for what is opened is mapped from a file that will be replaced.
            tensors: dict[str, Tensor] = {name: opened.get_tensor(name).clone() for name in opened.keys()}  # noqa: SIM118
            metadata: dict[str, str] = opened.metadata() or {}
            return tensors, metadata
    except FileNotFoundError:
        raise CheckpointError(f"{path} is missing, so {path.parent} is not a whole run") from None
    except (OSError, SafetensorError, ValueError) as error:
        raise CheckpointError(f"{path} is corrupt or truncated: {error}; nothing was changed") from None


def _copy_all(path: Path, tensors: Mapping[str, Tensor], targets: Mapping[str, Tensor]) -> None:
    """Copy tensors into those of the same names, once all names and shapes are seen to fit."""
    given = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    wanted = {name: tuple(tensor.shape) for name, tensor in targets.items()}
    if given != wanted:
        name = next(name for name in given.keys() | wanted.keys() if given.get(name) != wanted.get(name))
        there, here = given.get(name, "missing"), wanted.get(name, "not known")
        raise CheckpointError(f"{path} is of another network: {name} is {there} there and {here} here")
    for name, target in targets.items():
        target.copy_(tensors[name])


def capture(
    module: nn.Module, optimizer: Optimizer, state: tuple[Tensor, ...], device: torch.device
) -> dict[str, Tensor]:
    """Gather all tensors that decide how training goes on.

    Args:
        module: the trained network.
        optimizer: its optimizer, over ``module.parameters()``.
        state: the lanes' state, carried to the next step.
        device: device that trains.

    Returns:
        Tensors by name.
    """
    tensors = {f"weights/{name}": tensor for name, tensor in weights_of(module).items()}
    for name, parameter in module.named_parameters():
        for key, value in optimizer.state.get(parameter, {}).items():
            tensors[f"optimizer/{name}/{key}"] = value
    tensors |= {f"state/{index}": part.clone() for index, part in enumerate(state)}
    tensors["generator/cpu"] = torch.get_rng_state()
    if device.type == "cuda":
        tensors["generator/cuda"] = torch.cuda.get_rng_state(device)
    return tensors


def restore(
    path: Path, tensors: Mapping[str, Tensor], module: nn.Module, optimizer: Optimizer, device: torch.device
) -> tuple[Tensor, ...]:
    """Put captured tensors back.

    Args:
        path: where they come from, for messages.
        tensors: what :func:`capture` gave.
        module: takes the weights.
        optimizer: takes its state.
        device: device that trains.

    Returns:
        The lanes' state.

    Raises:
        CheckpointError: the tensors are of another network or kind of device.
    """
    _copy_all(path, _under("weights/", tensors), weights_of(module))
    for name, parameter in module.named_parameters():
        for key, value in _under(f"optimizer/{name}/", tensors).items():
            # AdamW keeps its step count where the weights are only when fused; the saved tensor tells the dtype.
            optimizer.state[parameter][key] = value.to(device)
    if ("generator/cuda" in tensors) != (device.type == "cuda"):
        raise CheckpointError(
            f"{path} is from another kind of device than {device}: resume on the same with {option('device')}"
        )
    torch.set_rng_state(tensors["generator/cpu"])
    if device.type == "cuda":
        torch.cuda.set_rng_state(tensors["generator/cuda"], device)
    state = _under("state/", tensors)
    return tuple(state[str(index)].to(device) for index in range(len(state)))


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def write_checkpoint(path: Path, checkpoint: Checkpoint, seal: Seal | None = None) -> None:
    """Write a checkpoint; one rename commits tensors and counters together.

    Args:
        path: the ``.safetensors`` file; a readable copy of the counters goes beside it as ``.json``.
        checkpoint: what to write.
        seal: what it goes with; None where it goes with nothing.

    Raises:
        TrainingError: it cannot be written; the checkpoint before it is untouched.
    """
    position = asdict(checkpoint.position)
    _save_tensors(path, checkpoint.tensors, {"position": json.dumps(position)}, seal)
    write_json(path.with_suffix(".json"), signed({**position, "run": seal.run}) if seal else position)


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Args:
        path: the ``.safetensors`` file.

    Returns:
        What :func:`write_checkpoint` wrote.

    Raises:
        CheckpointError: the file is missing, corrupt, truncated or no checkpoint.
    """
    tensors, metadata = read_tensors(path)
    try:
        position: dict[str, Any] = json.loads(metadata["position"])
        return Checkpoint(tensors, Position(**position))
    except (KeyError, TypeError, ValueError):
        raise CheckpointError(f"{path} is not a checkpoint of a training run; nothing was changed") from None
