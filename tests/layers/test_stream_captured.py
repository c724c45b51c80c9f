"""Streams whose steps are replayed from a graph: the same numbers, whatever is done between; and when none is made.

A graph of a GPU is stood in for by one that takes down operators and does them again on the same memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
import torch
from makers import MAKERS
from recorded import RecordedGraph
from torch import Tensor
from torch.testing import assert_close

import throughtime as tt
from throughtime.kernels import native_stream
from throughtime.layers import captured_steps
from throughtime.layers import stream as streams
from throughtime.layers.captured_steps import FIRST, CapturedSteps
from throughtime.layers.stream import Stream
from throughtime.layers.streamable import Streamable

I, H, B = 3, 6, 2


@pytest.fixture
def graphs(monkeypatch: pytest.MonkeyPatch) -> list[RecordedGraph]:
    """Lets streams capture their steps; gives the graphs that they make."""
    made: list[RecordedGraph] = []

    def make() -> RecordedGraph:
        made.append(RecordedGraph())
        return made[-1]

    def graphs_of(layer: Streamable, like: Tensor) -> Callable[[], RecordedGraph]:
        return make

    def refused(*_: object) -> str:
        return "this is a GPU"

    monkeypatch.setattr(streams, "_graphs", graphs_of)
    monkeypatch.setattr(native_stream, "refusal", refused)
    return made


def steps(count: int) -> Iterator[Tensor]:
    generator = torch.Generator().manual_seed(1)
    return (torch.randn(B, I, generator=generator, dtype=torch.float64) for _ in range(count))


def layer_of(name: str, **options: Any) -> tt.Recurrent:
    torch.manual_seed(0)
    return MAKERS[name](I, H, num_layers=2, dtype=torch.float64, **options).eval()


def ordinary(layer: tt.Recurrent, monkeypatch: pytest.MonkeyPatch) -> Stream:
    """A stream that captures nothing."""

    def none(layer: Streamable, like: Tensor) -> None:
        return None

    with monkeypatch.context() as patch:
        patch.setattr(streams, "_graphs", none)
        return layer.stream(B)


def parts(state: Any) -> list[Tensor]:
    return [state] if isinstance(state, Tensor) else [tensor for part in state for tensor in parts(part)]


@pytest.mark.parametrize("name", MAKERS)
def test_a_replayed_step_gives_the_same_numbers(
    name: str, graphs: list[RecordedGraph], monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = layer_of(name)
    plain, stream = ordinary(layer, monkeypatch), layer.stream(B)
    for x in steps(FIRST + 8):
        assert torch.equal(stream.step(x), plain.step(x))
    assert [graph.replays for graph in graphs] == [8]
    for ours, told in zip(parts(stream.state), parts(plain.state), strict=True):
        assert torch.equal(ours, told)


@pytest.mark.parametrize("options", [{"zoneout": 0.3}, {"layer_norm": True}, {"residual": True, "feed_forward": 5}])
def test_whatever_stands_around_the_cells(
    options: dict[str, Any], graphs: list[RecordedGraph], monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = MAKERS["gru"](I, H, num_layers=3, dtype=torch.float64, **options).eval()
    plain, stream = ordinary(layer, monkeypatch), layer.stream(B)
    for x in steps(FIRST + 3):
        assert torch.equal(stream.step(x), plain.step(x))
    assert graphs[0].replays == 3


def test_what_is_done_between_steps(graphs: list[RecordedGraph], monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks, states set and read, rows reset and selected: before a step is captured and after it."""
    layer = layer_of("lstm", initial_state="learned")
    for parameter in layer.parameters():
        torch.nn.init.uniform_(parameter, -0.5, 0.5)
    plain, stream = ordinary(layer, monkeypatch), layer.stream(B)
    chunk = torch.randn(4, B, I, dtype=torch.float64)
    kept: list[Any] = []

    def both(act: Callable[[Stream], Any]) -> None:
        ours, told = act(stream), act(plain)
        if ours is not None:
            assert_close(ours, told, rtol=0, atol=0)

    for x in steps(3 * FIRST):
        both(lambda each, x=x: each.step(x))
        both(lambda each: each.feed(chunk))
        both(lambda each: each.reset([1]))
        both(lambda each, x=x: each.step(x))
        both(lambda each: each.select(torch.tensor([1, 0])))
        both(lambda each: each.state)
        kept.append(parts(stream.state))
        both(lambda each: setattr(each, "state", tuple(2 * part for part in each.state)))
    assert [graph.replays for graph in graphs] == [6 * FIRST - FIRST]
    assert not torch.equal(kept[-1][0], kept[-2][0]), "what was handed out has changed with the next step"


def test_what_a_step_gives_is_not_written_to_by_the_next(graphs: list[RecordedGraph]) -> None:
    layer = layer_of("gru")
    stream = layer.stream(B)
    given = [(y, y.clone()) for y in map(stream.step, steps(FIRST + 4))]
    assert graphs and all(torch.equal(y, then) for y, then in given)


