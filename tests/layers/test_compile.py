"""Under torch.compile and torch.export a layer is one opaque node: the same values, with time and batch dynamic."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch
from cases import TIGHT
from torch import Tensor, nn

from throughtime.errors import KernelError
from throughtime.kernels import sweep as sweep_module
from throughtime.kernels.dispatch import use_kernel
from throughtime.layers import GRU, LRU, LSTM, RNN, SLSTM, LSTMCell, MinGRU, Recurrent, explain

pytestmark = pytest.mark.filterwarnings("ignore")  # torch's compiler warns of itself

Made = Callable[[], Recurrent]
LAYERS: dict[str, Made] = {
    "lstm": lambda: LSTM(3, 4, 2, bidirectional=True, dtype=torch.float64),
    "lstm projected": lambda: LSTM(3, 4, proj_size=2, batch_first=True, dtype=torch.float64),
    "lstm with all": lambda: LSTM(
        3, 4, 2, layer_norm=True, peepholes=True, zoneout=0.2, recurrent_dropout=0.2, weight_dropout=0.2,
        input_dropout=0.2, variational_dropout=0.2, initial_state="learned", residual=True, dtype=torch.float64,
    ),
    "gru": lambda: GRU(3, 4, dtype=torch.float64),
    "gru layer norm": lambda: GRU(3, 4, layer_norm=True, batch_first=True, dtype=torch.float64),
    "rnn": lambda: RNN(3, [4, 3], bidirectional=True, dtype=torch.float64),
    "gru in blocks": lambda: GRU(
        3, 4, 3, pre_norm=True, residual=True, feed_forward=5, bidirectional=True, dtype=torch.float64
    ),
    "gru under noise": lambda: GRU(3, 4, zoneout=0.2, dtype=torch.float64),
    "mingru": lambda: MinGRU(
        3, 4, 2, bidirectional=True, initial_state="learned", layer_norm=True, dtype=torch.float64
    ),
    "lru": lambda: LRU(3, 4, 2, residual=True, batch_first=True, dtype=torch.float64),
    "slstm": lambda: SLSTM(3, 4, heads=2, dtype=torch.float64),
    "rnn layer norm": lambda: RNN(3, 4, nonlinearity="relu", layer_norm=True, dtype=torch.float64),
}  # fmt: skip
CALLS = {"dense": (False, False), "lengths": (True, False), "resets": (False, True), "both": (True, True)}


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    yield
    torch._dynamo.reset()


def arguments(layer: Recurrent, batch: int, steps: int, ragged: bool, reset: bool) -> tuple[Tensor, dict[str, Any]]:
    shape = (batch, steps, 3) if layer.batch_first else (steps, batch, 3)
    options: dict[str, Any] = {}
    if ragged:
        options["lengths"] = torch.randint(0, steps + 1, (batch,))
    if reset:
        options["resets"] = torch.rand(batch, steps) < 0.3
    return torch.randn(shape, dtype=torch.float64, requires_grad=True), options


def graded(function: Any, layer: Recurrent, x: Tensor, options: dict[str, Any]) -> list[Tensor]:
    """Output, final state, and every gradient, under the same noise."""
    torch.manual_seed(9)
    y, state = function(x, **options)
    state = state if isinstance(state, tuple | list) else (state,)
    results = [y, *(each for part in state for each in (part if isinstance(part, list) else [part]))]
    loss = sum(
        (each * torch.linspace(-1, 1, each.numel(), dtype=each.dtype).view(each.shape)).sum() for each in results
    )
    return [*results, *torch.autograd.grad(loss, [x, *layer.parameters()], allow_unused=True, materialize_grads=True)]


PLANS = [
    *(("lstm", call) for call in CALLS),
    *(("gru layer norm", call) for call in ("lengths", "both")),
    *((name, "both") for name in LAYERS if name not in ("lstm", "gru layer norm", "lstm with all")),
    *(pytest.param("lstm with all", call, marks=pytest.mark.slow) for call in CALLS),  # Philox takes long to trace
]


@pytest.mark.parametrize(("name", "call"), PLANS)
def test_compiled_equals_eager_without_recompiling(name: str, call: str) -> None:
    """Three sizes through one graph: all results. (No size equals another axis, which would tie them.)"""
    layer = LAYERS[name]()
    compiled = torch.compile(layer, fullgraph=True, dynamic=True, backend="aot_eager")
    for batch, steps in ((5, 7), (2, 9), (8, 6)):
        x, options = arguments(layer, batch, steps, *CALLS[call])
        for ours, told in zip(graded(compiled, layer, x, options), graded(layer, layer, x, options), strict=True):
            torch.testing.assert_close(ours, told, **TIGHT)
    counted = torch._dynamo.utils.counters
    assert not counted["graph_break"]
    assert counted["stats"]["unique_graphs"] == 1


@pytest.mark.parametrize("options", [{}, {"pre_norm": True}, {"feed_forward": 5}])
def test_compiled_leaves_padding_alone(options: dict[str, Any]) -> None:
    """Under compilation padding travels with the rows; NaN in it must reach neither output nor gradient."""
    layer = LSTM(3, 4, 2, bidirectional=True, layer_norm=True, residual=True, dtype=torch.float64, **options)
    x = torch.randn(5, 2, 3, dtype=torch.float64)
    x[2:, 1] = torch.nan
    x.requires_grad_()
    compiled = torch.compile(layer, fullgraph=True, dynamic=True, backend="aot_eager")
    lengths = torch.tensor([5, 2])
    results = graded(compiled, layer, x, {"lengths": lengths})
    assert all(torch.isfinite(each).all() for each in results)
    for ours, told in zip(results, graded(layer, layer, x, {"lengths": lengths}), strict=True):
        torch.testing.assert_close(ours, told, **TIGHT)


@pytest.mark.parametrize("made", [lambda: LSTM(3, 4), lambda: GRU(3, 4, 2, layer_norm=True, dropout=0.0)])
@pytest.mark.slow
def test_inductor(made: Made) -> None:
    """Float32: 6e-8 per operation, some hundreds of them."""
    layer = made()
    compiled = torch.compile(layer, fullgraph=True, dynamic=True)
    for batch, steps in ((3, 5), (2, 7)):
        x = torch.randn(steps, batch, 3, requires_grad=True)
        options = {"lengths": torch.randint(0, steps + 1, (batch,)), "resets": torch.rand(batch, steps) < 0.3}
        for ours, told in zip(graded(compiled, layer, x, options), graded(layer, layer, x, options), strict=True):
            torch.testing.assert_close(ours, told, rtol=1e-4, atol=1e-5)


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the kernels that the op has run."""
    names: list[str] = []
    for name, kernel in list(sweep_module._KERNELS.items()):
        watched = lambda call, name=name, run=kernel.forward: (names.append(name), run(call))[1]  # noqa: E731
        monkeypatch.setitem(sweep_module._KERNELS, name, kernel._replace(forward=watched))
    return names


