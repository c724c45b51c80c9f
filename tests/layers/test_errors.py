"""What cannot be done is refused at the door: the message names what was given and what was needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from makers import MinimalGatedUnit
from torch import Tensor
from torch.nn.utils.rnn import pack_sequence

from throughtime.errors import KernelError, ShapeError, UnknownNameError, UsageError
from throughtime.kernels.dispatch import use_kernel
from throughtime.kernels.reference.cell import Cell
from throughtime.layers import GRU, LSTM, RNN, Recurrent, explain

X = torch.zeros(5, 2, 3)
H = torch.zeros(1, 2, 4)


def packed() -> Any:
    return pack_sequence([torch.zeros(2, 3), torch.zeros(1, 3)])


def nested(layout: torch.layout = torch.jagged) -> Tensor:
    return torch.nested.nested_tensor([torch.zeros(2, 3), torch.zeros(1, 3)], layout=layout)


SHAPES: dict[str, tuple[Callable[[], Any], str]] = {
    "features": (lambda: LSTM(3, 4)(torch.zeros(5, 2, 7)), r"input_size 3.*\(5, 2, 7\)"),
    "no axis": (lambda: LSTM(3, 4)(torch.tensor(1.0)), r"input_size 3.*\(\)"),
    "one axis": (lambda: LSTM(3, 4)(torch.zeros(3)), r"2 \(unbatched\) or 3.*\(3,\)"),
    "four axes": (lambda: LSTM(3, 4)(torch.zeros(1, 1, 1, 3)), r"\(1, 1, 1, 3\)"),
    "four axes and lengths": (lambda: LSTM(3, 4)(torch.zeros(1, 1, 1, 3), lengths=[1]), r"\(1, 1, 1, 3\)"),
    "dtype": (lambda: LSTM(3, 4)(X.double()), "float64.*float32.*convert"),
    "device": (lambda: LSTM(3, 4)(X.to("meta")), "meta.*cpu.*move"),
    "packed features": (lambda: LSTM(7, 4)(packed()), "input_size 7"),
    "too few lengths": (lambda: LSTM(3, 4)(X, lengths=[5]), r"2 rows.*\(1,\)"),
    "lengths of two axes": (lambda: LSTM(3, 4)(X, lengths=torch.ones(2, 1, dtype=torch.int64)), r"2 rows.*\(2, 1\)"),
    "float lengths": (lambda: LSTM(3, 4)(X, lengths=[5.0, 2.0]), "integers.*float32"),
    "bool lengths": (lambda: LSTM(3, 4)(X, lengths=torch.tensor([True, False])), "integers.*bool.*mask="),
    "too long": (lambda: LSTM(3, 4)(X, lengths=[2, 6]), r"0\.\.5.*row 1 has 6"),
    "negative": (lambda: LSTM(3, 4)(X, lengths=[-1, 5]), r"0\.\.5.*row 0 has -1"),
    "resets by time": (lambda: LSTM(3, 4)(X, resets=torch.zeros(5, 2).bool()), r"\(2, 5\), got .*\(5, 2\)"),
    "resets of numbers": (lambda: LSTM(3, 4)(X, resets=torch.zeros(2, 5)), "bool.*float32"),
    "packed resets": (lambda: LSTM(3, 4)(packed(), resets=torch.zeros(2, 5).bool()), r"\(2, 2\), got .*\(2, 5\)"),
    "unbatched resets": (lambda: LSTM(3, 4)(X[:, 0], resets=torch.zeros(4).bool()), r"\(1, 5\), got .*\(1, 4\)"),
    "half a state": (lambda: LSTM(3, 4)(X, H), "tuple of 2 tensors.*shape"),
    "a third of a state": (lambda: LSTM(3, 4)(X, (H, H, H)), "tuple of 2 tensors.*tuple of 3"),
    "a pair for a GRU": (lambda: GRU(3, 4)(X, (H, H)), r"\(1, 2, 4\), got tuple of 2"),
    "state of another batch": (lambda: GRU(3, 4)(X, torch.zeros(1, 3, 4)), r"\(1, 2, 4\), got .*\(1, 3, 4\)"),
    "state of another width": (lambda: GRU(3, 4)(X, torch.zeros(1, 2, 5)), r"\(1, 2, 4\), got .*\(1, 2, 5\)"),
    "state of one layer": (lambda: GRU(3, 4, 2)(X, H), r"\(2, 2, 4\), got .*\(1, 2, 4\)"),
    "state with a batch": (lambda: GRU(3, 4)(X[:, 0], H), r"\(1, 4\), got"),
    "state dtype": (lambda: GRU(3, 4)(X, H.double()), "float64.*float32.*convert"),
    "state device": (lambda: GRU(3, 4)(X, H.to("meta")), "meta.*cpu"),
    "state of sizes": (lambda: GRU(3, [4, 5])(X, H), "list of 2 states"),
    "state of other sizes": (lambda: GRU(3, [4, 5])(X, [H, H]), r"\(1, 2, 5\), got"),
    "stream of none": (lambda: GRU(3, 4).stream(0), "1 or more, got 0"),
    "stream step": (lambda: GRU(3, 4).stream(2).step(torch.zeros(1, 3)), r"\(2, 3\), got \(1, 3\)"),
    "stream state": (lambda: setattr(GRU(3, 4).stream(2), "state", torch.zeros(1, 1, 4)), r"\(1, 2, 4\)"),
    "explain": (lambda: explain(GRU(3, 4), X, lengths=[9, 9]), r"0\.\.5"),
}

USAGE: dict[str, tuple[Callable[[], Any], str]] = {
    "packed and lengths": (lambda: LSTM(3, 4)(packed(), lengths=[2, 1]), "own lengths"),
    "nested and lengths": (lambda: LSTM(3, 4)(nested(), lengths=[2, 1]), "own lengths"),
    "unbatched and lengths": (lambda: LSTM(3, 4)(X[:, 0], lengths=[2]), "own lengths"),
    "strided nested": (lambda: LSTM(3, 4)(nested(torch.strided)), "jagged"),
    "input size": (lambda: LSTM(0, 4), "input_size.*got 0"),
    "hidden size": (lambda: LSTM(3, 0), "hidden_size.*got 0"),
    "no layer": (lambda: LSTM(3, 4, 0), "num_layers.*got 0"),
    "no sizes": (lambda: LSTM(3, []), "0 sizes"),
    "sizes and layers": (lambda: LSTM(3, [4, 5], 3), "num_layers 3.*2 sizes"),
    "wide projection": (lambda: LSTM(3, 4, proj_size=4), "proj_size 4.*smaller.*4"),
    "projection of an Elman cell": (lambda: RNN(3, 4, proj_size=2), "projection"),
    "projection before the reset": (lambda: GRU(3, 4, proj_size=2, reset_after=False), "reset_after=True"),
    "dropout": (lambda: LSTM(3, 4, 2, dropout=1.5), r"\[0, 1\], got 1.5"),
    "dropout of truth": (lambda: LSTM(3, 4, 2, dropout=True), "got True"),
    "zoneout": (lambda: LSTM(3, 4, zoneout=1.0), r"\[0, 1\), got 1.0"),
    "zoneout of a name": (lambda: LSTM(3, 4, zoneout="a"), "got 'a'"),
    "three zoneouts": (lambda: LSTM(3, 4, zoneout=(0.1, 0.1, 0.1)), "pair"),
    "zoneout of no c": (lambda: GRU(3, 4, zoneout=(0.1, 0.2)), "one number"),
    "recurrent dropout": (lambda: LSTM(3, 4, recurrent_dropout=-0.1), "got -0.1"),
    "weight dropout": (lambda: LSTM(3, 4, weight_dropout=1), "got 1"),
    "input dropout": (lambda: LSTM(3, 4, input_dropout=2), "got 2"),
    "variational dropout of one layer": (lambda: LSTM(3, 4, variational_dropout=0.1), "num_layers > 1"),
    "residual of one layer": (lambda: LSTM(3, 4, residual=True), "num_layers > 1"),
    "residual of two widths": (lambda: LSTM(3, [4, 5], residual=True), r"one width.*\[4, 5\]"),
    "pre-norm of two numbers": (lambda: LSTM(2, 4, pre_norm=True), "pre_norm.*3 numbers.*the input of layer 0 has 2"),
    "pre-norm of a small output": (lambda: GRU(3, [4, 2], pre_norm=True), "pre_norm.*the output of layer 1 has 2"),
    "feed-forward of one number": (lambda: GRU(3, 1, feed_forward=4), "feed_forward.*the output of layer 0 has 1"),
    "feed-forward of less than none": (lambda: GRU(3, 4, feed_forward=-1), "feed_forward must be 0 or more, got -1"),
    "initial state": (lambda: LSTM(3, 4, initial_state="ones"), "'learned'.*'ones'"),
    "forget bias of an Elman cell": (lambda: RNN(3, 4, init="forget_bias"), "no bias of a gate 'f'"),
    "forget bias without biases": (lambda: LSTM(3, 4, bias=False, init="forget_bias"), "no bias"),
    "forget bias of a word": (lambda: LSTM(3, 4, init="forget_bias:big"), "'big'"),
    "chrono of nothing": (lambda: LSTM(3, 4, init="chrono"), "number"),
    "chrono of two": (lambda: LSTM(3, 4, init="chrono:2"), "more than 2"),
    "default of a value": (lambda: LSTM(3, 4, init="default:1"), "no value"),
    "stream of two directions": (lambda: LSTM(3, 4, bidirectional=True).stream(), "bidirectional=False"),
}

NAMES: dict[str, tuple[Callable[[], Any], str]] = {
    "init": (lambda: LSTM(3, 4, init="ortogonal"), "did you mean 'orthogonal'"),
    "nonlinearity": (lambda: RNN(3, 4, nonlinearity="tahn"), "did you mean 'tanh'"),  # type: ignore[arg-type]
    "kernel": (lambda: use_kernel("troch").__enter__(), "did you mean 'torch'"),
}


@pytest.mark.parametrize("name", SHAPES)
def test_shapes(name: str) -> None:
    call, says = SHAPES[name]
    with pytest.raises(ShapeError, match=says):
        call()


@pytest.mark.filterwarnings("ignore:.*nested.*", "ignore:.*fx_tracing.*")
@pytest.mark.parametrize("name", USAGE)
def test_usage(name: str) -> None:
    call, says = USAGE[name]
    with pytest.raises(UsageError, match=says):
        call()


@pytest.mark.parametrize("name", NAMES)
def test_names(name: str) -> None:
    call, says = NAMES[name]
    with pytest.raises(UnknownNameError, match=says):
        call()


def test_messages_are_one_line() -> None:
    for call, _ in [*SHAPES.values(), *USAGE.values(), *NAMES.values()]:
        with pytest.raises(ValueError) as caught:
            call()
        assert "\n" not in str(caught.value)


def test_resets_may_be_a_list() -> None:
    layer = LSTM(3, 4)
    x = torch.randn(3, 2, 3)
    resets = [[False, True, False], [False, False, False]]
    assert layer(x, resets=resets)[0].equal(layer(x, resets=torch.tensor(resets))[0])


# -- kernels ---------------------------------------------------------------------------------------

REFUSED: dict[str, tuple[Callable[[], Recurrent], dict[str, Any], str]] = {
    "layer norm": (lambda: LSTM(3, 4, layer_norm=True), {}, "ln_c.bias"),
    "peepholes": (lambda: LSTM(3, 4, peepholes=True), {}, "peephole"),
    "zoneout": (lambda: LSTM(3, 4, zoneout=0.1), {}, "no zoneout"),
    "zoneout in inference": (lambda: LSTM(3, 4, zoneout=0.1).eval(), {}, "no zoneout"),
    "recurrent dropout": (lambda: GRU(3, 4, recurrent_dropout=0.1), {}, "no recurrent dropout"),
    "another cell": (lambda: Recurrent(MinimalGatedUnit(), 3, 4), {}, "no cell 'mgu'"),
    "another reset": (lambda: GRU(3, 4, reset_after=False), {}, "no cell 'gru_reset_before'"),
    "projection": (lambda: GRU(3, 4, proj_size=2), {}, "no projection"),
    "trace": (lambda: LSTM(3, 4), {"trace": True}, "trace=True"),
    "ragged resets": (lambda: LSTM(3, 4), {"lengths": [5, 3], "resets": torch.zeros(2, 5).bool()}, "resets"),
    "resets both ways": (lambda: LSTM(3, 4, bidirectional=True), {"resets": torch.zeros(2, 5).bool()}, "resets"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_forced_kernel_that_cannot_run_says_why(name: str) -> None:
    made, options, says = REFUSED[name]
    layer = made()
    told = explain(layer, X, **options)
    assert told.kernel in ("native", "reference") and says in told.refused["torch"]
    assert str(told).splitlines()[0] == f"{told.kernel}: runs this call"
    with use_kernel("torch"), pytest.raises(KernelError, match="'torch' was forced") as caught:
        layer(X, **options)
    assert told.refused["torch"] in str(caught.value)
    with use_kernel("torch"), pytest.raises(KernelError):
        explain(layer, X, **options)


SERVED: dict[str, tuple[Callable[[], Recurrent], dict[str, Any]]] = {
    "plain": (lambda: LSTM(3, 4, 2, bidirectional=True), {}),
    "ragged": (lambda: GRU(3, 4, bidirectional=True), {"lengths": [5, 3]}),
    "resets": (lambda: RNN(3, 4), {"resets": torch.zeros(2, 5).bool()}),
    "recurrent dropout in inference": (lambda: LSTM(3, 4, recurrent_dropout=0.1).eval(), {}),
    "weight dropout": (lambda: LSTM(3, 4, weight_dropout=0.1), {}),
    "projected": (lambda: LSTM(3, 4, proj_size=2), {}),
    "residual": (lambda: GRU(3, 4, 2, residual=True, initial_state="learned"), {}),
}


@pytest.mark.parametrize("name", SERVED)
def test_torchs_kernels_serve_where_they_can(name: str) -> None:
    made, options = SERVED[name]
    layer = made()
    told = explain(layer, X, **options)
    assert "torch" not in told.refused and told.kernel in ("native", "torch")
    assert f"reference: could run it, {told.kernel} was preferred" in str(told)
    with use_kernel("reference"):
        assert explain(layer, X, **options).kernel == "reference"
    with use_kernel("torch"):
        with use_kernel("reference"):
            pass
        assert explain(layer, X, **options).kernel == "torch"
    assert explain(layer, X, **options) == told


# -- capabilities ----------------------------------------------------------------------------------


class Bare(Cell):
    """A cell that declares nothing."""

    name = "test_bare"
    gates = ("a",)
    capabilities = frozenset()

    def step(self, p: Any, from_x: Tensor, h: Tensor, carry: tuple[Tensor, ...]) -> Any:
        return (torch.tanh(from_x + h),), {"a": from_x}


class Weightless(Bare):
    """A cell with parameters of its own."""

    name = "test_weightless"

    def shapes(self, input_size: int, hidden_size: int, proj_size: int, bias: bool) -> dict[str, tuple[int, ...]]:
        return {"weight_in": (hidden_size, input_size)}

    def project(self, p: Any, x: Tensor) -> Tensor:
        return x @ p["weight_in"].T


DEMANDS: dict[str, Callable[[], Any]] = {
    "bidirectional": lambda: Recurrent(Bare(), 3, 4, bidirectional=True),
    "layer_norm": lambda: Recurrent(Bare(), 3, 4, layer_norm=True),
    "zoneout": lambda: Recurrent(Bare(), 3, 4, zoneout=0.1),
    "recurrent_dropout": lambda: Recurrent(Bare(), 3, 4, recurrent_dropout=0.1),
    "lengths": lambda: Recurrent(Bare(), 3, 4)(X, lengths=[5, 3]),
    "resets": lambda: Recurrent(Bare(), 3, 4)(X, resets=torch.zeros(2, 5).bool()),
    "trace": lambda: Recurrent(Bare(), 3, 4)(X, trace=True),
    "stream": lambda: Recurrent(Bare(), 3, 4).stream(),
}


@pytest.mark.parametrize("name", DEMANDS)
def test_what_a_cell_does_not_declare_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=f"'test_bare' does not declare '{name}'"):
        DEMANDS[name]()


@pytest.mark.filterwarnings("ignore:.*nested.*", "ignore:.*fx_tracing.*")
@pytest.mark.parametrize("form", [packed, nested])
def test_ragged_forms_need_lengths_declared(form: Callable[[], Any]) -> None:
    with pytest.raises(UsageError, match="does not declare 'lengths'"):
        Recurrent(Bare(), 3, 4)(form())


def test_a_cell_that_declares_nothing_still_runs() -> None:
    y, h = Recurrent(Bare(), 3, 4, 2)(torch.randn(5, 2, 3))
    assert y.shape == (5, 2, 4) and y[-1].equal(h[1])
    with pytest.raises(UsageError, match="no projection"):
        Recurrent(Bare(), 3, 4, proj_size=2)


def test_a_cell_with_parameters_of_its_own() -> None:
    layer, x = Recurrent(Weightless(), 3, 4, dtype=torch.float64), torch.randn(5, 2, 3, dtype=torch.float64)
    assert list(layer.state_dict()) == ["weight_in_l0"]
    y, _ = layer(x)
    torch.testing.assert_close(y[0], torch.tanh(x[0] @ layer.weight_in_l0.T))
    torch.testing.assert_close(y[1], torch.tanh(x[1] @ layer.weight_in_l0.T + y[0]))
    with pytest.raises(UsageError, match="weight_hh"):
        Recurrent(Weightless(), 3, 4, weight_dropout=0.1)
