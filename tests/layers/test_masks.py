"""Masks with holes: masked steps are passed over and the state is carried, as in Keras.

The oracle is given the steps that are read and nothing else. Keras's own loop is in test_masks_as_keras.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from cases import TIGHT, Batch, Case, Setting, outcome, same
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from makers import MAKERS, MinimalGatedUnit, able
from torch import Tensor
from torch.nn.utils.rnn import pack_sequence

from throughtime.errors import ArgumentTypeError, KernelError, ShapeError, UsageError
from throughtime.kernels.dispatch import KERNELS, use_kernel
from throughtime.layers import GRU, LSTM, Recurrent, explain

rates = st.sampled_from([0.0, 0.0, 0.25])
quiet = {"database": None, "deadline": None, "suppress_health_check": list(HealthCheck)}

# -- against the oracle ----------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Masked:
    """A case whose rows have steps that are not read."""

    case: Case
    mask: tuple[tuple[bool, ...], ...]
    """For each row, which of its T steps are read; those past its length are not, whatever this says."""
    zero: bool
    """``zero_output_for_mask``."""

    def kept(self, row: int) -> list[int]:
        """The steps of a row that are read."""
        return [t for t in range(self.case.lengths[row]) if self.mask[row][t]]

    def check(self) -> None:
        """Outputs, states and gradients are the oracle's on the steps that are read, on every kernel that can."""
        layer, generator = self.case.layer(), torch.Generator().manual_seed(self.case.seed)
        rows = [
            torch.randn(len(self.kept(b)), 3, dtype=torch.float64, generator=generator, requires_grad=True)
            for b in range(len(self.mask))
        ]
        resets = torch.rand(len(rows), self.case.steps, generator=generator) < 0.4 if self.case.resets else None
        moved = None if resets is None else torch.stack([self.moved(b, resets[b]) for b in range(len(rows))])
        at = Setting(layer=layer, batch=Batch(rows=rows, resets=moved), initial=self.case.initial(layer, len(rows)))
        told, options = self.case.told(at), self.options(resets)
        asked = {name: value for name, value in options.items() if name != "zero_output_for_mask"}
        refused = explain(layer, self.input(rows), **asked).refused
        for kernel in KERNELS:
            x = self.input(rows)
            torch.manual_seed(self.case.seed + 2)
            with use_kernel(kernel):
                if kernel in refused:
                    with pytest.raises(KernelError):
                        layer(x, **options)
                    continue
                y, final = layer(x, self.case.joined(layer, at.initial), **options)
            y = y[:, None] if self.case.form == "unbatched" else y
            y = y if self.case.batch_first and self.case.form == "padded" else y.transpose(0, 1)
            read = [y[b, self.kept(b)] for b in range(len(rows))]
            same(outcome(read, self.case.parted(layer, final), at.leaves()), told, f"{self} on {kernel}")
            self.check_masked_steps(y.detach(), layer.directions)

    def moved(self, row: int, resets: Tensor) -> Tensor:
        """A reset parts what is read before it from what is read from it on: column k is of the k-th step read."""
        found, start = torch.zeros_like(resets), 0
        for k, t in enumerate(self.kept(row)):
            found[k] = bool(resets[start : t + 1].any())
            start = t + 1
        return found

    def input(self, rows: list[Tensor]) -> Tensor:
        """The rows with NaN wherever nothing is read."""
        x = torch.full((len(rows), self.case.steps, 3), math.nan, dtype=torch.float64)
        for b, row in enumerate(rows):
            x = x.index_put((torch.tensor(b), torch.tensor(self.kept(b), dtype=torch.int64)), row)
        if self.case.form == "unbatched":
            return x[0]
        return x if self.case.batch_first else x.transpose(0, 1)

    def options(self, resets: Tensor | None) -> dict[str, Any]:
        mask = torch.tensor(self.mask)
        options: dict[str, Any] = {"mask": mask, "resets": resets, "zero_output_for_mask": self.zero}
        if self.case.form == "unbatched":
            return {**options, "mask": mask[0], "resets": None if resets is None else resets[0]}
        whole = all(n == self.case.steps for n in self.case.lengths)
        return options if whole else {**options, "lengths": list(self.case.lengths)}

    def check_masked_steps(self, y: Tensor, directions: int) -> None:
        """(B, T, D*P): zero past a row's end and, unless the last output is asked for, at every masked step."""
        for b in range(len(y)):
            kept = self.kept(b)
            for d, part in enumerate(y[b].chunk(directions, -1)):
                for t in (t for t in range(self.case.steps) if t not in kept):
                    seen = [s for s in kept if (s < t if d == 0 else s > t)]
                    source = (max(seen) if d == 0 else min(seen)) if seen else None
                    carried = not self.zero and t < self.case.lengths[b] and source is not None
                    assert part[t].equal(part[source] if carried else torch.zeros_like(part[t]))


