"""Results as Markdown: one table of all rows, and the page docs/performance.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import groupby
from typing import Any

from throughtime.bench.results import Results, means, share_of_peak

__all__ = ["fit_table", "markdown", "page"]

COLUMNS = ("row", "goal", "reached", "best peer", "ours", "peer", "of peak")

HEAD = """# Performance

Written by `throughtime bench report` from `benchmarks/results/`; change nothing here by hand.
"""

METHOD = """## How it is measured

Ours and every library run in processes of their own and take turns; whoever's turn it is not is stopped, its threads
too. A ratio is the median over the rounds of the peer's time over ours within one round; above 1, ours is faster. Every
peer is tried with one thread and with all cores and counts with the faster; ours runs with its defaults. All calls go
through the public interfaces, ours with autograd, allocation and the handling of padding included. T is 100 unless a
title says otherwise, and inputs are as wide as the layer; training is forward and backward for the gradients of the
input and of all weights. *Of peak* is the share of the chip's measured peak that the input and recurrent products
reach, over real steps only. The table names the fastest peer; the JSON holds the others, those too that a pilot found
slow.
"""


def _time(ms: float) -> str:
    """Milliseconds for people: three digits, in the unit that fits.

    Example:
        >>> _time(0.00123), _time(45.678)
        ('1.23 µs', '45.7 ms')
    """
    return f"{1e3 * ms:.3g} µs" if ms < 1 else f"{ms:.3g} ms"


def _mark(reached: bool | None) -> str:
    return {True: "✓", False: "✗", None: "-"}[reached]


def _aim(goal: Mapping[str, Any]) -> str:
    return f"at most {goal['goal']} times {goal['label']}" if goal["cost"] else f"{goal['goal']} of {goal['label']}"


def _count_of(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"


def _goal_cells(row: Mapping[str, Any], goal: Mapping[str, Any], share: float | None) -> list[str]:
    if goal["reached"] is None:
        missing = [f"{name}: {peer['missing']}" for name, peer in row["peers"].items() if "missing" in peer]
        return [row["name"], _aim(goal), "-", "; ".join(missing), _time(row["ours_ms"]), "-", _percent(share)]
    peer = row["peers"][goal["peer"]]
    reached = f"**{goal['ratio']:.2f}** {_mark(goal['reached'])}"
    setting = f"{goal['peer']}, {_count_of(goal['threads'], 'thread')}"
    return [row["name"], _aim(goal), reached, setting, _time(row["ours_ms"]), _time(peer["ms"]), _percent(share)]


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _row_lines(row: Mapping[str, Any], peak: Mapping[str, float]) -> Iterator[str]:
    if row["state"] != "measured":
        yield _line([row["name"], "-", "-", f"not available: {row['state']}", "-", "-", "-"])
        return
    share = share_of_peak(row, peak)
    for goal in row["goals"]:
        yield _line(_goal_cells(row, goal, share))


def _table(rows: Iterable[Mapping[str, Any]], peak: Mapping[str, float]) -> list[str]:
    head = [_line(COLUMNS), "|" + "---|" * len(COLUMNS)]
    return head + [line for row in rows for line in _row_lines(row, peak)]


def _mean_lines(rows: list[dict[str, Any]]) -> list[str]:
    return [
        f"{mean['title']} **{mean['ratio']:.2f}** {_mark(mean['reached'])} (goal {mean['goal']})"
        for mean in means(rows)
    ]


def _count(rows: Iterable[Mapping[str, Any]]) -> str:
    goals = [goal["reached"] for row in rows if row["state"] == "measured" for goal in row["goals"]]
    return f"{goals.count(True)} of {len(goals)} goals reached."


def markdown(results: Results) -> str:
    """All rows as one table.

    Args:
        results: what a run found.
    """
    rows, peak = results["rows"], results["conditions"].get("peak", {})
    return "\n".join([*_table(rows, peak), "", *_mean_lines(rows), _count(rows)]) + "\n"


def _conditions(results: Results) -> Iterator[str]:
    now = results["conditions"]
    yield "## Conditions\n"
    if now.get("quick"):
        yield "**A quick run on short sequences: it shows that every row runs; its figures are not to be quoted.**\n"
    yield f"- {now['processor']}, {_count_of(now['cores'], 'core')}, {now['system']}, Python {now['python']}"
    yield "- " + ", ".join(f"{name} {version}" for name, version in now["versions"].items())
    peak = ", ".join(f"{rate / 1e9:.0f} Gflop/s in {name}" for name, rate in now.get("peak", {}).items())
    yield f"- CPU target {now.get('target', 'unknown')}, measured peak {peak or 'not known'}"
    rounds = sorted({row["rounds"] for row in results["rows"]})
    commands = dict.fromkeys(row["command"] for row in results["rows"])
    yield f"- {' or '.join(map(str, rounds))} rounds, made by {', '.join(f'`{command}`' for command in commands)}\n"


def _misses(rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Names of the rows that do not reach a goal, and how."""
    for row in rows:
        if row["state"] != "measured":
            yield row["name"], "not available"
        else:
            missed = [f"{goal['ratio']:.2f} ({_aim(goal)})" for goal in row["goals"] if goal["reached"] is False]
            if missed:
                yield row["name"], ", ".join(missed)


