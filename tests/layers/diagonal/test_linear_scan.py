"""``tt.linear_scan`` against its equation written out, in every form, on every kernel; ``tt.newton`` around layers."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from cases import TIGHT
from torch import Tensor

import throughtime as tt
from throughtime.errors import ArgumentTypeError, KernelError, ShapeError, UsageError

kernels = pytest.mark.parametrize("kernel", [None, "native", "scan", "reference"])


def drawn(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


def told(a: Tensor, b: Tensor, initial: Tensor, lengths: list[int], resets: Tensor) -> tuple[Tensor, Tensor]:
    """Row by row, step by step, (T, B, H)."""
    rows, lasts = [], []
    for row, length in enumerate(lengths):
        h, states = initial[row], []
        for t in range(length):
            h = a[t, row] * (torch.zeros_like(h) if resets[row, t] else h) + b[t, row]
            states.append(h)
        states += [torch.zeros_like(h)] * (len(a) - length)
        rows.append(torch.stack(states))
        lasts.append(h)
    return torch.stack(rows, 1), torch.stack(lasts)


def run(kernel: str | None, *args: Any, **options: Any) -> tuple[Tensor, Tensor]:
    if kernel is None:
        return tt.linear_scan(*args, **options)
    with tt.use_kernel(kernel):
        return tt.linear_scan(*args, **options)


@kernels
@pytest.mark.parametrize("batch_first", [False, True])
def test_states_and_gradients(kernel: str | None, batch_first: bool) -> None:
    """Ragged in any order, reset, from a state; factors of any sign, zero among them; padding is NaN."""
    a, b, initial = drawn(7, 4, 3), drawn(7, 4, 3), drawn(4, 3)
    lengths, resets = [3, 7, 0, 5], torch.rand(4, 7) < 0.3
    with torch.no_grad():
        a[::3].mul_(0.0)
        for row, length in enumerate(lengths):
            a[length:, row], b[length:, row] = torch.nan, torch.nan
    given = [each.transpose(0, 1) if batch_first else each for each in (a, b)]
    h, last = run(kernel, *given, initial, lengths=lengths, resets=resets, batch_first=batch_first)
    h_told, last_told = told(a, b, initial, lengths, resets)
    h = h.transpose(0, 1) if batch_first else h
    torch.testing.assert_close((h, last), (h_told, last_told), **TIGHT)
    v, w = torch.randn_like(h), torch.randn_like(last)
    ours = torch.autograd.grad((h * v).sum() + (last * w).sum(), (a, b, initial))
    theirs = torch.autograd.grad((h_told * v).sum() + (last_told * w).sum(), (a, b, initial))
    for one, other in zip(ours, theirs, strict=True):
        real = other if one.dim() == 2 else other.nan_to_num(0.0)
        torch.testing.assert_close(one, real, **TIGHT)


@kernels
def test_derivatives_of_the_second_order(kernel: str | None) -> None:
    def function(*tensors: Tensor) -> tuple[Tensor, Tensor]:
        return run(kernel, *tensors, lengths=[1, 3])

    assert torch.autograd.gradgradcheck(function, (drawn(3, 2, 2), drawn(3, 2, 2), drawn(2, 2)), fast_mode=True)


@kernels
@pytest.mark.parametrize("shape", [(0, 2, 3), (4, 0, 3), (1, 1, 1)])
def test_small_ones(kernel: str | None, shape: tuple[int, int, int]) -> None:
    """No step leaves the state that was given."""
    a, b, initial = drawn(*shape), drawn(*shape), drawn(*shape[1:])
    h, last = run(kernel, a, b, initial)
    assert h.shape == shape and last.shape == shape[1:]
    if shape[0] == 0:
        assert last.equal(initial)
    elif shape[1]:
        assert h[0].equal(last)
        torch.testing.assert_close(last, a[0] * initial + b[0], **TIGHT)


def test_forgetting_nothing_and_everything() -> None:
    """A sum of 10^5 ones is exact in float32, and zero is no logarithm's trouble."""
    ones = torch.ones(100_000, 1, 1)
    assert tt.linear_scan(ones, ones)[1].item() == 100_000
    assert tt.linear_scan(-ones, ones)[0][:4].flatten().tolist() == [1.0, 0.0, 1.0, 0.0]
    assert tt.linear_scan(0 * ones, ones)[0].equal(ones)


@pytest.mark.filterwarnings("ignore")  # torch's transforms warn of themselves
def test_in_transforms_and_compiled() -> None:
    a, b = torch.randn(3, 5, 2, 2, dtype=torch.float64), torch.randn(3, 5, 2, 2, dtype=torch.float64)
    each = [tt.linear_scan(one, other) for one, other in zip(a, b, strict=True)]
    mapped = torch.vmap(tt.linear_scan)(a, b)
    torch.testing.assert_close(mapped, tuple(torch.stack(parts) for parts in zip(*each, strict=True)), **TIGHT)
    tangent, step = torch.randn_like(a[0]), 1e-6
    _, found = torch.func.jvp(lambda a: tt.linear_scan(a, b[0])[0], (a[0],), (tangent,))
    further, before = (tt.linear_scan(a[0] + sign * step * tangent, b[0])[0] for sign in (1, -1))
    torch.testing.assert_close(found, (further - before) / (2 * step), rtol=1e-6, atol=1e-7)
    compiled = torch.compile(tt.linear_scan, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(a[0], b[0]), each[0], **TIGHT)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision(dtype: torch.dtype) -> None:
    """Sums are of float32: one rounding at the end, where adding in half precision would stop at 256."""
    a, b = torch.ones(1000, 2, 3, dtype=dtype), torch.ones(1000, 2, 3, dtype=dtype)
    for name in ("native", "scan") if dtype == torch.bfloat16 else ("scan",):
        h, last = run(name, a, b)
        assert h.dtype == dtype and last.equal(torch.full((2, 3), 1000.0).to(dtype))


