"""Tools around a model: jit.trace and script, make_fx, torch.fx, the exporters. Right values, or one sentence.

Nothing of the batch that a graph was made with may stay in it, so graphs are run on others than they were made with.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
import torch
from cases import TIGHT
from torch import Tensor, nn
from torch.fx.experimental.proxy_tensor import make_fx
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from throughtime.errors import UsageError
from throughtime.kernels.dispatch import use_kernel
from throughtime.layers import GRU, LRU, LSTM, RNN, SLSTM, GRUCell, LSTMCell, MinGRU, Recurrent, RNNCell

pytestmark = pytest.mark.filterwarnings("ignore")  # tracers warn of themselves, and of every check of a shape

DOUBLE: dict[str, Any] = {"dtype": torch.float64}
LAYERS: dict[str, Callable[[], Recurrent]] = {
    "rnn": lambda: RNN(3, 4, **DOUBLE),
    "lstm": lambda: LSTM(3, 4, 2, bidirectional=True, **DOUBLE),
    "lstm projected": lambda: LSTM(3, 4, proj_size=2, batch_first=True, **DOUBLE),
    "gru": lambda: GRU(3, 4, **DOUBLE),
    "gru reset before": lambda: GRU(3, 4, reset_after=False, **DOUBLE),
    "gru layer norm": lambda: GRU(3, 4, layer_norm=True, batch_first=True, **DOUBLE),
    "mingru": lambda: MinGRU(3, 4, bidirectional=True, **DOUBLE),
    "lru": lambda: LRU(3, 4, batch_first=True, **DOUBLE),
    "slstm": lambda: SLSTM(3, 4, heads=2, **DOUBLE),
    "lstm with all": lambda: LSTM(
        3,
        4,
        2,
        layer_norm=True,
        peepholes=True,
        zoneout=0.2,
        initial_state="learned",
        residual=True,
        pre_norm=True,
        feed_forward=5,
        **DOUBLE,
    ),
}
CELLS: dict[str, Callable[[], nn.Module]] = {
    "rnn cell": lambda: RNNCell(3, 4, **DOUBLE),
    "lstm cell layer norm": lambda: LSTMCell(3, 4, layer_norm=True, **DOUBLE),
    "gru cell": lambda: GRUCell(3, 4, reset_after=False, **DOUBLE),
}
layers = pytest.mark.parametrize("name", LAYERS)
grads = pytest.mark.parametrize("grad", [True, False], ids=["with gradients", "without"])


def drawn(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64)


def batch(layer: Recurrent, rows: int, steps: int) -> Tensor:
    return drawn(rows, steps, 3) if layer.batch_first else drawn(steps, rows, 3)


class Ragged(nn.Module):
    def __init__(self, layer: Recurrent) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor, lengths: Tensor, resets: Tensor) -> Any:
        return self.layer(x, lengths=lengths, resets=resets)


def ragged(layer: Recurrent, rows: int, steps: int) -> tuple[Tensor, Tensor, Tensor]:
    return batch(layer, rows, steps), torch.randint(0, steps + 1, (rows,)), torch.rand(rows, steps) < 0.3


def same(ours: Any, theirs: Any) -> None:
    leaves = torch.utils._pytree.tree_leaves
    for a, b in zip(leaves(ours), leaves(theirs), strict=True):
        torch.testing.assert_close(a, b, **TIGHT)


SIZES = ((3, 5), (2, 9), (6, 1), (1, 4))
"""Rows and steps; the first is what the graph is made with."""


# -- torch.jit.trace ---------------------------------------------------------------------------------------------------


@layers
@grads
def test_jit_trace(name: str, grad: bool) -> None:
    layer = LAYERS[name]().eval()
    with torch.set_grad_enabled(grad):
        traced = torch.jit.trace(layer, batch(layer, *SIZES[0]), check_trace=False)
        for size in SIZES:
            x = batch(layer, *size)
            same(traced(x), layer(x))


@layers
@grads
def test_jit_trace_keeps_lengths_and_resets_as_inputs(name: str, grad: bool) -> None:
    layer = Ragged(LAYERS[name]().eval())
    with torch.set_grad_enabled(grad):
        traced = torch.jit.trace(layer, ragged(layer.layer, *SIZES[0]), check_trace=False)
        for size in SIZES:
            args = ragged(layer.layer, *size)
            same(traced(*args), layer(*args))


@pytest.mark.parametrize("name", CELLS)
def test_jit_trace_of_a_cell(name: str) -> None:
    cell = CELLS[name]()
    traced = torch.jit.trace(cell, drawn(2, 3), check_trace=False)
    x = drawn(5, 3)
    same(traced(x), cell(x))


def test_jit_trace_with_a_given_state_on_every_kernel() -> None:
    layer = GRU(3, 4, **DOUBLE)
    for kernel in ("native", "torch", "reference"):
        with use_kernel(kernel):
            traced = torch.jit.trace(layer, (drawn(5, 2, 3), drawn(1, 2, 4)), check_trace=False)
        assert ("throughtime::sweep" in str(traced.graph)) == (kernel != "torch")
        args = drawn(7, 3, 3), drawn(1, 3, 4)
        same(traced(*args), layer(*args))


def test_a_trace_of_a_plain_layer_is_torchs_operator() -> None:
    """So it runs where throughtime is not installed, and exporters know it."""
    assert "aten::lstm" in str(torch.jit.trace(LSTM(3, 4), torch.randn(5, 2, 3), check_trace=False).graph)


def test_gradients_of_a_trace_made_without_gradients() -> None:
    layer = GRU(3, 4, layer_norm=True, **DOUBLE)
    with torch.no_grad():
        traced = torch.jit.trace(Ragged(layer), ragged(layer, 3, 5), check_trace=False)
    args = ragged(layer, 2, 6)
    x = args[0].requires_grad_()
    told = [torch.autograd.grad(function(*args)[0].square().sum(), x)[0] for function in (traced, Ragged(layer))]
    same(*told)
    assert told[0].abs().max() > 1e-4


NOISES: dict[str, dict[str, Any]] = {
    "dropout": {"dropout": 0.5, "num_layers": 2},
    "zoneout": {"zoneout": 0.4},
    "recurrent dropout": {"recurrent_dropout": 0.5},
    "weight dropout": {"weight_dropout": 0.5},
    "input dropout": {"input_dropout": 0.5},
    "variational dropout": {"variational_dropout": 0.5, "num_layers": 2},
}


@pytest.mark.parametrize("name", NOISES)
def test_noise_stays_noise_in_a_trace(name: str) -> None:
    """Drawn anew at every call, and from the same seed the same as eagerly."""
    layer, x = LSTM(3, 4, **DOUBLE, **NOISES[name]), drawn(6, 3, 3)
    traced = torch.jit.trace(layer, drawn(5, 2, 3), check_trace=False)
    assert not traced(x)[0].equal(traced(x)[0])
    told = []
    for function in (traced, layer):
        torch.manual_seed(5)
        told.append(function(x))
    same(*told)


def test_an_unbatched_sequence_in_a_trace() -> None:
    layer = GRU(3, 4, input_dropout=0.5, **DOUBLE)
    traced, x = torch.jit.trace(layer, drawn(5, 3), check_trace=False), drawn(7, 3)
    told = []
    for function in (traced, layer):
        torch.manual_seed(5)
        told.append(function(x))
    same(*told)


class Packing(nn.Module):
    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        y, _ = self.layer(pack_padded_sequence(x, lengths, enforce_sorted=False))
        return pad_packed_sequence(y)[0]


def test_a_packed_batch_in_a_trace() -> None:
    """A plain stack is traced as torch.nn's; others need the lengths, and say so."""
    module = Packing(GRU(3, 4, **DOUBLE))
    traced = torch.jit.trace(module, (drawn(5, 3, 3), torch.tensor([5, 2, 3])), check_trace=False)
    args = drawn(7, 4, 3), torch.tensor([7, 2, 3, 1])
    same(traced(*args), module(*args))
    with pytest.raises(UsageError, match="give a padded batch and lengths="):
        torch.jit.trace(Packing(GRU(3, 4, layer_norm=True, **DOUBLE)), args, check_trace=False)


