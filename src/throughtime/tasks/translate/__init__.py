"""A sequence in, another one out: the task ``translate``."""

from __future__ import annotations

from throughtime.tasks.task import Role, Task

__all__ = ["TASK"]

TASK = Task(
    summary="learn to turn a text into another one: translate, spell out, rewrite",
    held_out="a tenth of the examples, chosen by a hash of their content",
    options="throughtime.tasks.translate.options:Config",
    reader="throughtime.tasks.translate.reader:TranslateReader",
    learner="throughtime.tasks.translate.learner:Translator",
    roles=(
        Role(name="source", help="Texts to turn into others, one a line."),
        Role(
            name="target", help="What becomes of each line of the source; several files for one source are all right."
        ),
    ),
    files=("inputs.json", "skipped.txt", "examples.html"),
    evaluating="throughtime.tasks.translate.options:Evaluating",
    predicting="throughtime.tasks.translate.options:Predicting",
)