def test_another_number_of_rows_makes_another_graph(
    graphs: list[RecordedGraph], monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = layer_of("gru")
    plain, stream = ordinary(layer, monkeypatch), layer.stream(B)
    for x in steps(FIRST + 2):
        assert torch.equal(stream.step(x), plain.step(x))
    for each in (plain, stream):
        each.select([1, 1, 0])
    for x in steps(FIRST + 3):
        wide = torch.cat([x, x[:1]])
        assert torch.equal(stream.step(wide), plain.step(wide))
    assert [graph.replays for graph in graphs] == [2, 3]


def test_new_weights_are_captured_anew(graphs: list[RecordedGraph], monkeypatch: pytest.MonkeyPatch) -> None:
    layer = layer_of("gru")
    plain, stream = ordinary(layer, monkeypatch), layer.stream(B)
    for round in range(2):
        for x in steps(FIRST + 2):
            assert torch.equal(stream.step(x), plain.step(x)), round
        with torch.no_grad():
            for parameter in layer.parameters():
                parameter.mul_(0.5)
        state, plain = plain.state, ordinary(layer, monkeypatch)
        plain.state = state
        stream.refresh()
    assert [graph.replays for graph in graphs] == [2, 2]


def test_out_and_gradients_and_inference_mode(graphs: list[RecordedGraph], monkeypatch: pytest.MonkeyPatch) -> None:
    layer = layer_of("gru")
    plain, stream = ordinary(layer, monkeypatch), layer.stream(B)
    for number, x in enumerate(steps(2 * FIRST)):
        told = plain.step(x)
        match number % 3:
            case 0:
                out = torch.empty(B, H, dtype=torch.float64)
                y = stream.step(x, out)
                assert y is out
            case 1:
                with torch.inference_mode():
                    y = stream.step(x)
            case _:
                y = stream.step(x.requires_grad_())
                assert not y.requires_grad
        assert torch.equal(y, told)
    assert graphs[0].replays == FIRST


def test_what_cannot_be_captured_goes_on_as_before_and_is_told(
    graphs: list[RecordedGraph], monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = layer_of("gru")
    read: Any = layer.cell.step

    def reading(p: Any, from_x: Tensor, h: Tensor, carry: Any) -> Any:
        assert h.sum().item() == h.sum().item()
        return read(p, from_x, h, carry)

    with tt.use_kernel("reference"):
        plain, stream = ordinary(layer, monkeypatch), layer.stream(B)
    monkeypatch.setattr(layer.cell, "step", reading, raising=True)
    assert stream.kernel.how == "each step replayed from a graph, after 16"
    for x in steps(FIRST + 4):
        assert torch.equal(stream.step(x), plain.step(x))
    assert len(graphs) == 1 and graphs[0].replays == 0
    told = "each step launched anew, for none could be captured: operation not permitted when stream is capturing"
    assert stream.kernel.how == told
    assert str(stream.kernel).splitlines()[0] == f"reference: runs this call, {told}"


def test_a_stream_says_how_it_runs(graphs: list[RecordedGraph], monkeypatch: pytest.MonkeyPatch) -> None:
    layer = layer_of("lstm")
    stream = layer.stream(B)
    for x in steps(FIRST):
        stream.step(x)
    assert stream.kernel.how == "each step replayed from a graph, after 16" and not graphs
    stream.step(next(steps(1)))
    assert stream.kernel.how == "each step replayed from a graph" and stream.kernel.kernel == "torch"
    assert ordinary(layer, monkeypatch).kernel.how == ""


class Own(tt.Cell):
    """A cell of one's own."""

    name, gates = "own_captured", ("n",)

    def step(self, p: Any, from_x: Tensor, h: Tensor, carry: Any) -> Any:
        return (from_x + h,), {"n": h}


def test_which_streams_capture(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a GPU those of the library's own cells; of others it is not known what else they do."""
    made: list[torch.device] = []
    monkeypatch.setattr(streams, "CudaGraph", made.append)
    fake: Any = type("OnGPU", (), {"is_cuda": True, "device": torch.device("cuda", 1)})()
    make = streams._graphs(layer_of("gru"), fake)  # pyright: ignore[reportPrivateUsage]
    assert isinstance(make, partial)
    make()
    assert made == [torch.device("cuda", 1)]
    assert streams._graphs(tt.Recurrent(Own(), I, H), fake) is None  # pyright: ignore[reportPrivateUsage]
    assert streams._graphs(layer_of("gru"), torch.zeros(1)) is None  # pyright: ignore[reportPrivateUsage]


def test_the_quick_way_takes_what_it_can(graphs: list[RecordedGraph]) -> None:
    stream = layer_of("gru").stream(B)
    steps_of: Any = stream._steps  # pyright: ignore[reportPrivateUsage]
    assert isinstance(steps_of, CapturedSteps)
    x = next(steps(1))
    assert steps_of.quick(x, None) is None, "nothing is captured yet"
    for each in steps(FIRST + 1):
        stream.step(each)
    for refused in (x.float(), x[:1], x.clone().requires_grad_(), torch.empty(B, I, dtype=x.dtype, device="meta")):
        assert steps_of.quick(refused, None) is None
    assert steps_of.quick(x, x) is None
    replays = graphs[0].replays
    assert steps_of.quick(x, None) is not None and graphs[0].replays == replays + 1
    assert captured_steps.FIRST == FIRST
