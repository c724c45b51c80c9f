"""Memory that is used again: only where nobody holds it any more, in whatever form."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from throughtime.kernels.diagonal import room
from throughtime.kernels.diagonal.room import like_rows
from throughtime.layers import MinGRU

ROWS = torch.zeros(10, 4)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every result is large."""
    if room._use_count is None:
        pytest.skip("this PyTorch does not say how often memory is held")
    monkeypatch.setattr(room, "_LARGE", 1)
    monkeypatch.setattr(room, "_blocks", [])
    yield


HELD: dict[str, Callable[[Tensor], Any]] = {
    "itself": lambda t: t,
    "a view": lambda t: t[3:, 1],
    "detached": lambda t: t.detach(),
    "another type": lambda t: t.view(torch.int32),
    "an array": lambda t: t.numpy(),
    "a view of an array": lambda t: t.numpy()[3:],
    "a memory view": lambda t: memoryview(t.numpy()),
    "dlpack": lambda t: np.from_dlpack(t),
    "a tensor of an array": lambda t: torch.from_numpy(t.numpy()),
    "its storage": lambda t: t.untyped_storage(),
    "a graph": lambda t: torch.ones(10, 4, requires_grad=True) * t,
    "shared with processes": lambda t: t.share_memory_(),
}


@pytest.mark.parametrize("how", HELD)
def test_what_is_held_stays_as_it_is(how: str) -> None:
    first = like_rows(ROWS, 4).fill_(7.0)
    place = first.data_ptr()
    held = HELD[how](first)
    del first
    second = like_rows(ROWS, 4).fill_(1.0)
    assert second.data_ptr() != place
    if how == "a graph":
        (slope,) = torch.autograd.grad(held.sum(), held.grad_fn.next_functions[0][0].variable)
        assert slope.equal(torch.full((10, 4), 7.0))
    elif how == "its storage":
        assert torch.empty(0).set_(held).equal(torch.full((40,), 7.0))
    elif how not in ("another type", "a memory view"):
        assert (torch.as_tensor(held) == 7.0).all()


def test_what_nobody_holds_is_used_again() -> None:
    rows = torch.zeros(100, 4)
    first = like_rows(rows, 4)
    place = first.data_ptr()
    del first
    fewer = like_rows(rows[:97], 4)
    assert fewer.data_ptr() == place and fewer.shape == (97, 4) and fewer.is_contiguous()
    del fewer
    assert like_rows(rows[:90], 4).data_ptr() != place, "a tenth less is asked for"
    assert like_rows(rows.double(), 4).data_ptr() != place, "twice as much is"


@pytest.mark.parametrize("count", [1, 2, 17, 33, 100, 1000, 12345])
def test_a_tensor_saved_takes_hardly_more_than_its_numbers(count: int) -> None:
    y = like_rows(torch.zeros(count, 1), 1)
    assert 4 * count <= y.untyped_storage().nbytes() <= 4 * count * (1 + 1 / room._PARTS)


def test_no_more_is_kept_than_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_KEPT", 400)
    held = [like_rows(ROWS[:1], width) for width in (10, 30, 60)]
    assert [block.nbytes() for block in room._blocks] == [40, 120, 240]
    del held
    large = like_rows(ROWS[:1], 90)
    assert large.untyped_storage().nbytes() == 368 and sum(block.nbytes() for block in room._blocks) <= 400
    assert like_rows(ROWS[:1], 101).untyped_storage() not in room._blocks, "what is too large is not kept at all"


def test_layers_give_memory_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outputs, states and gradients of calls that come one after the other, and side by side, are not each other's."""
    layer, xs = MinGRU(3, 4, 2), [torch.randn(6, 2, 3) for _ in range(8)]

    def run(x: Tensor) -> list[Tensor]:
        x = x.clone().requires_grad_()
        y, state = layer(x)
        return [y.detach(), state.detach(), *torch.autograd.grad(y.sin().sum(), [x, *layer.parameters()])]

    monkeypatch.setattr(room, "_LARGE", 1 << 25)
    told = [run(x) for x in xs]
    monkeypatch.setattr(room, "_LARGE", 1)
    kept = [run(x) for x in xs]
    with ThreadPoolExecutor(4) as pool:
        beside = list(pool.map(run, xs * 4))
    for found in (kept, *(beside[k : k + 8] for k in range(0, 32, 8))):
        for ours, theirs in zip(found, told, strict=True):
            assert all(one.equal(other) for one, other in zip(ours, theirs, strict=True))
    y = layer(xs[0])[0]
    other = copy.deepcopy(y.detach())
    layer(xs[1])
    assert other.equal(y)
