"""One pass through a stack: layer after layer, each with its weights, its masks and its state."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from throughtime.kernels import dispatch, reference, sight
from throughtime.kernels.call import Call, Swept
from throughtime.kernels.dispatch import Request
from throughtime.kernels.masks import scales
from throughtime.kernels.reference.noise import Purpose
from throughtime.layers.construction.torch_names import TorchNames
from throughtime.layers.rows import Input, Rows
from throughtime.layers.states import Layers

__all__ = ["LayerPass", "Noise", "Traced", "Traces"]

Traced = dict[str, Input]
"""Every gate and every part of the carry, by a name like ``f_l0`` or ``c_l1_reverse``, in the form of the output."""

Traces = list[dict[str, Tensor]]
"""The same for each layer and direction, as packed rows."""


class Noise(NamedTuple):
    """What one call draws: a seed where any mask is needed."""

    seed: Tensor | None
    zoneout: list[float]


class LayerPass(TorchNames):
    """Runs packed rows through the stack; :class:`throughtime.Recurrent` makes them and hands the output back."""

    def _run_layers(self, rows: Rows, states: Layers, request: Request, traces: Traces | None) -> tuple[Tensor, Layers]:
        noise = self._noise()
        restarts = self._restarts() if rows.resets is not None else None
        x = self._cleared(rows.rows, rows)
        finals: Layers = []
        for layer, state in enumerate(states):
            block = self.block(layer)
            read = self._before_layer(layer, block.enter(x), rows, noise)
            restart = restarts[layer] if restarts is not None else []
            call = self._call(layer, read, rows, state, restart, noise)
            y, final = self._sweep(call, request, traces)
            finals.append(final)
            last = layer + 1 == self.num_layers
            x = block.leave(x if self.pre_norm else read, y, 0.0 if last or not self.training else self.dropout)
        return self._cleared(x, rows), finals

    def _cleared(self, x: Tensor, rows: Rows) -> Tensor:
        """Zero in the rows that are padding: kernels leave those alone, norms and biases do not."""
        real = rows.real() if self.pre_norm or self.feed_forward else None
        return x if real is None else torch.where(real[:, None], x, 0.0)

    def _sweep(self, call: Call, request: Request, traces: Traces | None) -> Swept:
        if traces is None:
            return dispatch.run(call, request)
        dispatch.choose(request)
        return reference.run(call, traces)

    def _call(
        self, layer: int, x: Tensor, rows: Rows, state: list[Tensor], restart: list[Tensor], noise: Noise
    ) -> Call:
        weights = [self._weights(layer, direction, noise) for direction in range(self.directions)]
        return Call(
            rows=x,
            batch_sizes=rows.batch_sizes,
            resets=rows.resets,
            row_ids=rows.order,
            seed=noise.seed,
            state=state,
            restart=restart,
            weights=[tensor for tensors in weights for tensor in tensors],
            names=self._sets[layer][0].names,
            cell=self.cell.name,
            directions=self.directions,
            layer=layer,
            zoneout=noise.zoneout,
            recurrent_dropout=self.recurrent_dropout,
            training=self.training,
            keep=torch.is_grad_enabled(),
            recompute=self.recompute,
        )

    def _no_noise(self) -> Noise:
        return Noise(None, self._zoneouts())

    def _noise(self) -> Noise:
        zoneout = self._zoneouts()
        masks = any(zoneout) or self.recurrent_dropout or self.weight_dropout
        if not self.training or not (masks or self.input_dropout or self.variational_dropout):
            return Noise(None, zoneout)
        return Noise(torch.randint(2**63 - 1, (), dtype=torch.int64, device="cpu"), zoneout)

    def _weights(self, layer: int, direction: int, noise: Noise) -> list[Tensor]:
        each = self._sets[layer][direction]
        tensors = each.tensors(self)
        if self.training and self.weight_dropout and noise.seed is not None:
            at = each.names.index("weight_hh")
            rows = torch.arange(tensors[at].shape[0], device=tensors[at].device)
            tensors[at] = tensors[at] * scales(
                tensors[at],
                self.weight_dropout,
                noise.seed,
                Purpose.WEIGHT_DROPOUT,
                layer,
                direction,
                rows,
                tensors[at].shape[1],
            )
        return tensors

    def _before_layer(self, layer: int, x: Tensor, rows: Rows, noise: Noise) -> Tensor:
        """Variational dropout of a layer's input: one mask per sequence."""
        p = self.variational_dropout if layer else self.input_dropout
        if not self.training or not p or noise.seed is None:
            return x
        ids = torch.arange(rows.batch, device=x.device) if rows.order is None else rows.order
        scale = scales(x, p, noise.seed, Purpose.VARIATIONAL_DROPOUT, layer, 0, ids, x.shape[-1])
        if rows.dense and rows.batch and not sight.unreadable():  # the same rows at every step
            return (x.reshape(-1, *scale.shape) * scale).reshape(x.shape)
        return x * scale.index_select(0, rows.ranks())

    def _traced(self, traces: Traces, rows: Rows) -> Traced:
        suffixes = [each.suffix for sets in self._sets for each in sets]
        return {
            name + suffix: rows.restore(tensor)
            for suffix, seen in zip(suffixes, traces, strict=True)
            for name, tensor in seen.items()
        }
