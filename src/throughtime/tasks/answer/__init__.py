"""An answer to a question about a text, as a part of the text or a word: the task ``answer``."""

from __future__ import annotations

from throughtime.tasks.task import Task

__all__ = ["TASK"]

TASK = Task(
    summary="learn to answer questions about texts: with a part of the text, or a word",
    held_out="a tenth of the questions, those about one article or story together",
    options="throughtime.tasks.answer.options:Config",
    reader="throughtime.tasks.answer.reader:AnswerReader",
    learner="throughtime.tasks.answer.learner:Answerer",
    files=("inputs.json", "skipped.txt", "examples.html"),
    evaluating="throughtime.tasks.answer.options:Answering",
    predicting="throughtime.tasks.answer.options:Predicting",
)