x = torch.zeros(3, 2, 4)
REFUSED: dict[str, tuple[Any, type[Exception], str]] = {
    "lists": (lambda: tt.linear_scan([1], [2]), ArgumentTypeError, "a and b must be tensors, got a list and a list"),
    "two shapes": (lambda: tt.linear_scan(x, x[:2]), ShapeError, r"got torch.float32 \(3, 2, 4\) and .* \(2, 2, 4\)"),
    "two axes": (lambda: tt.linear_scan(x[0], x[0]), ShapeError, r"of one shape \(T, B, H\), H at least 1"),
    "no unit": (lambda: tt.linear_scan(x[..., :0], x[..., :0]), ShapeError, "H at least 1"),
    "two types": (lambda: tt.linear_scan(x.double(), x), ShapeError, "got torch.float64"),
    "whole numbers": (lambda: tt.linear_scan(x.int(), x.int()), ShapeError, "floating tensors"),
    "two devices": (lambda: tt.linear_scan(x.to("meta"), x), ShapeError, "the a is on meta, the b on cpu"),
    "a list for a state": (lambda: tt.linear_scan(x, x, [0.0]), ArgumentTypeError, "initial must be a tensor, got a"),
    "a narrow state": (lambda: tt.linear_scan(x, x, x[0, :, :3]), ShapeError, r"initial must be .* \(2, 4\) on cpu, "),
    "another state": (lambda: tt.linear_scan(x, x, x[0].double()), ShapeError, "initial must be torch.float32"),
    "long rows": (lambda: tt.linear_scan(x, x, lengths=[4, 1]), ShapeError, r"lengths must lie in 0..3 .* row 0 has 4"),
    "few lengths": (lambda: tt.linear_scan(x, x, lengths=[3]), ShapeError, "one number for each of the 2 rows"),
    "other resets": (lambda: tt.linear_scan(x, x, resets=x), ShapeError, r"resets must be bool of shape .* \(2, 3\)"),
    "an order": (lambda: tt.linear_scan(x, x, batch_first=1), ArgumentTypeError, "batch_first must be True or False"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused(what: str) -> None:
    call, error, message = REFUSED[what]
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(("kernel", "reason"), [("torch", "no cell 'given'"), ("newton", "needs no iterations")])
def test_a_kernel_that_cannot(kernel: str, reason: str) -> None:
    with pytest.raises(KernelError, match=f"kernel '{kernel}' was forced and cannot run this call: .*{reason}"):
        run(kernel, x, x)


# -- tt.newton ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("made", [tt.ParaGRU, tt.IndRNN, lambda *a, **k: tt.IndRNN(*a, nonlinearity="tanh", **k)])
def test_newton_around_a_stack(made: Any) -> None:
    """Two layers of two directions over seven steps, three at a time: twelve chunks, and the plain loop's numbers."""
    layer = made(3, 4, 2, bidirectional=True, dtype=torch.float64)
    x = torch.randn(7, 2, 3, dtype=torch.float64, requires_grad=True)
    with tt.newton(chunk=3) as report:
        y, state = layer(x, lengths=[7, 4])
    assert len(report.iterations) == len(report.residuals) == 12 and report.sequential == 0
    with tt.use_kernel("reference"):
        y_told, state_told = layer(x, lengths=[7, 4])
    torch.testing.assert_close((y, state), (y_told, state_told), **TIGHT)
    leaves = [x, *layer.parameters()]
    ours, theirs = (torch.autograd.grad(each.sin().sum(), leaves) for each in (y, y_told))
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, **TIGHT)


def test_newton_is_asked_for_and_left_again() -> None:
    layer, x = tt.ParaGRU(3, 4), torch.randn(5, 2, 3)
    before = tt.explain(layer, x).kernel
    with tt.newton() as report:
        assert tt.explain(layer, x).kernel == "newton" != before
        with pytest.raises(ZeroDivisionError):
            _ = 1 / 0
    layer(x)
    assert tt.explain(layer, x).kernel == before and not report.iterations


@pytest.mark.parametrize(
    ("made", "reason"),
    [(tt.MinGRU, "see the scan"), (tt.SRU, "that of 'sru' is none"), (tt.GRU, "'gru'"), (tt.SLSTM, "'slstm_1'")],
)
def test_newton_says_what_it_cannot_solve(made: Any, reason: str) -> None:
    with tt.newton(), pytest.raises(KernelError, match=reason):
        made(3, 4)(torch.randn(5, 2, 3))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"iterations": 0}, UsageError, "iterations must be 1 or more, got 0"),
        ({"iterations": 1.5}, ArgumentTypeError, "iterations must be a whole number, 1 or more"),
        ({"chunk": True}, ArgumentTypeError, "chunk must be a whole number"),
        ({"tolerance": "small"}, ArgumentTypeError, "tolerance must be a number above 0, got 'small'"),
        ({"tolerance": 0.0}, UsageError, "tolerance must be a number above 0, got 0.0"),
    ],
)
def test_newton_with_settings_out_of_range(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message), tt.newton(**options):
        pass
