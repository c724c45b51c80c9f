"""The meetings of programs: in no order of their steps does one read what another has not written, or wait forever.

A model of the protocol is gone through in every order; what it assumes of the programs, when they arrive and for how
many they wait, is what the programs themselves did in the interpreter.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

pytest.importorskip("triton", reason="the sweep on a GPU needs triton")

from gpu_cases import compare, made

from throughtime.kernels.triton.sweep import launch
from throughtime.kernels.triton.sweep.plan import Plan

STEPS = 3

Event = tuple[str, Any]
"""What a program does: ("write", thing), ("read", thing), ("arrive", None), ("wait", how many meetings)."""


def exchanged(back: bool, inner: list[str], step: int, met: int) -> list[Event]:
    """One step of a program: what its group must have seen in between, then h, or the gradient of its product.

    Forward reads h at its beginning, after the meeting that ended the step before; backward after that of the step.
    A "board" holds sums and is written anew in every step; all else has a place of its own for each.
    """
    events: list[Event] = [] if back else [("wait", met), ("read", ("h", step))]
    for number, thing in enumerate(inner):
        here = (thing, step)
        events += [("write", here), ("arrive", None), ("wait", met + number + 1), ("read", here)]
    after = met + len(inner) + 1
    if back:
        return [*events, ("write", ("h", step)), ("arrive", None), ("wait", after), ("read", ("h", step))]
    return [*events, ("write", ("h", step + 1)), ("arrive", None)]


def program(back: bool, inner: list[str]) -> list[Event]:
    """All that one program does."""
    events: list[Event] = [] if back else [("write", ("h", 0)), ("arrive", None)]
    for step in range(STEPS):
        met = (0 if back else 1) + step * (len(inner) + 1)
        events += exchanged(back, inner, step, met)
    return events


def _finds(written: int, thing: str, step: int) -> bool:
    """Whether a reader finds what was written for a step: h has a place for each, a board has one for all."""
    return written >= step if thing == "h" else written == step


def broken(events: list[Event], programs: int) -> str | None:
    """What goes wrong in some order of the programs' events, if anything does: all orders are gone through."""
    start = (0,) * programs
    seen, todo = {start}, [start]
    while todo:
        at = todo.pop()
        done = [events[:place] for place in at]
        arrived = sum(event == ("arrive", None) for each in done for event in each)
        latest = [dict(event[1] for event in each if event[0] == "write") for each in done]
        moved = False
        for number, place in enumerate(at):
            if place == len(events):
                continue
            kind, what = events[place]
            if kind == "wait" and arrived < programs * what:
                continue
            if kind == "read" and any(not _finds(written.get(what[0], -1), *what) for written in latest):
                return f"{what} is read too early or too late"
            moved = True
            after = (*at[:number], place + 1, *at[number + 1 :])
            if after not in seen:
                seen.add(after)
                todo.append(after)
        if not moved and any(place < len(events) for place in at):
            return "all wait"
    return None


INNER = {
    "plain": [],
    "a norm": ["board"],
    "two norms and a projection": ["board", "board of c", "m"],
    "reset before, normed": ["board", "r * h", "board of n"],
}
"""What programs meet for inside a step."""


@pytest.mark.parametrize("programs", [2, 3])
@pytest.mark.parametrize("back", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize("inner", INNER)
def test_every_order_is_right(inner: str, back: bool, programs: int) -> None:
    assert broken(program(back, INNER[inner]), programs) is None


@pytest.mark.parametrize("back", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize("inner", INNER)
def test_the_model_sees_each_meeting_that_is_left_out(inner: str, back: bool) -> None:
    events = program(back, INNER[inner])
    last = max(
        place for place, (kind, _) in enumerate(events) if kind == "wait"
    )  # after the last step forward none waits
    for place, (kind, _) in enumerate(events[: last + 1]):
        if kind in ("wait", "arrive"):
            assert broken([*events[:place], *events[place + 1 :]], 2) is not None, place


# -- the programs themselves -------------------------------------------------------------------------------------------

CASES = {
    "plain": ("lstm", {}),
    "a norm": ("gru-layer_norm", {}),
    "two norms and a projection": ("lstm_peephole-peepholes-proj-layer_norm", {}),
    "reset before, normed": ("gru_reset_before-no_bias-layer_norm", {}),
}


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, list[Event]]]:
    """One program of a group goes through all steps at once, as on a GPU; what it does at meetings is written down."""
    lists: dict[str, list[Event]] = {"forward": [], "backward": []}
    names = ("forward", "backward", "pieces")
    modules = {name: import_module(f"throughtime.kernels.triton.sweep.{name}") for name in names}
    running: list[str] = []
    arrive = modules["pieces"].arrive.fn

    def arrived(counter: Any) -> None:
        lists[running[-1]].append(("arrive", None))
        arrive(counter)

    def waited(counter: Any, target: Any, V: Plan) -> None:
        there = int(modules["pieces"].tl.load(counter).handle.data.item())
        wanted = int(target.handle.data.item()) if hasattr(target, "handle") else int(target)
        assert there == wanted, f"{there} have arrived, {wanted} are waited for"  # one program: as many as there can be
        lists[running[-1]].append(("wait", wanted))

    for module in modules.values():
        monkeypatch.setattr(module, "arrive", arrived)
        monkeypatch.setattr(module, "wait", waited)

    def at_once(program: Any, plan: Plan, arguments: Any, steps: int, passes: int, *, begins: bool) -> None:
        assert plan.programs == 1
        running.append("forward" if begins else "backward")
        program[(1, 1, 1)](**arguments, first_group=0, first_direction=0, first=0, last=steps, V=plan)

    monkeypatch.setattr(launch, "_in_turn", at_once)
    yield lists


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
@pytest.mark.parametrize("name", CASES)
def test_programs_arrive_and_wait_as_the_model_does(name: str, recorded: dict[str, list[Event]]) -> None:
    variant, options = CASES[name]
    compare(made(variant, sizes=(2,) * STEPS, hidden=5, **options))
    for back, events in ((False, recorded["forward"]), (True, recorded["backward"])):
        told = [event for event in program(back, INNER[name]) if event[0] in ("arrive", "wait")]
        assert events == told


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
@pytest.mark.parametrize("name", ["a norm", "reset before, normed"])
def test_a_step_run_once_in_turn_is_wrong(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """So what is exchanged inside a step is exchanged: the first program cannot know of the second what it needs."""
    variant, options = CASES[name]
    in_turn = launch._in_turn

    def once(program: Any, plan: Plan, arguments: Any, steps: int, passes: int, *, begins: bool) -> None:
        in_turn(program, plan, arguments, steps, 1, begins=begins)

    monkeypatch.setattr(launch, "_in_turn", once)
    with pytest.raises(AssertionError):
        compare(made(variant, sizes=(2, 2), hidden=20, **options))
