"""The kernel's own functions: what does not fit is refused before any address leaves Python."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from calls import VARIANTS, Variant, call
from torch import Tensor, nn

from throughtime.errors import ShapeError, UsageError
from throughtime.kernels import native, packing
from throughtime.kernels.call import Call
from throughtime.kernels.dispatch import use_kernel
from throughtime.kernels.reference.slstm import SLSTMCell
from throughtime.layers import LSTM

pytestmark = pytest.mark.skipif(native.unavailable() is not None, reason=str(native.unavailable()))
PLAIN = {"lstm": VARIANTS[3], "gru": VARIANTS[8], "rnn": VARIANTS[0], "slstm": Variant(cell=SLSTMCell())}

# -- calls -----------------------------------------------------------------------------------------


def plain(name: str, **options: Any) -> Call:
    variant: Variant = PLAIN[name]
    one = call(variant, sizes=(3, 3, 2), hidden=5, directions=2, resets=True, dtype=torch.float32, **options)
    return one.with_tensors([tensor.detach() for tensor in one.tensors()])


def retyped(parts: list[Tensor], change: Callable[[Tensor], Tensor], at: int = 0) -> list[Tensor]:
    return [change(part) if k == at else part for k, part in enumerate(parts)]


WRONG: dict[str, Callable[[Call], Call]] = {
    "rows of another width": lambda c: replace(c, rows=c.rows[:, :1]),
    "rows of another type": lambda c: replace(c, rows=c.rows.double()),
    "rows of another device": lambda c: replace(c, rows=c.rows.to("meta")),
    "rows of one axis": lambda c: replace(c, rows=c.rows[:, 0]),
    "too few rows": lambda c: replace(c, rows=c.rows[:7]),
    "no rows": lambda c: replace(c, rows=c.rows[:0]),
    "sizes past the rows": lambda c: replace(c, batch_sizes=torch.tensor([3, 3, 3])),
    "sizes that grow": lambda c: replace(c, batch_sizes=torch.tensor([2, 3, 3])),
    "sizes past the batch": lambda c: replace(c, batch_sizes=torch.tensor([4, 4])),
    "huge sizes": lambda c: replace(c, batch_sizes=torch.tensor([2**62, 2**62, 2**62, 2**62])),
    "negative sizes": lambda c: replace(c, batch_sizes=torch.tensor([3, -1, 3])),
    "sizes of floats": lambda c: replace(c, batch_sizes=torch.tensor([3.0, 3.0, 2.0])),
    "fewer resets": lambda c: replace(c, resets=c.resets[:5] if c.resets is not None else None),
    "resets of numbers": lambda c: replace(c, resets=torch.ones(8)),
    "resets of two axes": lambda c: replace(c, resets=torch.ones(8, 1, dtype=torch.bool)),
    "fewer row ids": lambda c: replace(c, row_ids=torch.arange(2), **NOISE),
    "row ids of 32 bits": lambda c: replace(c, row_ids=torch.arange(3, dtype=torch.int32), **NOISE),
    "a smaller state": lambda c: replace(c, state=[part[:, :2] for part in c.state]),
    "a narrower state": lambda c: replace(c, state=retyped(c.state, lambda part: part[..., :4])),
    "a state of one direction": lambda c: replace(c, state=[part[:1] for part in c.state]),
    "a state of two axes": lambda c: replace(c, state=retyped(c.state, lambda part: part[0])),
    "a state of another type": lambda c: replace(c, state=retyped(c.state, lambda part: part.double())),
    "no state": lambda c: replace(c, state=[]),
    "a state too many": lambda c: replace(c, state=[*c.state, c.state[0], c.state[0]]),
    "fewer weights": lambda c: replace(c, weights=c.weights[:-1]),
    "no weights": lambda c: replace(c, weights=[]),
    "a transposed weight": lambda c: replace(c, weights=retyped(c.weights, lambda w: w.t())),
    "a weight of another type": lambda c: replace(c, weights=retyped(c.weights, lambda w: w.half(), 5)),
    "a weight of another device": lambda c: replace(c, weights=retyped(c.weights, lambda w: w.to("meta"), 1)),
    "an unknown name": lambda c: replace(c, names=["weight_xy", *c.names[1:]]),
    "a name twice": lambda c: replace(c, names=[c.names[0], *c.names[:-1]]),
    "no names": lambda c: replace(c, names=[]),
    "an unknown cell": lambda c: replace(c, cell="no such cell"),
    "three directions": lambda c: replace(c, directions=3),
    "no direction": lambda c: replace(c, directions=0),
}
NOISE: dict[str, Any] = {"seed": torch.tensor(3), "recurrent_dropout": 0.5, "training": True}


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("wrong", WRONG)
def test_a_call_that_does_not_fit_is_refused(wrong: str, name: str) -> None:
    """Before any address leaves Python."""
    with pytest.raises((ShapeError, UsageError)):
        native.forward(WRONG[wrong](plain(name)))


BACK: dict[str, Callable[..., tuple[Any, ...]]] = {
    "y of another shape": lambda y, kept, g, gs: (y[:, :3], kept, g, gs),
    "fewer rows of y": lambda y, kept, g, gs: (y[:5], kept, g, gs),
    "y of another type": lambda y, kept, g, gs: (y.double(), kept, g, gs),
    "nothing kept": lambda y, kept, g, gs: (y, kept.new_empty(0), g, gs),
    "less kept": lambda y, kept, g, gs: (y, kept[:, :3], g, gs),
    "kept of another type": lambda y, kept, g, gs: (y, kept.double(), g, gs),
    "narrow gradient": lambda y, kept, g, gs: (y, kept, g[:, :4], gs),
    "fewer rows of the gradient": lambda y, kept, g, gs: (y, kept, g[:4], gs),
    "gradient of another type": lambda y, kept, g, gs: (y, kept, g.double(), gs),
    "gradient of another device": lambda y, kept, g, gs: (y, kept, g.to("meta"), gs),
    "no final gradient": lambda y, kept, g, gs: (y, kept, g, []),
    "final gradient of fewer rows": lambda y, kept, g, gs: (y, kept, g, [part[:, :1] for part in gs]),
    "final gradient of another type": lambda y, kept, g, gs: (y, kept, g, [part.half() for part in gs]),
}


def swept(one: Call) -> tuple[Tensor, Tensor, Tensor, list[Tensor]]:
    y, final, kept = native.forward(one)
    return y, kept, torch.randn_like(y), [torch.randn_like(part) for part in final]


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("wrong", BACK)
def test_a_gradient_that_does_not_fit_is_refused(wrong: str, name: str) -> None:
    one = plain(name)
    if name == "rnn":
        one = replace(one, zoneout=[0.3])  # without it an Elman network keeps nothing
    given = swept(one)
    with pytest.raises((ShapeError, UsageError)):
        native.backward(one, *BACK[wrong](*given))


@pytest.mark.parametrize("name", PLAIN)
def test_strided_gradients_are_read_as_they_lie(name: str) -> None:
    one = plain(name)
    y, kept, grad, finals = swept(one)
    told = native.backward(one, y, kept, grad, finals)
    strided = (
        torch.stack([grad, grad], -1)[..., 0],
        [part.transpose(0, 2).contiguous().transpose(0, 2) for part in finals],
    )
    expanded = native.backward(one, y, kept, torch.ones(1, 1).expand_as(grad), finals)
    for ours, theirs in zip(native.backward(one, y, kept, *strided), told, strict=True):
        assert ours.equal(theirs)
    for ours, theirs in zip(expanded, native.backward(one, y, kept, torch.ones_like(grad), finals), strict=True):
        assert ours.equal(theirs)


@pytest.mark.parametrize("hidden", [2**31, 2**62])
def test_sizes_whose_product_overflows(hidden: int) -> None:
    """A shape may promise more than there is memory for; nobody multiplies it into something small."""
    layer = LSTM(1, 4)
    layer.weight_hh_l0 = nn.Parameter(torch.zeros(1).expand(2**20, 2**20), requires_grad=False)
    state = torch.zeros(1).expand(1, 1, hidden)
    with use_kernel("native"), pytest.raises(ShapeError):
        layer(torch.zeros(2, 1, 1))
    one = replace(plain("lstm"), state=[state, state])
    with pytest.raises((ShapeError, UsageError)):
        native.forward(one)


# -- the module itself takes addresses: counts, sizes and names are all it can check -----------------------------------


def quiet() -> Any:
    return packing.core().Noise(0.0, 0.0, 0.0, False, 0, 0, 0, 0)


def loop(**changes: Any) -> Any:
    """An LSTM's sweep over one row."""
    given: dict[str, Any] = {
        "target": packing.target(), "cell": 2, "input": 3, "hidden": 4, "width": 4, "batch": 1, "sizes": [1],
        "reverse": False, "threads": 1, "resets": 0, "noise": quiet(),
    }  # fmt: skip
    return packing.core().Sweep(*(given | changes).values())


