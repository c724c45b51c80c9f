"""sLSTM on the core, as far as its state of four parts, its scale and its heads go beyond what every cell is asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from calls import Variant, call
from torch import Tensor

from throughtime.errors import ShapeError, UsageError
from throughtime.kernels import native, packing, reference
from throughtime.kernels.call import Call
from throughtime.kernels.dispatch import use_kernel
from throughtime.kernels.reference import cell
from throughtime.kernels.reference.cell import Parameters, register_cell
from throughtime.kernels.reference.slstm import SLSTMCell
from throughtime.kernels.sweep import sweep
from throughtime.layers import SLSTM, explain

pytestmark = pytest.mark.skipif(native.unavailable() is not None, reason=str(native.unavailable()))
TARGETS: list[str] = [] if native.unavailable() else packing.core().targets()
CELLS = [SLSTMCell(), SLSTMCell(exponential_forget=True), SLSTMCell(3), SLSTMCell(2, exponential_forget=True)]
cells = pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
EXACT: dict[str, float] = {"rtol": 1e-9, "atol": 1e-11}
"""Float64 over a few dozen operations."""


def compare(one: Call, weights: list[float], tolerance: dict[str, float] = EXACT) -> None:
    """Values and gradients of y and the final parts, each with its own weight in the loss; 0: it is not used."""
    told: list[list[Tensor]] = []
    for swept in (sweep(one, "native"), reference.run(one)):
        results = [swept[0], *swept[1]]
        used = [
            (part * torch.linspace(-w, 1, part.numel(), dtype=part.dtype).view(part.shape)).sum()
            for part, w in zip(results, weights, strict=True)
            if w
        ]
        grads = torch.autograd.grad(torch.stack(used).sum(), one.tensors(), materialize_grads=True, allow_unused=True)
        told.append([*results, *grads])
    for ours, theirs in zip(*told, strict=True):
        torch.testing.assert_close(ours, theirs, **tolerance)


@cells
@pytest.mark.parametrize("recompute", [False, True])
@pytest.mark.parametrize("at", range(5))
def test_the_gradient_of_each_part_alone(cell: SLSTMCell, at: int, recompute: bool) -> None:
    """That of m reaches what made it, though h does not depend on it."""
    one = call(
        Variant(cell=cell), sizes=(4, 4, 3, 3, 1), hidden=6, directions=2, resets=True, restart=True,
        recurrent_dropout=0.4, training=True, seed=torch.tensor(5), recompute=recompute,
    )  # fmt: skip
    compare(one, [float(part == at) for part in range(5)])


@cells
@pytest.mark.parametrize("at", range(5))
def test_before_anything_is_kept(cell: SLSTMCell, at: int) -> None:
    """Where n is 0, at the start and after a reset, m is i~ whatever it was before."""
    one = call(Variant(cell=cell), sizes=(3, 3, 2), hidden=6, resets=True)
    empty = one.state[2].detach().clone()
    empty[..., ::2] = 0
    one = replace(one, state=[*one.state[:2], empty.requires_grad_(), one.state[3]])
    compare(one, [float(part == at) for part in range(5)])
    once = replace(one, rows=one.rows[:3], batch_sizes=torch.tensor([3]), resets=None)
    _, final = sweep(once, "native")
    p = once.parameters(0)
    from_h = reference.cell_named(cell.name).step(p, cell.project(p, once.rows), once.state[0][0], _parts(once))
    torch.testing.assert_close(final[3][0], from_h[0][3], **EXACT)


def _parts(one: Call) -> tuple[Tensor, ...]:
    return tuple(part[0] for part in one.state)


def test_the_gradient_of_a_tie_goes_to_both_sides_alike() -> None:
    """f~ + m = i~ to the last bit."""
    one = call(Variant(cell=SLSTMCell(exponential_forget=True), bias=False), sizes=(2,), hidden=4, inputs=1)
    w = torch.zeros(16, 1, dtype=torch.float64)
    w[:4], w[4:8], w[8:] = 0.75, 0.25, torch.linspace(-1, 1, 8, dtype=torch.float64)[:, None]
    state = [*one.state[:3], torch.full_like(one.state[3], 0.5).requires_grad_()]
    given = {"weight_ih": w.requires_grad_(), "weight_hh": torch.zeros(16, 4, dtype=torch.float64, requires_grad=True)}
    rows = torch.ones(2, 1, dtype=torch.float64, requires_grad=True)
    one = replace(one, rows=rows, state=state, weights=[given[name] for name in one.names])
    compare(one, [0.7, 0.3, -0.4, 0.6, 0.9])
    _, final = sweep(one, "native")
    (grad,) = torch.autograd.grad(final[3].sum(), state[3])
    assert grad.eq(0.5).all()


@cells
@pytest.mark.parametrize(
    "forget, keep", [(-300.0, 5.0), (300.0, -300.0), (-200.0, -150.0), (60.0, 250.0), (-9.0, -100.0)]
)
def test_gates_of_any_size(cell: SLSTMCell, forget: float, keep: float) -> None:
    """In float32 nothing overflows where m takes the scale; the first step begins with nothing kept."""
    one = call(Variant(cell=cell), sizes=(3, 3, 3), hidden=6)
    bias = dict(zip(one.names, one.weights, strict=True))["bias_ih"].detach().clone()
    bias[:6] += keep
    bias[6:12] += forget
    weights = [bias if name == "bias_ih" else w.detach() for name, w in zip(one.names, one.weights, strict=True)]
    one = replace(one, weights=weights, state=[torch.zeros_like(part) for part in one.state], keep=False)
    exact = [tensor.detach().float().double() for tensor in one.tensors()]
    told, final = reference.run(one.with_tensors(exact))
    y, ours = sweep(one.with_tensors([tensor.float() for tensor in exact]), "native")
    for part, theirs in zip([y, *ours], [told, *final], strict=True):  # an exponent of 300 has lost 2e-5
        torch.testing.assert_close(part.double(), theirs, rtol=3e-4, atol=1e-5)


@pytest.mark.parametrize("heads", [1, 2, 4])
def test_one_head_does_not_see_another(heads: int) -> None:
    """Nor does another head's gradient reach it."""
    layer, x = SLSTM(3, 32, heads=heads), torch.randn(5, 2, 3)
    h, c, m = (torch.randn(1, 2, 32) for _ in range(3))
    h.requires_grad_()
    with use_kernel("native"):
        y, _ = layer(x, (h, c, torch.ones(1, 2, 32), m))
    (grad,) = torch.autograd.grad(y[:, :, : 32 // heads].sum(), h)
    assert grad[..., : 32 // heads].ne(0).all() and not grad[..., 32 // heads :].any()


@pytest.mark.parametrize("options", [{}, {"heads": 4}, {"exponential_forget": True}], ids=str)
def test_bfloat16(options: dict[str, Any]) -> None:
    """Widened, in inference too, so that results are those of float32, rounded once: 2^-9 of each."""
    layer, x = SLSTM(4, 16, bidirectional=True, **options).bfloat16(), torch.randn(9, 4, 4).bfloat16()
    wide = SLSTM(4, 16, bidirectional=True, **options)
    wide.load_state_dict({name: value.float() for name, value in layer.state_dict().items()})
    told: list[list[Tensor]] = []
    for each, kernel, given in ((layer, "native", x), (wide, "reference", x.float())):
        with use_kernel(kernel):
            y, state = each(given, lengths=[9, 4, 0, 7])
        grads = torch.autograd.grad(y.float().sin().sum(), list(each.parameters()))
        with use_kernel(kernel), torch.no_grad():
            again, _ = each(given, lengths=[9, 4, 0, 7])
        told.append([part.detach().float() for part in (y, *state, *grads, again)])
    for ours, theirs in zip(*told, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=2**-8, atol=2**-8 * theirs.abs().max().clamp(min=1).item())


def test_the_core_runs_it_and_what_is_made_from_it_runs_elsewhere() -> None:
    class Other(SLSTMCell):
        def step(self, p: Parameters, from_x: Tensor, h: Tensor, carry: tuple[Tensor, ...]) -> Any:
            return super().step(p, 2 * from_x, h, carry)

    assert explain(SLSTM(3, 4, heads=2), torch.randn(5, 2, 3)).kernel == "native"
    other = Other()
    other.name = "test_slstm_other"
    try:
        assert native.number_of(register_cell(other).name) is None
    finally:
        cell._cells.pop(other.name)


@pytest.mark.parametrize("changes", [{"zoneout": [0.1, 0.0, 0.0, 0.0]}, {"zoneout": [0.0, 0.0, 0.0, 0.2]}], ids=str)
def test_what_it_has_not_is_refused(changes: dict[str, Any]) -> None:
    one = call(Variant(cell=SLSTMCell()))
    with pytest.raises(UsageError, match="no zoneout of 'slstm_1'"):
        native.forward(replace(one, **changes))
    normed = call(Variant(cell=SLSTMCell(), layer_norm=True))
    with pytest.raises(ShapeError, match="weights must be of"):
        native.forward(normed)


@pytest.mark.parametrize("forced", TARGETS, indirect=True)
@cells
@pytest.mark.parametrize("batch, hidden", [(1, 132), (3, 132), (40, 36)])
def test_every_target_and_number_of_threads(
    forced: str, cell: SLSTMCell, batch: int, hidden: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few rows of many units are split by units, many rows by rows."""
    monkeypatch.setattr("throughtime.kernels.native_pass._SMALL", 0)
    one = call(
        Variant(cell=cell), sizes=(batch, batch, max(1, batch // 2), 1), hidden=hidden, directions=2, resets=True,
        restart=True, tail=3, recurrent_dropout=0.3, training=True, seed=torch.tensor(7),
    )  # fmt: skip
    small = [tensor.detach() / (hidden if tensor.shape[-1] > 2 and tensor.dim() == 2 else 1) for tensor in one.weights]
    one, before = replace(one, weights=[w.requires_grad_() for w in small]), torch.get_num_threads()
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            compare(one, [0.9, 0.8, -0.7, 0.6, 0.5], {"rtol": 1e-9, "atol": 1e-9})
    finally:
        torch.set_num_threads(before)
