"""One page that shows how a run learned: ``report.html``, made from its ``config.json`` and ``metrics.jsonl``.

The charts are SVG inside the page. It can be made again at any time, while the run goes on too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any, cast

import numpy as np

from throughtime.errors import CheckpointError
from throughtime.training.files import METRICS_FILE, REMEMBERED_FILE, read_json, write_text
from throughtime.training.metrics import read_metrics
from throughtime.training.pages.charts import Curve, line_chart
from throughtime.training.pages.drawing import LINE, TEXT, TRAIN, VALIDATION
from throughtime.training.pages.page import document, figure
from throughtime.training.pages.watched import watch_charts
from throughtime.training.rivals import read_rivals, shown
from throughtime.training.scores import headline, unit_of

__all__ = ["write_report"]

Row = Mapping[str, Any]
"""One row of ``metrics.jsonl``."""

EXAMPLES_FILE = "examples.html"
"""What a task may leave in a run: cards to put into the page."""
MOST_SAMPLES = 8
EARLIER = {"#010101": TEXT, "#020202": LINE, "#030303": TRAIN, "#040404": VALIDATION}
"""Colours in pictures that were drawn by earlier releases -> those that are meant."""

PAGE = Template("""<p class="quiet">$subtitle</p>
<dl class="facts">$facts</dl>
<h2>How it learned</h2>
$charts
$watched
$remembered
$rivals
$examples
<h2>What it wrote on the way</h2>
$samples
<h2>How it was made</h2>
<table>$config</table>""")


def _read_rows(run_dir: Path) -> list[dict[str, Any]]:
    try:
        return read_metrics(run_dir)
    except ValueError as error:
        path = run_dir / METRICS_FILE
        raise CheckpointError(f"{path} is not a file of JSON lines ({error}); remove it to start a new one") from None


def _of_kind(rows: Iterable[Row], kind: str) -> list[Row]:
    return [row for row in rows if row.get("kind") == kind]


def _metric(rows: Sequence[Row]) -> str:
    return headline(name for row in rows for name in row)


def _points(rows: Iterable[Row], name: str) -> tuple[list[float], list[float]]:
    """Steps and values of the rows that have the value."""
    having = [row for row in rows if isinstance(row.get(name), int | float)]
    return [row["step"] for row in having], [row[name] for row in having]


def _smooth(values: Sequence[float]) -> list[float]:
    """Lay a straight line through the window around each value: inside that is the mean of the window, and at both ends
    the line of the last whole window goes on (Savitzky, Golay 1964, first degree), so that nothing bends there.
    """
    half = len(values) // 40
    if not half:
        return list(values)
    width = 2 * half + 1
    means = np.convolve(values, np.full(width, 1 / width), "valid")
    places = np.arange(width)
    first, last = (np.polyval(np.polyfit(places, part, 1), places) for part in (values[:width], values[-width:]))
    return np.concatenate([first[:half], means, last[-half:]]).tolist()


def _score_chart(name: str, train: Sequence[Row], validation: Sequence[Row]) -> str:
    steps, values = _points(train, name)
    held_out = _points(validation, name)
    curves = [
        Curve(steps=steps, values=values, colour=TRAIN, width=0.8, opacity=0.45),
        Curve(steps=steps, values=_smooth(values), colour=TRAIN, label="training"),
        Curve(steps=held_out[0], values=held_out[1], colour=VALIDATION, label="validation", dots=True),
    ]
    return figure(unit_of(name), line_chart(unit_of(name), curves, 260))


def _pictures(run_dir: Path) -> str:
    """The pictures that the task has left in the folder."""
    pictures = [(path.stem, path.read_text("utf-8")) for path in sorted(run_dir.glob("*.svg"))]
    return "".join(figure(name, _element(picture)) for name, picture in pictures)


def _left_in(run_dir: Path, name: str, headline: str) -> str:
    """What was left in the folder to be put into the page, below a headline."""
    path = run_dir / name
    return f"<h2>{headline}</h2>\n{path.read_text('utf-8')}" if path.exists() else ""


def _element(picture: str) -> str:
    """The ``<svg>`` element of a picture, in the page's colours; earlier releases drew with stand-ins for them."""
    picture = picture[picture.index("<svg") :]
    for drawn, meant in EARLIER.items():
        picture = picture.replace(drawn, meant)
    return picture


def _rate_chart(train: Sequence[Row]) -> str:
    steps, values = _points(train, "learning_rate")
    curve = Curve(steps=steps, values=values, colour=TRAIN)
    return figure("learning rate", line_chart("learning rate", [curve], 140, from_zero=True))