@pytest.mark.parametrize("option", ["trace", "recompute"])
def test_what_cannot_be_traced_says_so(option: str) -> None:
    layer = GRU(3, 4, layer_norm=True, recompute=option == "recompute")
    with pytest.raises(UsageError, match=f"{option}=True cannot be compiled or traced"):
        torch.jit.trace(lambda x: layer(x, trace=option == "trace"), torch.randn(5, 2, 3), check_trace=False)


# -- torch.jit.script, torch.fx ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("made", [lambda: GRU(3, 4), lambda: nn.Sequential(nn.Linear(3, 3), LSTMCell(3, 4))])
def test_jit_script_is_refused_in_one_sentence(made: Callable[[], nn.Module]) -> None:
    with pytest.raises(UsageError, match=r"^torch\.jit\.script does not compile throughtime's \w+: use torch\.jit"):
        torch.jit.script(made())


class Net(nn.Module):
    """One of each, called as torch.nn's and with what ours take more."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.cell = GRU(3, 4, batch_first=True), LSTM(4, 5, layer_norm=True), GRUCell(5, 2)

    def forward(self, x: Tensor, lengths: Tensor, state: Tensor) -> Tensor:
        y, _ = self.first(x, lengths=lengths)
        z, (h, _) = self.second(y)
        return self.cell(h[-1], state) + z.sum()


def test_fx_takes_layers_and_cells_for_one_node() -> None:
    net = Net()
    graph = torch.fx.symbolic_trace(net)
    nodes = [(node.op, node.target, len(node.args)) for node in graph.graph.nodes if node.op == "call_module"]
    assert nodes == [("call_module", "first", 1), ("call_module", "second", 1), ("call_module", "cell", 2)]
    args = torch.randn(4, 4, 3), torch.tensor([4, 2, 1, 3]), torch.randn(4, 2)
    torch.testing.assert_close(graph(*args), net(*args))


def test_fx_of_a_layer_alone_is_refused() -> None:
    for module in (GRU(3, 4), GRUCell(3, 4)):
        with pytest.raises(UsageError, match="trace what holds it"):
            torch.fx.symbolic_trace(module)


# -- make_fx -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["real", "symbolic"])
@layers
@grads
def test_make_fx(name: str, mode: str, grad: bool) -> None:
    """Run on other values than it was made with, lengths and resets among them."""
    layer = LAYERS[name]().eval()
    given, others = ragged(layer, 3, 5), ragged(layer, 3, 5)
    parameters = {key: value.detach() for key, value in layer.named_parameters()}

    def function(p: dict[str, Tensor], x: Tensor, lengths: Tensor, resets: Tensor) -> Any:
        called = torch.func.functional_call
        return called(layer, p, (x,), {"lengths": lengths, "resets": resets}), called(layer, p, (x,))

    with torch.set_grad_enabled(grad):
        graph = make_fx(function, tracing_mode=mode)(parameters, *given)
        same(graph(parameters, *others), function(parameters, *others))


def test_lengths_inside_a_transform_that_is_traced_are_refused() -> None:
    """A reference loop over them would be baked into the graph."""
    layer = GRU(3, 4, **DOUBLE)

    def function(x: Tensor, lengths: Tensor) -> Tensor:
        return torch.func.grad(lambda x: layer(x, lengths=lengths)[0].sum())(x)

    with pytest.raises(UsageError, match="lengths cannot be read here"):
        make_fx(function)(drawn(5, 2, 3), torch.tensor([5, 2]))
    graph = make_fx(torch.func.grad(lambda x: layer(x)[0].square().sum()))(drawn(5, 2, 3))
    x = drawn(5, 2, 3)
    same(graph(x), torch.func.grad(lambda x: layer(x)[0].square().sum())(x))


# -- exporters ---------------------------------------------------------------------------------------------------------


class Held(nn.Module):
    """A layer in a model: the exporter would hand a layer alone its keyword arguments by position."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x)[0]


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> Callable[[nn.Module], bytes]:
    """What the exporter built on jit.trace writes for a layer; its last step would want a package for nothing."""
    from torch.onnx._internal.torchscript_exporter import onnx_proto_utils

    monkeypatch.setattr(onnx_proto_utils, "_add_onnxscript_fn", lambda written, _: written)

    def export(layer: nn.Module) -> bytes:
        written, x, axes = io.BytesIO(), torch.randn(5, 2, 3), {"x": {0: "t", 1: "b"}}
        with torch.no_grad():
            torch.onnx.export(Held(layer).eval(), (x,), written, dynamo=False, input_names=["x"], dynamic_axes=axes)
        return written.getvalue()

    return export


