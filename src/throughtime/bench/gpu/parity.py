"""One variant against the reference in float64, and against ``torch.nn`` where it has the same layer."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Generator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from throughtime.bench.gpu.variants import DTYPES, TINY, Variant, layer_of
from throughtime.kernels import requests
from throughtime.kernels.dispatch import KERNELS, use_kernel
from throughtime.layers import Recurrent, explain

__all__ = ["LIMITS", "anywhere", "check", "tf32"]

STEPS, FEW, INPUTS = 24, 5, 20
"""T, of which a stream replays the last, that of tiny variants, and I."""
SEED = 7

LIMITS = {"float32": 2e-5, "tf32": 2e-3, "bfloat16": 2e-2, "float16": 3e-3}
"""Largest relative error of each result by type: about four times what cuDNN has over 256 steps on an H200."""
STREAMED = 4
"""How many times as large that of a stream in a narrow type may be: its state is rounded to the type at every step."""
BESIDE = 1.5
"""How many times the error of ``torch.nn`` ours may be; both vary with the order of sums."""

Results = dict[str, Tensor]
"""Output, final states and gradients by name, in float64 on the CPU."""


@contextmanager
def tf32(on: bool) -> Generator[None]:
    """Products of float32 may, or may not, be rounded to tf32, in cuDNN and in cuBLAS.

    Args:
        on: whether they may.
    """
    before = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = on
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = before


def check(variant: Variant, device: torch.device) -> dict[str, Any]:
    """Run a variant on the kernel that is chosen for it, and on the sweep for GPUs too, and compare all they give.

    Args:
        variant: what is run.
        device: where.

    Returns:
        The variant's values by factor, and ``kernel`` (the chosen one first), ``error`` (the largest relative error),
        ``of`` (which result it is of), ``limit``, ``beside`` (the error of ``torch.nn``, or None), ``right``; or
        ``failed``, what was raised. ``warned`` is what cuDNN and others had to say.
    """
    told: dict[str, Any] = {**asdict(variant), "limit": _limit(variant), "right": False}
    try:
        with tf32(variant.dtype == "tf32"), warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            found = _compared(variant, device)
        return told | found | {"warned": list(dict.fromkeys(str(each.message) for each in warned))}
    except Exception as error:  # whatever it is, it is what the variant does
        return told | {"failed": f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"}


def _limit(variant: Variant) -> float:
    narrow = variant.call == "stream" and variant.dtype in ("bfloat16", "float16")
    return LIMITS[variant.dtype] * (STREAMED if narrow else 1)


def _compared(variant: Variant, device: torch.device) -> dict[str, Any]:
    torch.manual_seed(SEED)
    layer, dtype = layer_of(variant, INPUTS).to(device, DTYPES[variant.dtype]), DTYPES[variant.dtype]
    steps = FEW if variant.size == TINY and variant.call != "stream" else STEPS
    x = torch.randn(steps, variant.sizes[0], INPUTS).to(device, dtype)
    told = _told(variant, steps)
    run = _streamed if variant.call == "stream" else _trained
    with use_kernel("reference"):
        exact = run(copy.deepcopy(layer).to("cpu", torch.float64), x.to("cpu", torch.float64), told, False)
    found: dict[str, tuple[float, str]] = {}
    for kernel, forced in _kernels(variant, layer, x, told).items():
        with use_kernel(kernel) if forced else nullcontext():
            found[kernel] = _worst(run(layer, x, told, variant.call == "compiled"), exact)
    error, where = max(found.values())
    beside = _beside(variant, layer, x, told, exact)
    fits = error <= _limit(variant)
    return {
        "kernel": ", ".join(found),
        "error": error,
        "of": where,
        "beside": beside,
        "right": fits and (beside is None or error <= max(BESIDE * beside, LIMITS["float32"])),
    }


def _kernels(variant: Variant, layer: Recurrent, x: Tensor, told: Mapping[str, Any]) -> dict[str, bool]:
    """What runs it by itself, and the sweep for GPUs, which is forced, where it serves; compiled, the first may differ.

    Triton's interpreter does not multiply bfloat16.
    """
    if variant.call == "stream":
        return {layer.stream(variant.sizes[0]).kernel.kernel: False}
    found = explain(layer, x, **_on(told, x))
    interpreted = x.dtype == torch.bfloat16 and not x.is_cuda
    serves = found.kernel != "triton" and "triton" not in found.refused and not interpreted
    return {found.kernel: False, **({"triton": True} if serves else {})}


@contextmanager
def anywhere() -> Generator[None]:
    """The sweep for GPUs may be asked for on the CPU, where Triton's interpreter runs it; it is not chosen there."""
    before = KERNELS["triton"]
    KERNELS["triton"] = requests._gpu_sweep_refusal  # pyright: ignore[reportPrivateUsage]
    try:
        yield
    finally:
        KERNELS["triton"] = before


