"""What a cell cannot do, each in one clear line."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from makers import DIAGONAL, LINEAR, MAKERS, SLSTMS

import throughtime as tt
from throughtime.errors import ArgumentTypeError, ShapeError, UnknownNameError, UsageError

NEW = (*DIAGONAL, *SLSTMS)
UNDECLARED: list[tuple[tuple[str, ...], dict[str, Any], str]] = [
    (NEW, {"zoneout": 0.1}, "does not declare 'zoneout' (it declares: bidirectional, "),
    (DIAGONAL, {"recurrent_dropout": 0.1}, "does not declare 'recurrent_dropout' (it declares: bidirectional, "),
    (("lru", *SLSTMS), {"layer_norm": True}, "does not declare 'layer_norm' (it declares: bidirectional, lengths, "),
    (DIAGONAL, {"weight_dropout": 0.1}, "has no weight_hh, which weight_dropout acts on"),
    (NEW, {"proj_size": 2}, "has no projection: leave proj_size at 0"),
    (DIAGONAL, {"init": "orthogonal"}, "has no recurrent matrix to make orthogonal: use init='default'"),
    (("mingru", "lru", "rglru", "paragru"), {"init": "forget_bias"}, "has no bias of a gate 'f' to initialise"),
    (("lru", "rglru", "indrnn_relu"), {"init": "chrono:100"}, "has no bias of a gate 'f' to initialise"),
    (("mingru", "slstm_1"), {"init": "chrono:100", "bias": False}, "to initialise"),
]


@pytest.mark.parametrize(
    ("cell", "options", "message"),
    [(cell, options, message) for cells, options, message in UNDECLARED for cell in cells],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)
def test_an_option_that_a_cell_does_not_have(cell: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as refused:
        MAKERS[cell](3, 4, **options)
    said = str(refused.value)
    assert said.startswith(f"cell '{cell}' ") and message in said and "\n" not in said


@pytest.mark.parametrize("cell", NEW)
def test_an_option_of_another_cell(cell: str) -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'peepholes'"):
        MAKERS[cell](3, 4, peepholes=True)


@pytest.mark.parametrize(
    ("made", "error", "message"),
    [
        (lambda: tt.SLSTM(3, 4, heads=3), UsageError, "hidden_size 4 does not divide into 3 heads"),
        (lambda: tt.SLSTM(3, [4, 3], heads=2), UsageError, "hidden_size 3 does not divide into 2 heads"),
        (lambda: tt.SLSTM(3, 4, heads=0), UsageError, "heads must be 1 or more, got 0"),
        (lambda: tt.SLSTM(3, 4, heads=2.0), ArgumentTypeError, "heads must be a whole number, 1 or more, got 2.0"),
        (lambda: tt.SLSTM(3, 4, exponential_forget=1), ArgumentTypeError, "exponential_forget must be True or False"),
        (lambda: tt.MinGRU(3, 4, log_space="yes"), ArgumentTypeError, "log_space must be True or False, got 'yes'"),
        (lambda: tt.MinLSTM(3, 4, log_space=None), ArgumentTypeError, "log_space must be True or False, got None"),
        (lambda: tt.IndRNN(3, 4, nonlinearity="rely"), UnknownNameError, "did you mean 'relu'"),
    ],
)
def test_an_argument_of_its_own(made: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        made()


@pytest.mark.parametrize("cell", NEW)
def test_batches_that_do_not_fit(cell: str) -> None:
    layer, x = MAKERS[cell](3, 4), torch.randn(5, 2, 3)
    with pytest.raises(ShapeError, match=r"lengths must lie in 0..5 \(the steps of the input\); row 1 has 6"):
        layer(x, lengths=[1, 6])
    with pytest.raises(ShapeError, match=r"resets must be bool of shape \(batch, steps\) = \(2, 5\)"):
        layer(x, resets=torch.zeros(5, 2, dtype=torch.bool))
    for none in (x[:0], x[:0, 0]):
        with pytest.raises(ShapeError, match=r"input has no step \(T = 0\)"):
            layer(none)
    parts = len(layer.cell.carry(False))
    wrong = torch.zeros(1, 2, 4) if parts > 1 else torch.zeros(1, 3, 4)
    with pytest.raises(ShapeError, match=f"a tuple of {parts} tensors" if parts > 1 else "a state must have shape"):
        layer(x, wrong)


@pytest.mark.parametrize("cell", NEW)
def test_what_would_stay_in_a_state_for_ever(cell: str) -> None:
    """Named by row and step, in a batch and in a stream; what is not read may be anything."""
    layer, x = MAKERS[cell](3, 4), torch.randn(5, 2, 3)
    x[3, 1, 2] = torch.inf
    with pytest.raises(UsageError, match=r"not finite in row 1 at step 3 .* pass over the step with mask="):
        layer(x)
    with pytest.raises(UsageError, match=r"not finite in row 1 at step 3"):
        layer.stream(2).feed(x)
    with pytest.raises(UsageError, match=r"not finite in row 1 at step 0"):
        layer.stream(2).step(x[3])
    mask = torch.ones(2, 5, dtype=torch.bool)
    mask[1, 3] = False
    assert layer(x, mask=mask)[0].isfinite().all() and layer(x, lengths=[5, 3])[0].isfinite().all()


@pytest.mark.parametrize("cell", NEW)
def test_a_batch_of_which_nothing_is_read(cell: str) -> None:
    """Nothing is read, so the state stays as it was, given or initial."""
    layer = MAKERS[cell](3, 4, 2, bidirectional=True)
    x, none = torch.full((5, 2, 3), torch.nan), torch.zeros(2, 5, dtype=torch.bool)
    for options in ({"mask": none}, {"lengths": [0, 0]}):
        y, state = layer(x, **options)
        parts = state if isinstance(state, tuple) else (state,)
        assert (y == 0).all() and all((part == 0).all() for part in parts)
        given = tuple(torch.randn_like(part) for part in parts)
        _, after = layer(x, given if len(given) > 1 else given[0], **options)
        kept = after if isinstance(after, tuple) else (after,)
        assert all(one.equal(other) for one, other in zip(kept, given, strict=True))


@pytest.mark.parametrize("cell", LINEAR)
def test_every_kernel_that_sweeps_says_why_another_does_not(cell: str) -> None:
    refused = tt.explain(MAKERS[cell](3, 4), torch.randn(5, 2, 3)).refused
    assert "linear in the state, and needs no iterations" in refused["newton"]
    assert f"it has no cell '{cell}'" in refused["torch"]
    assert "scan" not in refused and "reference" not in refused
