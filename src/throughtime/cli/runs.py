"""``throughtime evaluate``, ``predict``, ``forecast`` and ``describe``: what a trained run can do."""

from __future__ import annotations

import inspect
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from throughtime.cli.fit import option_parameter
from throughtime.cli.values import role_parameter
from throughtime.tasks import TASKS, Task
from throughtime.training.options import CheckedOptions, Option, options_of

__all__ = [
    "DeviceOption",
    "RunArgument",
    "describe",
    "evaluate",
    "filled",
    "forecast",
    "noted",
    "predict",
    "with_data_options",
]

Note = Callable[[str], None]

RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run.", show_default=False)]
FORECAST_SCORES = ("crps_scaled", "smape", "mase", "rmse", "mae", "crps", "coverage_50", "coverage_80")
"""Scores of forecasts that stand side by side."""
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:1.")]


def _text(value: Any) -> str:
    """A value for people: numbers rounded and grouped, long lists by their ends."""
    match value:
        case bool():
            return str(value)
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
        case [first, _, *_, last]:
            return f"{first} ... {last} ({len(cast('list[Any]', value))} in all)"
        case [*few]:
            return ", ".join(map(str, few))
        case _:
            return str(value)


def _rows(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Nested values as rows of name and text, names joined by dots."""
    rows: list[tuple[str, str]] = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            rows += _rows(cast("Mapping[str, Any]", value), f"{prefix}{name}.")
        else:
            rows.append((prefix + name, _text(value)))
    return rows


def _show(values: Mapping[str, Any], as_json: bool) -> None:
    """Print values as JSON, or as a table for people."""
    if as_json:
        print(json.dumps(values, indent=2, ensure_ascii=False, default=str))
        return
    rows = _rows(values)
    width = max((len(name) for name, _ in rows), default=0)
    for name, text in rows:
        print(f"{name:<{width}}  {text}")


def _show_table(head: str, rows: Mapping[str, Mapping[str, float]]) -> None:
    """Print scores as a table: a row for each label, or each forecast."""
    if not rows:
        return
    names = list(next(iter(rows.values())))
    width = max(len(label) for label in (head, *rows))
    print(f"\n{head:<{width}}" + "".join(f"  {name:>9}" for name in names))
    for label, scores in rows.items():
        cells = (_text(scores[name]) if name in scores else "" for name in names)
        print(
            f"{label:<{width}}"
            + "".join(f"  {cell:>{max(9, len(name))}}" for cell, name in zip(cells, names, strict=True))
        )


def _beside_rivals(scores: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Take what forecasts score out of what there is to print, with what naive ones do: one row each."""
    scores.pop("by_step")
    rivals: Mapping[str, Mapping[str, Any]] = scores.pop("rivals", {})
    own = {name: scores.pop(name) for name in FORECAST_SCORES if name in scores}
    return {
        "the network": own,
        **{str(each["is"]): {name: each[name] for name in own if name in each} for each in rivals.values()},
    }


@contextmanager
def noted() -> Generator[Note]:
    """Keep notes until all went well, then print them on standard error: bad input gets one line there and no more.

    Yields:
        What keeps them.
    """
    notes: list[str] = []
    yield notes.append
    for line in notes:
        print(line, file=sys.stderr)


def with_data_options(
    asking: Callable[[Task], type[CheckedOptions]], names: Iterable[str] = TASKS
) -> Callable[..., Callable[..., None]]:
    """Give a command the options of ``fit`` that say what files hold and how they are read, as its ``**files``.

    They are those of any task: the files of its roles, the options of its ``READING``, and what the command can ask it
    for.

    Args:
        asking: gives the class of the last.
        names: the tasks that the command is for.

    Returns:
        A decorator of the function behind the command; what it gives has a signature that typer understands.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        *own, _data = inspect.signature(command, eval_str=True).parameters.values()
        tasks = {name: TASKS[name] for name in names}
        roles = {role.name: role_parameter(role.name, role.help) for task in tasks.values() for role in task.roles}
        classes = [task.load_options() for task in tasks.values()]
        how: dict[str, Option] = {}
        taken = {parameter.name for parameter in own}  # a command's own option may have another meaning there
        for options in classes:  # where several have one of the same name, the first says what it is
            new = options.READING - how.keys() - taken
            how |= {each.name: each for each in options_of(options) if each.name in new}
        asked = _asked({name: options_of(asking(task)) for name, task in tasks.items()})
        parameters = [*own, *roles.values(), *map(_as_learned, how.values()), *map(option_parameter, asked)]
        # typer reads the signature and the annotations; only here can they be made from the tasks
        declared: Any = partial(command)
        declared.__signature__ = inspect.Signature(parameters)
        declared.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return declared

    return decorate


def _asked(options: Mapping[str, Iterable[Option]]) -> Iterator[Option]:
    """Give each option of several tasks once; what they say of one differently is told task by task."""
    tasks: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for task, option in ((task, option) for task, of_task in options.items() for option in of_task):
        tasks[option.name][option.help].append(task)
    for option in {option.name: option for of_task in options.values() for option in of_task}.values():
        said = [f"{', '.join(names)}: {words}" for words, names in tasks[option.name].items()]
        yield option if len(said) == 1 else replace(option, help=" ".join(said))


def _as_learned(option: Option) -> inspect.Parameter:
    """An option of ``fit`` that is as it was there where it is not given."""
    return option_parameter(
        replace(option, default=None, help=f"{option.help.split(';')[0].rstrip('. ')}, where it is not as in training.")
    )


def filled(data: Mapping[str, Any]) -> dict[str, Any]:
    """Give what was given: neither None nor an empty list.

    Args:
        data: values by name.

    Returns:
        Some of them.
    """
    return {name: value for name, value in data.items() if value not in (None, [])}


def evaluate(
    run: RunArgument,
    data: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE", help="Files to score.", show_default=False)
    ] = None,
    as_json: JsonOption = False,
    skip_bad: Annotated[
        bool | None, typer.Option("--skip-bad/--no-skip-bad", help="Skip records that cannot be read, as in training.")
    ] = None,
    device: DeviceOption = "auto",
    **files: Any,
) -> None:
    """Score a run on files it has not seen."""
    from throughtime.runs import Run

    with noted() as note:
        scores = Run(run, device=device).evaluate(data or None, skip_bad=skip_bad, note=note, **filled(files))
    if as_json:
        _show(scores, as_json)
        return
    labels: Mapping[str, Mapping[str, float]] = scores.pop("labels", {})
    forecasts = _beside_rivals(scores) if "by_step" in scores else {}
    _show(scores, as_json)
    _show_table("label", labels)
    _show_table("forecast", forecasts)


def predict(
    run: RunArgument,
    data: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE", help="Files or folders; - is standard input.", show_default=False),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="FILE", help="File to write; - is standard output.")] = Path("-"),
    probabilities: Annotated[
        bool, typer.Option("--probabilities", help="Write the probability of each label too, or of each step's.")
    ] = False,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Write predictions in place of the column they were learned from (CoNLL-U)."),
    ] = False,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Skip records that cannot be read; a file beside the output lists them.")
    ] = False,
    device: DeviceOption = "auto",
    **files: Any,
) -> None:
    """Predict for each record of files, as they are read: what was read is written with the prediction beside it."""
    from throughtime.cli.display import counting
    from throughtime.runs import Run

    with noted() as note, counting(out != Path("-")) as progress:
        Run(run, device=device).predict_files(
            data or None,
            out,
            probabilities=probabilities,
            replace=replace,
            skip_bad=skip_bad,
            note=note,
            progress=progress,
            **filled(files),
        )


def forecast(
    run: RunArgument,
    data: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE", help="Files of series; - is standard input.", show_default=False),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="FILE", help="File to write; - is standard output.")] = Path("-"),
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Skip series that cannot be read; a file beside the output lists them.")
    ] = False,
    device: DeviceOption = "auto",
    **files: Any,
) -> None:
    """Say what comes after the end of series in files: the median and quantiles of each step, or paths, as a table."""
    from throughtime.cli.display import counting
    from throughtime.runs import Run

    with noted() as note, counting(out != Path("-")) as progress:
        Run(run, device=device).forecast_files(
            data or None, out, skip_bad=skip_bad, note=note, progress=progress, **filled(files)
        )


def describe(run: RunArgument, as_json: JsonOption = False) -> None:
    """Say what a run is: sizes, data, training, scores, files."""
    from throughtime.runs import Run

    _show(Run(run).describe(), as_json)
