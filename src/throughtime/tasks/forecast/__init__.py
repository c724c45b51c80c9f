"""Learn series, and say what comes after their end and how sure that is: the task ``forecast``."""

from __future__ import annotations

from throughtime.tasks.task import Role, Task

__all__ = ["TASK"]

TASK = Task(
    summary="learn series, and say what comes next and how sure that is",
    held_out="the end of each series, up to a tenth, one horizon at least",
    options="throughtime.tasks.forecast.options:Config",
    reader="throughtime.tasks.forecast.reader:ForecastReader",
    learner="throughtime.tasks.forecast.learner:Learner",
    job="throughtime.tasks.forecast.job:make_job",
    roles=(
        Role(
            name="history",
            help="File that the series go on from, such as the training file of a test file.",
            beside=True,
        ),
    ),
    files=("inputs.json", "skipped.txt"),
    evaluating="throughtime.tasks.forecast.options:Evaluating",
    predicting="throughtime.tasks.forecast.options:Forecasting",
)
