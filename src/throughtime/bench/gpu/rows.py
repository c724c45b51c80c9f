"""Every row: what is timed, beside what, and what is aimed at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from throughtime.bench.gpu.timing import Clock, Work
from throughtime.bench.gpu.workloads import OURS, Shape, ours, peer, shortest, text_step

__all__ = ["Goal", "Place", "Row", "rows"]

BEFORE = 340e3
"""Tokens a second of ``fit generate`` with its defaults on an H200, before there was a sweep of our own."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where and how rows are timed."""

    device: torch.device
    """The GPU; the CPU in a dry run."""
    clock: Clock
    """Of that device."""
    text: Path | None
    """A text for the rows that read one."""
    quick: bool
    """Whether all sizes are tiny, and figures mean nothing."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What a row is to reach beside one other figure."""

    beside: str
    """Name of the other figure; empty: the row's own figure is the ratio."""
    ratio: float
    """What is to be reached."""
    faster: bool = True
    """True: so many times as fast, at least. False: so many times the other's cost, at most."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of figures."""

    name: str
    """How it is called."""
    title: str
    """What it belongs to."""
    goals: tuple[Goal, ...]
    """What is aimed at."""
    measure: Callable[[Place], Mapping[str, Any]]
    """Gives ``ours`` and ``beside`` (figures by name), in ``unit``, and perhaps the ``kernel``; or ``missing``: why it
    cannot. Of rates more is better, of times less."""
    warm: Shape | None = None
    """What can be compiled ahead."""


def _beside(shape: Shape, peers: Mapping[str, str]) -> Callable[[Place], Mapping[str, Any]]:
    """Ours beside torch.nn's layers in some types."""

    def measure(place: Place) -> Mapping[str, Any]:
        small = _tiny(shape) if place.quick else shape
        work, kernel = ours(small, place.device)
        others = {name: peer(small, place.device, dtype) for name, dtype in peers.items()}
        taken = place.clock.medians({"ours": work, **others})
        return {"ours": taken.pop("ours"), "beside": taken, "unit": "ms", "kernel": kernel}

    return measure


def _cost(shape: Shape) -> Callable[[Place], Mapping[str, Any]]:
    """Ours with something switched on beside ours without."""

    def measure(place: Place) -> Mapping[str, Any]:
        small = _tiny(shape) if place.quick else shape
        work, kernel = ours(small, place.device)
        plain, _ = ours(replace(small, ragged=False, resets=False, options={}), place.device)
        taken = place.clock.medians({"ours": work, "our plain": plain})
        return {"ours": taken.pop("ours"), "beside": taken, "unit": "ms", "kernel": kernel}

    return measure


def _tiny(shape: Shape) -> Shape:
    return replace(shape, batch=2, hidden=4, steps=6)


def _layer_rows() -> Iterator[Row]:
    plain = "Training, plain"
    for batch, hidden in ((64, 128), (64, 256), (256, 256), (64, 512)):
        yield _row(plain, Shape("lstm", "bfloat16", batch, hidden), {"bfloat16": 4.0, "float16": 1.1})
    yield _row(plain, Shape("lstm", "float16", 64, 256), {"float16": 1.1})
    yield _row(plain, Shape("lstm", "float16", 64, 512), {"float16": 1.1})
    yield _row(plain, Shape("gru", "bfloat16", 64, 256), {"bfloat16": 3.5})
    yield _row(plain, Shape("rnn", "bfloat16", 64, 256), {"bfloat16": 3.0})
    yield _row(plain, Shape("lstm", "float16", 16, 512), {"float16": 1.0})
    yield _row(plain, Shape("lstm", "float16", 16, 1024), {"float16": 1.0})
    yield _row(plain, Shape("lstm", "tf32", 64, 256), {"tf32": 2.5})
    yield _row(plain, Shape("lstm", "float32", 64, 256), {"float32": 1.0})
    ragged = Shape("lstm", "bfloat16", 64, 256, ragged=True)
    yield _row("Training, ragged", ragged, {"bfloat16": 5.0}, "ragged")
    both = Shape("lstm", "bfloat16", 64, 256, options={"num_layers": 2, "bidirectional": True})
    yield _row("Training, two layers in both directions", both, {"bfloat16": 3.0}, "deep")


def _row(title: str, shape: Shape, ratios: Mapping[str, float], what: str = "plain") -> Row:
    peers = {f"torch.nn {dtype}": dtype for dtype in ratios}
    goals = tuple(Goal(f"torch.nn {dtype}", ratio) for dtype, ratio in ratios.items())
    name = f"{what}/{shape.cell}/{shape.dtype}/b{shape.batch}/h{shape.hidden}"
    return Row(name, title, goals, _beside(shape, peers), shape)


def _option_rows() -> Iterator[Row]:
    base = Shape("lstm", "bfloat16", 64, 256)
    switched = {
        "resets": (replace(base, resets=True), 1.05),
        "ragged": (replace(base, ragged=True), 1.05),
        "zoneout": (replace(base, options={"zoneout": 0.1}), 1.2),
        "recurrent_dropout": (replace(base, options={"recurrent_dropout": 0.2}), 1.2),
        "layer_norm": (replace(base, options={"layer_norm": True}), 2.0),
    }
    for name, (shape, ratio) in switched.items():
        goal = Goal("our plain", ratio, faster=False)
        yield Row(f"cost/{name}", "What an option costs", (goal,), _cost(shape), shape)


def _small_call(cell: str, dtype: str) -> Row:
    def measure(place: Place) -> Mapping[str, Any]:
        times = 2 if place.quick else 400
        work = shortest(cell, dtype, place.device)
        taken = {name: place.clock.each(each, times) for name, each in work.items()}
        return {"ours": taken["ours"] - taken["torch.nn"], "beside": taken, "unit": "ms"}

    goal = Goal("", 0.1, faster=False)
    return Row(f"small call/{cell}/{dtype}", "What a call costs over torch.nn's", (goal,), measure)


def _stream(cell: str, hidden: int) -> Row:
    def measure(place: Place) -> Mapping[str, Any]:
        width = 8 if place.quick else hidden
        layer = OURS[cell](width, width, device=place.device).eval()
        stream, x = layer.stream(), torch.randn(1, width, device=place.device)
        taken = place.clock.each(lambda: stream.step(x), 4 if place.quick else 2000)
        return {"ours": 1e3 * taken, "beside": {}, "unit": "us", "kernel": str(stream.kernel).partition("\n")[0]}

    goal = Goal("", 15.0, faster=False)
    return Row(f"stream/{cell}/h{hidden}", "A step of a stream", (goal,), measure)


def _text(precision: str, ratio: float) -> Row:
    def measure(place: Place) -> Mapping[str, Any]:
        if place.text is None:
            return {"missing": "no text was given"}
        work: Work
        work, tokens = text_step(place.text, place.device, precision, place.quick)
        taken = place.clock.each(work, 2 if place.quick else 60)
        return {"ours": 1e3 * tokens / taken, "beside": {"before": BEFORE}, "unit": "tokens/s"}

    return Row(f"fit generate/{precision}", "A step of fit generate", (Goal("before", ratio),), measure)


def rows() -> list[Row]:
    """All rows, those first that tell most."""
    streams = [_stream(cell, hidden) for cell, hidden in (("lstm", 128), ("lstm", 512), ("gru", 128))]
    calls = [_small_call("gru", "float32"), _small_call("lstm", "float32"), _small_call("lstm", "bfloat16")]
    return [*_layer_rows(), *_option_rows(), *calls, *streams, _text("bf16", 2.0), _text("32", 1.3)]
