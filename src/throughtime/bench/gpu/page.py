"""What was found on a GPU, for docs/performance.md; or how to find it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

__all__ = ["COMMAND", "part"]

COMMAND = "scripts/gpu shakespeare.txt --json benchmarks/results/gpu.json"
"""What measures."""

UNTOLD = f"""Not measured yet: no figure here is of a GPU. On a machine with an NVIDIA GPU, Python, torch, triton and a
copy of the sources, this checks and times the layers in five minutes, and `throughtime bench report` puts its figures
here:

```console
{COMMAND}
```
"""

METHOD = """A training step is forward and backward to the input and all weights, of one layer over 256 steps, I = H,
unless its row says otherwise; its time is the median of many, by the GPU's own clock, of all in turn. torch.nn runs
cuDNN; its float16 is the fastest that cuDNN has, whatever the row's type. A call's cost is that of its caller, who does
not wait.
"""


def part(results: Mapping[str, Any] | None) -> list[str]:
    """The lines of the page's part on GPUs.

    Args:
        results: what ``scripts/gpu`` has kept, or None where it was not run.

    Example:
        >>> part(None)[1].partition(":")[0]
        'Not measured yet'
    """
    head = ["## On a GPU\n"]
    return [*head, UNTOLD] if results is None else [*head, *_measured(results)]


def _measured(results: Mapping[str, Any]) -> Iterator[str]:
    now = results["conditions"]
    versions = ", ".join(f"{name} {version}" for name, version in now["versions"].items())
    yield f"Measured on one {now['card']}, {now['when']}, with {versions}, by `{now['command']}`.\n"
    if now["quick"]:
        yield "**A dry run on tiny sizes: it shows that every row runs; its figures are not to be quoted.**\n"
    yield from _parity(results["parity"])
    for title, group in groupby(results["rows"], key=lambda row: row["title"]):
        yield f"### {title}\n"
        yield "| row | goal | reached | ours | beside | kernel |\n|---|---|---|---|---|---|"
        for row in group:
            yield from _lines(row)
        yield ""
    yield METHOD


def _parity(found: list[Mapping[str, Any]]) -> Iterator[str]:
    """How many variants are right, and the largest error of each type."""
    right = [each for each in found if each["right"]]
    yield (
        f"{len(right)} of {len(found)} variants (any two of cell, option, type, size, call, directions, rows, resets) "
        "agree with float64; the largest relative errors of any output, state or gradient:\n"
    )
    yield "| type | ours | torch.nn, where it has the layer |\n|---|---|---|"
    for dtype in dict.fromkeys(each["dtype"] for each in found):
        ours = [each["error"] for each in found if each["dtype"] == dtype and "error" in each]
        beside = [each["beside"] for each in found if each["dtype"] == dtype and each.get("beside") is not None]
        yield f"| {dtype} | {_largest(ours)} | {_largest(beside)} |"
    yield ""
    for each in found:
        if not each["right"]:
            what = ", ".join(str(each[name]) for name in ("cell", "option", "dtype", "size", "call", "directions"))
            why = each.get("failed") or ("not done in time" if "late" in each else f"error {each['error']:.1e}")
            yield f"- **not right**: {what}, {each['rows']} rows, resets: {each['resets']}: {why}"
    yield ""


def _largest(errors: list[float]) -> str:
    return f"{max(errors):.1e}" if errors else "-"


def _lines(row: Mapping[str, Any]) -> Iterator[str]:
    """A line for each goal of a row."""
    if "missing" in row:
        yield f"| {row['name']} | - | - | - | not measured: {row['missing'].replace('|', '/')} | - |"
        return
    ours, kernel = _figure(row["ours"], row["unit"]), row.get("kernel", "-")
    for goal in row["goals"] or ({"beside": "", "goal": None},):
        other = goal["beside"] and f"{goal['beside']} {_figure(row['beside'][goal['beside']], row['unit'])}"
        if goal["goal"] is None:
            yield f"| {row['name']} | - | - | {ours} | {other or '-'} | {kernel} |"
            continue
        aim = f"{'at least' if goal['faster'] else 'at most'} {goal['goal']:g}"
        mark = "✓" if goal["reached"] else "✗"
        yield f"| {row['name']} | {aim} | **{goal['ratio']:.2f}** {mark} | {ours} | {other or '-'} | {kernel} |"


def _figure(value: float, unit: str) -> str:
    return f"{value:,.0f} {unit}" if unit.endswith("/s") else f"{value:.3g} {unit}"
