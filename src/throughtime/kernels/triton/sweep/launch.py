"""Launch the programs of a sweep: all that meet at once on a GPU, one after the other and step by step elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any, cast

import torch

from throughtime.kernels.triton.sweep.plan import Plan

__all__ = ["launch", "processors", "shared"]

_ANYWHERE = (132, 232448)
"""Programs that are there at once, and bytes that each has, where there is no GPU: those of an H100."""


@cache
def processors(device: torch.device) -> int:
    """Multiprocessors of a GPU: a program that meets others has one to itself.

    Args:
        device: of the call.
    """
    if device.type != "cuda":
        return _ANYWHERE[0]
    return cast(int, torch.cuda.get_device_properties(device).multi_processor_count)


@cache
def shared(device: torch.device) -> int:
    """Bytes that the threads of a program can share.

    Args:
        device: of the call.
    """
    if device.type != "cuda":
        return _ANYWHERE[1]
    return cast(int, torch.cuda.get_device_properties(device).shared_memory_per_block_optin)


def launch(program: Any, plan: Plan, arguments: Mapping[str, Any], device: torch.device, *, back: bool) -> None:
    """Run a program for all groups of rows and all directions.

    Args:
        program: ``forward`` or ``backward``.
        plan: the sweep.
        arguments: its arguments by name, without those that tell which part of the work a launch does.
        device: of the call.
        back: which of the two it is.

    Programs that wait for each other must all be there, or the first would wait forever: a launch holds as many groups
    as the GPU has room for, and is cooperative, so that all its programs start, or none.
    """
    groups, steps = arguments["groups"], arguments["total"]
    if not plan.resident:
        _in_turn(program, plan, arguments, steps, plan.back_meetings + 1 if back else plan.meetings, begins=not back)
        return
    there = processors(device)
    together = plan.directions if plan.programs * plan.directions <= there else 1
    at_once = there // (plan.programs * together)
    warps = plan.back_warps if back else plan.warps
    with torch.cuda.device(device):
        for direction in range(0, plan.directions, together):
            for group in range(0, groups, at_once):
                grid = (plan.programs, min(at_once, groups - group), together)
                program[grid](
                    **arguments, first_group=group, first_direction=direction, first=0, last=steps, V=plan,
                    num_warps=warps, num_stages=1, launch_cooperative_grid=True,
                )  # fmt: skip


def _in_turn(program: Any, plan: Plan, arguments: Mapping[str, Any], steps: int, passes: int, *, begins: bool) -> None:
    """Step by step, where programs run one after the other.

    What a program reads of others in a step is right as far as they had come when it ran. So each step is run as often
    as the programs meet in it, every time with one thing more that all have seen, and the carry goes on from the last.
    """
    grid = (plan.programs, arguments["groups"], plan.directions)

    def run(first: int, last: int, begins: bool, ends: bool) -> None:
        part = replace(plan, begins=begins, ends=ends)
        program[grid](**arguments, first_group=0, first_direction=0, first=first, last=last, V=part)

    if begins:
        run(0, 0, True, True)
    for step in range(steps):
        for number in range(passes):
            run(step, step + 1, False, number == passes - 1)
