"""JAX: ``lax.scan`` over the steps, jitted, the input's product hoisted out of the loop."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from throughtime.axes import CARRY
from throughtime.bench import tensors
from throughtime.bench.workload import Work, Workload

__all__ = ["jitted", "scan", "step"]

Step = Callable[[Any, Any, Any], Any]
"""(weights of the state, carry, projected input) -> next carry, h first."""


def _cell(cell: str) -> Step:
    """One step of a cell."""
    jax: Any = import_module("jax")
    jnp, sigmoid = jax.numpy, jax.nn.sigmoid

    def lstm(p: Any, carry: Any, from_x: Any) -> Any:
        h, c = carry
        i, f, g, o = jnp.split(from_x + h @ p["hh"].T, 4, -1)
        c = sigmoid(f) * c + sigmoid(i) * jnp.tanh(g)
        return sigmoid(o) * jnp.tanh(c), c

    def gru(p: Any, carry: Any, from_x: Any) -> Any:
        (h,) = carry
        r_x, z_x, n_x = jnp.split(from_x, 3, -1)
        r_h, z_h, n_h = jnp.split(h @ p["hh"].T + p["bias"], 3, -1)
        n, z = jnp.tanh(n_x + sigmoid(r_x + r_h) * n_h), sigmoid(z_x + z_h)
        return (n + z * (h - n),)

    def rnn(p: Any, carry: Any, from_x: Any) -> Any:
        return (jnp.tanh(from_x + carry[0] @ p["hh"].T),)

    return {"lstm": lstm, "gru": gru, "rnn": rnn}[cell]


def _weights(p: Any, suffix: str, cell: str) -> tuple[Any, Any, dict[str, Any]]:
    """The input's weights, the bias added to its product, and what the state's product needs.

    Only the GRU needs the state's bias inside the loop, behind the reset gate.
    """
    w_ih, b_ih, b_hh = p["weight_ih" + suffix], p["bias_ih" + suffix], p["bias_hh" + suffix]
    inside = {"hh": p["weight_hh" + suffix], **({"bias": b_hh} if cell == "gru" else {})}
    return w_ih, b_ih if cell == "gru" else b_ih + b_hh, inside


def _direction(workload: Workload, step: Step, p: Any, x: Any, suffix: str) -> Any:
    """The outputs of one layer in one direction."""
    jax: Any = import_module("jax")
    w_ih, bias, inside = _weights(p, suffix, workload.cell)
    start = jax.numpy.zeros((workload.batch, workload.hidden), x.dtype)

    def body(carry: Any, from_x: Any) -> Any:
        carry = step(inside, carry, from_x)
        return carry, carry[0]

    carry = tuple(start for _ in CARRY[workload.cell])
    return jax.lax.scan(body, carry, x @ w_ih.T + bias, reverse=suffix.endswith("reverse"))[1]


def _stack(workload: Workload) -> Callable[[Any, Any, Any], Any]:
    """The whole stack: (weights, input, key of the dropout) -> outputs."""
    jax: Any = import_module("jax")
    step, keep = _cell(workload.cell), 1 - workload.dropout

    def outputs(p: Any, x: Any, key: Any) -> Any:
        for layer in range(workload.layers):
            if layer and workload.dropout:
                mask = jax.random.bernoulli(jax.random.fold_in(key, layer), keep, x.shape)
                x = jax.numpy.where(mask, x / keep, 0.0)
            suffixes = (f"_l{layer}", f"_l{layer}_reverse")[: workload.directions]
            parts = [_direction(workload, step, p, x, suffix) for suffix in suffixes]
            x = jax.numpy.concatenate(parts, -1)
        return x

    return outputs


def jitted(workload: Workload, outputs: Callable[[Any, Any, Any], Any], p: Any, x: tensors.Array) -> Work:
    """One inference; or one forward and backward, for the gradients of the input and of all weights.

    Args:
        workload: what is computed.
        outputs: (weights, input, key) -> outputs, in the layout of ``x``.
        p: the weights.
        x: the input, (T, B, I) or (B, T, I).

    Returns:
        A call that gives the output, or the input's gradient.
    """
    jax: Any = import_module("jax")
    held, grad = jax.numpy.asarray(x), tensors.output_gradient(workload)
    grad_y = jax.numpy.asarray(grad if x.shape[0] == workload.steps else grad.swapaxes(0, 1))
    key = jax.random.key(0)
    forward = jax.jit(outputs)

    @jax.jit
    def backward(p: Any, x: Any, key: Any, grad_y: Any) -> Any:
        return jax.vjp(lambda p, x: outputs(p, x, key), p, x)[1](grad_y)  # pyright: ignore[reportUnknownLambdaType]

    if workload.training:
        return lambda: jax.block_until_ready(backward(p, held, key, grad_y))[1]
    return lambda: jax.block_until_ready(forward(p, held, key))


def scan(workload: Workload) -> Work:
    """The layers by ``lax.scan``. Ragged rows run to the last step of the longest; the loss masks what is too much.

    Args:
        workload: what is computed.
    """
    jax: Any = import_module("jax")
    p = jax.tree.map(jax.numpy.asarray, tensors.parameters(workload))
    return jitted(workload, _stack(workload), p, tensors.inputs(workload))


def step(workload: Workload) -> Work:
    """One step, from a numpy row to a numpy row.

    Args:
        workload: what is computed.
    """
    jax: Any = import_module("jax")
    p = jax.tree.map(jax.numpy.asarray, tensors.parameters(workload))
    w_ih, bias, inside = _weights(p, "_l0", workload.cell)
    cell, row = _cell(workload.cell), tensors.inputs(workload)[0]
    carry = tuple(jax.numpy.zeros((1, workload.hidden)) for _ in CARRY[workload.cell])
    advance = jax.jit(lambda carry, x: cell(inside, carry, x @ w_ih.T + bias))  # pyright: ignore[reportUnknownLambdaType]

    def work() -> tensors.Array:
        nonlocal carry
        carry = advance(carry, row)
        return np.asarray(carry[0])

    return work
