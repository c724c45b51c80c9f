"""Training in bfloat16: what gains from it computes in it, everything else stays in float32."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from importlib.util import find_spec
from types import TracebackType
from typing import Any, cast

import torch
from torch import Tensor, nn

from throughtime.kernels.packing import core, target
from throughtime.kernels.reference.diagonal import DiagonalCell
from throughtime.layers import Recurrent, explain

__all__ = ["HalfPrecision", "remarks"]

Forward = Callable[..., Any]

_ROWS = ("lengths", "resets", "mask")
"""What a call says of its rows."""


class HalfPrecision(AbstractContextManager[None]):
    """While it is entered, the products of a network are in bfloat16; what leaves them is float32 again.

    That is mixed precision with bfloat16 (Kalamkar et al. 2019), module by module: linear maps always, a recurrent
    layer where its kernel gains from it and keeps its sums in float32. Weights, optimizer, norms, softmax, losses and
    the state that is carried from call to call stay in float32. On a GPU the layers that the Triton sweep runs gain,
    for cuDNN is no faster in bfloat16 than in float32; on a CPU that multiplies bfloat16 those that oneDNN runs: plain
    LSTMs over full rows. A cell whose units see no other unit stays in float32 everywhere: a decay of 0.999 has no
    place between bfloat16's 0.996 and 1.

    Args:
        network: its parameters are float32 and stay so. Nothing is left in it outside of the context.

    Source: Kalamkar et al. 2019, "A study of bfloat16 for deep learning training".

    Example:
        >>> network, x = nn.Linear(64, 1), torch.full((1, 64), 1 + 2.0**-12)
        >>> exact = network(x)
        >>> with HalfPrecision(network):
        ...     rounded = network(x)
        >>> rounded.dtype, bool(rounded == exact), network.weight.dtype
        (torch.float32, False, torch.float32)
    """

    def __init__(self, network: nn.Module) -> None:
        self._modules = [module for module in network.modules() if isinstance(module, nn.Linear | Recurrent)]
        self._device = next(network.parameters()).device.type
        # Inside of one context autocast casts each weight once, however often its layer is called.
        self._outer = torch.autocast(self._device, dtype=torch.bfloat16, enabled=False)

    def __enter__(self) -> None:
        self._outer.__enter__()
        for module in self._modules:
            object.__setattr__(module, "forward", _narrowed(module, self._device))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for module in self._modules:
            object.__delattr__(module, "forward")
        self._outer.__exit__(kind, error, trace)


def _narrowed(module: nn.Module, device: str) -> Forward:
    """The module's forward pass in bfloat16 where that gains."""
    forward = module.forward

    def run(*args: Any, **kwargs: Any) -> Any:
        with torch.autocast(device, dtype=torch.bfloat16):
            if not isinstance(module, Recurrent) or _gains(module, args[0], kwargs):
                return _widened(forward(*args, **kwargs))
        return forward(*args, **kwargs)

    return run


def _gains(layer: Recurrent, x: Tensor, told: Mapping[str, Any]) -> bool:
    """Whether a call runs on a kernel that is faster in bfloat16, and sums in float32; autocast is on."""
    if isinstance(layer.cell, DiagonalCell):
        return False
    if x.is_cuda:
        return explain(layer, x, **{name: told[name] for name in _ROWS if name in told}).kernel == "triton"
    ragged = any(told.get(name) is not None for name in _ROWS)
    several = x.dim() == 3 and x.shape[1 if layer.batch_first else 0] > 1
    return several and not ragged and _suits_onednn(layer)


def _suits_onednn(layer: Recurrent) -> bool:
    """Whether oneDNN trains a layer in bfloat16, as far as its options tell."""
    kept = layer.recurrent_dropout or layer.recompute
    return layer.cell.name == "lstm" and layer.bare and not kept and _multiplies_bfloat16()


def _multiplies_bfloat16() -> bool:
    """Whether the processor has such instructions, as far as the core knows."""
    return core() is not None and target() == "avx512bf16"


def _widened(value: Any) -> Any:
    """Results with every bfloat16 tensor in float32."""
    if isinstance(value, Tensor):
        return value.float() if value.dtype == torch.bfloat16 else value
    if isinstance(value, tuple):
        return tuple(_widened(part) for part in value)  # pyright: ignore[reportUnknownVariableType]
    return value


def remarks(network: nn.Module) -> list[str]:
    """What is to be known of training a network in bfloat16 where it is: which recurrent layers stay in float32.

    Args:
        network: on its device.

    Returns:
        Sentences, none where all of it gains.

    Example:
        >>> from throughtime.layers import LRU
        >>> remarks(nn.ModuleDict({"recurrent": LRU(3, 4)}))[-1]
        'recurrent stays in 32: decays near 1 have no place in bfloat16'
    """
    on_cpu = next(network.parameters()).device.type == "cpu"
    modules = cast("Iterator[tuple[str, nn.Module]]", network.named_modules())
    layers = {name: module for name, module in modules if isinstance(module, Recurrent)}
    exact = [name for name, layer in layers.items() if isinstance(layer.cell, DiagonalCell)]
    others = [name for name in layers if name not in exact]
    whole = [name for name in others if on_cpu and _suits_onednn(layers[name])]
    said: list[str] = []
    if on_cpu and not _multiplies_bfloat16():
        said.append("bf16 makes nothing faster here: this processor is not known to multiply bfloat16")
    elif on_cpu:
        kept = [name for name in others if name not in whole]
        said += _stays(kept, "on a CPU only plain LSTM layers over full rows are faster in bf16")
        said += _stays(whole, "on a CPU only full rows are faster in bf16", " over rows of several lengths")
    elif find_spec("triton") is None:
        said += _stays(others, "without triton nothing on a GPU is faster in bf16: pip install 'throughtime[gpu]'")
    return said + _stays(exact, "decays near 1 have no place in bfloat16")


def _stays(names: list[str], why: str, where: str = "") -> list[str]:
    return [f"{' and '.join(names)} {'stay' if len(names) > 1 else 'stays'} in 32{where}: {why}"] if names else []