def _charts(rows: Sequence[Row]) -> str:
    train, validation = _of_kind(rows, "train"), _of_kind(rows, "validation")
    if not train and not validation:
        return '<p class="quiet">Nothing has been measured yet.</p>'
    names = dict.fromkeys(_metric(kind) for kind in (validation, train) if kind)
    charts = [_score_chart(name, train, validation) for name in names]
    return "".join(charts) + (_rate_chart(train) if train else "")


def _spread(rows: Sequence[Row], most: int) -> list[Row]:
    """At most ``most`` of the rows, evenly spread, the first and the last among them."""
    if len(rows) <= most:
        return list(rows)
    return [rows[round(k * (len(rows) - 1) / (most - 1))] for k in range(most)]


def _samples(rows: Sequence[Row]) -> str:
    samples = _of_kind(rows, "sample")
    if not samples:
        return '<p class="quiet">There are no samples yet.</p>'
    shown = _spread(samples, MOST_SAMPLES)
    few = f'<p class="quiet">{len(shown)} of {len(samples)} samples; all are in metrics.jsonl.</p>'
    cards = (
        f'<div class="sample"><header>after {row["step"]:,} steps</header><pre>{escape(str(row["text"]))}</pre></div>'
        for row in shown
    )
    return (few if len(shown) < len(samples) else "") + "".join(cards)


def _rivals(run_dir: Path, run: object, rows: Sequence[Row]) -> str:
    """The best score of the network and, on the same data, those of simple models: nothing where there are none."""
    validation, (rivals, _) = _of_kind(rows, "validation"), read_rivals(run_dir, run)
    if not rivals or not validation:
        return ""
    name = _metric(validation)
    lines = [("the network", "", _best(validation)[name])]
    for rival in rivals.values():
        lines.append((rival["is"], f"learned from {rival['learned_from']}", rival["scores"][name]))
    cells = "".join(
        f"<tr><td>{escape(what)}</td><td>{shown(value)}</td><td>{escape(more)}</td></tr>" for what, more, value in lines
    )
    return f"<h2>Beside simple models: {escape(unit_of(name))}</h2><table>{cells}</table>"


def _best(validation: Sequence[Row]) -> Row:
    """The row of the best validation, else the last one."""
    return next((row for row in reversed(validation) if row.get("best")), validation[-1])


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def _facts(rows: Sequence[Row]) -> dict[str, str]:
    """The few numbers that stand on top."""
    train, validation = _of_kind(rows, "train"), _of_kind(rows, "validation")
    facts: dict[str, str] = {}
    if validation:
        name = _metric(validation)
        best = _best(validation)
        facts[f"best {unit_of(name)}"] = f"{best[name]:.3f}"
        facts["at step"] = f"{best['step']:,}"
    if train:
        last = train[-1]
        facts |= {"steps": f"{last['step']:,}", "predictions scored": f"{last['tokens']:,}"}
        facts |= {
            "time": _duration(last["seconds"]),
            "predictions / s": f"{last['tokens'] / max(last['seconds'], 1e-9):,.0f}",
        }
    return facts


def _flat(config: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested configuration as one level, keys joined by dots."""
    flat: dict[str, str] = {}
    for key, value in config.items():
        if isinstance(value, dict):
            flat |= _flat(cast("dict[str, Any]", value), f"{prefix}{key}.")
        elif isinstance(value, list):
            items = [str(item) for item in cast("list[Any]", value)]
            few = len(items) <= 3
            flat[prefix + key] = ", ".join(items) if few else f"{items[0]} ... {items[-1]} ({len(items)} in all)"
        else:
            flat[prefix + key] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return flat


def write_report(run_dir: Path) -> Path:
    """Write ``report.html`` into the folder of a run.

    Args:
        run_dir: folder of the run, with ``config.json`` and, once training began, ``metrics.jsonl``.

    Returns:
        The path of the report.

    Raises:
        CheckpointError: the folder is not a run, or one of its files is not what it should be.
    """
    config = read_json(run_dir / "config.json")
    rows = _read_rows(run_dir)
    inside = PAGE.substitute(
        subtitle=escape(f"made by throughtime {config.get('throughtime', '')}".rstrip()),
        facts="".join(f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in _facts(rows).items()),
        charts=_charts(rows) + _pictures(run_dir),
        watched=watch_charts(_of_kind(rows, "watch")),
        remembered=_left_in(run_dir, REMEMBERED_FILE, "What it remembers"),
        rivals=_rivals(run_dir, config.get("run"), rows),
        examples=_left_in(run_dir, EXAMPLES_FILE, "What it says of held-out examples"),
        samples=_samples(rows),
        config="".join(f"<tr><td>{escape(k)}</td><td>{escape(v)}</td></tr>" for k, v in _flat(config).items()),
    )
    report = run_dir / "report.html"
    write_text(report, document(f"{config.get('task', 'run')}: {run_dir.name}", inside))
    return report
