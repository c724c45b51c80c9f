"""A network is looked at when it was asked for, or as seldom as its share of the time allows."""

from __future__ import annotations

import pytest

from throughtime.training import watching
from throughtime.training.watching import SHARE, Turns


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(watching, "time", clock)
    return clock


def test_every_so_many_steps_and_the_first_and_the_last() -> None:
    turns = Turns(5, 17)
    assert [step for step in range(1, 18) if turns.due(step)] == [1, 5, 10, 15, 17]


@pytest.mark.parametrize(("step", "look"), [(0.01, 0.2), (0.3, 0.05), (0.002, 1.0)])
def test_left_to_the_clock_it_takes_its_share_and_not_less_than_half_of_it(
    clock: Clock, step: float, look: float
) -> None:
    total = int(200 / step)
    turns, spent, looks = Turns(0, total), 0.0, list[int]()
    for number in range(1, total + 1):
        clock.now += step
        if turns.due(number):
            clock.now += look
            turns.took(look)
            spent += look
            looks.append(number)
    assert looks[0] == 1 and looks[-1] == total
    assert spent <= SHARE * (clock.now - 100.0) + 2 * look, "the first and the last come in any case"
    assert spent >= min(SHARE / 2 * 200, look * total / 2)


def test_a_short_run_is_seen_at_its_beginning_and_its_end(clock: Clock) -> None:
    turns = Turns(0, 4)
    assert [step for step in range(1, 5) if turns.due(step)] == [1, 4]


def test_a_run_that_goes_on_looks_again_when_there_was_time(clock: Clock) -> None:
    turns = Turns(0, 1000)
    clock.now += 1.0
    assert not turns.due(500)
    clock.now += 100.0
    assert turns.due(501), "nothing has been looked at yet"
