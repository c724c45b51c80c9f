"""Learn a text and write more of it: the task ``generate``."""

from __future__ import annotations

from throughtime.tasks.task import Task

__all__ = ["TASK"]

TASK = Task(
    summary="learn a text, or music, and write more of it",
    held_out="the last 10 % of the text; of a table with labels 10 % of each label's rows; of music 10 % of the tunes",
    options="throughtime.tasks.generate.options:Config",
    reader="throughtime.tasks.generate.reader:reader_for",
    learner="throughtime.tasks.generate.learner:Learner",
    job="throughtime.tasks.generate.job:make_job",
    files=("vocabulary.json", "tokenizer.json", "conditions.json", "skipped.txt", "piano_roll.svg"),
    suiting="throughtime.tasks.generate.evidence:suited",
)
