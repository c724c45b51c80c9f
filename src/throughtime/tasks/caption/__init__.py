"""A picture in, words about it out: the task ``caption``."""

from __future__ import annotations

from throughtime.tasks.task import Task

__all__ = ["TASK"]

TASK = Task(
    summary="learn to say what a picture shows: captions, formulas, words read off",
    held_out="a tenth of the pictures, each with all its captions, chosen by a hash of their content",
    options="throughtime.tasks.caption.options:Config",
    reader="throughtime.tasks.caption.reader:CaptionReader",
    learner="throughtime.tasks.caption.learner:CaptionLearner",
    files=("inputs.json", "skipped.txt", "examples.html"),
    evaluating="throughtime.tasks.caption.options:Evaluating",
    predicting="throughtime.tasks.caption.options:Predicting",
)
