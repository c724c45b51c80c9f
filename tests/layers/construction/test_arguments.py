"""An argument of the wrong type is refused where it is given, and never read as another one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import throughtime as tt
from throughtime.errors import ArgumentTypeError, ShapeError, UsageError

REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "dropout as bias": (lambda: tt.LSTM(3, 4, 2, 0.5), r"bias must be True or False, got 0.5 \(float\)"),
    "batch_first as a word": (lambda: tt.LSTM(3, 4, batch_first="False"), r"batch_first .* got 'False' \(str\)"),
    "batch_first as layers": (lambda: tt.LSTM(3, 4, True), "num_layers must be a whole number, 1 or more, got True"),
    "bias of none": (lambda: tt.GRU(3, 4, bias=None), "bias must be"),
    "bias of numpy": (lambda: tt.GRU(3, 4, bias=np.True_), "bias must be"),
    "bidirectional": (lambda: tt.GRU(3, 4, bidirectional="no"), "bidirectional must be True or False, got 'no'"),
    "half bidirectional": (lambda: tt.GRU(3, 4, bidirectional=0.5), "bidirectional must be"),
    "input_size": (lambda: tt.LSTM(3.0, 4), r"input_size must be a whole number.* got 3.0 \(float\)"),
    "hidden_size": (lambda: tt.LSTM(3, 4.0), "hidden_size must be a whole number, or a list.* a float"),
    "hidden_size as text": (lambda: tt.LSTM(3, "10"), "hidden_size must be a whole number, or a list"),
    "hidden_size as truth": (lambda: tt.LSTM(3, True), "hidden_size must be a whole number, 1 or more, got True"),
    "a size of a list": (lambda: tt.LSTM(3, [4, 5.0]), "each hidden_size must be a whole number.* 5.0"),
    "num_layers": (lambda: tt.LSTM(3, 4, 2.0), "num_layers must be a whole number"),
    "proj_size": (lambda: tt.LSTM(3, 4, proj_size=1.0), "proj_size must be a whole number, 0 or more"),
    "dropout as text": (lambda: tt.LSTM(3, 4, 2, dropout="0.5"), r"dropout .* \[0, 1\], got '0.5' \(str\)"),
    "no dropout": (lambda: tt.LSTM(3, 4, 2, dropout=None), r"dropout .* got None"),
    "true dropout": (lambda: tt.LSTM(3, 4, 2, dropout=True), "dropout .* got True"),
    "zoneout": (lambda: tt.LSTM(3, 4, zoneout=(0.1, "a")), "zoneout .* got 'a'"),
    "recurrent_dropout": (lambda: tt.LSTM(3, 4, recurrent_dropout=True), "recurrent_dropout"),
    "layer_norm": (lambda: tt.LSTM(3, 4, layer_norm=1), "layer_norm must be True or False, got 1"),
    "residual": (lambda: tt.LSTM(3, 4, 2, residual="yes"), "residual must be"),
    "pre_norm": (lambda: tt.LSTM(3, 4, pre_norm=1), "pre_norm must be True or False, got 1"),
    "feed_forward": (lambda: tt.LSTM(3, 4, feed_forward=True), "feed_forward must be a whole number, 0 or more"),
    "recompute": (lambda: tt.LSTM(3, 4, recompute=1), "recompute must be"),
    "peepholes": (lambda: tt.LSTM(3, 4, peepholes=1), "peepholes must be"),
    "reset_after": (lambda: tt.GRU(3, 4, reset_after="no"), "reset_after must be"),
    "init": (lambda: tt.GRU(3, 4, init=1), "init must be a text, got 1"),
    "cell": (lambda: tt.Recurrent("lstm", 3, 4), "instance of throughtime.Cell, got 'lstm'"),
    "cell bias": (lambda: tt.RNNCell(3, 4, "relu"), r"bias .* got 'relu' \(str\)"),
    "cell input_size": (lambda: tt.LSTMCell(3.0, 4), "input_size must be"),
    "cell hidden_size": (lambda: tt.LSTMCell(3, "4"), "hidden_size must be"),
    "cell peepholes": (lambda: tt.LSTMCell(3, 4, peepholes=1), "peepholes must be"),
    "cell reset_after": (lambda: tt.GRUCell(3, 4, reset_after=1), "reset_after must be"),
    "cell layer_norm": (lambda: tt.GRUCell(3, 4, layer_norm=1), "layer_norm must be"),
    "cell init": (lambda: tt.GRUCell(3, 4, init=None), "init must be"),
    "trace": (lambda: tt.LSTM(3, 4)(torch.zeros(5, 2, 3), trace="no"), "trace must be True or False, got 'no'"),
    "a list": (lambda: tt.LSTM(3, 4)([[1.0, 2.0, 3.0]]), r"input .* got a list: see torch.as_tensor\(\)"),
    "an array": (lambda: tt.LSTM(3, 4)(np.zeros((5, 2, 3))), "got a ndarray"),
    "nothing": (lambda: tt.LSTM(3, 4)(None), "got a NoneType"),
    "a cell's list": (lambda: tt.LSTMCell(3, 4)([1.0, 2.0, 3.0]), "got a list"),
    "a long one": (lambda: tt.LSTM(3, 4, bias=torch.zeros(40, 40)), "bias must be True or False, got a Tensor"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    call, says = REFUSED[name]
    with pytest.raises(ArgumentTypeError, match=says) as caught:
        call()
    assert isinstance(caught.value, TypeError) and isinstance(caught.value, UsageError)
    assert "\n" not in str(caught.value)


TAKEN: dict[str, tuple[Callable[[], Any], Callable[[], nn.Module]]] = {
    "a yes of numbers": (lambda: tt.LSTM(3, 4, bidirectional=1), lambda: nn.LSTM(3, 4, bidirectional=1)),
    "a whole dropout": (lambda: tt.LSTM(3, 4, 2, dropout=1), lambda: nn.LSTM(3, 4, 2, dropout=1)),
    "numpy's dropout": (lambda: tt.GRU(3, 4, 2, dropout=np.float32(0.5)), lambda: nn.GRU(3, 4, 2, dropout=0.5)),
    "numpy's sizes": (lambda: tt.GRU(np.int64(3), np.int32(4), np.int64(2)), lambda: nn.GRU(3, 4, 2)),
    "a cell's yes": (lambda: tt.RNNCell(3, 4, 0), lambda: nn.RNNCell(3, 4, 0)),
    "a cell of nothing": (lambda: tt.LSTMCell(0, 4), lambda: nn.LSTMCell(0, 4)),
}


@pytest.mark.parametrize("name", TAKEN)
@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
def test_what_torch_takes_is_taken(name: str) -> None:
    """Beside it, numbers of NumPy, which torch.nn takes for some arguments only."""
    ours, theirs = (made() for made in TAKEN[name])
    told = {key: value.shape for key, value in theirs.state_dict().items()}
    assert {key: value.shape for key, value in ours.state_dict().items()} == told


X, H = torch.zeros(2, 3), torch.zeros(2, 4)
MIXED: dict[str, tuple[Callable[[], Any], str]] = {
    "a cell's input": (lambda: tt.LSTMCell(3, 4)(X.double()), "input is torch.float64, the cell torch.float32"),
    "a cell's device": (lambda: tt.LSTMCell(3, 4)(X.to("meta")), "input is on meta, the cell on cpu"),
    "a cell's h": (lambda: tt.GRUCell(3, 4)(X, H.double()), "state is torch.float64, the input torch.float32"),
    "a cell's c": (lambda: tt.LSTMCell(3, 4)(X, (H, H.double())), "state is torch.float64"),
    "a normed cell's c": (lambda: tt.LSTMCell(3, 4, layer_norm=True)(X, (H, H.double())), "state is torch.float64"),
    "a cell's state": (lambda: tt.LSTMCell(3, 4)(X, torch.zeros(2, 2, 4)), r"2 of shape \(2, 4\), got"),
}


@pytest.mark.parametrize("name", MIXED)
def test_tensors_of_two_types_are_refused(name: str) -> None:
    """A double c beside a float h came out as doubles, without a word."""
    call, says = MIXED[name]
    with pytest.raises(ShapeError, match=says) as caught:
        call()
    assert isinstance(caught.value, RuntimeError) and isinstance(caught.value, ValueError)


def test_a_cell_takes_autocasts_types() -> None:
    cell = tt.LSTMCell(3, 4)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        h, c = cell(X)
        assert all(torch.isfinite(part).all() for part in cell(X, (h, c)))
