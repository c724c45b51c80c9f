"""The recurrent layers of Flax and of Keras on JAX, jitted."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

import numpy as np

from throughtime.axes import GATES
from throughtime.bench import tensors
from throughtime.bench.peers.jax_scan import jitted
from throughtime.bench.workload import Work, Workload

__all__ = ["flax", "keras"]

FLAX = {"lstm": "OptimizedLSTMCell", "gru": "GRUCell", "rnn": "SimpleCell"}
KERAS = {"lstm": "LSTM", "gru": "GRU", "rnn": "SimpleRNN"}
KERAS_ORDERS = {"lstm": (0, 1, 2, 3), "gru": (1, 0, 2), "rnn": (0,)}
"""Keras' order of the gates, i f c o and z r h, as places in torch's."""


def flax(workload: Workload) -> Work:
    """``flax.nnx.RNN`` over padded rows.

    Args:
        workload: what is computed.
    """
    nnx: Any = import_module("flax.nnx")
    cell = getattr(nnx, FLAX[workload.cell])(workload.hidden, workload.hidden, rngs=nnx.Rngs(0))
    graph, weights = nnx.split(nnx.RNN(cell, time_major=True))

    def outputs(p: Any, x: Any, key: Any) -> Any:
        return nnx.merge(graph, p)(x)

    return jitted(workload, outputs, weights, tensors.inputs(workload))


def _keras_weights(workload: Workload) -> list[tensors.Array]:
    """Kernel (I, G*H), recurrent kernel (H, G*H), and the bias: one for each product in the GRU, else their sum."""

    def ordered(name: str) -> tensors.Array:
        blocks = np.split(tensors.parameters(workload)[name + "_l0"], len(GATES[workload.cell]))
        return np.concatenate([blocks[place] for place in KERAS_ORDERS[workload.cell]])

    biases = np.stack([ordered("bias_ih"), ordered("bias_hh")])
    bias = biases if workload.cell == "gru" else biases.sum(0)
    return [ordered("weight_ih").T, ordered("weight_hh").T, bias]


def keras(workload: Workload) -> Work:
    """The Keras layer on JAX over padded rows.

    Args:
        workload: what is computed.
    """
    os.environ["KERAS_BACKEND"] = "jax"
    layers: Any = import_module("keras").layers
    layer = getattr(layers, KERAS[workload.cell])(workload.hidden, return_sequences=True)
    layer.build((workload.batch, workload.steps, workload.hidden))
    layer.set_weights(_keras_weights(workload))
    rest = [variable.value for variable in layer.non_trainable_variables]

    def outputs(p: Any, x: Any, key: Any) -> Any:
        return layer.stateless_call(p, rest, x)[0]

    weights = [variable.value for variable in layer.trainable_variables]
    return jitted(workload, outputs, weights, np.ascontiguousarray(tensors.inputs(workload).swapaxes(0, 1)))
