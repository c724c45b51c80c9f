"""A task that is only here to show that a task can be added: a text and a question in, a text out.

``abc`` and the question ``twice please`` make ``abcabc``. It reads tables, files line by line in roles of its own, and
data in memory; it is taught with teacher forcing and writes its answers when it is validated.
"""

from __future__ import annotations

from throughtime.tasks.task import Role, Task

TASK = Task(
    summary="learn to answer a question about a text with a text",
    held_out="a tenth of the examples",
    options="toy.options:Config",
    reader="toy.reader:ToyReader",
    learner="toy.learner:Writer",
    roles=(
        Role(name="source", help="Texts, one a line."),
        Role(name="question", help="The question about each text, one a line."),
        Role(name="target", help="The answer to each, one a line."),
    ),
    files=("inputs.json", "skipped.txt"),
)
