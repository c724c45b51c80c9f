"""From files to examples: what tasks on records do alike before there is a network. Loads no torch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from throughtime.data.encoding.embeddings import Vectors
from throughtime.data.encoding.features import FrameFeatures, TokenFeatures, WordFeatures, unlike
from throughtime.data.files import describe
from throughtime.data.formats.file_loader import FileLoader
from throughtime.data.planning.split import lonely
from throughtime.data.reading import Found, Note, Problems
from throughtime.data.record import Record
from throughtime.data.series.levels import widened
from throughtime.data.user_data import DATA, Given, UserData
from throughtime.doors import named
from throughtime.errors import DataError, UsageError
from throughtime.tasks.run_config import read_config
from throughtime.tasks.saved_vocabulary import saved_vocabulary
from throughtime.tasks.supervised.examples import SKIPPED_FILE, Examples, Prepared, SavedInputs, read_saved
from throughtime.tasks.supervised.record_task import RecordTask
from throughtime.tasks.supervised.records import compose_labels, count_skipped, cut_one_series, split, usable
from throughtime.tasks.supervised.remarks import note_copies
from throughtime.tasks.supervised.targets import Target, Targets
from throughtime.tasks.supervised.unused_options import check_columns, check_meaning, check_validation

__all__ = ["RecordReader"]


class RecordReader(RecordTask[Target]):
    """Reads the data of a task on records; a task fills in what :class:`RecordTask` asks for.

    Args:
        config: the options.
        asked: those that were given anew, for data that a trained network is used on.
    """

    def read(self, data: UserData, *, known: Path | None, note: Note) -> Prepared[Target]:
        """Read all that training needs, writing nothing.

        Args:
            data: what to learn from and what to validate on; where there is none to validate on, a part is held out.
            known: folder of a run whose vocabulary and labels are used, or None to build them from the data.
            note: called with what the user should know, one line each.

        Returns:
            The examples, and what the run keeps of the data.

        Raises:
            DataError: the data cannot be read, or does not fit.
            UsageError: an option cannot be honoured by this data.
            CheckpointError: what is needed in ``known`` is missing or damaged.
        """
        problems = Problems(skip=self.config.skip_bad, note=note)
        rate, self.found = self._kept_by(known)
        load = FileLoader(self.how, note, rate=rate)
        records, held_out = self._read_parts(data, problems, load)
        targets = self.collect(records)
        if not held_out:
            records, held_out = split(records, note, per_step=self.per_step)
        records = cut_one_series(records, note) if self.per_step else records
        vectors = self.vectors([*records, *held_out], note) if known is None else None
        inputs = self._known(known, records, targets) if known else self.new_inputs(records, targets, vectors)
        inputs = replace(inputs, rate=load.rate, found=self.found)
        check_meaning(self.config, inputs.features.kind, load.kinds, note)
        train, valid = (self._readable(part, inputs, problems) for part in (records, held_out))
        if problems.skipped:
            note(f"{count_skipped(problems)}; {SKIPPED_FILE} lists them, the first: {problems.skipped[0]}")
        inputs.targets.check(train.records, note, learning=True)
        inputs.targets.check(valid.records, note)
        note_copies(train, valid, note, given=bool(data.validation()))
        self.remark_unknown(valid, inputs, note, known=known is not None)
        self.remark(valid, note)
        return Prepared(inputs, train, valid, vectors, problems.skipped)

    def read_to_evaluate(self, data: UserData, folder: Path, note: Note) -> Examples[Target]:
        """Read data that a trained network is to be scored on.

        Args:
            data: what was handed over.
            folder: the run of the network.
            note: called with what the user should know, one line each.

        Returns:
            The examples, one at least.

        Raises:
            DataError: the data cannot be read, or has no label that is known.
            CheckpointError: what the run has kept of what it learned from is missing or damaged.
        """
        inputs, problems = read_saved(folder, self.load_targets), Problems(skip=self.config.skip_bad, note=note)
        self.found = inputs.found
        data = self._checked(data, inputs, note)
        load = self.loader(inputs, problems.note)
        records = self._read_all(data, problems, load, "the data")
        examples = self._readable(records, inputs, problems)
        inputs.targets.check(examples.records, problems.note)
        self.remark(examples, problems.note)
        return replace(examples, skipped=len(problems.skipped))

    def read_to_predict(
        self, data: UserData, folder: Path, problems: Problems, form: str | None = None
    ) -> Iterator[Record]:
        """Read records that a trained network is to say something of, as they come.

        Args:
            data: what was handed over.
            folder: the run of the network.
            problems: what becomes of records that cannot be read.
            form: name of the files' format, or None to tell it from each name.

        Yields:
            The records that the network can read, in order.

        Raises:
            DataError: a record cannot be read and is not to be skipped.
            CheckpointError: what the run has kept of what it learned from is missing or damaged.
        """
        inputs = read_saved(folder, self.load_targets)
        self.found = inputs.found
        data = self._checked(data, inputs, problems.note)
        if self.found.labels_were is not None:
            were = f"the labels that were learned from are {self.found.labels_were}"
            problems.note(f"predictions are {self.found.scheme}; {were}")
        records = self.records(data, problems, self.loader(inputs, problems.note), targets=False, form=form)
        yield from usable(records, partial(self.problem, inputs=inputs), problems)

    def loader(self, inputs: SavedInputs[Target], note: Note) -> FileLoader:
        """Make what reads files that must go together with those that were learned from.

        Args:
            inputs: what the run has kept of those.
            note: told, once of each sort, what was changed on the way.

        Returns:
            The loader.
        """
        width = len(inputs.features.mean) if isinstance(inputs.features, FrameFeatures) else None
        return FileLoader(self.how, note, rate=inputs.rate, width=width)

    def problem(self, record: Record, inputs: SavedInputs[Target]) -> str | None:
        """Say why the network cannot read a record, or None where it can.

        Args:
            record: the record.
            inputs: what the network reads.

        Returns:
            What is wrong.
        """
        return inputs.features.problem(record)

    def examples(self, records: Sequence[Record], inputs: SavedInputs[Target]) -> Examples[Target]:
        """Encode records with their targets.

        Args:
            records: records that the features can read.
            inputs: the features and targets.

        Returns:
            The examples.
        """
        items = inputs.features.items(records)
        targets = [inputs.targets.encode(record) for record in records]
        scored = sum(map(inputs.targets.scored, targets))
        return Examples(records, items, targets, self.costs(items, targets), scored)

    def _read_parts(self, data: UserData, problems: Problems, load: FileLoader) -> tuple[list[Record], list[Record]]:
        """Read (what to learn from, what to validate on); all records are of one kind."""
        given, validation = self.given_parts(data, problems.note)
        records = self._read_all(given, problems, load, "the training data")
        if not self.found.fixed:
            records, self.found.fixed = widened(records, self.found), True
        held_out = self._read_all(validation, problems, load, "the validation data") if validation else []
        alike = partial(unlike, records[0])
        records, held_out = (list(usable(part, alike, problems)) for part in (records, held_out))
        if self.config.skip_bad and not validation:
            records = list(usable(records, lonely(records), problems))
        return records, held_out

    def given_parts(self, data: UserData, note: Note) -> tuple[UserData, UserData]:
        """Part what was handed over, and refuse options that it cannot honour.

        Args:
            data: what to learn from and to validate on.
            note: told of options that are of no use.

        Returns:
            (what to learn from, what to validate on); both can be gone through more than once.

        Raises:
            UsageError: an option is for other data.
        """
        given, validation = data.training().in_hand(), data.validation().in_hand()
        check_columns(self.config, given.get(DATA, Given()), self.how, note)
        in_files = given.get(DATA, Given()).memory is None
        check_validation(self.config, validation.get(DATA, Given()), self.how, beside_files=in_files)
        return given, validation

    def _checked(self, data: UserData, inputs: SavedInputs[Target], note: Note) -> UserData:
        """Refuse options that were given for this data and that it cannot honour."""
        if not self.asked:
            return data
        data = data.in_hand()
        if "resample" in self.asked and inputs.rate is None:
            raise UsageError(f"{named('resample')} is for sounds, and none were learned from; leave it out")
        check_columns(self.config, data.get(DATA, Given()), self.how, note, asked=self.asked)
        return data

    def _read_all(self, data: UserData, problems: Problems, load: FileLoader, what: str) -> list[Record]:
        """Read all records with their targets, one at least."""
        before = len(problems.skipped)
        read = compose_labels(list(self.records(data, problems, load, targets=True)), problems.note)
        records = self.settle(read, problems)
        if not records:
            raise self.nothing(what, data, problems.skipped[before:])
        return records

    def nothing(self, what: str, data: UserData, skipped: Sequence[str]) -> DataError:
        """Say that nothing was read.

        Args:
            what: what the data is.
            data: what was handed over.
            skipped: what was wrong with each record of it.

        Returns:
            What is to be raised.
        """
        last = f"; {len(skipped):,} could not be read, the first: {skipped[0]}" if skipped else ""
        return DataError(f"{what}{_names(data)} holds no records{last}")

    def _readable(self, records: Iterable[Record], inputs: SavedInputs[Target], problems: Problems) -> Examples[Target]:
        readable = list(usable(records, partial(self.problem, inputs=inputs), problems))
        if not readable:
            raise DataError(f"no record can be read by the network; the first: {problems.skipped[-1]}")
        return self.examples(readable, inputs)

    def new_inputs(
        self, records: Sequence[Record], targets: Targets[Target], vectors: Vectors | None
    ) -> SavedInputs[Target]:
        """Say what a run keeps of new data.

        Args:
            records: those to learn from; what is held out is not among them.
            targets: what :meth:`collect` has made of all.
            vectors: vectors of words to start from, or None.

        Returns:
            What the network reads and what it can say.
        """
        features = self.features(records, vectors)
        if vectors is not None and not isinstance(features, WordFeatures):
            raise UsageError(f"{named('embeddings')} are for a task that reads one input, word by word; leave them out")
        embedding = self.config.embedding if vectors is None else vectors.rows.shape[1]
        return SavedInputs(features, embedding, targets)

    def _known(self, folder: Path, records: Sequence[Record], targets: Targets[Target]) -> SavedInputs[Target]:
        """What the run that is gone on with, or started from, has kept."""
        run = read_config(folder)
        if run["task"] != "generate":
            return read_saved(folder, self.load_targets)
        if not isinstance(records[0].content, str | tuple):
            raise DataError(f"{folder} is a language model: it reads text, not {records[0].place}")
        vocabulary = saved_vocabulary(run["options"]["unit"], folder)
        features = TokenFeatures(vocabulary, per_word=self.per_step, marked=True)
        return SavedInputs(features, self.config.embedding, targets)

    def _kept_by(self, folder: Path | None) -> tuple[int | None, Found]:
        """The sampling rate, and what was found, of a run to go on with or to start from; no language model has any."""
        if folder is None or read_config(folder)["task"] == "generate":
            return None, Found()
        saved = read_saved(folder, self.load_targets)
        return saved.rate, saved.found


def _names(data: UserData, most: int = 3) -> str:
    """The files of the data, in brackets."""
    names = [describe(path) for given in data.values() for path in given.paths]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f" ({', '.join(names[:most])}{more})" if names else ""
