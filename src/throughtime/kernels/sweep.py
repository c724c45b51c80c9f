"""The seam: ``throughtime::sweep`` and ``throughtime::sweep_backward``, opaque ops around whichever kernel runs.

One call of ``sweep`` is one layer in all its directions. To ``torch.compile`` and ``torch.export`` it is a single node
with dynamic tokens, batch and time. What a kernel keeps for the backward op is in ``reserve``; a kernel that keeps
nothing is run again there. The backward op's own derivative (double backward) is that of the reference.

A backward pass goes its own way, since other eyes may look on then than in the forward pass (``vmap`` over gradients).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import fields, replace
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor

from throughtime.errors import KernelError, ShapeError
from throughtime.kernels import batching, native, reference, torch_fused
from throughtime.kernels.call import Call, Swept
from throughtime.kernels.derivative import apart, autograd_inside_op, gradients, open_gradients
from throughtime.kernels.flops import KEEPING, count_flops
from throughtime.kernels.sight import Way, way
from throughtime.kernels.triton.sweep import kernel as on_gpu

__all__ = ["at_autocast_type", "autocast_is_on", "exact_types", "sweep", "sweep_eagerly"]

_C: Any = torch._C  # pyright: ignore[reportPrivateUsage]
_forward_mode: Any = torch.autograd.forward_ad

_CALL = (
    "Tensor rows, Tensor batch_sizes, Tensor? resets, Tensor? row_ids, Tensor? seed, Tensor[] state, "
    "Tensor[] weights, str names, str cell, int directions, int layer, float[] zoneout, float recurrent_dropout, "
    "bool training, bool keep, bool recompute, str kernel"
)
_FIELDS = tuple(field.name for field in fields(Call) if field.name != "restart")

_OPTIONS = _FIELDS[_FIELDS.index("names") :]
"""Fields that hold no tensor."""

_library = torch.library.Library("throughtime", "DEF")
_library.define(f"sweep({_CALL}) -> (Tensor y, Tensor[] final, Tensor reserve)")
_library.define(
    f"sweep_backward(Tensor grad_y, Tensor[] grad_final, Tensor y, Tensor reserve, {_CALL}) "
    "-> (Tensor rows, Tensor[] state, Tensor[] restart, Tensor[] weights)"
)

Forward = Callable[[Call], tuple[Tensor, list[Tensor], Tensor]]
Backward = Callable[[Call, Tensor, Tensor, Tensor, Sequence[Tensor]], list[Tensor]]


class _Kernel(NamedTuple):
    """What runs inside the ops."""

    forward: Forward
    """call -> y, final, reserve."""
    backward: Backward
    """call, y, reserve, grad_y, grad_final -> gradients of ``call.tensors()``."""
    reserve: Callable[[Call], Tensor]
    """Room for what forward keeps."""


def _recomputing(run: Callable[[Call], Swept]) -> _Kernel:
    """A kernel in differentiable PyTorch: it keeps nothing, and its backward runs it again under autograd."""

    def forward(call: Call) -> tuple[Tensor, list[Tensor], Tensor]:
        y, final = run(call)
        return y, final, call.rows.new_empty(0)

    def backward(call: Call, y: Tensor, reserve: Tensor, grad_y: Tensor, grad_final: Sequence[Tensor]) -> list[Tensor]:
        with autograd_inside_op():
            return gradients(run, call.with_tensors(apart(call.tensors(), differentiable=False)), grad_y, grad_final)

    def nothing(call: Call) -> Tensor:
        return call.rows.new_empty(0)

    return _Kernel(forward, backward, nothing)


def sweep(call: Call, kernel: str) -> Swept:
    """Run one layer through the opaque op on the named kernel; differentiable twice.

    Args:
        call: see :class:`throughtime.kernels.call.Call`.
        kernel: "native", "torch", "triton" or "reference".

    Returns:
        y (N', D*P) and the final carry, parts of (D, B, width).
    """
    y, final, _ = torch.ops.throughtime.sweep(*_flat(call), kernel)
    return y, final


def _flat(call: Call) -> tuple[Any, ...]:
    """The op's arguments before the kernel's name, in forms that every tool around a model can keep.

    ``jit.trace`` records no list of texts: names are one text. AOTInductor makes None of a list of nothing: what a
    reset returns to, parts of (D, width), follows the state, parts of (D, B, width), in one list.
    """
    told: dict[str, Any] = {"names": ",".join(call.names), "state": [*call.state, *call.restart]}
    return tuple(told[name] if name in told else getattr(call, name) for name in _FIELDS)


def _call(arguments: Sequence[Any]) -> tuple[Call, str]:
    *values, kernel = arguments
    named = dict(zip(_FIELDS, values, strict=True))
    parts = named["state"]
    named["state"], named["restart"] = ([part for part in parts if part.dim() == axes] for axes in (3, 2))
    return Call(**{**named, "names": named["names"].split(",")}), kernel


def _no_tangents() -> None:
    """Raise in forward mode: here a tangent would be lost in silence."""
    if _forward_mode._current_level >= 0:
        raise KernelError(
            "throughtime::sweep has no forward-mode derivative: call the layer, outside a compiled or exported graph"
        )


# -- forward ---------------------------------------------------------------------------------------------------------


def _forward(*arguments: Any) -> tuple[Tensor, list[Tensor], Tensor]:
    _no_tangents()
    call, kernel = _call(arguments)
    y, final, reserve = _KERNELS[kernel].forward(call)
    return y.contiguous(), [part.contiguous() for part in final], reserve


def _forward_fake(*arguments: Any) -> tuple[Tensor, list[Tensor], Tensor]:
    call, kernel = _call(arguments)
    rows = call.rows
    for tensor in call.tensors():  # one of them on "meta" is enough to come here, and would be believed
        if tensor.device != rows.device:
            raise ShapeError(f"a parameter or state must be {rows.dtype} on {rows.device}, got one on {tensor.device}")
    width = call.directions * call.state[0].shape[-1]
    y = call.rows.new_empty(call.rows.shape[0], width)
    return y, [part.new_empty(part.shape) for part in call.state], _KERNELS[kernel].reserve(call)


# -- backward --------------------------------------------------------------------------------------------------------


def _backward(
    grad_y: Tensor, grad_final: list[Tensor], y: Tensor, reserve: Tensor, *arguments: Any
) -> tuple[Tensor, list[Tensor], list[Tensor], list[Tensor]]:
    _no_tangents()
    call, kernel = _call(arguments)
    return call.split(_gradients_of(call, kernel, y, reserve, grad_y, grad_final))


def _gradients_of(
    call: Call, kernel: str, y: Tensor, reserve: Tensor, grad_y: Tensor, grad_final: list[Tensor]
) -> list[Tensor]:
    """Gradients of ``call.tensors()`` by a kernel, on memory."""
    if kernel in KEEPING and not call.keep:  # traced without gradients, and now run with them
        call = replace(call, keep=True)
        y, _, reserve = _KERNELS[kernel].forward(call)
    grads = _KERNELS[kernel].backward(call, y, reserve, grad_y, grad_final)
    given = [grad_y, *grad_final]  # an op may not return its argument, as it would for the state before no token
    return [grad.clone() if any(grad is each for each in given) else grad.contiguous() for grad in grads]


def _backward_fake(
    grad_y: Tensor, grad_final: list[Tensor], y: Tensor, reserve: Tensor, *arguments: Any
) -> tuple[Tensor, list[Tensor], list[Tensor], list[Tensor]]:
    call, _ = _call(arguments)
    return call.split([tensor.new_empty(tensor.shape) for tensor in call.tensors()])


# -- autograd: forward's derivative is the backward op, whose derivative is the reference's ---------------


class _Saved:
    """Saves a call's tensors in autograd's context and gives the call back."""

    @staticmethod
    def save(ctx: Any, extra: Sequence[Tensor], call: Call, kernel: str) -> None:
        fixed = (call.batch_sizes, call.resets, call.row_ids, call.seed)
        ctx.save_for_backward(*extra, *call.tensors(), *fixed)
        ctx.options = {name: getattr(call, name) for name in _OPTIONS}
        ctx.counts, ctx.kernel = (len(extra), len(call.state), len(call.restart)), kernel

    @staticmethod
    def load(ctx: Any) -> tuple[list[Tensor], Call, str]:
        n, states, restarts = ctx.counts
        saved = ctx.saved_tensors
        rows, *rest = saved[n:-4]
        batch_sizes, resets, row_ids, seed = saved[-4:]
        a, b = states, states + restarts
        call = Call(
            rows=rows, batch_sizes=batch_sizes, resets=resets, row_ids=row_ids, seed=seed, state=rest[:a],
            restart=rest[a:b], weights=rest[b:], **ctx.options,
        )  # fmt: skip
        return list(saved[:n]), call, ctx.kernel


def _for_arguments(call: Call, grads: Sequence[Tensor | None]) -> tuple[Any, ...]:
    """One gradient per argument of the op: those of ``call.tensors()``, None for the rest."""
    states = 1 + len(call.state) + len(call.restart)
    by_name = {"rows": grads[0], "state": list(grads[1:states]), "weights": list(grads[states:])}
    return (*(by_name.get(name) for name in _FIELDS), None)


def _filled(grads: Sequence[Tensor | None], like: Sequence[Tensor]) -> list[Tensor]:
    return [torch.zeros_like(t) if grad is None else grad for grad, t in zip(grads, like, strict=True)]


def _forward_setup(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, list[Tensor], Tensor]) -> None:
    y, _, reserve = output
    ctx.mark_non_differentiable(reserve)
    _Saved.save(ctx, (y, reserve), *_call(inputs))


def _forward_derivative(ctx: Any, grad_y: Tensor | None, grad_final: list[Tensor | None], _: Any) -> tuple[Any, ...]:
    (y, reserve), call, kernel = _Saved.load(ctx)
    (filled,) = _filled([grad_y], [y])
    return _for_arguments(call, _swept_back(call, kernel, y, reserve, filled, _filled(grad_final, call.state)))


def _swept_back(
    call: Call, kernel: str, y: Tensor, reserve: Tensor, grad_y: Tensor, grad_final: list[Tensor], light: bool = False
) -> list[Tensor]:
    """Gradients of ``call.tensors()`` by the way that this backward pass takes; ``light``: without the op if it may."""
    grads = [grad_y, *grad_final]
    seen = way([*grads, *call.tensors()])
    if seen is Way.REFERENCE and not batching.batched(grads):
        return open_gradients(call, grad_y, grad_final)
    if light and seen is Way.DIRECT and not torch.is_grad_enabled():
        return _gradients_of(call, kernel, y, reserve, grad_y, grad_final)
    arguments = (grad_y, grad_final, y, reserve, *_flat(call), kernel)
    rows, *lists = torch.ops.throughtime.sweep_backward(*arguments)
    return [rows, *(grad for part in lists for grad in part)]


def _backward_setup(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
    grad_y, grad_final, _, _, *arguments = inputs
    _Saved.save(ctx, (grad_y, *grad_final), *_call(arguments))


def _backward_derivative(ctx: Any, *grads: Any) -> tuple[Any, ...]:
    """Double backward, by differentiating the reference's gradient; differentiable where gradients are on."""
    (grad_y, *grad_final), saved, _ = _Saved.load(ctx)
    again = torch.is_grad_enabled()

    def second(grad_rows: Tensor | None, *grad_lists: list[Tensor | None]) -> tuple[Any, ...]:
        with torch.enable_grad():
            call = saved.with_tensors(apart(saved.tensors(), again))
            outer = apart([grad_y, *grad_final], again)
            first = gradients(reference.run, call, outer[0], outer[1:], create_graph=True)
            cotangents = _filled([grad_rows, *(grad for part in grad_lists for grad in part)], first)
            found = torch.autograd.grad(
                first, [*outer, *call.tensors()], cotangents, create_graph=again, allow_unused=True,
                materialize_grads=True,
            )  # fmt: skip
        n = len(outer)
        return (found[0], list(found[1:n]), None, None, *_for_arguments(call, found[n:]))

    return batching.one_by_one(second, grads)


# -- the same without the op's overhead, for eager calls ---------------------------------------------------------------


class _Direct(torch.autograd.Function):
    """Forward and backward of a kernel as a plain autograd function."""

    @staticmethod
    def forward(ctx: Any, call: Call, kernel: str, *tensors: Tensor) -> tuple[Tensor, ...]:
        y, final, reserve = _KERNELS[kernel].forward(call)  # types are settled: see sweep_eagerly
        _Saved.save(ctx, (y, reserve), call, kernel)
        return (y, *final)

    @staticmethod
    def backward(ctx: Any, grad_y: Tensor, *grad_final: Tensor) -> tuple[Any, ...]:  # pyright: ignore
        (y, reserve), call, kernel = _Saved.load(ctx)
        with exact_types(call):
            return (None, None, *_swept_back(call, kernel, y, reserve, grad_y, list(grad_final), light=True))


def sweep_eagerly(call: Call, kernel: str) -> Swept:
    """As :func:`sweep`, for calls that nothing traces; double backward goes through the op.

    Args:
        call: see :class:`throughtime.kernels.call.Call`.
        kernel: "native", "torch", "triton" or "reference".

    Returns:
        y (N', D*P) and the final carry, parts of (D, B, width).
    """
    device = call.rows.device.type
    if autocast_is_on(device):
        call = at_autocast_type(call, device)
    with exact_types(call):
        if not call.keep:
            y, final, _ = _KERNELS[kernel].forward(call)
            return y, final
        y, *final = cast("tuple[Tensor, ...]", _Direct.apply(call, kernel, *call.tensors()))
        return y, final


# -- autocast ---------------------------------------------------------------------------------------------------------


_WITHOUT_AUTOCAST = frozenset(
    kind
    for kind in ("meta", "lazy", "vulkan", "hip", "ve", "fpga", "ideep")
    if not torch.amp.is_autocast_available(kind)
)
"""Types of devices whose autocast must not be asked for; asked here, for TorchDynamo did not trace that before 2.13."""


def autocast_is_on(device: str) -> bool:
    """Whether calls on a type of device, such as "cpu", are to compute in another type than their own."""
    return device not in _WITHOUT_AUTOCAST and torch.is_autocast_enabled(device)


def at_autocast_type(call: Call, device: str) -> Call:
    """The call with everything a gradient may be asked for in autocast's type, double precision apart.

    Args:
        call: the call.
        device: type of its device, such as "cpu".
    """
    dtype = torch.get_autocast_dtype(device)
    return call.with_tensors([t.to(dtype) if t.dtype != torch.float64 else t for t in call.tensors()])


def exact_types(call: Call) -> AbstractContextManager[object]:
    """Where autocast is on, switch it off: a kernel computes in the types that it is given.

    Args:
        call: its rows tell the device.
    """
    device = call.rows.device.type
    return torch.autocast(device, enabled=False) if autocast_is_on(device) else nullcontext()


def _autocast(device: str) -> Callable[..., tuple[Tensor, list[Tensor], Tensor]]:
    key = _C.DispatchKeySet(_C.DispatchKey.AutocastCUDA if device == "cuda" else _C.DispatchKey.AutocastCPU)

    def cast_and_run(*arguments: Any) -> tuple[Tensor, list[Tensor], Tensor]:
        """Everything a gradient may be asked for goes to the autocast dtype, as for ``torch.nn.LSTM``."""
        call, kernel = _call(arguments)
        call = at_autocast_type(call, device)
        with _C._ExcludeDispatchKeyGuard(key):
            return torch.ops.throughtime.sweep(*_flat(call), kernel)

    return cast_and_run


_KERNELS = {
    "native": _Kernel(native.forward, native.backward, native.reserve),
    "torch": _recomputing(torch_fused.run),
    "triton": _Kernel(on_gpu.forward, on_gpu.backward, on_gpu.reserve),
    "reference": _recomputing(reference.run),
}
_library.impl("sweep", _forward, "CompositeExplicitAutograd")
_library.impl("sweep_backward", _backward, "CompositeExplicitAutograd")
_library.impl("sweep", _autocast("cpu"), "AutocastCPU")
_library.impl("sweep", _autocast("cuda"), "AutocastCUDA")
torch.library.register_fake("throughtime::sweep", _forward_fake, lib=_library)
torch.library.register_fake("throughtime::sweep_backward", _backward_fake, lib=_library)
torch.library.register_autograd("throughtime::sweep", _forward_derivative, setup_context=_forward_setup, lib=_library)
torch.library.register_autograd(
    "throughtime::sweep_backward", _backward_derivative, setup_context=_backward_setup, lib=_library
)
count_flops(_FIELDS)
batching.register(_library, ("sweep", "sweep_backward"))
