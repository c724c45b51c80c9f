"""Taking turns: how one row is timed, and the arithmetic of its ratios.

A pilot prepares everyone (one contender at one number of threads is an *entrant*) and drops the entrants that are far
from the fastest. Then, round after round, everyone left has one turn. A ratio is the median over the rounds of
theirs/ours within a round: what slows the whole machine down for a while slows both.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from throughtime.bench.pool import Answer, Pool, cores
from throughtime.bench.row import Contender, Goal, Row

__all__ = ["FULL", "QUICK", "Effort", "Entrant", "Spread", "goal_outcome", "measure", "spread_of", "worth_timing"]

SLOW = 1.5
"""An entrant that takes this many times as long as the fastest in the pilot cannot be the best peer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Effort:
    """How much time a row is given."""

    rounds: int
    """Turns of everyone."""
    turn: float
    """Seconds that a turn should last; short calls are repeated in it."""
    pauses: int
    """Single calls after a pause, where a row asks for them."""
    steps: int | None = None
    """T at most; None: as the row has it."""


FULL = Effort(rounds=15, turn=0.03, pauses=200)
QUICK = Effort(rounds=3, turn=0.002, pauses=5, steps=20)
PAUSE = 0.01
"""Seconds between two single calls."""


@dataclass(frozen=True, slots=True)
class Entrant:
    """A contender at one number of threads."""

    contender: Contender
    """Who."""
    threads: int
    """With how many threads."""

    @property
    def key(self) -> str:
        """Its name in its worker."""
        return f"{self.contender.name} @ {self.threads}"

    def ask(self, pool: Pool, do: str, **request: Any) -> Answer:
        """Send its worker a request about it.

        Args:
            pool: the workers.
            do: a method of :class:`throughtime.bench.worker.Desk`.
            **request: the method's arguments but ``key``.
        """
        return pool.ask(self.contender.process, self.threads, do=do, key=self.key, **request)


@dataclass(frozen=True, slots=True)
class Spread:
    """A ratio over the rounds."""

    ratio: float
    """Median."""
    low: float
    """First quartile."""
    high: float
    """Third quartile."""

    @property
    def inverse(self) -> Spread:
        """The ratio the other way round."""
        return Spread(1 / self.ratio, 1 / self.high, 1 / self.low)


def spread_of(theirs: Sequence[float], ours: Sequence[float]) -> Spread:
    """The ratio theirs/ours of each round, and how it spreads.

    Args:
        theirs: seconds of each round.
        ours: seconds of the same rounds.

    Example:
        >>> spread_of([2.0, 4.0, 9.0], [1.0, 1.0, 3.0])
        Spread(ratio=3.0, low=2.0, high=4.0)
    """
    ratios = sorted(other / own for other, own in zip(theirs, ours, strict=True))
    quarter = len(ratios) // 4
    return Spread(statistics.median(ratios), ratios[quarter], ratios[-1 - quarter])


def _in_group(goal: Goal, entrant: Entrant) -> bool:
    return not goal.of or entrant.contender.name in goal.of


def worth_timing(pilot: Mapping[Entrant, float], goals: Sequence[Goal]) -> list[Entrant]:
    """The entrants that may turn out to be the fastest of some goal's peers.

    Args:
        pilot: entrant -> seconds in the pilot.
        goals: the row's goals.
    """
    kept: dict[Entrant, None] = {}
    for goal in goals:
        group = {entrant: seconds for entrant, seconds in pilot.items() if _in_group(goal, entrant)}
        fastest = min(group.values(), default=0.0)
        kept |= dict.fromkeys(entrant for entrant, seconds in group.items() if seconds <= SLOW * fastest)
    return list(kept)


def goal_outcome(goal: Goal, spreads: Mapping[Entrant, Spread]) -> dict[str, Any]:
    """How a goal came out: the ratio to the fastest of its peers.

    Args:
        goal: the ratio aimed at.
        spreads: entrant -> theirs/ours, of all entrants that were timed.

    Returns:
        What the results hold of a goal; ``reached`` is None where none of its peers is there.
    """
    outcome: dict[str, Any] = {"goal": goal.ratio, "label": goal.label, "cost": goal.cost, "reached": None}
    group = {entrant: spread for entrant, spread in spreads.items() if _in_group(goal, entrant)}
    if not group:
        return outcome
    best = min(group, key=lambda entrant: group[entrant].ratio)
    spread = group[best].inverse if goal.cost else group[best]
    return outcome | {
        "reached": goal.reached(spread.ratio),
        "ratio": spread.ratio,
        "low": spread.low,
        "high": spread.high,
        "peer": best.contender.name,
        "threads": best.threads,
    }


def measure(row: Row, pool: Pool, effort: Effort) -> dict[str, Any]:
    """Time one row of the benchmark.

    Args:
        row: what is timed.
        pool: the workers.
        effort: how much time it is given.

    Returns:
        What the results hold of the row: ``state`` "measured", or why it could not be; our time; every peer's time or
        why it is missing; and the outcome of every goal.
    """
    row = row.shortened(effort.steps) if effort.steps else row
    outcome: dict[str, Any] = {"name": row.name, "title": row.title, "shape": _shape(row), "rounds": effort.rounds}
    try:
        return outcome | _measured(row, pool, effort)
    finally:
        pool.clear()


