"""Grid LSTM: numbers by hand, what tying, priority and dimensions mean, gates, streams, and what is refused."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import oracle
import pytest
import torch
from cases import TIGHT, parameters_of
from restated import GridCase
from torch import Tensor

import throughtime as tt
from throughtime.errors import ArgumentTypeError, ShapeError, UsageError

EXACT: dict[str, float] = {"rtol": 1e-12, "atol": 1e-12}
"""Float64 has 2.2e-16 per operation; the sums have some ten terms of about 1."""


def made(*sizes: int, **options: Any) -> tt.GridLSTM:
    return tt.GridLSTM(*sizes, dtype=torch.float64, **options)


def set_all(layer: torch.nn.Module, **values: Any) -> None:
    with torch.no_grad():
        for name, value in values.items():
            getattr(layer, name).copy_(torch.tensor(value, dtype=torch.float64).view_as(getattr(layer, name)))


# -- the equations -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("priority", [False, True])
def test_two_steps_of_one_block_by_hand(priority: bool) -> None:
    """One unit, one block, no biases: eq. 1 and 7-9 in Python's numbers."""
    layer = made(1, 1, 1, bias=False, priority=priority)
    set_all(layer, weight_in_l0=[0.5, -0.3])
    set_all(layer, weight_time_0_l0=[0.2, -0.1, 0.4, 0.3, -0.5, 0.6, 0.7, 0.8])
    set_all(layer, weight_depth_0_l0=[-0.2, 0.9, 0.1, -0.4, 0.3, 0.5, 1.1, -0.6])

    def sigmoid(a: float) -> float:
        return 1 / (1 + math.exp(-a))

    def lstm(w: list[list[float]], h_1: float, h_2: float, m: float) -> tuple[float, float]:
        u, f, o, c = (a * h_1 + b * h_2 for a, b in w)
        m = sigmoid(f) * m + sigmoid(u) * math.tanh(c)
        return math.tanh(sigmoid(o) * m), m

    time = [[0.2, -0.1], [0.4, 0.3], [-0.5, 0.6], [0.7, 0.8]]
    depth = [[-0.2, 0.9], [0.1, -0.4], [0.3, 0.5], [1.1, -0.6]]
    h_2 = m_2 = 0.0
    told: list[float] = []
    for x in (2.0, -1.0):
        before = h_2
        h_2, m_2 = lstm(time, 0.5 * x, before, m_2)
        y, _ = lstm(depth, 0.5 * x, h_2 if priority else before, -0.3 * x)
        told.append(y)
    y, (h, hidden, memory) = layer(torch.tensor([[2.0], [-1.0]], dtype=torch.float64))
    torch.testing.assert_close(y.flatten().tolist(), told, **EXACT)
    torch.testing.assert_close([h.item(), hidden.item(), memory.item()], [told[-1], h_2, m_2], **EXACT)


def test_tied_blocks_are_blocks_of_the_same_weights() -> None:
    one, many, x = made(3, 4, 3, tied=True), made(3, 4, 3), torch.randn(5, 2, 3, dtype=torch.float64)
    with torch.no_grad():
        for name, parameter in many.named_parameters():
            shared = name if name.endswith("in_l0") else "_".join(name.split("_")[:2]) + "_l0"  # weight_time_1_l0
            parameter.copy_(getattr(one, shared))
    for ours, theirs in zip((one(x)[0], *one(x)[1]), (many(x)[0], *many(x)[1]), strict=True):
        torch.testing.assert_close(ours, theirs, **EXACT)


@pytest.mark.parametrize("dimensions", [1, 2])
def test_depth_costs_parameters_only_where_blocks_are_not_tied(dimensions: int) -> None:
    def count(depth: int, tied: bool) -> int:
        return sum(p.numel() for p in tt.GridLSTM(3, 4, depth, dimensions=dimensions, tied=tied).parameters())

    assert count(2, True) == count(20, True) == count(1, False)
    assert count(20, False) - count(19, False) == dimensions * (16 * 4 * dimensions + 16)


def test_one_dimension_knows_no_past_and_two_do() -> None:
    x = torch.randn(4, 1, 3, dtype=torch.float64)
    other = torch.cat([torch.randn(1, 1, 3, dtype=torch.float64), x[1:]])
    flat, both = made(3, 4, 3, dimensions=1), made(3, 4, 3)
    assert flat(x)[0][1:].equal(flat(other)[0][1:]) and not flat(x)[0][0].equal(flat(other)[0][0])
    assert (both(x)[0][1:] != both(other)[0][1:]).all()
    assert flat(x)[1].equal(flat(x)[0][-1:])