@pytest.mark.parametrize("count", [0, 1, 5, 21, 23, 25, 27, 50])
@pytest.mark.parametrize("function", ["forward", "backward"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_wrong_number_of_addresses(dtype: str, function: str, count: int) -> None:
    with pytest.raises(ValueError, match="addresses"):
        getattr(loop(), function)(dtype, [0] * count, 4, 4)


@pytest.mark.parametrize("sizes, addresses", [(4, 4), (6, 4), (5, 3), (5, 5), (0, 0)])
def test_a_wrong_number_of_sizes(sizes: int, addresses: int) -> None:
    with pytest.raises(ValueError, match="five sizes and four addresses"):
        packing.core().product(packing.target(), "float32", [0] * sizes, [0] * addresses, 1)


NEVER: list[dict[str, Any]] = [
    *({"hidden": 0}, {"width": -1}, {"input": 0}, {"batch": -1}, {"cell": 7}, {"cell": -1}, {"threads": 0}),
    *({"sizes": [2]}, {"sizes": [1, 0]}, {"sizes": [-1]}, {"sizes": [1, 2], "batch": 2}),
]


@pytest.mark.parametrize("changes", NEVER, ids=str)
def test_sizes_that_cannot_be(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        loop(**changes)


@pytest.mark.parametrize("dtype", ["float16", "complex64", "", "bfloat16"])
def test_an_unknown_type(dtype: str) -> None:
    """Bfloat16 has neither gradients nor products of all tokens there."""
    core, calls = packing.core(), []
    calls.append(lambda: loop().backward(dtype, [0] * 26, 4, 4))
    calls.append(lambda: core.product(packing.target(), dtype, [0] * 5, [0] * 4, 1))
    if dtype != "bfloat16":
        calls.append(lambda: loop().forward(dtype, [0] * 22, 4, 4))
        calls.append(lambda: core.pack(packing.target(), dtype, 1, 0, 0, 0, False, 0, 1))
    for wrong in calls:
        with pytest.raises(ValueError, match="type"):
            wrong()


def test_bfloat16_where_the_target_has_no_such_products() -> None:
    with pytest.raises(ValueError, match="this target has no such sweep"):
        loop(target="portable").forward("bfloat16", [0] * 22, 4, 4)


@pytest.mark.parametrize("arguments", [(), (1,), ("lstm",) * 8, (None, 2, 3)], ids=str)
@pytest.mark.parametrize(
    "function", ["Sweep", "Noise", "pack", "packed_size", "product", "digest", "exercise", "saved", "has_bfloat16"]
)
def test_wrong_arguments(function: str, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError):
        getattr(packing.core(), function)(*arguments)


UNKNOWN: dict[str, Callable[[Any], Any]] = {
    "Sweep": lambda core: loop(target="none"),
    "has_bfloat16": lambda core: core.has_bfloat16("none"),
    "packed_size": lambda core: core.packed_size("none", 4, 2, 2, False, 4),
    "pack": lambda core: core.pack("none", "float32", 4, 0, 2, 2, False, 0, 1),
    "product": lambda core: core.product("none", "float32", [0] * 5, [0] * 4, 1),
    "digest": lambda core: core.digest("none", 0, 0),
    "exercise": lambda core: core.exercise("none", 0, 0, 0, 0),
}


@pytest.mark.parametrize("function", UNKNOWN)
def test_an_unknown_target(function: str) -> None:
    with pytest.raises(ValueError, match="none"):
        UNKNOWN[function](packing.core())
