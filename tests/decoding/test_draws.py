"""The numbers of draws depend on seed, row and step alone, and are Philox's."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from throughtime.decoding.draws import Draws, philox4x32
from throughtime.kernels.reference import noise

KNOWN = {
    (0, 0): (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8),
    (0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF): (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
}
"""(each word of the counter, key) -> the published answers of Random123 (Salmon et al. 2011)."""


@pytest.mark.parametrize("given", KNOWN)
def test_published_answers(given: tuple[int, int]) -> None:
    word, key = given
    assert tuple(int(each) for each in philox4x32(np.full(4, word, np.uint64), key)) == KNOWN[given]


def test_the_same_as_the_noise_of_the_layers() -> None:
    counter = np.random.default_rng(0).integers(0, 2**32, (50, 4), dtype=np.uint64)
    seed = 0x0123456789ABCDEF
    words = [torch.from_numpy(counter[:, word].astype(np.int64)) for word in range(4)]
    key = torch.tensor(seed & 0xFFFFFFFF), torch.tensor(seed >> 32)
    told = torch.stack(noise.philox4x32((words[0], words[1], words[2], words[3]), key), 1)
    assert np.array_equal(philox4x32(counter, seed), told.numpy().astype(np.uint64))


def test_a_number_depends_on_seed_row_and_step_alone() -> None:
    rows = np.array([5, 0, 2**33 + 1, 7])
    draws = Draws(9, rows)
    steps = [0, 1, 63, 64, 200, 3]
    numbers = {(int(rows[at]), step): draws(np.array([at]), step)[0] for step in steps for at in range(4)}
    for (row, step), number in numbers.items():
        assert Draws(9, np.array([row]))(np.array([0]), step)[0] == number
        assert Draws(10, np.array([row]))(np.array([0]), step)[0] != number
    assert len(set(numbers.values())) == len(numbers)
    assert np.array_equal(draws(np.array([2, 0]), 64), [numbers[2**33 + 1, 64], numbers[5, 64]])


def test_they_are_uniform() -> None:
    draws = Draws(1, np.arange(2000))
    numbers = np.concatenate([draws(np.arange(2000), step) for step in range(50)])
    assert numbers.min() >= 0 and numbers.max() < 1
    counts = np.histogram(numbers, 100, (0, 1))[0]
    assert ((counts - 1000) ** 2 / 1000).sum() < 150, "chi squared of 99 degrees of freedom"
    assert abs(np.corrcoef(numbers[:-1], numbers[1:])[0, 1]) < 0.02
