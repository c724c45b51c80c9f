"""A long sequence read in pieces says what one pass says, and the layers never see more than a piece."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from throughtime.layers import Recurrent
from throughtime.models.many_to_many import ManyToMany
from throughtime.models.many_to_one import ManyToOne
from throughtime.models.parts import chunks
from throughtime.models.parts.cells import stack
from throughtime.models.parts.inputs import FrameInput, TokenInput

ROUNDING = {"rtol": 1e-5, "atol": 1e-6}
"""A piece's product has fewer rows than the whole one, so its float32 sums may be in another order."""
LENGTHS = torch.tensor([23, 5, 16, 8])
"""Pieces of 8 steps: rows that end in a piece, at its end, and before others begin."""
Net = ManyToMany | ManyToOne


def net(kind: str, cell: str = "lstm", *, bidirectional: bool = False, **more: bool | float) -> Net:
    torch.manual_seed(3)
    read, recurrent = FrameInput([0.1, -0.2], [1.0, 2.0], 4), stack(cell, 4, 5, 2, bidirectional=bidirectional, **more)
    model = ManyToMany(read, recurrent, 3) if kind == "each" else ManyToOne(read, recurrent, 3, pooling=kind)
    return model.eval()


def batch(steps: int = 23) -> dict[str, Tensor]:
    return {"frames": torch.randn(4, steps, 2, generator=torch.Generator().manual_seed(1)), "lengths": LENGTHS}


def scores(model: Net, inputs: dict[str, Tensor]) -> Tensor:
    with torch.no_grad():
        found = model(inputs)
    return torch.cat([row[:n] for row, n in zip(found, LENGTHS, strict=True)]) if found.dim() == 3 else found


def seen(model: Net) -> list[int]:
    """Collects the steps of each call of the layers."""
    steps: list[int] = []
    model.recurrent.register_forward_pre_hook(lambda _, inputs: steps.append(inputs[0].shape[1]))
    return steps


@pytest.fixture
def pieces_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    return lambda steps: monkeypatch.setattr(chunks, "CHUNK_STEPS", steps)


@pytest.mark.parametrize("kind", ["each", "last", "mean", "max"])
@pytest.mark.parametrize(
    ("cell", "more"),
    [
        ("lstm", {}),
        ("gru", {"layer_norm": True}),
        ("rnn", {"zoneout": 0.3}),
        ("lru", {"pre_norm": True, "residual": True, "feed_forward": 7}),
        ("slstm", {"feed_forward": 7}),
    ],
)
def test_pieces_say_what_the_whole_says(
    kind: str, cell: str, more: dict[str, float], pieces_of: Callable[[int], None]
) -> None:
    model = net(kind, cell, **more)
    whole = scores(model, batch())
    steps = seen(model)
    pieces_of(8)
    torch.testing.assert_close(scores(model, batch()), whole, **ROUNDING)
    assert steps == [8, 8, 7]


def test_tokens_come_in_pieces_too(pieces_of: Callable[[int], None]) -> None:
    torch.manual_seed(3)
    model = ManyToOne(TokenInput(9, 4), stack("gru", 4, 5), 2, pooling="last").eval()
    inputs = {"tokens": torch.randint(9, (4, 23)), "lengths": LENGTHS}
    whole, steps = scores(model, inputs), seen(model)
    pieces_of(8)
    torch.testing.assert_close(scores(model, inputs), whole, **ROUNDING)
    assert steps == [8, 8, 7]


def test_three_hundred_thousand_steps_are_never_in_the_layers_at_once() -> None:
    model = net("each")
    steps = seen(model)
    with torch.no_grad():
        found = model({"frames": torch.randn(1, 300_000, 2), "lengths": torch.tensor([300_000])})
    assert found.shape == (1, 300_000, 3)
    assert sum(steps) == 300_000 and max(steps) == chunks.CHUNK_STEPS


def whole_anyway(model: Net) -> None:
    inputs, steps = batch(), seen(model)
    model(inputs)
    assert steps == [23]


def test_what_needs_the_whole_sequence_gets_it(pieces_of: Callable[[int], None]) -> None:
    pieces_of(8)
    whole_anyway(net("max"))  # gradients are asked for
    with torch.no_grad():
        whole_anyway(net("max", bidirectional=True))
        whole_anyway(net("attention"))
        whole_anyway(net("max").train())
    words = {"firsts": torch.zeros(4, 1, dtype=torch.int64), "lasts": torch.ones(4, 1, dtype=torch.int64)}
    recurrent: Recurrent = stack("gru", 2, 5)
    with torch.no_grad():
        assert not chunks.in_chunks(TokenInput(9, 2).eval(), recurrent.eval(), {**batch(), **words})
        assert not chunks.in_chunks(nn.Identity(), recurrent, batch())
        assert chunks.in_chunks(TokenInput(9, 2), recurrent, batch())
        assert not chunks.in_chunks(TokenInput(9, 2), recurrent, batch(8))
