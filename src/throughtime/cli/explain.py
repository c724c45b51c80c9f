"""``throughtime explain``: how a run comes to what it says, as a table or a picture."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from throughtime.cli.runs import DeviceOption, RunArgument, filled, noted
from throughtime.cli.values import integer_option
from throughtime.runs.explaining.asked import FOLLOWED, METHODS, WHATS

if TYPE_CHECKING:
    from throughtime.insight.results import Activity, Flow, FoundUnits, Gates, Horizon, Saliency, Spectrum, Walk

__all__ = ["explain"]

Row = Sequence[str]
BACK = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)
"""Steps back at which a table has a row."""
MOST = 60
"""Rows of a table of tokens; of more the strongest."""
LONGEST_NAME = 4096


Data = Annotated[str | None, typer.Argument(metavar="[TEXT|FILE]", help="A text, or a file of what the run reads.")]
Out = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Picture to draw: .svg, .png or .html; else a table is printed.")
]


def _option(metavar: str, words: str) -> Any:
    return typer.Option(metavar=metavar, help=words)


def explain(
    run: RunArgument,
    data: Data = None,
    what: Annotated[str, _option("|".join(WHATS), "What to look at.")] = "flow",
    out: Out = None,
    record: Annotated[int, integer_option("Which record of the file, counted from 0.")] = 0,
    layer: Annotated[str | None, _option("NAME", "Layer and direction, such as l0 or l1_reverse.")] = None,
    unit: Annotated[int | None, integer_option("Number of a unit, for units and walk.")] = None,
    at: Annotated[int | None, integer_option("Step at which something is said; if not given, the last.")] = None,
    towards: Annotated[
        str | None, _option("LABEL", "What is said, such as a label; if not given, the likeliest.")
    ] = None,
    follow: Annotated[str | None, _option("|".join(FOLLOWED), "For units: find those that follow this.")] = None,
    span: Annotated[str | None, _option("FIRST:STOP", "For units: find those that are on at these steps.")] = None,
    method: Annotated[str | None, _option("|".join(METHODS), "For saliency: how a score is shared out.")] = None,
    condition: Annotated[str | None, _option("LABEL", "Label of the text, for a run that has learned labels.")] = None,
    device: DeviceOption = "auto",
    **files: Any,
) -> None:
    """Say why a run forgot, what it remembers and what its gates did, while it reads a text or a record of files."""
    from throughtime.runs import Run

    how: dict[str, Any] = {"layer": layer, "unit": unit, "at": at, "towards": towards, "follow": follow, "span": span}
    how |= {"method": method, "condition": condition, "record": record, **filled(files)}
    with noted() as note:
        found = Run(run, device=device).explain(_meant(data), what, out, note=note, **how)
    if out is None:
        title, rows = _TABLES[type(found).__name__](found)
        _print(title, rows)
    else:
        print(f"picture: {out}", file=sys.stderr)


def _meant(data: str | None) -> str | Path | None:
    """A file where there is one of that name, else the text itself."""
    if not data or len(data.encode("utf-8", "replace")) > LONGEST_NAME:
        return data
    path = Path(data)
    try:
        return path if path.exists() else data
    except OSError:  # a text that is too long for a name
        return data


def _print(title: str, rows: Iterable[Row]) -> None:
    """Print rows in columns, the first one at the left, numbers at the right."""
    listed = [list(row) for row in rows]
    print(title)
    widths = [max(len(row[column]) for row in listed) for column in range(len(listed[0]))] if listed else []
    for row in listed:
        cells = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        print("  ".join([row[0].ljust(widths[0]), *cells]).rstrip())


def _number(value: float) -> str:
    return f"{value:.3g}"


def _flow(found: Flow) -> tuple[str, Iterable[Row]]:
    from throughtime.insight.pictures.canvas import quoted
    from throughtime.insight.pictures.flow import relative_flow

    left = relative_flow(found)
    farthest = max(int(steps[-1]) for steps, _ in left.values())
    rows: list[Row] = [("steps back", *left)]
    for back in [each for each in (*BACK, farthest) if each <= farthest and (each == farthest or each in BACK)]:
        cells = [values[steps == back] for steps, values in left.values()]
        rows.append((f"{back:,}", *(_number(float(cell[0])) if len(cell) else "" for cell in cells)))
    title = f"what is left of the gradient of {quoted(found.towards)} at step {found.at}{_noted(found)}"
    return title, dict.fromkeys(map(tuple, rows))


def _spectrum(found: Spectrum) -> tuple[str, Iterable[Row]]:
    lanes = list(found.log_largest)
    rows: list[Row] = [("steps", *lanes)]
    for place, distance in enumerate(found.distances.tolist()):
        rows.append((f"{distance:,}", *(_number(float(found.largest(lane)[place])) for lane in lanes)))
    return f"by what the most lasting change of a state is multiplied, up to step {found.at}", rows


def _horizon(found: Horizon) -> tuple[str, Iterable[Row]]:
    rows: list[Row] = [
        ("by another input", f"{found.reach_by_substitution:,}"),
        ("by gradient", f"{found.reach_by_gradient:,}"),
    ]
    for part in found.units:
        reach = sorted(found.unit_reach(part).tolist())
        rows.append((f"{part}, a unit in the middle", f"{reach[len(reach) // 2]:,}"))
        rows.append((f"{part}, the farthest unit", f"{reach[-1]:,}"))
    return f"how many steps back an input is felt at step {found.at}{_noted(found)}", rows


def _gates(found: Gates) -> tuple[str, Iterable[Row]]:
    rows: list[Row] = [("gate", "mean", "open", "shut")]
    for gate, values in found.values.items():
        shares = [f"{found.high[gate].mean():.0%}", f"{found.low[gate].mean():.0%}"] if gate in found.low else ["", ""]
        rows.append((gate, _number(float(values.mean())), *shares))
    for lane, half in found.half_life.items():
        middle = sorted(half.tolist())[len(half) // 2]
        rows.append((f"{lane}: half of a memory is left after, steps", _number(middle), "", ""))
    rows += [(f"{gate}: spectral radius", _number(value), "", "") for gate, value in found.spectral_radius.items()]
    rows += [(f"{part}: effective rank", _number(value), "", "") for part, value in found.effective_rank.items()]
    return f"what the gates did{_noted(found)}", rows


def _activity(found: Activity) -> tuple[str, Iterable[Row]]:
    rows: list[Row] = [("step", "value", "read there")]
    for place in found.strongest:
        around = "".join(place.texts)
        rows.append((f"{place.step:,}", _number(place.value), repr(around) if around else ""))
    return f"where unit {found.unit} of {found.track} is strongest", rows


def _found(found: FoundUnits) -> tuple[str, Iterable[Row]]:
    rows: list[Row] = [("part", "unit", found.measure, "goes")]
    for track, unit, score, sign in zip(found.tracks, found.units, found.scores, found.signs, strict=True):
        rows.append((track, str(unit), f"{score:.3f}", "up" if sign > 0 else "down"))
    return f"units that follow {found.what}", rows


def _saliency(found: Saliency) -> tuple[str, Iterable[Row]]:
    from throughtime.insight.pictures.canvas import quoted

    places = range(len(found.contributions))
    strongest = sorted(places, key=lambda place: -abs(found.contributions[place]))[:MOST]
    rows: list[Row] = [("step", "speaks for it", "read there")]
    for place in sorted(strongest):
        text = repr(found.texts[place]) if found.texts else ""
        rows.append((f"{place:,}", f"{found.contributions[place]:+.3g}", text))
    few = f"; the {MOST} strongest of {len(places):,} steps" if len(places) > MOST else ""
    return f"what has spoken for {quoted(found.towards)} (score {found.score:.3g}), {found.method}{few}", rows


def _walk(found: Walk) -> tuple[str, Iterable[Row]]:
    rows: list[Row] = [("quantity", "value", "back", "made as")]
    for quantity in found.quantities:
        own = found.unit < len(quantity.values)  # a projected state has fewer
        value = _number(float(quantity.values[found.unit])) if own else ""
        back = _number(float(quantity.gradients[found.unit])) if own else ""
        rows.append((quantity.name, value, back, quantity.formula))
    where = f"step {found.step} of {found.lane}, unit {found.unit}"
    return "\n".join([*found.words, f"\n{where} of the {found.cell} cell"]), rows


def _noted(found: Any) -> str:
    return f" ({found.note})" if found.note else ""


_TABLES: Mapping[str, Callable[[Any], tuple[str, Iterable[Row]]]] = {
    "Flow": _flow,
    "Spectrum": _spectrum,
    "Horizon": _horizon,
    "Gates": _gates,
    "Activity": _activity,
    "FoundUnits": _found,
    "Saliency": _saliency,
    "Walk": _walk,
}
"""Kind of a result -> what makes a headline and rows of it."""