TWINS = [(LSTM, nn.LSTM), (GRU, nn.GRU), (RNN, nn.RNN)]


@pytest.mark.parametrize(("ours", "theirs"), TWINS)
def test_the_older_onnx_exporter_writes_the_layer_and_no_constant(ours: Any, theirs: Any, exported: Any) -> None:
    """The same operator as of torch.nn's layer, on its weights and the input; a constant would have neither."""
    layer, twin = ours(3, 4), theirs(3, 4)
    twin.load_state_dict(layer.state_dict())
    written, expected = exported(layer), exported(twin)
    assert ours.__name__.encode() in written
    assert abs(len(written) - len(expected)) < 200  # names of nodes


@pytest.mark.parametrize("ours", [LSTM, GRU, RNN])
def test_the_older_onnx_exporter_gives_right_values(ours: Any, exported: Any) -> None:
    """Float32 on both sides, a few dozen operations."""
    onnxruntime = pytest.importorskip("onnxruntime", reason="values need onnxruntime (extra: bench)")
    layer = ours(3, 4, 2, bidirectional=True)
    session = onnxruntime.InferenceSession(exported(layer), providers=["CPUExecutionProvider"])
    for rows, steps in ((2, 5), (3, 8)):
        x = torch.randn(steps, rows, 3)
        (y,) = session.run(None, {"x": x.numpy()})
        torch.testing.assert_close(torch.from_numpy(y), layer(x)[0], rtol=1e-4, atol=1e-5)


