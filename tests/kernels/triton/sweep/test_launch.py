"""Which programs are launched together: all that meet, never more than a GPU has room for, each once."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
import torch

from throughtime.kernels.triton.sweep import launch
from throughtime.kernels.triton.sweep.plan import COLUMNS, Plan, Shape, padded, planned

FACTS: dict[str, Any] = {
    "normed": False, "peepholes": False, "projected": False, "shifted": False, "resets": False, "restart": False,
    "zone_h": 0, "zone_c": 0, "drops": False, "dense": True, "keeps": True, "precision": "ieee", "resident": True,
}  # fmt: skip

GPUS = {"A100": (108, 166912), "H100": (132, 232448)}
"""Multiprocessors, and bytes of memory that a program's threads share at most."""


def plan(hidden: int, batch: int, directions: int, gpu: str = "H100", item: int = 2, cell: str = "lstm") -> Plan:
    processors, shared = GPUS[gpu]
    shape = Shape(
        cell=cell, hidden=hidden, width=hidden, item=item, batch=batch, directions=directions, processors=processors,
        shared=shared,
    )  # fmt: skip
    return planned(shape, **FACTS)


class Recorder:
    """Stands in for a program: writes down what is launched."""

    def __init__(self) -> None:
        self.launches: list[tuple[tuple[int, int, int], dict[str, Any]]] = []

    def __getitem__(self, grid: tuple[int, int, int]) -> Any:
        return lambda **arguments: self.launches.append((grid, arguments))


@pytest.mark.parametrize("gpu", GPUS)
@pytest.mark.parametrize("directions", [1, 2])
@pytest.mark.parametrize("batch", [1, 16, 64, 257, 2000])
@pytest.mark.parametrize("hidden", [1, 128, 384, 512, 1024, 2048, 5000])
def test_all_that_meet_are_there_and_each_runs_once(
    hidden: int, batch: int, directions: int, gpu: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, recorder, room = plan(hidden, batch, directions, gpu), Recorder(), GPUS[gpu][0]
    monkeypatch.setattr(launch, "processors", lambda device: room)
    monkeypatch.setattr(torch.cuda, "device", lambda device: nullcontext())
    groups, ran = -(-batch // one.rows), list[tuple[int, int]]()
    launch.launch(recorder, one, {"groups": groups, "total": 7}, torch.device("cuda"), back=False)
    for (programs, some, both), arguments in recorder.launches:
        assert programs == one.programs and programs * some * both <= room
        assert arguments["launch_cooperative_grid"] and arguments["num_stages"] == 1
        assert (arguments["first"], arguments["last"]) == (0, 7)
        first, start = arguments["first_direction"], arguments["first_group"]
        ran += [(direction, group) for direction in range(first, first + both) for group in range(start, start + some)]
    assert sorted(ran) == [(direction, group) for direction in range(directions) for group in range(groups)]


@pytest.mark.parametrize("gpu", GPUS)
@pytest.mark.parametrize("item", [2, 4])
@pytest.mark.parametrize("cell", ["rnn_tanh", "lstm", "gru", "gru_reset_before"])
def test_what_a_program_holds_fits(cell: str, item: int, gpu: str) -> None:
    """Its weights in the registers of eight warps, and in shared memory beside a step's gradients of its rows."""
    for hidden in (1, 16, 100, 256, 300, 512, 768, 1024, 2048):
        for batch in (1, 64, 256, 1024):
            one = plan(hidden, batch, 1, gpu, item, cell)
            assert one.hidden_pad % one.units == 0 and one.rows in (16, 32, 64)
            assert one.chunks * one.k == one.width_pad
            assert one.back_chunks * one.back_k * one.back_parts == one.columns * one.hidden_pad
            assert one.k & (one.k - 1) == 0 and one.back_k & (one.back_k - 1) == 0 and min(one.k, one.back_k) >= 16
            if one.held:
                weights = one.width_pad * one.columns * one.units * item
                step = one.rows * one.columns * one.hidden_pad * item
                assert weights <= 64 * 1024 and weights + step <= GPUS[gpu][1] and one.chunks <= 4


def test_the_sizes_that_were_measured_are_those_of_the_table() -> None:
    """Units, rows and warps of the layouts in docs/design.md."""
    told = {
        (128, 64): (16, 16, 4, 4), (256, 64): (16, 16, 4, 8), (256, 256): (16, 32, 4, 8), (512, 64): (16, 16, 8, 8),
        (1024, 16): (8, 16, 8, 8),
    }  # fmt: skip
    for (hidden, batch), expected in told.items():
        one = plan(hidden, batch, 1)
        assert (one.units, one.rows, one.warps, one.back_warps) == expected and one.held


@pytest.mark.parametrize("size", [1, 15, 16, 17, 33, 48, 49, 65, 100, 128, 129, 384, 385, 512, 700, 2048])
def test_a_padded_size_is_the_next_that_is_even_enough(size: int) -> None:
    even = sorted(k * 2**power for k in (1, 2, 3, 4) for power in range(4, 12))
    assert padded(size) == next(each for each in even if each >= size)


def test_columns_are_powers_of_two() -> None:
    assert all(columns & (columns - 1) == 0 for columns in COLUMNS.values())