def test_a_forced_kernel_is_forced_in_compiled_code_too(ran: list[str]) -> None:
    """In a thread of its own, where no kernel was ever forced before."""
    layer, x = LSTM(3, 4), torch.randn(5, 2, 3)
    compiled, first = torch.compile(layer, fullgraph=True, backend="aot_eager"), explain(layer, x).kernel

    def three() -> None:
        with torch.no_grad():
            compiled(x)
            with use_kernel("reference"):
                compiled(x)
            compiled(x)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(three).result()
    assert ran == [first, "reference", first]


def test_a_forced_kernel_that_cannot_run_raises_in_compiled_code_too() -> None:
    compiled = torch.compile(LSTM(3, 4, layer_norm=True), backend="aot_eager")
    with pytest.raises(KernelError, match="ln_c"), use_kernel("torch"):
        compiled(torch.randn(5, 2, 3))


@pytest.mark.parametrize("made", [lambda: LSTMCell(3, 4), lambda: LSTMCell(3, 4, layer_norm=True)])
def test_single_steps_compile(made: Callable[[], LSTMCell]) -> None:
    cell = made()
    compiled = torch.compile(cell, fullgraph=True, dynamic=True, backend="aot_eager")
    for batch in (2, 5):
        x, state = torch.randn(batch, 3), (torch.randn(batch, 4), torch.randn(batch, 4))
        for ours, told in zip(compiled(x, state), cell(x, state), strict=True):
            torch.testing.assert_close(ours, told)


class Padded(nn.Module):
    """What one would export: a layer that is told its lengths."""

    def __init__(self, layer: Recurrent) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor, lengths: Tensor) -> Any:
        return self.layer(x, lengths=lengths)


@pytest.mark.parametrize("name", LAYERS)
def test_export_with_dynamic_batch_and_time(name: str) -> None:
    layer = LAYERS[name]().eval()
    batch, time = torch.export.Dim("batch", min=2), torch.export.Dim("time", min=2)
    axes = {0: batch, 1: time} if layer.batch_first else {0: time, 1: batch}
    x, options = arguments(layer, 3, 5, True, False)
    plain = torch.export.export(layer, (x,), dynamic_shapes={"input": axes}).module()
    ragged = torch.export.export(
        Padded(layer), (x, options["lengths"]), dynamic_shapes={"x": axes, "lengths": {0: batch}}
    ).module()
    for sizes in ((3, 5), (2, 9), (6, 4)):
        x, options = arguments(layer, *sizes, True, False)
        for ours, told in ((plain(x), layer(x)), (ragged(x, options["lengths"]), layer(x, **options))):
            torch.testing.assert_close(ours, told, **TIGHT)


