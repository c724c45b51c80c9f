"""torch.nn: the layers, padded and packed, and the single-step cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from throughtime.bench import tensors
from throughtime.bench.workload import Work, Workload

__all__ = [
    "cell_numpy_step",
    "cell_step",
    "cells",
    "compiled_cell_step",
    "dtype_of",
    "layer",
    "layer_step",
    "named",
    "packed",
    "weights",
    "work_of",
]

CLASSES = {"lstm": "LSTM", "gru": "GRU", "rnn": "RNN"}


def named(workload: Workload, suffix: str = "") -> str:
    """Name of the layer's class in ``torch.nn``, which is also ours.

    Args:
        workload: what is computed.
        suffix: "Cell" for the single step.
    """
    return CLASSES[workload.cell] + suffix


def dtype_of(workload: Workload) -> torch.dtype:
    """The type of the computation.

    Args:
        workload: what is computed.
    """
    return getattr(torch, workload.dtype)


def weights(workload: Workload) -> dict[str, Tensor]:
    """The parameters as a ``state_dict``.

    Args:
        workload: what is computed.
    """
    return {name: torch.from_numpy(array) for name, array in tensors.parameters(workload).items()}


def work_of(workload: Workload, module: nn.Module, output: Callable[[Tensor], Tensor]) -> Work:
    """One inference; or one forward and backward, for the gradients of the input and of all weights.

    Args:
        workload: what is computed.
        module: what holds the weights.
        output: the input (T, B, I) to the output (T, B, D*H).

    Returns:
        A call that gives the output, or the input's gradient.
    """
    x = torch.from_numpy(tensors.inputs(workload)).to(dtype_of(workload))
    grad_y = torch.from_numpy(tensors.output_gradient(workload)).to(dtype_of(workload))

    def infer() -> Tensor:
        with torch.no_grad():
            return output(x)

    def train() -> Tensor | None:
        module.zero_grad(set_to_none=True)
        leaf = x.detach().requires_grad_()
        output(leaf).backward(grad_y)
        return leaf.grad

    module.train(workload.training)
    return train if workload.training else infer


def _module(workload: Workload) -> Any:
    """The layer of ``torch.nn``."""
    module = getattr(nn, named(workload))(
        workload.hidden,
        workload.hidden,
        workload.layers,
        bidirectional=workload.bidirectional,
        dropout=workload.dropout,
    )
    module.load_state_dict(weights(workload))
    return module.to(dtype_of(workload))


def layer(workload: Workload) -> Work:
    """The layer on padded rows. Ragged rows run to the last step of the longest; the loss masks what is too much.

    Args:
        workload: what is computed.
    """
    module = _module(workload)
    return work_of(workload, module, lambda x: module(x)[0])


def packed(workload: Workload) -> Work:
    """The layer on packed rows: padded rows are packed, and its output is padded again.

    Args:
        workload: what is computed.
    """
    module, lengths = _module(workload), torch.tensor(workload.lengths)

    def output(x: Tensor) -> Tensor:
        rows = pack_padded_sequence(x, lengths, enforce_sorted=False)
        return pad_packed_sequence(module(rows)[0], total_length=workload.steps)[0]

    return work_of(workload, module, output)


def _cell(workload: Workload) -> Any:
    module = getattr(nn, named(workload, "Cell"))(workload.hidden, workload.hidden)
    module.load_state_dict({name.removesuffix("_l0"): tensor for name, tensor in weights(workload).items()})
    return module


def cells(workload: Workload) -> Work:
    """The single-step cell in a Python loop over time.

    Args:
        workload: what is computed.
    """
    module = _cell(workload)

    def output(x: Tensor) -> Tensor:
        state, steps = None, list[Tensor]()
        for x_t in x:
            state = module(x_t, state)
            steps.append(state[0] if workload.cell == "lstm" else state)
        return torch.stack(steps)

    return work_of(workload, module, output)


def _row(workload: Workload) -> Tensor:
    return torch.from_numpy(tensors.inputs(workload)[0])


def _stepping(workload: Workload, module: Any) -> Work:
    """One step from tensor to tensor; the state is kept."""
    x, state = _row(workload), None

    def step() -> Tensor:
        nonlocal state
        with torch.no_grad():
            state = module(x, state)
        return state[0] if workload.cell == "lstm" else state

    return step


def cell_step(workload: Workload) -> Work:
    """One step of the single-step cell, from tensor to tensor.

    Args:
        workload: what is computed.
    """
    return _stepping(workload, _cell(workload).eval())


def compiled_cell_step(workload: Workload) -> Work:
    """The same, compiled.

    Args:
        workload: what is computed.
    """
    return _stepping(workload, torch.compile(_cell(workload).eval()))


def cell_numpy_step(workload: Workload) -> Work:
    """One step of the single-step cell, from a numpy row to a numpy row.

    Args:
        workload: what is computed.
    """
    module, row, state = _cell(workload).eval(), tensors.inputs(workload)[0], None

    def step() -> tensors.Array:
        nonlocal state
        with torch.no_grad():
            state = module(torch.from_numpy(row), state)
        y: Tensor = state[0] if workload.cell == "lstm" else state
        return y.numpy()

    return step


def layer_step(workload: Workload) -> Work:
    """One call of the layer for a single step, from a numpy row to a numpy row.

    Args:
        workload: what is computed.
    """
    module, row, state = _module(workload).eval(), tensors.inputs(workload)[:1], None

    def step() -> tensors.Array:
        nonlocal state
        with torch.no_grad():
            y, state = module(torch.from_numpy(row), state)
        return y[0].numpy()

    return step