def _told(variant: Variant, steps: int) -> dict[str, Any]:
    """What a call says of its rows: some of no step, and states that are cleared here and there."""
    generator = torch.Generator().manual_seed(SEED)
    told: dict[str, Any] = {}
    if variant.rows == "ragged":
        lengths = torch.randint(1, steps + 1, (variant.sizes[0],), generator=generator)
        told["lengths"] = lengths.sort(descending=True).values
    if variant.resets == "some":
        told["resets"] = torch.rand(variant.sizes[0], steps, generator=generator) < 2 / steps
    return told


def _on(told: Mapping[str, Any], x: Tensor) -> dict[str, Any]:
    """The same with the resets where the input is; lengths are read on the CPU."""
    return {name: value.to(x.device) if name == "resets" else value for name, value in told.items()}


def _trained(layer: nn.Module, x: Tensor, told: Mapping[str, Any], compiled: bool) -> Results:
    """Output, states and all gradients of one call, its masks drawn from a seed of its own."""
    x = x.clone().requires_grad_()
    torch.compiler.reset()  # nothing that another variant has compiled
    call = torch.compile(layer, fullgraph=True, backend="aot_eager", dynamic=False) if compiled else layer
    torch.manual_seed(SEED + 1)
    y, state = call(x, **_on(told, x))
    return _results(layer, x, y, state)


def _results(layer: nn.Module, x: Tensor, y: Tensor, state: Any) -> Results:
    given = [y, *_parts(state)]
    generator = torch.Generator().manual_seed(SEED + 2)
    weights = [torch.randn(part.shape, generator=generator).to(part.device, part.dtype) for part in given]
    torch.autograd.backward(given, weights)
    names = ["y", *(f"state {number}" for number in range(len(given) - 1))]
    results: dict[str, Tensor | None] = {**dict(zip(names, given, strict=True)), "gradient of x": x.grad}
    results |= {f"gradient of {name}": each.grad for name, each in layer.named_parameters()}
    layer.zero_grad()
    return {name: each.detach().to("cpu", torch.float64) for name, each in results.items() if each is not None}


def _streamed(layer: Recurrent, x: Tensor, told: Mapping[str, Any], compiled: bool) -> Results:
    """Output and state of as many single steps; in float64 of one pass."""
    layer.eval()
    if x.dtype == torch.float64:
        with torch.no_grad():
            y, state = layer(x)
    else:
        stream = layer.stream(x.shape[1])
        y, state = torch.stack([stream.step(each) for each in x]), stream.state
    results = {"y": y, **{f"state {number}": part for number, part in enumerate(_parts(state))}}
    return {name: each.to("cpu", torch.float64) for name, each in results.items()}


def _parts(state: Any) -> list[Tensor]:
    return list(cast("tuple[Tensor, ...]", state)) if isinstance(state, tuple) else [state]


def _worst(ours: Results, exact: Results) -> tuple[float, str]:
    """The largest relative error, by the norms of all of a result, and of which."""
    assert ours.keys() == exact.keys(), f"{sorted(ours.keys() ^ exact.keys())} are given by one alone"
    return max((_error(ours[name], exact[name]), name) for name in ours)


def _error(ours: Tensor, exact: Tensor) -> float:
    difference, size = (each.square().sum().sqrt().item() for each in (ours - exact, exact))
    if not difference < float("inf"):  # NaN, too
        return float("inf")
    return difference / size if size else (0.0 if difference == 0 else float("inf"))


def _beside(variant: Variant, layer: Recurrent, x: Tensor, told: Mapping[str, Any], exact: Results) -> float | None:
    """The largest error of ``torch.nn``'s layer with the same weights, where it has one."""
    known = variant.cell in ("lstm", "gru", "rnn_tanh", "rnn_relu", "lstm_projected")
    if variant.call == "stream" or variant.resets == "some" or variant.option not in ("plain", "no bias") or not known:
        return None
    kind: Any = getattr(nn, variant.cell.partition("_")[0].upper())
    own = {"nonlinearity": "relu"} if variant.cell == "rnn_relu" else {}
    sizes = {"proj_size": layer.proj_size} if layer.proj_size else {}
    options = {"bias": layer.bias, "bidirectional": layer.bidirectional, **own, **sizes}
    peer = kind(INPUTS, layer.hidden_sizes[0], **options).to(x.device, x.dtype)
    peer.load_state_dict(layer.state_dict())
    x = x.clone().requires_grad_()
    lengths = told.get("lengths")
    given: Any = x if lengths is None else pack_padded_sequence(x, lengths)
    y, state = peer(given)
    padded = y if lengths is None else pad_packed_sequence(y, total_length=x.shape[0])[0]
    return _worst(_results(peer, x, padded, state), exact)[0]