def test_layers_put_a_grid_on_a_grid() -> None:
    x = torch.randn(4, 2, 3, dtype=torch.float64)
    layer = made(3, 5, 2, num_layers=2)
    lower, upper = made(3, 5, 2), made(5, 5, 2)
    lower.load_state_dict({k: v for k, v in layer.state_dict().items() if k.endswith("_l0")})
    upper.load_state_dict({f"{k[:-1]}0": v for k, v in layer.state_dict().items() if k.endswith("_l1")})
    between, (_, _, memory) = lower(x)
    torch.testing.assert_close(layer(x)[0], upper(between)[0], **EXACT)
    torch.testing.assert_close(layer(x)[1][2][0], memory[0], **EXACT)


# -- the interface -----------------------------------------------------------------------------------------------------


def test_every_gate_of_every_block() -> None:
    case = GridCase(cell="grid_traced", depth=3, lengths=(4, 2), options={"num_layers": 2})
    layer, batch = case.layer(), case.batch()
    traced = layer(case.entered(batch), lengths=[4, 2], trace=True)[2]
    net = oracle.Net(cell="grid_traced", layers=parameters_of(layer))
    start = [[[torch.zeros(w, dtype=torch.float64) for w in (4, 12, 12)]]] * 2
    gates = {f"{gate}_{along}_{block}" for gate in "ufoc" for along in ("time", "depth") for block in range(3)}
    assert set(traced) == {f"{name}_l{n}" for name in gates | {"h", "hidden", "memory"} for n in (0, 1)}
    for row, x in enumerate(batch.rows):
        _, _, told = net.row(x, row, start, start, [])
        for n, (seen,) in enumerate(told):
            for t, found in enumerate(seen["gates"]):
                for name, value in found.items():
                    torch.testing.assert_close(traced[f"{name}_l{n}"][t, row], value, **TIGHT)
    assert not traced["f_time_0_l0"][2:, 1].any()


GRIDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "tied": {"tied": True, "priority": True},
    "two layers": {"num_layers": 2, "residual": True, "pre_norm": True},
    "learned state": {"initial_state": "learned"},
    "one dimension": {"dimensions": 1},
}


@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize("chunks", [[7], [1] * 7, [3, 0, 1, 2, 1]])
def test_a_stream_equals_one_pass_in_any_chunks(name: str, chunks: list[int]) -> None:
    layer, x = made(3, 4, 3, **GRIDS[name]), torch.randn(7, 2, 3, dtype=torch.float64)
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    with torch.no_grad():
        y, state = layer(x)
    stream = layer.stream(2)
    parts = [stream.step(part[0])[None] if len(part) == 1 else stream.feed(part) for part in x.split(chunks)]
    torch.testing.assert_close(torch.cat(parts), y, **EXACT)
    torch.testing.assert_close(stream.state, state, **EXACT)


def test_a_state_handed_over_is_one_pass() -> None:
    layer, x = made(3, 4, 3, bidirectional=False, num_layers=2), torch.randn(6, 2, 3, dtype=torch.float64)
    y, state = layer(x)
    first, between = layer(x[:2])
    then, after = layer(x[2:], between)
    torch.testing.assert_close(torch.cat([first, then]), y, **EXACT)
    torch.testing.assert_close(after, state, **EXACT)
    stream = layer.stream(2)
    stream.state = tuple(part.detach() for part in between)
    torch.testing.assert_close(stream.feed(x[2:]), then, **EXACT)


def test_it_is_copied_saved_and_described() -> None:
    layer, x = tt.GridLSTM(3, 4, 6, tied=True, num_layers=2, batch_first=True), torch.randn(2, 5, 3)
    other = tt.GridLSTM(3, 4, 6, tied=True, num_layers=2, batch_first=True)
    other.load_state_dict(layer.state_dict())
    assert other(x)[0].equal(layer(x)[0]) and copy.deepcopy(layer)(x)[0].equal(layer(x)[0])
    assert repr(layer) == "GridLSTM(3, 4, num_layers=2, batch_first=True, depth=6, dimensions=2, tied=True)"
    assert list(tt.GridLSTM(3, 4, 1, bias=False).state_dict()) == [
        "weight_in_l0",
        "weight_depth_0_l0",
        "weight_time_0_l0",
    ]


def test_forget_gates_start_open_along_every_dimension() -> None:
    layer = tt.GridLSTM(3, 4, 2, init="forget_bias:2")
    for name, parameter in layer.named_parameters():
        if name.startswith(("bias_depth", "bias_time")):
            assert (parameter[4:8] == 2).all() and parameter[:4].abs().max() <= 0.5 and parameter[8:].abs().max() <= 0.5
    assert layer.bias_in_l0.abs().max() <= 0.5


