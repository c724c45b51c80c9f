"""Options one by one: what each changes, what it names, and the forms in which a batch may come."""

from __future__ import annotations

import copy
import math
from typing import Any

import pytest
import torch
from cases import TIGHT, Case
from makers import DIAGONAL, MAKERS
from torch import Tensor

from throughtime.errors import UsageError
from throughtime.kernels.dispatch import use_kernel
from throughtime.layers import GRU, LRU, LSTM, RGLRU, RNN, SLSTM, SRU, IndRNN, MinGRU, MinLSTM, ParaGRU, Recurrent

CHANGES: dict[str, Any] = {
    "num_layers": 2, "bias": False, "batch_first": True, "bidirectional": True, "proj_size": 2, "layer_norm": True,
    "zoneout": 0.3, "recurrent_dropout": 0.3, "weight_dropout": 0.3, "input_dropout": 0.3, "init": "orthogonal",
    "peepholes": True, "dtype": torch.float64, "pre_norm": True, "feed_forward": 5,
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
@pytest.mark.parametrize("name", CHANGES)
def test_each_option_changes_the_output(name: str) -> None:
    x = torch.randn(5, 5, 3)
    told = []
    for options in ({}, {name: CHANGES[name]}):
        torch.manual_seed(3)
        layer = LSTM(3, 4, **options)
        told.append(layer(x.to(layer.weight_ih_l0.dtype))[0])
    assert told[0].shape != told[1].shape or told[0].dtype != told[1].dtype or not torch.allclose(*told)


@pytest.mark.parametrize("options", [{"dropout": 0.5}, {"variational_dropout": 0.5}, {"residual": True}])
def test_options_between_layers_change_the_output(options: dict[str, Any]) -> None:
    x, told = torch.randn(5, 2, 3), []
    for given in ({}, options):
        torch.manual_seed(3)
        told.append(LSTM(3, 4, 2, **given)(x)[0])
    assert not torch.allclose(*told)


def test_every_option_is_shown() -> None:
    shown = repr(LSTM(3, 4, **{**CHANGES, "proj_size": 3, "residual": True, "initial_state": "learned"}))
    for name in (
        "num_layers=2",
        "bias=False",
        "proj_size=3",
        "pre_norm=True",
        "feed_forward=5",
        "zoneout=(0.3, 0.3)",
        "residual=True",
        "init='orthogonal'",
    ):
        assert name in shown


# -- initialisers ----------------------------------------------------------------------------------


def gate(layer: Recurrent, tensor: str, name: str) -> Tensor:
    at = layer.cell.gates.index(name)
    return getattr(layer, tensor).chunk(len(layer.cell.gates))[at].detach()


@pytest.mark.parametrize("value", [None, 0.5, -2.0])
def test_forget_bias(value: float | None) -> None:
    """The forget gate starts at the value, all else as by default."""
    torch.manual_seed(3)
    plain = LSTM(3, 4)
    torch.manual_seed(3)
    layer = LSTM(3, 4, init="forget_bias" if value is None else f"forget_bias:{value}")
    total = gate(layer, "bias_ih_l0", "f") + gate(layer, "bias_hh_l0", "f")
    assert total.equal(torch.full((4,), 1.0 if value is None else value))
    for name in ("i", "g", "o"):
        assert gate(layer, "bias_ih_l0", name).equal(gate(plain, "bias_ih_l0", name))
    assert layer.weight_hh_l0.equal(plain.weight_hh_l0)


@pytest.mark.parametrize("made", [LSTM, GRU])
def test_chrono(made: Any) -> None:
    """Biases in log U(1, steps - 1), spread over that range; the LSTM's input gate is its mirror."""
    layer = made(2, 4000, init="chrono:100")
    keep = "f" if made is LSTM else "z"
    bias = gate(layer, "bias_ih_l0", keep) + gate(layer, "bias_hh_l0", keep)
    assert bias.min() >= 0 and bias.max() <= math.log(99)
    times = bias.exp()
    assert abs(times.mean() - 50) < 5 * 98 / math.sqrt(12 * 4000)
    if made is LSTM:
        assert (gate(layer, "bias_ih_l0", "i") + gate(layer, "bias_hh_l0", "i")).equal(-bias)


KEEPING: dict[str, tuple[Any, dict[str, int]]] = {
    "mingru": (MinGRU, {"z": -1}),
    "minlstm": (MinLSTM, {"f": 1, "i": -1}),
    "sru": (SRU, {"f": 1}),
    "paragru": (ParaGRU, {"z": -1}),
    "slstm": (SLSTM, {"f": 1, "i": -1}),
}


@pytest.mark.parametrize("name", KEEPING)
def test_chrono_goes_by_what_an_open_gate_does(name: str) -> None:
    """A gate that overwrites closes by as much as one that keeps opens; cells without them have no such start."""
    made, senses = KEEPING[name]
    layer = made(2, 50, init="chrono:100")
    biases = [gate(layer, "bias_ih_l0", each) * sense for each, sense in senses.items()]
    assert all(each.equal(biases[0]) for each in biases) and biases[0].min() >= 0 and biases[0].max() > 2
    for other in set(layer.cell.gates) - set(senses):
        assert gate(layer, "bias_ih_l0", other).abs().max() <= 1 / math.sqrt(2)
    for none in (RNN, LRU, RGLRU, IndRNN):
        with pytest.raises(UsageError, match="no bias of a gate 'f'"):
            none(2, 3, init="chrono:100")


@pytest.mark.parametrize("cell", MAKERS)
def test_orthogonal(cell: str) -> None:
    """Each gate's square, of each head where there are several; a cell without such squares says so."""
    if cell in DIAGONAL:
        with pytest.raises(UsageError, match="has no recurrent matrix to make orthogonal: use init='default'"):
            MAKERS[cell](3, 4, init="orthogonal")
        return
    layer = MAKERS[cell](3, 4, 2, bidirectional=True, init="orthogonal", dtype=torch.float64)
    for name, tensor in layer.named_parameters():
        if name.startswith("weight_hh"):
            side = tensor.shape[1]
            for square in tensor.detach().split(side):
                torch.testing.assert_close(square @ square.T, torch.eye(side, dtype=torch.float64), **TIGHT)
        elif name.startswith("bias"):
            assert (tensor == 0).all()


def test_reset_parameters_draws_anew() -> None:
    layer = LSTM(3, 4, layer_norm=True, initial_state="learned", init="forget_bias")
    before = copy.deepcopy(layer.state_dict())
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.add_(7.0)
    layer.reset_parameters()
    assert not layer.weight_hh_l0.equal(before["weight_hh_l0"]) and layer.weight_hh_l0.abs().max() <= 0.5
    assert (layer.h0_l0 == 0).all() and (layer.get_parameter("ln_c_l0.weight") == 1).all()
    assert gate(layer, "bias_ih_l0", "f").equal(torch.ones(4))


def test_names_of_what_torch_does_not_have() -> None:
    layer = LSTM(3, 4, layer_norm=True, peepholes=True, initial_state="learned", bidirectional=True)
    names = set(layer.state_dict())
    for base in ("ln_ih_l0.weight", "ln_hh_l0.bias", "ln_c_l0.weight", "weight_ch_l0", "h0_l0", "c0_l0"):
        head, _, tail = base.partition(".")
        assert base in names and f"{head}_reverse{'.' + tail if tail else ''}" in names
    assert layer.weight_ch_l0.shape == (12,)
    assert layer.ln_hh_l0.weight.shape == (16,)


# -- what stands around the layers -----------------------------------------------------------------


BLOCKS: dict[str, Any] = {"num_layers": 3, "pre_norm": True, "residual": True, "feed_forward": 7}


def test_names_of_what_stands_around() -> None:
    """Beside torch's names, which stay as they are; both directions share it."""
    names, plain = (set(LSTM(3, 4, **options).state_dict()) for options in (BLOCKS, {"num_layers": 3}))
    added = {f"{name}_l{layer}" for layer in range(3) for name in ("weight_up", "bias_up", "weight_down", "bias_down")}
    norms = [f"{norm}_l{layer}" for layer in range(3) for norm in ("ln_in", "ln_ff")] + ["ln_out_l2"]
    added |= {f"{norm}.{part}" for norm in norms for part in ("weight", "bias")}
    assert names == plain | added
    both = LSTM(3, 4, 1, bidirectional=True, bias=False, pre_norm=True, feed_forward=7)
    assert both.weight_up_l0.shape == (7, 8) and both.ln_in_l0.weight.shape == (3,)
    assert not any(name.startswith("bias") or name.endswith("_reverse.weight") for name in both.state_dict())


def test_the_cells_weights_start_as_they_do_without() -> None:
    torch.manual_seed(3)
    plain = LSTM(3, 4)
    torch.manual_seed(3)
    layer = LSTM(3, 4, pre_norm=True, feed_forward=100)
    assert all(layer.get_parameter(name).equal(parameter) for name, parameter in plain.named_parameters())
    assert 0.45 < layer.weight_up_l0.abs().max() <= 0.5 and layer.weight_down_l0.abs().max() <= 0.1
    assert 0.4 < layer.bias_up_l0.abs().max() <= 0.5 and layer.bias_down_l0.abs().max() <= 0.1
    with torch.no_grad():
        layer.ln_out_l0.weight.zero_()
    layer.reset_parameters()
    assert layer.ln_out_l0.weight.equal(torch.ones(4))


def test_dropout_is_of_what_a_block_adds_where_a_norm_goes_before() -> None:
    """With all dropped the input runs through; where no norm goes before, the sum is dropped, as in torch's layers."""
    x, y = torch.randn(5, 4), torch.randn(5, 4)
    for options, left in (({"pre_norm": True}, x), ({}, torch.zeros_like(x))):
        block = GRU(3, 4, 3, residual=True, feed_forward=7, **options).block(1)
        assert block.leave(x, y, 1.0).equal(left) and not block.leave(x, y).equal(left)
    layer = GRU(3, 4, 3, dropout=1.0, residual=True, feed_forward=7, pre_norm=True)
    x, other = torch.randn(5, 2, 3), torch.randn(5, 2, 3)
    assert layer(x)[0].equal(layer(other)[0]) and not layer.eval()(x)[0].equal(layer(other)[0])


def test_blocks_under_autocast() -> None:
    """bfloat16 has 8 bits; three blocks of a few products each keep to some hundredths."""
    layer, x = GRU(8, 16, **BLOCKS), torch.randn(5, 2, 8)
    with torch.autocast("cpu", torch.bfloat16):
        y = layer(x)[0]
    torch.testing.assert_close(y.float(), layer(x)[0], rtol=0.05, atol=0.08)


# -- the learned state -----------------------------------------------------------------------------


@pytest.mark.parametrize("kernel", ["native", "torch", "reference"])
def test_a_learned_state_is_the_state_that_is_not_given(kernel: str) -> None:
    layer = LSTM(3, 4, initial_state="learned", dtype=torch.float64)
    with torch.no_grad():
        layer.h0_l0.normal_()
        layer.c0_l0.normal_()
    x = torch.randn(5, 2, 3, dtype=torch.float64)
    with use_kernel(kernel):
        given = tuple(part.expand(1, 2, 4).contiguous() for part in (layer.h0_l0, layer.c0_l0))
        y = layer(x)[0]
        assert torch.allclose(y, layer(x, given)[0]) and not torch.allclose(y, layer(x, (given[0] * 0, given[1]))[0])
        y.sum().backward()
    assert all(part.grad is not None and part.grad.abs().min() > 0 for part in (layer.h0_l0, layer.c0_l0))


# -- trace -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_first", [False, True])
def test_trace_names_everything_and_recomputes_it(batch_first: bool) -> None:
    layer = LSTM(3, 4, 2, bidirectional=True, batch_first=batch_first, dtype=torch.float64)
    x = torch.randn(2, 5, 3, dtype=torch.float64) if batch_first else torch.randn(5, 2, 3, dtype=torch.float64)
    y, state, seen = layer(x, lengths=[5, 3], trace=True)
    told, told_state = layer(x, lengths=[5, 3])
    torch.testing.assert_close((y, state), (told, told_state), **TIGHT)
    suffixes = ("l0", "l0_reverse", "l1", "l1_reverse")
    assert set(seen) == {f"{name}_{suffix}" for name in "ifgohc" for suffix in suffixes}
    for suffix in suffixes:
        gates = {name: seen[f"{name}_{suffix}"] for name in "ifgohc"}
        assert all(each.shape == (*x.shape[:2], 4) for each in gates.values())
        torch.testing.assert_close(gates["o"] * torch.tanh(gates["c"]), gates["h"], **TIGHT)
    assert y.equal(torch.cat([seen["h_l1"], seen["h_l1_reverse"]], -1))
    time = 1 if batch_first else 0
    c, f, i, g = (seen[f"{name}_l0"].select(1 - time, 0) for name in "cfig")
    torch.testing.assert_close(c[1:], f[1:] * c[:-1] + i[1:] * g[1:], **TIGHT)
    torch.testing.assert_close(seen["h_l1"].select(1 - time, 1)[2], state[0][2, 1], **TIGHT)
    padding = seen["i_l0"].select(1 - time, 1)[3:]
    assert (padding == 0).all() and seen["c_l0"].requires_grad


@pytest.mark.parametrize(
    ("made", "names"),
    [(GRU, "rznh"), (RNN, "ah"), (lambda *a: GRU(*a, proj_size=2), "rznhm"), (MAKERS["mgu"], "fnh")],
)
def test_trace_of_the_other_cells(made: Any, names: str) -> None:
    _, _, seen = made(3, 4)(torch.randn(5, 2, 3), trace=True)
    assert set(seen) == {f"{name}_l0" for name in names}
    if names == "rznh":
        h, z, n = (seen[f"{name}_l0"] for name in "hzn")
        torch.testing.assert_close(h[1:], (1 - z[1:]) * n[1:] + z[1:] * h[:-1])


def test_trace_can_be_differentiated_and_takes_every_form() -> None:
    layer, x = LSTM(3, 4), torch.randn(5, 3, requires_grad=True)
    _, _, seen = layer(x, trace=True)
    assert seen["f_l0"].shape == (5, 4)
    (gradient,) = torch.autograd.grad(seen["f_l0"][4].sum(), x)
    assert gradient[0].abs().sum() > 0
    packed = torch.nn.utils.rnn.pack_sequence([x, x[:2]])
    _, _, seen = layer(packed, trace=True)
    assert seen["f_l0"].data.shape == (7, 4)


# -- forms and sizes -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["list", "tuple", "int64", "int32", "uint8", "one more axis of memory"])
@pytest.mark.parametrize("lengths", [[4, 2, 0, 3], [0, 1, 2, 4], [4, 4, 4, 4], [2, 2, 2, 2]])
def test_lengths_of_any_type_and_order(kind: str, lengths: list[int]) -> None:
    layer, x = GRU(3, 4, bidirectional=True, dtype=torch.float64), torch.randn(4, 4, 3, dtype=torch.float64)
    forms = {
        "list": lengths, "tuple": tuple(lengths), "int64": torch.tensor(lengths),
        "int32": torch.tensor(lengths, dtype=torch.int32), "uint8": torch.tensor(lengths, dtype=torch.uint8),
        "one more axis of memory": torch.tensor([lengths, lengths]).t()[:, 0],
    }  # fmt: skip
    y, h = layer(x, lengths=forms[kind])
    for b, n in enumerate(lengths):
        told = layer(x[:n, b])[0] if n else torch.zeros(0, 8, dtype=torch.float64)
        torch.testing.assert_close(y[:n, b], told, **TIGHT)
        assert (y[n:, b] == 0).all() and (n > 0 or (h[:, b] == 0).all())


@pytest.mark.parametrize("options", [{}, {"layer_norm": True, "bidirectional": True, "num_layers": 2}])
@pytest.mark.parametrize("kernel", ["native", "torch", "reference"])
@pytest.mark.parametrize(("steps", "batch"), [(0, 2), (5, 0), (0, 0)])
def test_nothing_in_nothing_out(options: dict[str, Any], kernel: str, steps: int, batch: int) -> None:
    """No step leaves the state as it was, and its gradient is passed on."""
    if kernel == "torch" and options:
        pytest.skip("PyTorch has no layer norm in its layers")
    layer = LSTM(3, 4, **options)
    stacked = layer.num_layers * layer.directions
    state = [torch.randn(stacked, batch, 4, requires_grad=True) for _ in range(2)]
    for lengths in (None, [0] * batch):
        with use_kernel(kernel):
            y, final = layer(torch.randn(steps, batch, 3), tuple(state), lengths=lengths)
        assert y.shape == (steps, batch, 4 * layer.directions) and (y == 0).all()
        for before, after in zip(state, final, strict=True):
            assert before.shape == after.shape
            if steps == 0 or batch == 0:
                assert after.equal(before)
        if batch:
            gradients = torch.autograd.grad(final[0].sum() + 2 * final[1].sum(), state)
            assert (gradients[0] == 1).all() and (gradients[1] == 2).all()


def test_rows_of_no_step_keep_their_state() -> None:
    layer = LSTM(3, 4, 2, bidirectional=True, dtype=torch.float64)
    state = tuple(torch.randn(4, 3, 4, dtype=torch.float64) for _ in range(2))
    for kernel in ("native", "torch", "reference"):
        for lengths in ([0, 0, 0], [0, 3, 0]):
            with use_kernel(kernel):
                _, final = layer(torch.randn(5, 3, 3, dtype=torch.float64), state, lengths=lengths)
            for before, after in zip(state, final, strict=True):
                assert after[:, 0].equal(before[:, 0]) and after[:, 2].equal(before[:, 2])


@pytest.mark.filterwarnings("ignore")
def test_nested_tensors_come_back_nested() -> None:
    """The same offsets, so that arithmetic between input and output goes on; gradients reach the rows."""
    layer = GRU(4, 4, dtype=torch.float64)
    rows = [torch.randn(n, 4, dtype=torch.float64, requires_grad=True) for n in (2, 5, 1)]
    x = torch.nested.as_nested_tensor(rows, layout=torch.jagged)
    y, h = layer(x)
    added = x + y
    for row, out, total, last in zip(rows, y.unbind(), added.unbind(), h[0], strict=True):
        told = layer(row)[0]
        torch.testing.assert_close(out, told, **TIGHT)
        torch.testing.assert_close(total, row + told, **TIGHT)
        torch.testing.assert_close(last, told[-1], **TIGHT)
    y.values().sum().backward()
    assert all(row.grad is not None and row.grad.abs().sum() > 0 for row in rows)


@pytest.mark.filterwarnings("ignore")
def test_nested_tensors_with_holes() -> None:
    """A narrowed jagged tensor owns memory that is not in its rows."""
    layer, whole = GRU(3, 4, dtype=torch.float64), torch.randn(2, 6, 3, dtype=torch.float64)
    starts, lengths = torch.tensor([0, 1]), torch.tensor([3, 4])
    y, _ = layer(torch.nested.narrow(whole, 1, starts, lengths, layout=torch.jagged))
    for out, row, start, n in zip(y.unbind(), whole, starts, lengths, strict=True):
        torch.testing.assert_close(out, layer(row[start : start + n])[0], **TIGHT)


def test_a_module_moves_and_forgets_gradients_where_it_should() -> None:
    layer, x = LSTM(3, 4, layer_norm=True), torch.randn(5, 2, 3)
    with torch.inference_mode():
        assert not layer(x)[0].requires_grad
    with torch.no_grad():
        assert not layer(x, lengths=[5, 2])[0].requires_grad
    assert layer.double()(x.double())[0].dtype == torch.float64
    meta = LSTM(3, 4, layer_norm=True, device="meta")
    y, _ = meta(torch.randn(5, 2, 3, device="meta"))
    assert y.shape == (5, 2, 4) and y.is_meta


def test_frozen_weights_pass_gradients_on() -> None:
    for kernel in ("native", "torch", "reference"):
        layer = LSTM(3, 4, 2).requires_grad_(False)
        x = torch.randn(5, 2, 3, requires_grad=True)
        with use_kernel(kernel):
            layer(x)[0].sum().backward()
        assert x.grad is not None and x.grad.abs().sum() > 0
        assert all(parameter.grad is None for parameter in layer.parameters())


def test_a_copy_of_a_case_is_another_case() -> None:
    """The helper of these tests: changed() leaves the original alone."""
    case = Case(options={"bias": False})
    assert case.changed(options={"num_layers": 2}).options == {"bias": False, "num_layers": 2}
    assert case.options == {"bias": False}