@st.composite
def masked(draw: st.DrawFn) -> Masked:
    cell, layers = draw(st.sampled_from(sorted(MAKERS))), draw(st.integers(1, 3))
    options: dict[str, Any] = {
        "num_layers": layers,
        "bidirectional": draw(st.booleans()),
        "layer_norm": draw(st.booleans()),
        "zoneout": draw(rates),
        "recurrent_dropout": draw(rates),
        "input_dropout": draw(rates),
        "residual": layers > 1 and draw(st.booleans()),
        "pre_norm": draw(st.booleans()),
        "feed_forward": draw(st.sampled_from([0, 5])),
        "initial_state": draw(st.sampled_from(["zeros", "learned"])),
    }
    if layers > 1:
        options["variational_dropout"] = draw(rates)
    if cell in ("lstm", "gru"):
        options["proj_size"] = draw(st.sampled_from([0, 0, 3]))
    form = draw(st.sampled_from(["padded", "padded", "padded", "unbatched"]))
    batch, steps = 1 if form == "unbatched" else draw(st.integers(1, 4)), draw(st.integers(1, 7))
    lengths = [steps if form == "unbatched" else draw(st.one_of(st.just(steps), st.integers(0, steps)))] * batch
    case = Case(
        cell=cell,
        hidden=4,
        options=able(cell, options),
        lengths=tuple(lengths),
        steps=steps,
        form=form,
        batch_first=draw(st.booleans()),
        resets=draw(st.booleans()),
        state=draw(st.booleans()),
        training=draw(st.booleans()),
        seed=draw(st.integers(0, 10**6)),
    )
    bits = st.lists(st.booleans(), min_size=steps, max_size=steps)
    return Masked(case=case, mask=tuple(tuple(draw(bits)) for _ in range(batch)), zero=draw(st.booleans()))


@given(masked())
@settings(max_examples=20, derandomize=True, **quiet)
def test_drawn(case: Masked) -> None:
    case.check()


@pytest.mark.slow
@given(masked())
@settings(max_examples=1000, print_blob=True, **quiet)
def test_many_drawn(case: Masked) -> None:
    case.check()


# -- what follows from it --------------------------------------------------------------------------


def test_a_mask_of_leading_steps_is_lengths() -> None:
    layer, x = LSTM(3, 4, 2, bidirectional=True), torch.randn(5, 3, 3)
    resets, lengths = torch.rand(3, 5) < 0.3, torch.tensor([2, 5, 0])
    mask = torch.arange(5) < lengths[:, None]
    y, (h, c) = layer(x, mask=mask, resets=resets)
    told, (h_told, c_told) = layer(x, lengths=lengths, resets=resets)
    assert y.equal(told) and h.equal(h_told) and c.equal(c_told)


def test_a_mask_of_all_steps_is_none() -> None:
    layer, x = GRU(3, 4, 2), torch.randn(5, 2, 3)
    for zero in (True, False):
        y, h = layer(x, mask=torch.ones(2, 5, dtype=torch.bool), zero_output_for_mask=zero)
        torch.testing.assert_close(y, layer(x)[0])
        torch.testing.assert_close(h, layer(x)[1])
    assert explain(layer, x, mask=torch.ones(2, 5, dtype=torch.bool)) == explain(layer, x)


def test_a_row_of_no_step_gives_the_initial_state() -> None:
    x, mask, hx = torch.randn(5, 2, 3), torch.tensor([[False] * 5, [True] * 5]), torch.randn(2, 2, 4)
    zeros, learned = GRU(3, 4, bidirectional=True), GRU(3, 4, initial_state="learned")
    with torch.no_grad():
        learned.h0_l0.copy_(hx[0, 0])
    for layer, state, told in ((zeros, None, torch.zeros(2, 4)), (zeros, hx, hx[:, 0]), (learned, None, hx[:1, 0])):
        y, h = layer(x, state, mask=mask, zero_output_for_mask=False)
        assert not y[:, 0].any() and h[:, 0].equal(told)


def test_a_reset_at_a_masked_step_acts_before_the_next_that_is_read() -> None:
    """Row 0 reads 0, 3, 4 and is reset at 2: forward before 3, backward before 0. Row 1 is reset past its last step."""
    layer, x = LSTM(3, 4, bidirectional=True, dtype=torch.float64), torch.randn(5, 2, 3, dtype=torch.float64)
    mask = torch.tensor([[True, False, False, True, True], [True, True, True, False, False]])
    resets = torch.zeros(2, 5, dtype=torch.bool)
    resets[0, 2] = resets[1, 4] = True
    y, (h, _) = layer(x, mask=mask, resets=resets)
    first, after = layer(x[:1, :1])[0], layer(x[3:, :1])
    torch.testing.assert_close(y[:1, :1], first, **TIGHT)
    torch.testing.assert_close(y[3:, :1], after[0], **TIGHT)
    torch.testing.assert_close(h[0, 0], after[0][-1, 0, :4], **TIGHT)
    torch.testing.assert_close(h[1, 0], first[0, 0, 4:], **TIGHT)
    torch.testing.assert_close(y[:3, 1:], layer(x[:3, 1:])[0], **TIGHT)