def test_autocast_and_other_types() -> None:
    layer, x = tt.GridLSTM(3, 4), torch.randn(5, 2, 3)
    y = layer(x)[0]
    with torch.autocast("cpu", torch.bfloat16):
        narrow = layer(x)[0]
    assert narrow.dtype == torch.bfloat16
    torch.testing.assert_close(narrow.float(), y, rtol=0.05, atol=0.02)  # bfloat16 has 8 bits, h is a tenth or so
    assert layer.bfloat16()(x.bfloat16())[0].dtype == torch.bfloat16


@pytest.mark.slow
@pytest.mark.parametrize("name", GRIDS)
def test_compiled_it_is_the_same(name: str) -> None:
    layer = made(3, 4, 3, **GRIDS[name])
    compiled = torch.compile(layer, fullgraph=True, dynamic=True, backend="aot_eager")
    for batch, steps in ((5, 7), (2, 9)):
        x = torch.randn(steps, batch, 3, dtype=torch.float64)
        lengths = torch.arange(steps - batch + 1, steps + 1)
        results: list[tuple[Tensor, ...]] = []
        for run in (compiled, layer):
            y, state = run(x, lengths=lengths)
            parts = state if isinstance(state, tuple) else (state,)
            total = y.square().sum() + sum(part.sum() for part in parts)
            wanted = list(layer.parameters())  # among them what y starts from, which no step reads
            gradients = torch.autograd.grad(total, wanted, allow_unused=True, materialize_grads=True)
            results.append((y, *parts, *gradients))
        torch.testing.assert_close(*results, **TIGHT)


# -- what is refused ---------------------------------------------------------------------------------------------------

REFUSED: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "no block": (lambda: tt.GridLSTM(3, 4, 0), UsageError, "depth must be 1 or more, got 0"),
    "half a block": (lambda: tt.GridLSTM(3, 4, 1.5), ArgumentTypeError, "depth must be a whole number"),  # type: ignore[arg-type]
    "three dimensions": (lambda: tt.GridLSTM(3, 4, dimensions=3), UsageError, r"1 \(depth\) or 2 .*got 3"),  # type: ignore[arg-type]
    "tied": (lambda: tt.GridLSTM(3, 4, tied=1), ArgumentTypeError, "tied must be True or False"),  # type: ignore[arg-type]
    "priority over nothing": (lambda: tt.GridLSTM(3, 4, dimensions=1, priority=True), UsageError, "dimensions=2"),
    "projection": (lambda: tt.GridLSTM(3, 4, proj_size=2), UsageError, "no projection: leave proj_size at 0"),
    "layer norm": (lambda: tt.GridLSTM(3, 4, layer_norm=True), UsageError, "does not declare 'layer_norm'"),
    "zoneout": (lambda: tt.GridLSTM(3, 4, zoneout=0.1), UsageError, "does not declare 'zoneout'"),
    "recurrent dropout": (lambda: tt.GridLSTM(3, 4, recurrent_dropout=0.1), UsageError, "'recurrent_dropout'"),
    "weight dropout": (lambda: tt.GridLSTM(3, 4, weight_dropout=0.1), UsageError, "no weight_hh"),
    "forget bias of none": (lambda: tt.GridLSTM(3, 4, bias=False, init="forget_bias"), UsageError, "no bias of a gate"),
    "chrono": (lambda: tt.GridLSTM(3, 4, init="chrono:9"), UsageError, "no bias of a gate 'i' to initialise"),
    "orthogonal": (lambda: tt.GridLSTM(3, 4, init="orthogonal"), UsageError, "no recurrent matrix to make orthogonal"),
    "gates of one dimension": (
        lambda: tt.GridLSTM(3, 4, dimensions=1)(torch.zeros(2, 1, 3), trace=True), UsageError, "not declare 'trace'",
    ),
    "stream of two directions": (lambda: tt.GridLSTM(3, 4, bidirectional=True).stream(), UsageError, "cannot stream"),
    "no step": (lambda: tt.GridLSTM(3, 4)(torch.zeros(0, 2, 3)), ShapeError, r"no step \(T = 0\)"),
    "no number": (lambda: tt.GridLSTM(3, 4)(torch.full((2, 1, 3), torch.nan)), UsageError, "row 0.*step 0"),
    "half a state": (lambda: tt.GridLSTM(3, 4)(torch.zeros(2, 1, 3), torch.zeros(1, 1, 4)), ValueError, "tuple of 3"),
    "lengths beyond the steps": (lambda: tt.GridLSTM(3, 4)(torch.zeros(2, 1, 3), lengths=[3]), ValueError, r"0\.\.2"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_had_is_refused_in_one_line(name: str) -> None:
    call, kind, says = REFUSED[name]
    with pytest.raises(kind, match=says) as caught:
        call()
    assert "\n" not in str(caught.value)