@pytest.mark.parametrize("name", ["lstm", "lstm with all", "gru layer norm"])
def test_double_backward_through_the_op(name: str) -> None:
    """A gradient penalty: its gradient equals that of the plain loop, which autograd sees whole."""
    layer = LAYERS[name]()
    x, options = arguments(layer, 2, 3, True, True)
    told = []
    for plain in (False, True):
        torch.manual_seed(9)
        with use_kernel("reference"):
            y = layer(x, trace=True, **options)[0] if plain else layer(x, **options)[0]
        (slope,) = torch.autograd.grad(y.square().sum(), x, create_graph=True)
        told.append(torch.autograd.grad(slope.square().sum(), [x, *layer.parameters()], allow_unused=True))
    for ours, theirs in zip(*told, strict=True):
        assert (ours is None) == (theirs is None)
        if ours is not None:
            torch.testing.assert_close(ours, theirs, **TIGHT)


TWINS = {"lstm": (LSTM, nn.LSTM), "gru": (GRU, nn.GRU), "rnn": (RNN, nn.RNN)}


def skip_where_torch_cannot(theirs: Any) -> None:
    """Skip where PyTorch's own layer has no bfloat16 for this processor: under autocast ours is handed to it."""
    try:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            theirs(3, 4)(torch.randn(5, 2, 3, requires_grad=True))
    except RuntimeError as error:
        pytest.skip(f"{theirs.__name__} of PyTorch does not run here under autocast: {error}")


@pytest.mark.parametrize("inside", [True, False], ids=["backward inside", "backward outside"])
@pytest.mark.parametrize("name", TWINS)
@pytest.mark.parametrize("options", [{}, {"layer_norm": True}, {"initial_state": "learned", "zoneout": 0.1}])
def test_autocast(name: str, options: dict[str, Any], inside: bool) -> None:
    """Lower precision in, lower precision out; gradients come back in the parameters' own type.

    bfloat16 keeps 8 bits (4e-3), some ten operations deep: 0.05 of values under 1.
    """
    ours, theirs = TWINS[name]
    if not options:
        skip_where_torch_cannot(theirs)
    layer, x = ours(3, 4, **options).eval(), torch.randn(5, 2, 3, requires_grad=True)
    exact = layer(x)[0]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y, state = layer(x, resets=torch.zeros(2, 5, dtype=torch.bool)) if options else layer(x)
        if inside:
            y.float().sum().backward()
    if not inside:
        y.float().sum().backward()
    state = state if isinstance(state, tuple) else (state,)
    if options:
        assert {y.dtype, *(part.dtype for part in state)} == {torch.bfloat16}
    torch.testing.assert_close(y.float(), exact, rtol=0.05, atol=0.05)
    assert x.grad is not None and torch.isfinite(x.grad).all()
    assert all(
        p.grad is not None and p.grad.dtype == torch.float32 for k, p in layer.named_parameters() if "0_" not in k
    )


@pytest.mark.parametrize("name", TWINS)
def test_autocast_gives_the_dtypes_of_torch(name: str) -> None:
    ours, theirs = TWINS[name]
    skip_where_torch_cannot(theirs)
    x = torch.randn(5, 2, 3)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        told = [layer(x) for layer in (ours(3, 4), theirs(3, 4))]
    (y, state), (y_twin, state_twin) = told
    assert y.dtype == y_twin.dtype
    for a, b in zip(state, state_twin, strict=True):
        assert a.dtype == b.dtype


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("options", [{}, {"layer_norm": True, "zoneout": 0.1, "recurrent_dropout": 0.1}])
@pytest.mark.parametrize("name", TWINS)
def test_half_precision_modules(name: str, options: dict[str, Any], dtype: torch.dtype) -> None:
    layer = TWINS[name][0](3, 4, bidirectional=True, dtype=dtype, **options).eval()
    x = torch.randn(5, 2, 3, dtype=dtype, requires_grad=True)
    y, _ = layer(x, lengths=[5, 3])
    assert y.dtype == dtype
    torch.testing.assert_close(y.double(), layer.double()(x.double(), lengths=[5, 3])[0], rtol=0.1, atol=0.05)
    layer.to(dtype)
    y.sum().backward()
    assert x.grad is not None and x.grad.dtype == dtype and torch.isfinite(x.grad).all()
