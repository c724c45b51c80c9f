"""Attention over the history: against the whole matrix of weights; what must not leak; what it takes."""

from __future__ import annotations

import math
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, cast

import pytest
import torch
from torch import Tensor
from torch.func import jvp, vmap
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from throughtime.errors import ArgumentTypeError, ShapeError, UnknownNameError, UsageError
from throughtime.layers import GRU, LSTM
from throughtime.layers.attention import Attention, HistoryAttention, blocks

EXACT: dict[str, Any] = {"rtol": 1e-11, "atol": 1e-11}
"""Float64 has 2.2e-16 per operation; a sum has at most some hundred terms of about 1, in another order."""
KINDS = ("additive", "dot", "general", "multihead")
STEPS = 90
"""More than two blocks of 32 queries with the block before."""
LENGTHS = [90, 0, 41]
HEADS: dict[str, dict[str, Any]] = {"multihead": {"hidden_size": 6, "heads": 2}}
kinds = pytest.mark.parametrize("kind", KINDS)
causals = pytest.mark.parametrize("causal", [True, False], ids=["causal", "both sides"])


def made(kind: str, inputs: int = 4, **options: Any) -> HistoryAttention:
    given: dict[str, Any] = {"batch_first": True, "dtype": torch.float64, **HEADS.get(kind, {}), **options}
    return HistoryAttention(inputs, kind=kind, **given)


def drawn(*shape: int, grad: bool = False) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, requires_grad=grad)


def drawn_resets(batch: int = 3, steps: int = STEPS) -> Tensor:
    resets = torch.rand(batch, steps) < 0.06
    resets[0, 0] = resets[-1, -1] = True
    return resets


# -- the truth ---------------------------------------------------------------------------------------------------------


def allowed_steps(
    layer: HistoryAttention, batch: int, steps: int, lengths: list[int] | None, resets: Tensor | None
) -> Tensor:
    """(B, T, T) bool, step by step: back to the window's end or a reset; ahead, too, where it is not causal."""
    window = steps if layer.window is None else layer.window
    allowed = [[[False] * steps for _ in range(steps)] for _ in range(batch)]
    parted = [[False] * steps] * batch if resets is None else cast("list[list[bool]]", resets.tolist())
    for b in range(batch):
        end = steps if lengths is None else lengths[b]
        for t in range(end):
            s = t
            while s >= 0 and t - s < window:
                allowed[b][t][s] = True
                s = -1 if parted[b][s] else s - 1
            s = t + 1
            while not layer.causal and s < end and s - t < window and not parted[b][s]:
                allowed[b][t][s] = True
                s += 1
    return torch.tensor(allowed)


def whole(layer: HistoryAttention, y: Tensor, allowed: Tensor) -> Tensor:
    """The papers' equations with the whole (B, M, T, T) matrix of scores; y is (B, T, I)."""
    p = {name.removesuffix(".weight"): weight for name, weight in layer.named_parameters()}
    q, k, v = (y @ p[name].t() if name in p else y for name in ("query", "key", "value"))
    q, k, v = (x.reshape(*x.shape[:2], layer.heads, -1).transpose(1, 2) for x in (q, k, v))
    if layer.kind == "additive":
        scores = torch.tanh(q[:, :, :, None] + k[:, :, None]) @ p["energy"][0]
    else:
        scores = torch.einsum("bmtd,bmsd->bmts", q, k) / (1.0 if layer.kind == "general" else math.sqrt(q.shape[-1]))
    alive = allowed.any(-1)[:, None, :, None]
    scores = scores.masked_fill(~allowed[:, None], -math.inf).masked_fill(~alive, 0.0)
    context = torch.einsum("bmts,bmsd->btmd", scores.softmax(-1) * alive, v).flatten(2)
    return context @ p["output"].t() if "output" in p else context


def check(layer: HistoryAttention, y: Tensor, lengths: list[int] | None = None, resets: Tensor | None = None) -> None:
    """Values and all gradients against the whole matrix."""
    got = layer(y, lengths=lengths, resets=resets)
    expected = whole(layer, y, allowed_steps(layer, y.shape[0], y.shape[1], lengths, resets))
    torch.testing.assert_close(got, expected, **EXACT)
    of, up = [y, *layer.parameters()], drawn(*got.shape)
    ours, theirs = torch.autograd.grad(got, of, up), torch.autograd.grad(expected, of, up)
    torch.testing.assert_close(ours, theirs, **EXACT)


