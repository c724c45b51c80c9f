"""What ``fit answer`` and its runs refuse or tell with an option named, and what comes of doing as it says."""

from __future__ import annotations

from advice_case import Case
from small_data import GOOD

ROWS = GOOD["answer"]
MARKED = "context\tquestion\tanswer\tanswer_start\n" + "".join(
    f"a fox {n} and a red fox {n}\twhich?\tfox {n}\t2\n" for n in range(24)
)
STORY = "".join(f"1 Ann {n} sat.\n2 Who sat?\t{'AB'[n % 2]}\t1\n" for n in range(24))
ANSWER = "fit answer t.tsv --out run"

FITTING: dict[str, Case] = {
    "columns of a story": Case(
        {"s.txt": STORY}, "fit answer s.txt --out run --context-column text", "--context-column is for tables",
        without="--context-column text", reads=24,
    ),
    "an empty answer, which is no word": Case(
        {"t.tsv": ROWS + "it is so\twhy?\t\n"}, ANSWER, "if nothing in the context answers it", "--unanswerable",
        "there is no answer, which is no word; give one, or say --answers spans",
    ),
    "no answer among words": Case(
        {"t.tsv": ROWS + "it is so\twhy?\t\n"}, f"{ANSWER} --unanswerable", "there is no answer, which is no word",
        "--answers spans", 25,
    ),
    "an empty answer": Case(
        {"t.tsv": MARKED + "it is so\twhy?\t\t\n"}, ANSWER, "if nothing in the context answers it", "--unanswerable", 25
    ),
    "which answer": Case(
        {"t.tsv": ROWS.replace("answer", "reply")}, ANSWER, "has no column 'answer'", "--target-column reply", 24
    ),
    "which context": Case(
        {"t.tsv": ROWS.replace("context", "passage")}, ANSWER, "has no column 'context'", "--context-column passage", 24
    ),
    "which question": Case(
        {"t.tsv": ROWS.replace("question", "q")}, ANSWER, "has no column 'question'", "--question-column q", 24
    ),
    "which start": Case(
        {"t.tsv": MARKED.replace("answer_start", "at")}, f"{ANSWER} --answers spans", "stands 2 times in the context",
        "--start-column at", 24,
    ),
    "what answers are": Case({"t.tsv": ROWS}, ANSWER, "; --answers says otherwise", reads=24, told=True),
}  # fmt: skip
"""A fit."""

USING: dict[str, Case] = {
    "spans of words": Case(
        {"t.tsv": ROWS}, "predict run t.tsv --longest 3", "--longest is for answers that are parts of the context",
        without="--longest 3", reads=24, before=ANSWER,
    ),
    "none of words": Case(
        {"t.tsv": ROWS}, "evaluate run t.tsv --none-above 0.3", "--none-above is for answers that are parts",
        without="--none-above 0.3", reads=24, before=ANSWER,
    ),
    "none where each has an answer": Case(
        {"t.tsv": MARKED}, "predict run t.tsv --none-above 0.3", "--none-above is for runs that learned from questions",
        without="--none-above 0.3", reads=24, before=ANSWER,
    ),
    "pictures without attention": Case(
        {"t.tsv": ROWS}, "predict run t.tsv --plot p", "--plot needs a network with attention", without="--plot p",
        reads=24, before=f"{ANSWER} --attention none",
    ),
}  # fmt: skip
"""What is done with a run."""