def test_the_older_onnx_exporter_refuses_what_it_does_not_know(exported: Any) -> None:
    with pytest.raises(torch.onnx.errors.UnsupportedOperatorError, match="throughtime::sweep"):
        exported(GRU(3, 4, layer_norm=True))


@pytest.mark.slow
@pytest.mark.parametrize("made", [lambda: GRU(3, 4), lambda: LSTM(3, 4, layer_norm=True, initial_state="learned")])
def test_ahead_of_time_inductor(made: Callable[[], Recurrent], tmp_path: Any) -> None:
    """Compiled to a library and run on other sizes. Float32: 6e-8 per operation, some hundreds of them."""

    class Padded(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = made().eval()

        def forward(self, x: Tensor, lengths: Tensor) -> Any:
            return self.layer(x, lengths=lengths)

    module, rows, steps = Padded(), torch.export.Dim("rows", min=1, max=64), torch.export.Dim("steps", min=2, max=64)
    with torch.no_grad():
        args = torch.randn(5, 2, 3), torch.tensor([5, 2])
        program = torch.export.export(module, args, dynamic_shapes=({0: steps, 1: rows}, {0: rows}))
        path = torch._inductor.aoti_compile_and_package(program, package_path=str(tmp_path / "layer.pt2"))
        run = torch._inductor.aoti_load_package(path)
        for size in ((2, 5), (3, 7)):
            args = torch.randn(size[1], size[0], 3), torch.randint(0, size[1] + 1, (size[0],))
            leaves = torch.utils._pytree.tree_leaves
            for ours, theirs in zip(leaves(run(*args)), leaves(module(*args)), strict=True):
                torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
