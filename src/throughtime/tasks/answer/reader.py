"""From files to questions about texts: SQuAD's JSON, bAbI's stories, tables. Loads no torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, cast

from throughtime.data.encoding.embeddings import Vectors
from throughtime.data.encoding.features import Features, WordFeatures, text_of
from throughtime.data.encoding.items import Items
from throughtime.data.encoding.joined import CONTENT, JoinedFeatures
from throughtime.data.encoding.labels import Labels
from throughtime.data.encoding.statements import StatementFeatures
from throughtime.data.encoding.word_vocabulary import WordVocabulary
from throughtime.data.files import describe
from throughtime.data.formats.file_loader import FileLoader
from throughtime.data.formats.questions.answers import cut, find_answer, spans_of
from throughtime.data.formats.questions.table_answers import answers_in
from throughtime.data.formats.registry import FORMATS, format_of
from throughtime.data.planning.buckets import Costs
from throughtime.data.planning.split import require_labels
from throughtime.data.reading import Note, Problems, Reading
from throughtime.data.record import Record, Sequences, Spans
from throughtime.data.tables.column_names import listed, pick_column
from throughtime.data.user_data import DATA, Given, UserData
from throughtime.data.words import split_words
from throughtime.doors import named, option
from throughtime.errors import DataError, UsageError
from throughtime.tasks.answer.options import Config
from throughtime.tasks.answer.targets import Answer, SpanTargets, WordTargets, load_targets, right_texts
from throughtime.tasks.supervised.examples import Examples
from throughtime.tasks.supervised.reader import RecordReader
from throughtime.tasks.supervised.remarks import note_imbalance
from throughtime.tasks.supervised.targets import Targets

__all__ = ["QUESTION", "AnswerReader"]

QUESTION = "question"
"""Name of what stands beside a context."""
ANSWERS = ("answer", "answers")
START = "answer_start"
FEW = 0.1
"""Different answers for each question, up to which they are words of a closed set although they stand in their
contexts."""
_OF_TABLES = ("context_column", "question_column", "target_column", "start_column", "group_column")


class AnswerReader(RecordReader[Answer]):
    """Reads questions with their contexts and answers.

    Args:
        config: the options.
        asked: those that were given anew, for data that a trained network is used on.
    """

    config: Config

    @property
    def how(self) -> Reading:
        config = self.config
        beside = ((QUESTION, config.question_column or QUESTION),)
        context = config.context_column or "context"
        return replace(super().how, text_column=context, target_type="spans", beside_columns=beside)

    def records(
        self, data: UserData, problems: Problems, load: FileLoader, *, targets: bool, form: str | None = None
    ) -> Iterator[Record]:
        given = data.get(DATA, Given())
        if list(data) != [DATA] or given.memory is not None:
            yield from self._of_table(data, "the data", problems, load, form, targets=targets)
            return
        for path in cast("tuple[Path, ...]", given.paths):
            one, chosen = UserData({DATA: Given((path,))}), form or format_of(path, self.how, problems.note)
            if chosen in FORMATS and FORMATS[chosen].questions:
                self._refuse_columns(describe(path), chosen)
                yield from super().records(one, problems, load, targets=targets, form=chosen)
            else:
                yield from self._of_table(one, describe(path), problems, load, chosen, targets=targets)

    def _refuse_columns(self, name: str, form: str) -> None:
        """See that no column was named for a file that has none."""
        for each in (*_OF_TABLES, "unanswerable"):
            if getattr(self.config, each):
                raise UsageError(f"{named(each)} is for tables, and {name} is read as {form}; leave it out")

    def _of_table(
        self, data: UserData, name: str, problems: Problems, load: FileLoader, form: str | None, *, targets: bool
    ) -> Iterator[Record]:
        """Read rows; the answers of each with its context beside them."""
        columns: tuple[str, str | None] | None = None
        for record in super().records(data, problems, load, targets=False, form=form):
            if not targets:
                yield record
                continue
            row = cast("Mapping[str, object]", record.original)
            columns = columns or self._columns(list(row), name)
            try:
                target = answers_in(row, text_of(record), *columns, unanswerable=self.config.unanswerable)
            except DataError as error:
                empty = str(error).endswith("is empty")
                mend = f"; if nothing in the context answers it, say so with {option('unanswerable', True)}"
                problems.report(record.place, f"{error}{mend if empty else ''}")
            else:
                yield replace(record, target=target)

    def _columns(self, names: Sequence[str], name: str) -> tuple[str, str | None]:
        """Columns of the answer and of where it begins."""
        asked, start = self.config.target_column, self.config.start_column
        answer = next((each for each in ANSWERS if each in names), None)
        if asked is not None:
            answer = pick_column(names, asked, name, "target_column")
        if answer is None:
            raise DataError(
                f"{name} has no column 'answer'; it has {listed(names)}: say which with {option('target_column')}"
            )
        if start is not None:
            return answer, pick_column(names, start, name, "start_column")
        return answer, START if START in names else None

    def settle(self, records: list[Record], problems: Problems) -> list[Record]:
        """Tell what answers are, and keep the questions about one context together."""
        if records and self.found.answers is None:
            self.found.answers, why = self._kind(records)
            problems.note(f"answers are {_SAID[self.found.answers]}{why}")
        settled: list[Record] = []
        for record in records:
            try:
                settled.append(self._settled(record))
            except DataError as error:
                problems.report(record.place, str(error))
        counts = Counter(text_of(record) for record in settled if record.group is None)
        return [
            replace(record, group=text_of(record)) if record.group is None and counts[text_of(record)] > 1 else record
            for record in settled
        ]

    def _kind(self, records: Sequence[Record]) -> tuple[Literal["spans", "words"], str]:
        """(what answers are, how that is known and who says otherwise)."""
        if self.config.answers is not None:
            return self.config.answers, ""
        say = f"; {option('answers')} says otherwise"
        if any(isinstance(record.target, str) for record in records):
            return "words", ", as the data is bAbI's" + say
        if any(isinstance(record.target, Spans) and record.target.marked for record in records):
            return "spans", ", as the data says where they begin" + say
        texts = [(record, record.target.right) for record in records if isinstance(record.target, Sequences)]
        absent = next((record for record, right in texts if not any(str(t) in text_of(record) for t in right)), None)
        if absent is not None:
            return "words", f": that of {absent.place} does not stand in its context" + say
        different = len({str(right[0]).casefold() for _, right in texts})
        few = different <= max(2, FEW * len(texts))
        return ("words" if few else "spans"), f": they are {different:,} different ones" + say

    def _settled(self, record: Record) -> Record:
        """Bring a record's answers to the kind that is learned."""
        if self.found.answers == "words":
            right = _texts(record)
            if not right:
                raise DataError(f"there is no answer, which is no word; give one, or say {option('answers', 'spans')}")
            return replace(record, target=right[0].strip())
        if isinstance(record.target, Spans):
            return record
        mend = f"say at which character it begins, in a column {START!r} ({option('start_column')})"
        found = [find_answer(text_of(record), text, mend) for text in _texts(record)]
        there = [mark for mark in found if mark is not None]
        if not there:
            raise DataError(
                f"the answer {cut(_texts(record)[0])} does not stand in its context; take it from there word for word"
            )
        return replace(record, target=spans_of(there))

    def collect(self, records: Sequence[Record]) -> Targets[Answer]:
        """Say what can be said: parts of the context, or the words that were learned from.

        Raises:
            DataError: there is nothing to tell apart.
        """
        if self.found.answers == "spans":
            none = sum(not right_texts(record) for record in records)
            if none == len(records):
                raise DataError(f"not one of {none:,} questions has an answer; there is nothing to learn")
            return SpanTargets(unanswerable=none > 0)
        require_labels(records)
        return WordTargets(Labels.build(right_texts(record)[0] for record in records))

    def load_targets(self, saved: Mapping[str, Any]) -> Targets[Answer]:
        return load_targets(saved)

    def features(self, records: Sequence[Record], vectors: Vectors | None) -> JoinedFeatures:
        contexts = dict.fromkeys(text_of(record) for record in records)
        questions = [cast(str, record.beside[QUESTION]) for record in records]
        words = (split_words(text) for text in (*contexts, *questions))
        vocabulary = WordVocabulary.build(words, most=self.config.vocabulary_size)
        spelled = self.found.answers == "spans" and self.config.spelling > 0
        asked = WordFeatures(vocabulary, spelled=spelled)
        content: Features = asked if self.found.answers == "spans" else StatementFeatures(vocabulary)
        return JoinedFeatures({CONTENT: content, QUESTION: asked})

    def remark(self, valid: Examples[Answer], note: Note) -> None:
        """Say where one word is nearly all there is, and where facts are named that are not there."""
        if self.found.answers == "words":
            note_imbalance(valid, note, what="questions", mend="look at the scores of each word")

    def costs(self, items: Items, targets: Sequence[Answer] | None) -> Costs:
        return items.lengths


_SAID = {"spans": "parts of their contexts", "words": "words of a closed set"}


def _texts(record: Record) -> tuple[str, ...]:
    target = record.target
    return tuple(map(str, target.right)) if isinstance(target, Sequences) else right_texts(record)
