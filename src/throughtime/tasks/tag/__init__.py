"""One label for each step of a sequence: the task ``tag``."""

from __future__ import annotations

from throughtime.tasks.task import Task

__all__ = ["TASK"]

TASK = Task(
    summary="learn a label for each word of a sentence, or each step of a clip or series",
    held_out="a tenth of the sentences, clips or series, chosen by a hash of their content, or of a single series "
    "the last 10 % of its time",
    options="throughtime.tasks.tag.options:Config",
    reader="throughtime.tasks.tag.windows.reader:SeriesTagReader",
    learner="throughtime.tasks.tag.windows.learner:SeriesTagger",
    job="throughtime.tasks.tag.windows.job:make_job",
    files=("inputs.json", "skipped.txt"),
)
