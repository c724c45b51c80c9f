"""The counter-based noise: its generator's published answers, its rates, and what it does not depend on."""

from __future__ import annotations

import oracle
import pytest
import torch
from torch import Tensor

from throughtime.kernels.reference.noise import Purpose, dropped, philox4x32

KNOWN = {
    "zeros": ([0] * 4, [0] * 2, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    "ones": ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    "pi": (
        [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
        [0xA4093822, 0x299F31D0],
        "d16cfe09 94fdcceb 5001e420 24126ea1",
    ),
}
"""Random123's known answers for philox4x32-10 (kat_vectors)."""


@pytest.mark.parametrize("name", KNOWN)
def test_known_answers(name: str) -> None:
    counter, key, expected = KNOWN[name]
    words = philox4x32(*(tuple(torch.tensor(word) for word in words) for words in (counter, key)))
    assert [f"{int(word):08x}" for word in words] == expected.split()
    assert [f"{word:08x}" for word in oracle.philox(counter, key)] == expected.split()  # the tests' own generator


def mask(
    p: float = 0.5, seed: int = 7, purpose: Purpose = Purpose.ZONEOUT_H, layer: int = 0, direction: int = 0,
    rows: tuple[int, ...] = (0, 1, 2), steps: tuple[int, ...] = (0, 0, 0), units: int = 64,
) -> Tensor:  # fmt: skip
    where = (torch.tensor(rows), torch.tensor(steps))
    return dropped(p, torch.tensor(seed), purpose, layer, direction, *where, units)


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1, 2**32, 2**63 - 2])
@pytest.mark.parametrize("units", [1, 4, 5, 11])
def test_masks_by_definition(seed: int, units: int) -> None:
    """The counter and key are laid out as the module says."""
    ours = mask(0.37, seed, Purpose.RECURRENT_DROPOUT, 3, 1, (5, 0, 9), (2, 7, 0), units)
    for got, row, step in zip(ours, (5, 0, 9), (2, 7, 0), strict=True):
        assert got.tolist() == oracle.falls(0.37, seed, 2, 3, 1, row, step, units).tolist()


@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_rate(p: float) -> None:
    """A fraction p falls out, to within five standard deviations, along every axis."""
    n = 256
    drawn = dropped(p, torch.tensor(3), Purpose.ZONEOUT_C, 0, 0, torch.arange(n), torch.arange(n) % 7, n).double()
    sigma = (p * (1 - p)) ** 0.5
    assert abs(drawn.mean() - p) <= 5 * sigma / n
    for axis in (0, 1):
        assert (drawn.mean(axis) - p).abs().max() <= 5 * sigma / n**0.5


def correlation(a: Tensor, b: Tensor) -> float:
    return float(torch.corrcoef(torch.stack([a.double().flatten(), b.double().flatten()]))[0, 1])


CHANGES = {
    "seed": {"seed": 8},
    "high word of the seed": {"seed": 7 + 2**32},
    "purpose": {"purpose": Purpose.ZONEOUT_C},
    "layer": {"layer": 1},
    "direction": {"direction": 1},
    "rows": {"rows": (3, 4, 5)},
    "steps": {"steps": (1, 1, 1)},
}


@pytest.mark.parametrize("name", CHANGES)
def test_masks_are_independent(name: str) -> None:
    """3 x 2048 bits: uncorrelated to within five standard deviations (0.064)."""
    assert abs(correlation(mask(units=2048), mask(units=2048, **CHANGES[name]))) < 0.064


def test_every_place_has_its_own_counter() -> None:
    """No two of (purpose, layer, direction) share a stream."""
    places = [(p, layer, d) for p in Purpose for layer in range(4) for d in range(2)]
    drawn = {tuple(mask(0.5, 7, p, layer, d, (0,), (0,), 128).flatten().tolist()) for p, layer, d in places}
    assert len(drawn) == len(places)


def test_a_mask_does_not_depend_on_its_neighbours() -> None:
    together = mask(rows=(4, 0, 2), steps=(1, 3, 0))
    for got, row, step in zip(together, (4, 0, 2), (1, 3, 0), strict=True):
        assert got.equal(mask(rows=(row,), steps=(step,))[0])
    assert together[:, :10].equal(mask(rows=(4, 0, 2), steps=(1, 3, 0), units=10))
