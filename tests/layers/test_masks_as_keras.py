"""Masks do what Keras's loop over time does, written here in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from cases import TIGHT

from throughtime.layers import GRU, LSTM, RNN

Array = np.ndarray[Any, np.dtype[np.float64]]


def sigmoid(a: Array) -> Array:
    return 1 / (1 + np.exp(-a))


def lstm_step(p: dict[str, Array], x: Array, state: list[Array]) -> list[Array]:
    h, c = state
    i, f, g, o = np.split(x @ p["weight_ih"].T + p["bias_ih"] + h @ p["weight_hh"].T + p["bias_hh"], 4, -1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return [sigmoid(o) * np.tanh(c), c]


def gru_step(p: dict[str, Array], x: Array, state: list[Array]) -> list[Array]:
    r_x, z_x, n_x = np.split(x @ p["weight_ih"].T + p["bias_ih"], 3, -1)
    r_h, z_h, n_h = np.split(state[0] @ p["weight_hh"].T + p["bias_hh"], 3, -1)
    z, n = sigmoid(z_x + z_h), np.tanh(n_x + sigmoid(r_x + r_h) * n_h)
    return [(1 - z) * n + z * state[0]]


def rnn_step(p: dict[str, Array], x: Array, state: list[Array]) -> list[Array]:
    return [np.tanh(x @ p["weight_ih"].T + p["bias_ih"] + state[0] @ p["weight_hh"].T + p["bias_hh"])]


STEPS: dict[str, tuple[Any, Any, int]] = {
    "lstm": (LSTM, lstm_step, 2),
    "gru": (GRU, gru_step, 1),
    "rnn": (RNN, rnn_step, 1),
}
"""The layer, Keras's step, and how many parts its state has."""


def keras_rnn(step: Any, p: dict[str, Array], x: Array, mask: Any, parts: int, zero: bool, back: bool) -> Any:
    """Keras's ``rnn`` with a mask: x (B, T, I) -> outputs (B, T, H), in the order of time, and the last states."""
    width = p["weight_hh"].shape[1]
    state = [np.zeros((len(x), width)) for _ in range(parts)]
    before, outputs = np.zeros((len(x), width)), {}
    for t in reversed(range(x.shape[1])) if back else range(x.shape[1]):
        new, now = step(p, x[:, t], state), mask[:, t, None]
        output = np.where(now, new[0], np.zeros_like(before) if zero else before)
        state = [np.where(now, a, b) for a, b in zip(new, state, strict=True)]
        before, outputs[t] = output, output
    return np.stack([outputs[t] for t in range(x.shape[1])], 1), state


@pytest.mark.parametrize("zero", [True, False])
@pytest.mark.parametrize("name", STEPS)
def test_as_keras(name: str, zero: bool) -> None:
    """Two bidirectional layers, the second on the outputs of the first, as Keras's Bidirectional stacks them."""
    made, step, parts = STEPS[name]
    layer = made(3, 4, 2, bidirectional=True, batch_first=True, dtype=torch.float64)
    x, mask = torch.randn(4, 6, 3, dtype=torch.float64), torch.rand(4, 6) < 0.6
    mask[0, 0] = mask[1, -1] = False
    mask[3] = False
    y, state = layer(x, mask=mask, zero_output_for_mask=zero)
    weights, told, states = {k: v.numpy() for k, v in layer.state_dict().items()}, x.numpy(), []
    for n in range(2):
        swept = []
        for d, end in enumerate(("", "_reverse")):
            names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            p = {key: weights[f"{key}_l{n}{end}"] for key in names}
            swept.append(keras_rnn(step, p, told, mask.numpy(), parts, zero, bool(d)))
        told = np.concatenate([outputs for outputs, _ in swept], -1)
        states += [last for _, last in swept]
    torch.testing.assert_close(y, torch.from_numpy(told), **TIGHT)
    for k, part in enumerate(state if parts == 2 else [state]):
        torch.testing.assert_close(part, torch.from_numpy(np.stack([last[k] for last in states])), **TIGHT)
