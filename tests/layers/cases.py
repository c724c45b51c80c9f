"""One configuration of a layer and a batch, run by the layer and by the oracle, and compared in everything."""

from __future__ import annotations

import math
import re
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

import oracle
import pytest
import torch
from makers import MAKERS, PARTS
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_sequence, pad_packed_sequence

from throughtime.errors import KernelError
from throughtime.kernels.dispatch import KERNELS, use_kernel
from throughtime.layers import Recurrent, explain

TIGHT: dict[str, float] = {"rtol": 1e-9, "atol": 1e-10}
"""Float64 has 2.2e-16 per operation. These nets are a few hundred operations deep and layer norm divides by deviations
of about 0.1, so 1e-10 leaves a factor of a thousand, and any wrong term is larger by far."""

SINGLE: dict[str, float] = {"rtol": 1e-4, "atol": 2e-5}
"""Float32 has 6e-8 per operation; a few hundred of them, amplified by layer norm, stay under 2e-5."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A layer and a batch for it."""

    cell: str = "lstm"
    input_size: int = 3
    hidden: int | tuple[int, ...] = 4
    options: dict[str, Any] = field(default_factory=dict)
    lengths: tuple[int, ...] = (4, 4, 4)
    steps: int = 4
    form: str = "padded"
    batch_first: bool = False
    resets: bool = False
    state: bool = False
    training: bool = False
    seed: int = 0

    def changed(self, **changes: Any) -> Case:
        """With other fields; options are added to those there are."""
        options = {**self.options, **changes.pop("options", {})}
        return replace(self, options=options, **changes)

    # -- the layer and its batch -------------------------------------------------------------------

    def layer(self) -> Recurrent:
        torch.manual_seed(self.seed)
        hidden = self.hidden if isinstance(self.hidden, int) else list(self.hidden)
        options = {"batch_first": self.batch_first, "dtype": torch.float64, **self.options}
        layer = self.made(self.input_size, hidden, **options)
        for parameter in layer.parameters():
            with torch.no_grad():  # norms away from 1 and 0, learned states away from 0
                parameter.add_(torch.randn_like(parameter), alpha=0.3)
        for name, parameter in layer.named_parameters():
            if name.startswith("n0"):
                parameter.data.abs_().add_(0.5)
        return layer.train(self.training)

    def made(self, inputs: int, hidden: int | list[int], **options: Any) -> Recurrent:
        return MAKERS[self.cell](inputs, hidden, **options)

    def batch(self) -> Batch:
        torch.manual_seed(self.seed + 1)
        size = 1 if self.form == "unbatched" else len(self.lengths)
        rows = [torch.randn(n, self.input_size, dtype=torch.float64, requires_grad=True) for n in self.lengths[:size]]
        resets = torch.rand(size, self.steps) < 0.4 if self.resets else None
        return Batch(rows=rows, resets=resets)

    def noise(self) -> oracle.Noise:
        zoneout = self.options.get("zoneout", 0.0)
        names = ("recurrent_dropout", "weight_dropout", "input_dropout", "variational_dropout")
        return oracle.Noise(
            training=self.training,
            seed=int(torch.randint(2**63 - 1, (), generator=torch.Generator().manual_seed(self.seed + 2))),
            zoneout=zoneout if isinstance(zoneout, tuple) else (zoneout, zoneout),
            **{name: self.options.get(name, 0.0) for name in names},
        )

    def initial(self, layer: Recurrent, batch: int) -> list[list[list[Tensor]]] | None:
        """By layer and direction, the parts of the carry, (B, width); None where the case gives no state."""
        if not self.state:
            return None
        names = layer.cell.carry(layer.proj_size > 0)
        return [
            [
                [drawn_state(name, batch, width) for name, width in zip(names, widths, strict=True)]
                for _ in range(layer.directions)
            ]
            for widths in carry_widths(layer)
        ]

    # -- both sides --------------------------------------------------------------------------------

    def setting(self) -> Setting:
        layer, batch = self.layer(), self.batch()
        return Setting(layer=layer, batch=batch, initial=self.initial(layer, len(batch.rows)))

    def ours(self, at: Setting, kernel: str | None) -> Outcome:
        """What the layer gives on that kernel; None: on its own choice."""
        given, hx = self.entered(at.batch), self.joined(at.layer, at.initial)
        torch.manual_seed(self.seed + 2)
        with nullcontext() if kernel is None else use_kernel(kernel):
            y, final = at.layer(given, hx, **self.call_options(at.batch))
        return outcome(self.left(y), self.parted(at.layer, final), at.leaves())

    def told(self, at: Setting) -> Outcome:
        """What the oracle gives."""
        return outcome(*self.foretold(at.layer, at.batch, at.initial), at.leaves())

    def foretold(self, layer: Recurrent, batch: Batch, initial: Any) -> tuple[list[Tensor], list[list[list[Tensor]]]]:
        """The oracle's outputs by row, and final states by layer and direction, rows stacked."""
        net = oracle.Net(
            cell=self.cell,
            layers=parameters_of(layer),
            residual=self.options.get("residual", False),
            noise=self.noise(),
        )
        learned = learned_states(layer)
        ys, finals = [], []
        for row, x in enumerate(batch.rows):
            start = learned if initial is None else [[[part[row] for part in d] for d in ds] for ds in initial]
            resets = [] if batch.resets is None else batch.resets[row].tolist()
            y, final, _ = net.row(x, row, start, learned, resets)
            ys.append(y)
            finals.append(final)
        stacked = [
            [
                [torch.stack([final[n][d][k] for final in finals]) for k in range(len(finals[0][n][d]))]
                for d in range(layer.directions)
            ]
            for n in range(layer.num_layers)
        ]
        return ys, stacked

    # -- forms of a batch --------------------------------------------------------------------------

    def entered(self, batch: Batch) -> Any:
        """The rows in the case's form; padding is NaN."""
        rows = batch.rows
        if self.form == "unbatched":
            return rows[0]
        if self.form == "packed":
            return pack_sequence(rows, enforce_sorted=False)
        if self.form == "nested":
            return torch.nested.as_nested_tensor(rows, layout=torch.jagged)
        padded = torch.stack(
            [torch.cat([row, row.new_full((self.steps - len(row), self.input_size), math.nan)]) for row in rows]
        )
        return padded if self.batch_first else padded.transpose(0, 1)

    def call_options(self, batch: Batch) -> dict[str, Any]:
        options: dict[str, Any] = {}
        if self.form == "padded" and any(n != self.steps for n in self.lengths):
            options["lengths"] = list(self.lengths)
        if batch.resets is not None:
            steps = self.steps if self.form == "padded" else max(len(row) for row in batch.rows)
            options["resets"] = batch.resets[0] if self.form == "unbatched" else batch.resets[:, :steps]
        return options

    def left(self, y: Any) -> list[Tensor]:
        """The output by row; what lies past a row's end must be zero."""
        if self.form == "unbatched":
            return [y]
        if self.form == "nested":
            return list(y.unbind())
        if isinstance(y, PackedSequence):
            padded, lengths = pad_packed_sequence(y, batch_first=True)
            return [row[:n] for row, n in zip(padded, lengths.tolist(), strict=True)]
        rows = y if self.batch_first else y.transpose(0, 1)
        assert all((row[n:] == 0).all() for row, n in zip(rows, self.lengths, strict=True)), "padding leaks"
        return [row[:n] for row, n in zip(rows, self.lengths, strict=True)]

    def joined(self, layer: Recurrent, initial: Any) -> Any:
        """States by layer and direction -> the form that the layer takes."""
        if initial is None:
            return None
        parts = []
        for k in range(len(initial[0][0])):
            layers = [torch.stack([parts[k] for parts in directions]) for directions in initial]
            layers = [part.squeeze(1) for part in layers] if self.form == "unbatched" else layers
            parts.append(torch.cat(layers) if uniform(layer) else layers)
        return parts[0] if len(parts) == 1 else tuple(parts)

    def parted(self, layer: Recurrent, final: Any) -> list[list[list[Tensor]]]:
        """The layer's final state -> by layer and direction, parts of (B, width)."""
        parts = [final] if len(carry_widths(layer)[0]) == 1 else list(final)
        assert len(parts) == len(carry_widths(layer)[0])
        by_part = [list(part.chunk(layer.num_layers)) if uniform(layer) else part for part in parts]
        if self.form == "unbatched":
            by_part = [[each.unsqueeze(1) for each in part] for part in by_part]
        return [[[part[n][d] for part in by_part] for d in range(layer.directions)] for n in range(layer.num_layers)]

    def check(self, kernel: str | None = None) -> None:
        """Outputs, final states and every gradient of the layer equal the oracle's."""
        at = self.setting()
        same(self.ours(at, kernel), self.told(at), f"{self} on {kernel}")

    def check_kernels(self) -> None:
        """As :meth:`check`, on every kernel; one that refuses must say so and raise."""
        at = self.setting()
        choice, told = explain(at.layer, self.entered(at.batch), **self.call_options(at.batch)), self.told(at)
        assert choice.kernel not in choice.refused
        for kernel in KERNELS:
            if kernel in choice.refused:
                with pytest.raises(KernelError, match=re.escape(choice.refused[kernel])):
                    self.ours(at, kernel)
            else:
                same(self.ours(at, kernel), told, f"{self} on {kernel}")


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Rows (t_b, I), and resets (B, T)."""

    rows: list[Tensor]
    resets: Tensor | None


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A case's layer, batch, and state by layer and direction."""

    layer: Recurrent
    batch: Batch
    initial: list[list[list[Tensor]]] | None

    def leaves(self) -> dict[str, Tensor]:
        """All that a gradient may be asked for."""
        state = [part for directions in self.initial or [] for parts in directions for part in parts]
        rows = {f"row {k}": row for k, row in enumerate(self.batch.rows)}
        return {**dict(self.layer.named_parameters()), **rows, **{f"state {k}": p for k, p in enumerate(state)}}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Outputs by row and final states, and the gradients of one fixed random functional of them all."""

    results: list[Tensor]
    gradients: dict[str, Tensor]


def outcome(ys: list[Tensor], finals: list[list[list[Tensor]]], leaves: dict[str, Tensor]) -> Outcome:
    results = [*ys, *(part for directions in finals for parts in directions for part in parts)]
    generator = torch.Generator().manual_seed(5)
    total = torch.zeros((), dtype=torch.float64)
    for result in results:
        total = total + (result * torch.randn(result.shape, generator=generator, dtype=torch.float64)).sum()
    gradients = [torch.zeros_like(leaf) for leaf in leaves.values()]
    if total.requires_grad:  # else no token and no given state: nothing depends on anything
        wanted = list(leaves.values())
        gradients = list(torch.autograd.grad(total, wanted, allow_unused=True, materialize_grads=True))
    return Outcome(results=results, gradients=dict(zip(leaves, gradients, strict=True)))


def same(ours: Outcome, told: Outcome, where: str) -> None:
    """Every result and every gradient agrees."""
    for k, (a, b) in enumerate(zip(ours.results, told.results, strict=True)):
        if b.numel():
            torch.testing.assert_close(a, b, **TIGHT, msg=lambda m, k=k: f"{where}: result {k}: {m}")
    for name, expected in told.gradients.items():
        torch.testing.assert_close(
            ours.gradients[name], expected, **TIGHT, msg=lambda m, name=name: f"{where}: gradient of {name}: {m}"
        )


def drawn_state(name: str, batch: int, width: int) -> Tensor:
    """A part of a carry; that which others are divided by (sLSTM's n) is never near zero."""
    drawn = torch.randn(batch, width, dtype=torch.float64)
    return (drawn.abs() + 0.5 if name == "n" else drawn).requires_grad_()


def carry_widths(layer: Recurrent) -> list[list[int]]:
    """Width of each part of each layer's carry, worked out from the weights' shapes."""
    widths, name = [], layer.cell.name
    for p in (directions[0] for directions in parameters_of(layer)):
        if name.startswith("grid_lstm"):
            output = p["weight_in"].shape[0] // 2
            widths.append([output, *[layer.depth * output] * 2] if layer.dimensions == 2 else [output])
            continue
        if name.startswith(tuple(PARTS)):
            gates, parts = PARTS[name.partition("_")[0]]
            widths.append([p["weight_ih"].shape[0] // gates] * parts)
            continue
        output = p["weight_hh"].shape[1] * (math.prod(layer.picture_size) if name.startswith("conv_lstm") else 1)
        hidden = p["weight_hr"].shape[1] if "weight_hr" in p else output
        two = name.startswith(("lstm", "conv_lstm")) or "weight_hr" in p
        widths.append([output, hidden] if two else [output])
    return widths


def uniform(layer: Recurrent) -> bool:
    widths = carry_widths(layer)
    return all(each == widths[0] for each in widths)


def parameters_of(layer: Recurrent) -> list[list[dict[str, Tensor]]]:
    """By layer and direction, parameters by name without suffix, read off the state_dict's names."""
    found: list[list[dict[str, Tensor]]] = []
    suffixes = [[f"_l{n}{end}" for end in ("", "_reverse")[: layer.directions]] for n in range(layer.num_layers)]
    named = dict(layer.named_parameters())
    for row in suffixes:
        found.append([{bare(name, s): p for name, p in named.items() if bare(name, s)} for s in row])
    return found


def bare(name: str, suffix: str) -> str:
    """``weight_ih`` of ``weight_ih_l0``, ``ln_ih.weight`` of ``ln_ih_l0.weight``; "" for another layer's name."""
    head, _, tail = name.partition(".")
    if not head.endswith(suffix) or (not suffix.endswith("_reverse") and head.endswith("_reverse")):
        return ""
    return head[: -len(suffix)] + (f".{tail}" if tail else "")


def learned_states(layer: Recurrent) -> list[list[list[Tensor]]]:
    """By layer and direction: the learned initial carry, or zeros, parts of (width,)."""
    names = layer.cell.carry(layer.proj_size > 0)
    return [
        [
            [p.get(f"{name}0", torch.zeros(w, dtype=torch.float64)) for name, w in zip(names, widths, strict=True)]
            for p in directions
        ]
        for directions, widths in zip(parameters_of(layer), carry_widths(layer), strict=True)
    ]
