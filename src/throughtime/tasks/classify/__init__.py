"""One answer for a whole sequence: the task ``classify``."""

from __future__ import annotations

from throughtime.tasks.task import Task

__all__ = ["TASK"]

TASK = Task(
    summary="learn one answer for a whole text, recording, image, clip or series: a label, labels or a number",
    held_out="a tenth of the examples, of each label its share, chosen by a hash of their content",
    options="throughtime.tasks.classify.options:Config",
    reader="throughtime.tasks.classify.targets:ClassifyReader",
    learner="throughtime.tasks.classify.learner:Classifier",
    files=("inputs.json", "skipped.txt", "confusion.svg"),
)