@kinds
@causals
@pytest.mark.parametrize("window", [None, 1, 2, 9, 33, 70, 500])
@pytest.mark.parametrize("ragged", [False, True], ids=["full", "ragged"])
@pytest.mark.parametrize("reset", [False, True], ids=["one part", "reset"])
def test_values_and_gradients(kind: str, causal: bool, window: int | None, ragged: bool, reset: bool) -> None:
    """A window of 9 has some blocks for all kinds, 33 for all but one, 500 none."""
    layer = made(kind, window=window, causal=causal)
    check(layer, drawn(3, STEPS, 4, grad=True), LENGTHS if ragged else None, drawn_resets() if reset else None)


@kinds
@causals
@pytest.mark.parametrize("window", [None, 1, 3])
@pytest.mark.parametrize("batch, steps", [(1, 1), (1, 2), (2, 1), (1, 200), (5, 33)])
def test_sizes(kind: str, causal: bool, window: int | None, batch: int, steps: int) -> None:
    check(made(kind, window=window, causal=causal), drawn(batch, steps, 4, grad=True))


@causals
@pytest.mark.parametrize("kind", ["additive", "general"])
def test_more_steps_than_queries_at_a_time(kind: str, causal: bool) -> None:
    """Without a window 512 queries go together (of additive scores 128), here with a reset in each part."""
    resets = torch.zeros(2, 1100, dtype=torch.bool)
    resets[:, [3, 510, 600, 1099]] = True
    check(made(kind, 2, causal=causal), drawn(2, 1100, 2, grad=True), [1100, 700], resets)