def test_traced_values_are_zero_at_masked_steps() -> None:
    layer, x, mask = LSTM(3, 4, batch_first=True), torch.randn(2, 5, 3), torch.rand(2, 5) < 0.5
    y, _, traced = layer(x, mask=mask, zero_output_for_mask=False, trace=True)
    assert all(not values[~mask].any() and values[mask].any() for values in traced.values())
    assert traced["h_l0"][mask].equal(y[mask])


def test_dropout_between_layers() -> None:
    """p = 1 hides all below the last layer, masked or not."""
    layer, mask = LSTM(3, 4, 2, dropout=1.0), torch.rand(2, 5) < 0.5
    a, b = torch.randn(2, 5, 2, 3)
    assert layer(a, mask=mask)[0].equal(layer(b, mask=mask)[0])
    assert not layer.eval()(a, mask=mask)[0].equal(layer(b, mask=mask)[0])


@pytest.mark.filterwarnings("ignore")  # torch's compiler warns of itself
@pytest.mark.parametrize("zero", [pytest.param(True, marks=pytest.mark.slow), False])
def test_compiled(zero: bool) -> None:
    """One graph for all masks and sizes; NaN at masked steps reaches neither output nor gradient."""
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    layer = LSTM(3, 4, bidirectional=True, dtype=torch.float64)
    compiled = torch.compile(layer, fullgraph=True, dynamic=True, backend="aot_eager")
    for batch, steps in ((5, 7), (2, 9)):
        mask, lengths = torch.rand(batch, steps) < 0.5, torch.randint(0, steps + 1, (batch,))
        options = {"mask": mask, "resets": torch.rand(batch, steps) < 0.3, "lengths": lengths}
        x = torch.randn(steps, batch, 3, dtype=torch.float64)
        x[~mask.t()] = math.nan
        both = []
        for function in (compiled, layer):
            given = x.clone().requires_grad_()
            y, (h, c) = function(given, zero_output_for_mask=zero, **options)
            loss = (y * torch.linspace(-1, 1, y.numel(), dtype=y.dtype).view(y.shape)).sum() + h.sum() + c.sum()
            both.append([y, h, c, *torch.autograd.grad(loss, [given, *layer.parameters()])])
        for ours, told in zip(*both, strict=True):
            assert torch.isfinite(ours).all()
            torch.testing.assert_close(ours, told, **TIGHT)
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == 1
    torch._dynamo.reset()


# -- what is refused -------------------------------------------------------------------------------

X = torch.zeros(5, 2, 3)
MASK = torch.ones(2, 5, dtype=torch.bool)


class NoLengths(MinimalGatedUnit):
    name = "test_no_lengths"
    capabilities = frozenset({"trace"})


def nested() -> Tensor:
    return torch.nested.nested_tensor([torch.zeros(2, 3), torch.zeros(1, 3)], layout=torch.jagged)


REFUSED: dict[str, tuple[Any, Any, str]] = {
    "packed": (UsageError, lambda: LSTM(3, 4)(pack_sequence([X[:, 0]]), mask=MASK[:1]), "PackedSequence: pad it"),
    "nested": (UsageError, lambda: LSTM(3, 4)(nested(), mask=MASK), "nested tensor: pad it"),
    "numbers": (ShapeError, lambda: LSTM(3, 4)(X, mask=MASK.long()), "bool.*int64"),
    "by time": (ShapeError, lambda: LSTM(3, 4)(X, mask=MASK.t()), r"\(2, 5\).*\(5, 2\)"),
    "unbatched": (ShapeError, lambda: LSTM(3, 4)(X[:, 0], mask=MASK[0, :4]), r"\(1, 5\).*\(1, 4\)"),
    "outputs of no mask": (UsageError, lambda: LSTM(3, 4)(X, zero_output_for_mask=False), "give mask="),
    "outputs of a word": (ArgumentTypeError, lambda: LSTM(3, 4)(X, mask=MASK, zero_output_for_mask="no"), "'no'"),
    "a cell of no lengths": (UsageError, lambda: Recurrent(NoLengths(), 3, 4)(X, mask=MASK), "'lengths'"),
    "a stream": (TypeError, lambda: LSTM(3, 4).stream(2).step(X[0], mask=MASK), "mask"),
}


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    from throughtime.kernels.reference import cell

    yield
    cell._cells.pop("test_no_lengths", None)


@pytest.mark.filterwarnings("ignore:.*nested.*", "ignore:.*fx_tracing.*")
@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    kind, call, says = REFUSED[name]
    with pytest.raises(kind, match=says):
        call()
