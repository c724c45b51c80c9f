"""Attention against a plain loop over rows and queries, against torch.nn's heads, and against its own promises."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.func import vmap

from throughtime.errors import ShapeError, UnknownNameError, UsageError
from throughtime.layers.attention import Attention

EXACT: dict[str, Any] = {"rtol": 1e-12, "atol": 1e-12}  # float64: the same sums in another order
LENGTHS = [5, 0, 3]
kinds = pytest.mark.parametrize("kind", ["additive", "dot", "general", "multihead"])


def made(kind: str, **options: Any) -> Attention:
    """Q = K = 4, V = 3."""
    heads = {"hidden_size": 6, "heads": 2} if kind == "multihead" else {}
    return Attention(4, 4, kind=kind, dtype=torch.float64, **{"value_size": 3, **heads, **options})


def drawn(*shape: int, grad: bool = False) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, requires_grad=grad)


def batch(grad: bool = False) -> tuple[Tensor, Tensor, Tensor]:
    """3 rows, 2 queries, 5 steps."""
    return drawn(3, 2, 4, grad=grad), drawn(3, 5, 4, grad=grad), drawn(3, 5, 3, grad=grad)


def one(attention: Attention, query: Tensor, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
    """The equations of the papers for one query (Q,) and the steps (T, K), (T, V) that it may attend to."""
    p = dict(attention.named_parameters())
    if attention.kind == "additive":
        energy = [
            torch.dot(p["energy.weight"][0], torch.tanh(p["query.weight"] @ query + p["key.weight"] @ key))
            for key in keys
        ]
        weights = torch.stack(energy).softmax(0)
        return sum((w * v for w, v in zip(weights, values, strict=True)), torch.zeros(())), weights
    if attention.kind == "dot":
        weights = torch.stack([torch.dot(query, key) / math.sqrt(len(query)) for key in keys]).softmax(0)
        return sum((w * v for w, v in zip(weights, values, strict=True)), torch.zeros(())), weights
    if attention.kind == "general":
        weights = torch.stack([torch.dot(query, p["key.weight"] @ key) for key in keys]).softmax(0)
        return sum((w * v for w, v in zip(weights, values, strict=True)), torch.zeros(())), weights
    heads, each = [], []
    for w_q, w_k, w_v in zip(*(p[f"{name}.weight"].chunk(2) for name in ("query", "key", "value")), strict=True):
        scores = torch.stack([torch.dot(w_q @ query, w_k @ key) / math.sqrt(3) for key in keys])
        each.append(scores.softmax(0))
        heads.append(sum((w * (w_v @ v) for w, v in zip(each[-1], values, strict=True)), torch.zeros(())))
    return p["output.weight"] @ torch.cat(heads), (each[0] + each[1]) / 2


def by_loop(
    attention: Attention, query: Tensor, keys: Tensor, values: Tensor, allowed: Tensor
) -> tuple[Tensor, Tensor]:
    """Row by row and query by query, each with the steps that ``allowed`` (B, S, T) leaves."""
    context = query.new_zeros(*query.shape[:2], attention.output_size)
    weights = query.new_zeros(*query.shape[:2], keys.shape[1])
    for b in range(query.shape[0]):
        for s in range(query.shape[1]):
            steps = allowed[b, s].nonzero().flatten()
            if len(steps):
                context[b, s], weights[b, s, steps] = one(attention, query[b, s], keys[b, steps], values[b, steps])
    return context, weights


def ragged(lengths: list[int] = LENGTHS, queries: int = 2) -> Tensor:
    return (torch.arange(5) < torch.tensor(lengths)[:, None])[:, None].expand(-1, queries, -1)


# -- values ------------------------------------------------------------------------------------------------------------

MASKS: dict[str, tuple[dict[str, Any], Callable[[], Tensor]]] = {
    "whole": ({}, lambda: ragged([5, 5, 5])),
    "lengths": ({"lengths": LENGTHS}, ragged),
    "lengths in a tensor": ({"lengths": torch.tensor(LENGTHS, dtype=torch.int32)}, ragged),
    "mask of steps": ({"mask": ragged()[:, 0]}, ragged),
    "mask of queries": (
        {"mask": torch.arange(30).view(3, 2, 5) % 3 > 0},
        lambda: torch.arange(30).view(3, 2, 5) % 3 > 0,
    ),
    "a query without any": ({"mask": torch.arange(30).view(3, 2, 5) > 7}, lambda: torch.arange(30).view(3, 2, 5) > 7),
    "both": (
        {"lengths": LENGTHS, "mask": torch.arange(15).view(3, 5) % 2 > 0},
        lambda: ragged() & (torch.arange(15).view(3, 1, 5) % 2 > 0),
    ),
}


@kinds
@pytest.mark.parametrize("name", MASKS)
def test_values_and_gradients_against_a_loop(kind: str, name: str) -> None:
    options, allowed = MASKS[name]
    attention, given = made(kind), batch(grad=True)
    got, expected = attention(*given, **options), by_loop(attention, *given, allowed())
    torch.testing.assert_close(got, expected, **EXACT)
    assert got[1].masked_select(~allowed()).eq(0).all()
    torch.testing.assert_close(got[1].sum(-1), allowed().any(-1).double(), **EXACT)
    of = [*given, *attention.parameters()]
    up = (drawn(*got[0].shape), drawn(*got[1].shape))
    ours, loops = torch.autograd.grad(got, of, up), torch.autograd.grad(expected, of, up)
    torch.testing.assert_close(ours, loops, **EXACT)


@kinds
def test_one_query_has_no_axis_of_queries(kind: str) -> None:
    attention, (query, keys, values) = made(kind), batch()
    context, weights = attention(query[:, 0], keys, values, lengths=LENGTHS)
    assert context.shape == (3, attention.output_size) and weights.shape == (3, 5)
    whole = attention(query[:, :1], keys, values, lengths=LENGTHS)
    assert context.equal(whole[0][:, 0]) and weights.equal(whole[1][:, 0])


@kinds
def test_values_default_to_the_keys(kind: str) -> None:
    attention = made(kind, value_size=4)
    query, keys, _ = batch()
    got, expected = attention(query, keys, lengths=LENGTHS), attention(query, keys, keys.clone(), lengths=LENGTHS)
    assert got[0].equal(expected[0]) and got[1].equal(expected[1])


@pytest.mark.parametrize("heads", [1, 2, 4])
def test_heads_are_those_of_torch(heads: int) -> None:
    theirs = nn.MultiheadAttention(8, heads, bias=False, kdim=4, vdim=3, batch_first=True, dtype=torch.float64)
    ours = Attention(8, 4, kind="multihead", value_size=3, heads=heads, dtype=torch.float64)
    given = {
        "query.weight": theirs.q_proj_weight, "key.weight": theirs.k_proj_weight, "value.weight": theirs.v_proj_weight,
        "output.weight": theirs.out_proj.weight,
    }  # fmt: skip
    ours.load_state_dict(given)
    query, keys, values = drawn(3, 2, 8), drawn(3, 5, 4), drawn(3, 5, 3)
    mask = ragged([5, 1, 3])
    expected = theirs(query, keys, values, key_padding_mask=~mask[:, 0])
    torch.testing.assert_close(ours(query, keys, values, mask=mask), expected, **EXACT)


# -- what must not leak ------------------------------------------------------------------------------------------------


@kinds
@pytest.mark.parametrize("filler", [math.nan, math.inf])
def test_padding_is_not_read(kind: str, filler: float) -> None:
    attention, (query, keys, values) = made(kind), batch(grad=True)
    padding = ~ragged()[:, 0, :, None]
    clean = attention(query, keys, values, lengths=LENGTHS)
    dirty = attention(query, keys.masked_fill(padding, filler), values.masked_fill(padding, filler), lengths=LENGTHS)
    assert dirty[0].equal(clean[0]) and dirty[1].equal(clean[1])
    filled = [x.detach().masked_fill(padding, filler).requires_grad_() for x in (keys, values)]
    context, weights = attention(query, *filled, lengths=LENGTHS)
    of = [query, *filled, *attention.parameters()]
    grads = torch.autograd.grad(context.square().sum() + weights.square().sum(), of)
    assert all(grad.isfinite().all() for grad in grads)
    assert all(grad.masked_select(padding).eq(0).all() and grad.abs().sum() > 0 for grad in grads[1:3])


@kinds
@pytest.mark.parametrize("lengths", [None, [0, 0, 0]])
@pytest.mark.filterwarnings("ignore:Anomaly")
def test_nothing_to_attend_to_gives_zeros(kind: str, lengths: list[int] | None) -> None:
    attention, (query, keys, values) = made(kind), batch(grad=True)
    context, weights = attention(query, *(x if lengths else x[:, :0] for x in (keys, values)), lengths=lengths)
    assert context.eq(0).all() and weights.eq(0).all()
    with torch.autograd.detect_anomaly():  # not even on the way is there a NaN
        grads = torch.autograd.grad(context.sum() + weights.sum(), [query, *attention.parameters()], allow_unused=True)
    assert all(grad is None or grad.eq(0).all() for grad in grads)


# -- a memory ----------------------------------------------------------------------------------------------------------


@kinds
def test_a_memory_serves_many_queries(kind: str) -> None:
    attention, (query, keys, values) = made(kind), batch()
    memory = attention.prepare(keys, values, lengths=LENGTHS)
    for s in range(2):
        got, expected = attention(query[:, s], memory), attention(query[:, s], keys, values, lengths=LENGTHS)
        assert got[0].equal(expected[0]) and got[1].equal(expected[1])


@kinds
@pytest.mark.parametrize("options", [{}, {"lengths": LENGTHS}])
def test_rows_of_a_memory(kind: str, options: dict[str, Any]) -> None:
    attention, (query, keys, values) = made(kind), batch()
    rows = torch.tensor([2, 0, 2, 1])
    picked = attention.prepare(keys, values, **options).select(rows)
    whole = attention(query, keys, values, **options)
    torch.testing.assert_close(attention(query[rows], picked), (whole[0][rows], whole[1][rows]), **EXACT)


# -- derivatives, dropout, compilation ---------------------------------------------------------------------------------


@kinds
def test_gradcheck(kind: str) -> None:
    attention = made(kind)
    assert torch.autograd.gradcheck(lambda *given: attention(*given, lengths=LENGTHS), batch(grad=True))


@kinds
def test_dropout_in_training_only(kind: str) -> None:
    attention, given = made(kind, dropout=0.5), batch()
    torch.manual_seed(1)
    context, weights = attention(*given, lengths=LENGTHS)
    plain = attention.eval()(*given, lengths=LENGTHS)
    assert weights.equal(plain[1]), "the weights returned are those before dropout"
    assert not torch.allclose(context, plain[0])
    expected = made(kind)
    expected.load_state_dict(attention.state_dict())
    assert plain[0].equal(expected(*given, lengths=LENGTHS)[0])


def test_dropout_keeps_the_mean() -> None:
    attention = Attention(4, 4, kind="dot", dropout=0.25)
    query, keys = torch.randn(1, 4), torch.randn(1, 3, 4)
    mean = attention(query.expand(40_000, -1), keys.expand(40_000, -1, -1))[0].mean(0)
    expected = attention.eval()(query, keys)[0][0]
    # a standard error of at most |v| sqrt(p / (1 - p) / 40000) = 0.003 |v|, five of them
    torch.testing.assert_close(mean, expected, rtol=0, atol=0.015 * float(keys.abs().max()))


@kinds
@pytest.mark.filterwarnings("ignore")  # the compiler warns of itself
def test_compiled_whole(kind: str) -> None:
    attention, given = made(kind), batch()
    compiled = torch.compile(lambda *x: attention(*x[:3], lengths=x[3]), fullgraph=True, backend="aot_eager")
    lengths = torch.tensor(LENGTHS)
    torch.testing.assert_close(compiled(*given, lengths), attention(*given, lengths=lengths), **EXACT)


@kinds
def test_vmap(kind: str) -> None:
    attention, (_, keys, values), stack = made(kind), batch(), drawn(4, 3, 2, 4)
    got = vmap(lambda query: attention(query, keys, values, lengths=LENGTHS))(stack)
    expected = [torch.stack(x) for x in zip(*(attention(q, keys, values, lengths=LENGTHS) for q in stack), strict=True)]
    torch.testing.assert_close(list(got), expected, **EXACT)


def test_state_dict_goes_round() -> None:
    one, two = made("multihead"), made("multihead")
    assert list(one.state_dict()) == ["query.weight", "key.weight", "value.weight", "output.weight"]
    assert list(made("additive").state_dict()) == ["query.weight", "key.weight", "energy.weight"]
    given = batch()
    assert not torch.allclose(one(*given)[0], two(*given)[0])
    two.load_state_dict(one.state_dict())
    assert one(*given)[0].equal(two(*given)[0])


# -- refusals ----------------------------------------------------------------------------------------------------------

Q, K = torch.zeros(2, 4), torch.zeros(2, 5, 3)

SHAPES: dict[str, tuple[Callable[[], Any], str]] = {
    "query": (lambda: Attention(4, 3)(torch.zeros(2, 5), K), r"query.*4 features.*\(2, 5\)"),
    "query of one axis": (lambda: Attention(4, 3)(torch.zeros(4), K), r"query.*\(4,\)"),
    "keys": (lambda: Attention(4, 3)(Q, torch.zeros(2, 5, 4)), r"keys.*3 features.*\(2, 5, 4\)"),
    "keys of two axes": (lambda: Attention(4, 3)(Q, torch.zeros(2, 3)), r"\(batch, steps, features\).*\(2, 3\)"),
    "values": (lambda: Attention(4, 3)(Q, K, torch.zeros(2, 5, 4)), r"values.*3 features.*\(2, 5, 4\)"),
    "fewer values": (lambda: Attention(4, 3)(Q, K, K[:, :4]), r"same batch.*\(2, 5, 3\) and \(2, 4, 3\)"),
    "rows": (lambda: Attention(4, 3)(Q[:1], K), "1 rows, the keys 2"),
    "dtype": (lambda: Attention(4, 3)(Q, K.double()), "keys.*float64.*float32.*convert"),
    "device": (lambda: Attention(4, 3)(Q.to("meta"), K), "query.*meta.*cpu.*move"),
    "too few lengths": (lambda: Attention(4, 3)(Q, K, lengths=[5]), r"2 rows.*\(1,\)"),
    "no lengths": (lambda: Attention(4, 3)(Q, K, lengths=[]), r"2 rows.*\(0,\)"),
    "float lengths": (lambda: Attention(4, 3)(Q, K, lengths=[5.0, 1.0]), "integers.*float32"),  # type: ignore[list-item]
    "too long": (lambda: Attention(4, 3)(Q, K, lengths=[5, 6]), r"0\.\.5.*row 1 has 6"),
    "negative": (lambda: Attention(4, 3)(Q, K, lengths=[-1, 5]), r"0\.\.5.*row 0 has -1"),
    "mask of numbers": (lambda: Attention(4, 3)(Q, K, mask=torch.ones(2, 5)), "bool.*float32"),
    "mask by time": (lambda: Attention(4, 3)(Q, K, mask=torch.ones(5, 2).bool()), r"\(2, 5\).*\(5, 2\)"),
    "mask of other queries": (lambda: Attention(4, 3)(Q, K, mask=torch.ones(2, 3, 5).bool()), "3 queries, got 1"),
}

USAGE: dict[str, tuple[Callable[[], Any], str]] = {
    "size": (lambda: Attention(0, 3), r"1 or more.*\(0, 3, 3, 0, 1\)"),
    "no head": (lambda: Attention(4, 3, kind="multihead", heads=0), "heads.*1 or more"),
    "heads that do not divide": (lambda: Attention(4, 3, kind="multihead", heads=3), "divide hidden_size 4, got 3"),
    "heads of another kind": (lambda: Attention(4, 3, heads=2), "one head, got heads=2.*multihead"),
    "dot of two widths": (lambda: Attention(4, 3, kind="dot"), "alike, got 4 and 3.*general"),
    "dot with a hidden size": (lambda: Attention(4, 4, kind="dot", hidden_size=4), "no hidden_size.*leave it out"),
    "general with a hidden size": (lambda: Attention(4, 3, kind="general", hidden_size=4), "no hidden_size.*leave it"),
    "dropout": (lambda: Attention(4, 3, dropout=1.0), r"dropout.*\[0, 1\), got 1.0"),
    "memory and lengths": (
        lambda: Attention(4, 3)(Q, Attention(4, 3).prepare(K), lengths=[1, 1]),
        r"its own.*prepare\(\)",
    ),
    "kind": (lambda: Attention(4, 3, kind="aditive"), "did you mean 'additive'"),
}


@pytest.mark.parametrize("name", [*SHAPES, *USAGE])
def test_what_does_not_fit_is_refused(name: str) -> None:
    call, says = {**SHAPES, **USAGE}[name]
    error = ShapeError if name in SHAPES else UnknownNameError if name == "kind" else UsageError
    with pytest.raises(error, match=says) as caught:
        call()
    assert "\n" not in str(caught.value)