def _reason(name: str, reasons: Mapping[str, str]) -> str:
    return next((reason for pattern, reason in reasons.items() if fnmatchcase(name, pattern)), "not explained yet")


def _missed(rows: Iterable[Mapping[str, Any]], reasons: Mapping[str, str]) -> Iterator[str]:
    missed = list(_misses(rows))
    if missed:
        yield "## Not reached\n"
        yield _line(["row", "reached", "why"])
        yield "|---|---|---|"
        yield from (_line([name, what, _reason(name, reasons)]) for name, what in missed)
        yield ""


def _paused(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    paused = [row for row in rows if row.get("paused")]
    if paused:
        yield "## Single steps after a pause of 10 ms: median and 99th percentile, µs\n"
        yield _line(["row", "ours", "peers"])
        yield "|---|---|---|"
        for row in paused:
            told = [f"{name} {at['p50_us']:.3g} / {at['p99_us']:.3g}" for name, at in row["paused"].items()]
            yield _line([row["name"], told[0].removeprefix("throughtime "), "; ".join(told[1:])])
        yield ""


def fit_table(fit: Results) -> list[str]:
    """The lines of a table of a whole task beside a plain script.

    Args:
        fit: what benchmarks/fit_generate.py or translate.py found.
    """
    lines = [_line(["figure", "ours", "plain script", "ours/plain", "goal"]), "|---|---|---|---|---|"]
    for row in fit["rows"]:
        goal = row.get("goal")
        aim = "-" if goal is None else f"{goal} {_mark(row['ours/plain'] >= goal)}"
        figures = [f"{row['ours']:.4g}", f"{row['plain']:.4g}", f"{row['ours/plain']:.3g}"]
        lines.append(_line([row["figure"], *figures, aim]))
    return lines


def _tasks(fits: Iterable[Results]) -> Iterator[str]:
    """Whole tasks beside plain scripts."""
    for fit in fits:
        yield f"## {fit.get('title', '`fit generate`')} beside a plain PyTorch script\n"
        yield from fit_table(fit)
        if "told" in fit:
            yield f"\n{fit['told']}"
        yield f"\nMade by `{fit['command']}`.\n" if "command" in fit else ""


def page(results: Results, fits: Sequence[Results], reasons: Mapping[str, str], on_gpu: Sequence[str] = ()) -> str:
    """The page docs/performance.md.

    Args:
        results: what ``bench layers`` found.
        fits: what benchmarks/fit_generate.py and translate.py found, as far as it is there.
        reasons: pattern of row names -> why such a row does not reach its goal.
        on_gpu: the lines of the part on GPUs.
    """
    rows, peak = results["rows"], results["conditions"].get("peak", {})
    lines = [HEAD, "![Every ratio, and the goal](performance.svg)\n", _count(rows) + "\n", *_conditions(results)]
    for title, group in groupby(rows, key=lambda row: row["title"]):
        lines += [f"## {title}\n", *_table(group, peak), ""]
    lines += [f"{mean}\n" for mean in _mean_lines(rows)]
    lines += [*_missed(rows, reasons), *_paused(rows), *_tasks(fits), *on_gpu, METHOD]
    return "\n".join(lines)