@pytest.mark.parametrize("window", [None, 9])
def test_additive_scores_in_parts(window: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """So few numbers at once that a part is less than a block of queries, and each is computed again backwards."""
    monkeypatch.setattr(blocks, "AT_ONCE", 200)
    check(made("additive", window=window), drawn(3, STEPS, 4, grad=True), LENGTHS, drawn_resets())


@kinds
@causals
def test_the_weights_are_those_of_attention(kind: str, causal: bool) -> None:
    layer = made(kind, window=5, causal=causal)
    other = Attention(4, 4, kind=kind, dtype=torch.float64, **HEADS.get(kind, {}))
    other.load_state_dict(layer.state_dict())
    y, resets = drawn(3, STEPS, 4), drawn_resets()
    context, weights = other(y, y, mask=allowed_steps(layer, 3, STEPS, LENGTHS, resets))
    torch.testing.assert_close(layer(y, lengths=LENGTHS, resets=resets), context, **EXACT)
    assert (weights[0] > 0).sum(-1).max() == (5 if causal else 9)


# -- every form of a batch ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("window", [None, 5])
def test_forms(window: int | None) -> None:
    layer, y, lengths = made("multihead", window=window), drawn(3, 80, 4), [41, 80, 7]
    expected, by_step = layer(y, lengths=lengths), made("multihead", window=window, batch_first=False)
    by_step.load_state_dict(layer.state_dict())
    assert by_step(y.transpose(0, 1), lengths=torch.tensor(lengths)).equal(expected.transpose(0, 1))
    packed = layer(pack_padded_sequence(y, torch.tensor(lengths), batch_first=True, enforce_sorted=False))
    torch.testing.assert_close(pad_packed_sequence(packed, batch_first=True)[0], expected, **EXACT)
    rows = [row[:length] for row, length in zip(y, lengths, strict=True)]
    nested = layer(torch.nested.as_nested_tensor(rows, layout=torch.jagged))
    for got, row, one, length in zip(nested.unbind(), rows, expected, lengths, strict=True):
        torch.testing.assert_close(got, one[:length], **EXACT)
        torch.testing.assert_close(layer(row), one[:length], **EXACT)


@causals
def test_masked_steps_are_passed_over(causal: bool) -> None:
    layer, y, mask = made("general", window=4, causal=causal), drawn(2, 80, 4), torch.rand(2, 80) < 0.7
    resets = drawn_resets(2, 80) & mask
    got = layer(y, mask=mask, resets=resets)
    assert got[~mask].eq(0).all()
    for b in range(2):
        alone = layer(y[b, mask[b]], resets=resets[b, mask[b]])
        torch.testing.assert_close(got[b, mask[b]], alone, **EXACT)


@kinds
@pytest.mark.parametrize("shape", [(0, 5, 4), (2, 0, 4), (0, 4)])
def test_nothing(kind: str, shape: tuple[int, ...]) -> None:
    layer, y = made(kind, window=3), drawn(*shape, grad=True)
    got = layer(y)
    assert got.shape == (*shape[:-1], layer.output_size)
    got.sum().backward()


def test_after_stacks() -> None:
    x, lengths, resets = drawn(3, 80, 2), [80, 12, 55], drawn_resets(3, 80)
    stack = GRU(2, 4, num_layers=2, batch_first=True, dtype=torch.float64)
    y = stack(x, lengths=lengths, resets=resets)[0].detach().requires_grad_()
    check(made("additive", window=6), y, lengths, resets)
    both = LSTM(2, 2, bidirectional=True, batch_first=True, dtype=torch.float64)
    y = both(x, lengths=lengths, resets=resets)[0].detach().requires_grad_()
    check(made("dot", window=6, causal=False), y, lengths, resets)


# -- what must not leak ------------------------------------------------------------------------------------------------


@kinds
@pytest.mark.parametrize("causal, window", [(True, None), (True, 5), (False, None), (False, 5)])
def test_padding_is_not_read(kind: str, causal: bool, window: int | None) -> None:
    layer = made(kind, window=window, causal=causal)
    padding_is_not_read(layer, layer)


@pytest.mark.parametrize("causal, window", [(True, 5), (False, None)])
@pytest.mark.parametrize("kind", ["additive", "multihead"])
@pytest.mark.filterwarnings("ignore")  # the compiler warns of itself
def test_padding_is_not_read_where_it_is_compiled(kind: str, causal: bool, window: int | None) -> None:
    layer = made(kind, window=window, causal=causal)
    torch.compiler.reset()
    padding_is_not_read(layer, torch.compile(layer, fullgraph=True, backend="aot_eager"))


def padding_is_not_read(layer: HistoryAttention, call: Callable[..., Tensor]) -> None:
    y, lengths = drawn(3, STEPS, 4), torch.tensor(LENGTHS)
    padding = torch.arange(STEPS) >= lengths[:, None]
    dirty = y.masked_fill(padding[..., None], math.nan).requires_grad_()
    got = call(dirty, lengths=lengths)
    torch.testing.assert_close(got, layer(y, lengths=lengths), **EXACT)
    assert got[padding].eq(0).all()
    (grad,) = torch.autograd.grad(got.square().sum(), dirty)
    assert grad.isfinite().all() and grad[padding].eq(0).all() and grad[~padding].ne(0).any()


@kinds
@pytest.mark.parametrize("window", [None, 5])
def test_rows_do_not_see_each_other(kind: str, window: int | None) -> None:
    layer, y = made(kind, window=window), drawn(3, STEPS, 4)
    expected = layer(y)
    y[1] = math.nan
    assert layer(y)[[0, 2]].equal(expected[[0, 2]])


@kinds
@pytest.mark.parametrize("window", [None, 5, 30])
def test_no_step_sees_what_is_after_it_or_before_the_window(kind: str, window: int | None) -> None:
    layer, y = made(kind, window=window), drawn(2, STEPS, 4)
    expected, changed = layer(y), y.clone()
    changed[:, 60:] = drawn(2, STEPS - 60, 4)
    assert layer(changed)[:, :60].equal(expected[:, :60])
    changed = y.clone()
    changed[:, :20] = drawn(2, 20, 4)
    first = 20 + (window - 1 if window else STEPS)
    assert layer(changed)[:, first:].equal(expected[:, first:])
    assert layer(changed)[:, 20].ne(expected[:, 20]).all() == (window != 1)


# -- dropout, derivatives, compilation, types --------------------------------------------------------------------------


@kinds
@pytest.mark.parametrize("window", [None, 5])
def test_dropout_in_training_only(kind: str, window: int | None) -> None:
    layer, y = made(kind, window=window, dropout=0.5), drawn(2, STEPS, 4)
    plain = made(kind, window=window)
    plain.load_state_dict(layer.state_dict())
    assert not torch.allclose(layer(y), plain(y))
    assert layer.eval()(y).equal(plain(y))


@pytest.mark.parametrize("kind", ["additive", "dot"])
def test_dropout_keeps_the_mean(kind: str) -> None:
    layer, y = made(kind, window=3, dropout=0.25), drawn(1, 70, 4)
    mean = layer(y.expand(4000, -1, -1)).mean(0)
    expected = layer.eval()(y)[0]
    # a standard error of at most |v| sqrt(p / (1 - p) / 4000) = 0.009 |v|, five of them
    torch.testing.assert_close(mean, expected, rtol=0, atol=0.05 * float(y.abs().max()))


@kinds
@pytest.mark.parametrize("window", [None, 2])
def test_gradcheck_with_dropout(kind: str, window: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The backward pass drops what the forward pass has dropped, where it computes it again, too."""
    monkeypatch.setattr(blocks, "AT_ONCE", 100)
    layer = made(kind, 2, window=window, dropout=0.4)

    def same_draws(y: Tensor) -> Tensor:
        torch.manual_seed(4)
        return layer(y)

    assert torch.autograd.gradcheck(same_draws, drawn(1, 20, 2, grad=True))


@kinds
@pytest.mark.parametrize("causal, window", [(True, 5), (False, 9), (True, None)])
@pytest.mark.filterwarnings("ignore")  # the compiler warns of itself
def test_compiled_whole(kind: str, causal: bool, window: int | None) -> None:
    layer, y, resets = made(kind, window=window, causal=causal), drawn(3, STEPS, 4, grad=True), drawn_resets()
    torch.compiler.reset()
    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager")
    got = compiled(y, lengths=torch.tensor(LENGTHS), resets=resets)
    expected = layer(y, lengths=LENGTHS, resets=resets)
    torch.testing.assert_close(got, expected, **EXACT)
    of, up = [y, *layer.parameters()], drawn(*got.shape)
    torch.testing.assert_close(torch.autograd.grad(got, of, up), torch.autograd.grad(expected, of, up), **EXACT)


@kinds
@pytest.mark.parametrize("window", [None, 5])
@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")  # forward mode loads what is
def test_transforms_and_second_derivatives(kind: str, window: int | None) -> None:
    layer, y, direction = made(kind, window=window), drawn(2, 40, 4), drawn(2, 40, 4)
    stack = drawn(3, 2, 40, 4)
    torch.testing.assert_close(vmap(layer)(stack), torch.stack([layer(each) for each in stack]), **EXACT)
    with torch.no_grad():
        tangent = jvp(layer, (y,), (direction,))[1]
        near = (layer(y + 1e-6 * direction) - layer(y - 1e-6 * direction)) / 2e-6
    torch.testing.assert_close(tangent, near, rtol=1e-6, atol=1e-7)  # 1e-16 / 1e-6 of rounding, 1e-12 of curvature
    with sdpa_kernel(SDPBackend.MATH):
        assert torch.autograd.gradgradcheck(layer, drawn(1, 4, 4, grad=True))


@kinds
def test_types(kind: str) -> None:
    """Float32 keeps to float64; half precision and autocast give their own types."""
    layer, y = made(kind, window=7), drawn(2, STEPS, 4)
    wide = layer(y)
    torch.testing.assert_close(layer.float()(y.float()), wide.float(), rtol=1e-5, atol=1e-5)
    narrow = layer.bfloat16()(y.bfloat16())
    assert narrow.dtype == torch.bfloat16
    torch.testing.assert_close(narrow.double(), wide, rtol=0.1, atol=0.1)  # 8 bits, some roundings of numbers up to 4
    with torch.autocast("cpu", torch.bfloat16):
        mixed = layer.float()(y.float())
    torch.testing.assert_close(mixed.double(), wide, rtol=0.1, atol=0.1)


def test_repr_and_state_dict() -> None:
    layer = made("additive", window=3)
    assert list(layer.state_dict()) == ["query.weight", "key.weight", "energy.weight"]
    assert "kind='additive', window=3, causal=True" in repr(layer)
    assert list(made("dot").state_dict()) == []


# -- memory and time ---------------------------------------------------------------------------------------------------


class Largest(TorchDispatchMode):
    """Remembers how many numbers the largest tensor has that any operator made."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out: Any = func(*args, **(kwargs or {}))
        for each in tree_leaves(out):
            if isinstance(each, Tensor):
                self.numbers = max(self.numbers, each.numel())
        return out


@kinds
@causals
@pytest.mark.parametrize("window", [1, 16, 100])
@pytest.mark.parametrize("reset", [False, True], ids=["one part", "reset"])
def test_no_tensor_grows_faster_than_the_steps(kind: str, causal: bool, window: int, reset: bool) -> None:
    layer = made(kind, window=window, causal=causal)
    largest: list[int] = []
    for steps in (1024, 4096):
        y, resets = drawn(1, steps, 4, grad=True), drawn_resets(1, steps) if reset else None
        with Largest() as seen:
            layer(y, resets=resets).sum().backward()
        largest.append(seen.numbers)
        # a mask: both sides have at most 2 W - 1 steps, in blocks of 32 with two more, or of W / 2 with four more
        assert seen.numbers <= steps * max(32 * 3, 5 * (window + 16)) or seen.numbers <= blocks.AT_ONCE
    assert largest[1] <= max(4.2 * largest[0], blocks.AT_ONCE)


LONG = """
import resource, sys, torch
from throughtime.layers.attention import HistoryAttention
torch.set_num_threads(1)
layer = HistoryAttention(16, kind=sys.argv[1], window=64)
layer(torch.randn(1024, 1, 16, requires_grad=True)).sum().backward()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
y = torch.randn(65536, 1, 16, requires_grad=True)
layer(y).sum().backward()
assert y.grad.isfinite().all()
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.parametrize("kind", [pytest.param("additive", marks=pytest.mark.slow), "multihead"])
def test_long_sequences_take_little_memory(kind: str) -> None:
    """All weights of 65,536 steps would be 16 GiB; in blocks it is 0.2 GiB, of which the mask as floats is 25 MiB."""
    done = subprocess.run([sys.executable, "-c", LONG, kind], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 512


@pytest.mark.alone
def test_a_window_is_faster_than_a_mask() -> None:
    """16,384 steps, W = 128: about a hundredth of the products, and of the time; a tenth leaves room for noise."""
    layer, y = HistoryAttention(64, kind="multihead", window=128), torch.randn(16384, 1, 64)
    at = torch.arange(16384)
    mask = (at <= at[:, None]) & (at > at[:, None] - 128)

    def masked() -> Tensor:
        q, k, v = (x.permute(1, 2, 0, 3) for x in layer.project(y))
        context = torch.nn.functional.scaled_dot_product_attention(q, k, v, mask)
        return layer.output(context.permute(2, 0, 1, 3).flatten(2))

    with torch.no_grad():
        took: dict[str, float] = {}
        for name, work in (("window", lambda: layer(y)), ("window again", lambda: layer(y)), ("mask", masked)):
            start = time.perf_counter()
            y_ = work()
            took[name] = time.perf_counter() - start
        torch.testing.assert_close(y_, layer(y), rtol=1e-4, atol=1e-5)
    assert took["window again"] < took["mask"] / 10, took


# -- refusals ----------------------------------------------------------------------------------------------------------

Y = torch.zeros(2, 5, 4, dtype=torch.float64)

BAD: dict[str, tuple[type[Exception], Callable[[], Any], str]] = {
    "kind": (UnknownNameError, lambda: HistoryAttention(4, kind="aditive"), "did you mean 'additive'"),
    "size": (UsageError, lambda: HistoryAttention(0), "input_size must be 1 or more, got 0"),
    "no window": (UsageError, lambda: made("dot", window=0), "window must be 1 or more, got 0"),
    "half a window": (ArgumentTypeError, lambda: made("dot", window=2.5), "window must be a whole number.*2.5"),
    "causal": (ArgumentTypeError, lambda: made("dot", causal="yes"), "causal must be True or False, got 'yes'"),
    "heads": (UsageError, lambda: HistoryAttention(4, kind="multihead", heads=3), "divide hidden_size 4, got 3"),
    "heads of another kind": (UsageError, lambda: made("dot", heads=2), "one head, got heads=2.*multihead"),
    "no hidden size": (UsageError, lambda: made("general", hidden_size=3), "no hidden_size: leave it out"),
    "dropout": (UsageError, lambda: made("dot", dropout=1.0), r"dropout.*\[0, 1\), got 1.0"),
    "features": (ShapeError, lambda: made("dot")(Y[..., :3]), r"4 features \(input_size\), got 3"),
    "axes": (ShapeError, lambda: made("dot")(Y[None]), r"2 \(unbatched\) or 3 dimensions, got shape \(1, 2, 5, 4\)"),
    "no tensor": (ArgumentTypeError, lambda: made("dot")([1.0]), "tensor or a PackedSequence, got list"),
    "type": (ShapeError, lambda: made("dot")(Y.float()), "input is torch.float32, the attention torch.float64"),
    "device": (ShapeError, lambda: made("dot")(Y.to("meta")), "input is on meta, the attention on cpu"),
    "lengths": (ShapeError, lambda: made("dot")(Y, lengths=[5, 6]), r"0\.\.5.*row 1 has 6"),
    "resets": (ShapeError, lambda: made("dot")(Y, resets=torch.zeros(5, 2).bool()), r"\(2, 5\).*\(5, 2\)"),
    "mask": (ShapeError, lambda: made("dot")(Y, mask=torch.zeros(2, 4).bool()), r"\(2, 5\).*\(2, 4\)"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_does_not_fit_is_refused(name: str) -> None:
    error, call, says = BAD[name]
    with pytest.raises(error, match=says) as caught:
        call()
    assert "\n" not in str(caught.value)
