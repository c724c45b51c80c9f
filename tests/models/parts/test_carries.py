"""What layers end with and are begun with, whatever parts their state has."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from throughtime.models.parts.carries import SCALES, begins, begun, last_output, parts_of
from throughtime.models.parts.cells import CELLS, stack

BLOCKS: dict[str, Any] = {"pre_norm": True, "residual": True, "feed_forward": 7}
CLOSE = {"rtol": 1e-9, "atol": 1e-12}
"""float64: the order of the sums is all that differs."""


def drawn(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64)


@pytest.mark.parametrize("cell", CELLS)
def test_a_sequence_goes_on_from_what_it_is_begun_with_and_from_nothing_else(cell: str) -> None:
    torch.manual_seed(1)
    layers, x = stack(cell, 4, 5, 2).double(), drawn(3, 6, 4)
    given = {part: drawn(2, 3, 5) for part in begins(layers)}
    state = begun(parts_of(layers), given)
    assert [part.shape for part in state] == [(2, 3, 5)] * len(parts_of(layers))

    def after(**changed: Tensor) -> Tensor:
        parts = {**dict(zip(parts_of(layers), state, strict=True)), **changed}
        whole = tuple(parts.values())
        return layers(x, whole if len(whole) > 1 else whole[0])[0]

    for part in parts_of(layers):
        assert after(**{part: drawn(2, 3, 5)}).equal(after()) is (part not in given and part not in SCALES)


def test_a_memory_alone_is_one_that_is_not_scaled() -> None:
    """c and n of a scalar LSTM are divided by exp(m): whatever m is, the same comes of a memory with n = 1, m = 0."""
    layers, x, h, c, m = stack("slstm", 4, 5).double(), drawn(3, 6, 4), *(drawn(1, 3, 5) for _ in range(3))
    scale = torch.exp(-m)
    torch.testing.assert_close(
        layers(x, begun(parts_of(layers), {"h": h, "c": c}))[0], layers(x, (h, c * scale, scale, m))[0], **CLOSE
    )


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("around", [{}, BLOCKS], ids=["bare", "in blocks"])
def test_the_last_output_is_that_of_each_row_alone(cell: str, bidirectional: bool, around: dict[str, Any]) -> None:
    torch.manual_seed(1)
    layers, lengths = stack(cell, 4, 5, 2, bidirectional=bidirectional, **around).double(), torch.tensor([6, 1, 3])
    x = drawn(3, 6, 4)
    h, state = layers(x, lengths=lengths)
    last = last_output(layers, h, state, lengths)
    for row, length in enumerate(lengths.tolist()):
        own = layers(x[row : row + 1, :length])[0][0]
        told = torch.cat([own[-1, :5], own[0, 5:]]) if bidirectional else own[-1]
        torch.testing.assert_close(last[row], told, **CLOSE)


@pytest.mark.parametrize("around", [{}, BLOCKS], ids=["bare", "in blocks"])
def test_rows_without_a_step_keep_what_they_had_ended_with(around: dict[str, Any]) -> None:
    layers, x = stack("gru", 4, 5, 2, **around).double(), drawn(2, 6, 4)
    whole = last_output(layers, *layers(x, lengths=[6, 3]), torch.tensor([6, 3]))
    h, state = layers(x[:, :3])
    before = last_output(layers, h, state, torch.tensor([3, 3]))
    h, state = layers(x[:, 3:], state, lengths=[3, 0])
    torch.testing.assert_close(last_output(layers, h, state, torch.tensor([3, 0]), before), whole, **CLOSE)