def _shape(row: Row) -> dict[str, Any]:
    work = row.workload
    return {"cell": work.cell, "T": work.steps, "B": work.batch, "H": work.hidden, "type": work.dtype}


def _measured(row: Row, pool: Pool, effort: Effort) -> dict[str, Any]:
    ours = Entrant(row.ours, cores())
    pilot, missing = _pilot(row, pool, [ours])
    if missing:
        return {"state": missing[row.ours.name]}
    peers, missing = _pilot(row, pool, [entrant for peer in row.peers for entrant in _settings(peer)])
    timed = worth_timing(peers, row.goals)
    seconds = _rounds(pool, {entrant: (pilot | peers)[entrant] for entrant in [ours, *timed]}, effort)
    spreads = {entrant: spread_of(seconds[entrant], seconds[ours]) for entrant in timed if entrant in seconds}
    medians = peers | {entrant: statistics.median(turns) for entrant, turns in seconds.items()}
    outcome: dict[str, Any] = {
        "state": "measured",
        "ours_ms": 1e3 * medians.pop(ours),
        "operations": row.workload.operations if row.ours.form.startswith("ours.") else None,
        "peers": _peers(row, medians, spreads, missing),
        "goals": [goal_outcome(goal, spreads) for goal in row.goals],
    }
    if row.paused:
        outcome["paused"] = _paused(pool, [ours, *_best_settings(spreads)], effort.pauses)
    return outcome


def _settings(peer: Contender) -> list[Entrant]:
    """The contender at every number of threads that is tried."""
    return [Entrant(peer, threads) for threads in sorted({1, cores()} if peer.single_thread else {cores()})]


def _pilot(row: Row, pool: Pool, entrants: Sequence[Entrant]) -> tuple[dict[Entrant, float], dict[str, str]]:
    """Seconds of every entrant that can do the work, and why a contender cannot."""
    seconds: dict[Entrant, float] = {}
    missing: dict[str, str] = {}
    for entrant in entrants:
        answer = entrant.ask(pool, "prepare", **entrant.contender.request(row.workload))
        if "error" in answer:
            missing[entrant.contender.name] = answer["error"]
        else:
            seconds[entrant] = answer["seconds"]
    return seconds, missing


def _rounds(pool: Pool, pilot: Mapping[Entrant, float], effort: Effort) -> dict[Entrant, list[float]]:
    """Seconds of every round; each round begins with another entrant, so that nobody always follows the same one."""
    order, seconds = list(pilot), {entrant: list[float]() for entrant in pilot}
    calls = {entrant: max(1, round(effort.turn / once)) for entrant, once in pilot.items()}
    for number in range(effort.rounds):
        start = number % len(order)
        for entrant in order[start:] + order[:start]:
            answer = entrant.ask(pool, "time", calls=calls[entrant])
            seconds[entrant].append(answer.get("seconds", float("inf")))
    return seconds


def _best_settings(spreads: Mapping[Entrant, Spread]) -> list[Entrant]:
    """The faster entrant of each contender that was timed."""
    best: dict[str, Entrant] = {}
    for entrant in sorted(spreads, key=lambda entrant: spreads[entrant].ratio):
        best.setdefault(entrant.contender.name, entrant)
    return list(best.values())


def _peers(
    row: Row, medians: Mapping[Entrant, float], spreads: Mapping[Entrant, Spread], missing: Mapping[str, str]
) -> dict[str, Any]:
    """Each peer at its best setting; without a ratio where the pilot was all that it got."""
    best = {entrant.contender.name: entrant for entrant in _best_settings(spreads)}
    for entrant in sorted(medians, key=lambda entrant: medians[entrant]):
        best.setdefault(entrant.contender.name, entrant)
    told: dict[str, Any] = {}
    for peer in row.peers:
        entrant = best.get(peer.name)
        if entrant is None:
            told[peer.name] = {"missing": missing[peer.name]}
            continue
        told[peer.name] = {"ms": 1e3 * medians[entrant], "threads": entrant.threads}
        if entrant in spreads:
            told[peer.name]["ratio"] = spreads[entrant].ratio
    return told


def _paused(pool: Pool, entrants: Sequence[Entrant], calls: int) -> dict[str, Any]:
    """Microseconds of single calls, each after a pause: the median and the 99th percentile."""
    told: dict[str, Any] = {}
    for entrant in entrants:
        seconds = sorted(entrant.ask(pool, "pauses", calls=calls, pause=PAUSE).get("seconds", []))
        if seconds:
            p99 = seconds[min(len(seconds) - 1, round(0.99 * len(seconds)))]
            told[entrant.contender.name] = {"p50_us": 1e6 * statistics.median(seconds), "p99_us": 1e6 * p99}
    return told
