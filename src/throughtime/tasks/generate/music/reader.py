"""From tunes to what a network of music learns from. Loads no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from throughtime.data.encoding.labels import Labels
from throughtime.data.music.notes import Note as TuneNote
from throughtime.data.music.notes import named_pitch
from throughtime.data.music.tune import Tune
from throughtime.data.reading import Note, Problems
from throughtime.data.record import Record
from throughtime.data.user_data import DATA, UserData
from throughtime.doors import named, option
from throughtime.errors import DataError, UsageError
from throughtime.tasks.generate.labels import LABELS_FILE, label_numbers, saved_labels
from throughtime.tasks.generate.music.kept import Form, PreparedTunes, Range, saved_range
from throughtime.tasks.generate.music.pieces import TEST, TRAIN, VALID, Piece, Pieces, one_tune, read_pieces, report
from throughtime.tasks.generate.options import MUSIC, Config
from throughtime.tasks.supervised.examples import SKIPPED_FILE
from throughtime.tasks.supervised.records import count_skipped, split

__all__ = ["TuneReader"]

HELD_OUT = 0.1
"""Share of a single tune that is kept for validation where none is given."""


class TuneReader:
    """Reads tunes for a network of music.

    Args:
        config: the unit, and how tunes are read.
        form: how the unit has tunes.
    """

    def __init__(self, config: Config, form: Form) -> None:
        self.config, self.form = config, form

    def read(self, data: UserData, *, known: Path | None, note: Note) -> PreparedTunes:
        """Read all that training needs, writing nothing.

        Args:
            data: tunes to learn, and to validate on; without the latter some of the first are held out.
            known: folder of a run whose range and labels are used, or None.
            note: called with what the user should know, one line each.

        Returns:
            The tunes as the unit has them.

        Raises:
            DataError: a tune cannot be read, or there are too few.
            UsageError: the run in ``known`` has labels and these tunes have not, or the other way round.
            CheckpointError: what the run in ``known`` keeps is missing or damaged.
        """
        if known is not None:
            self._require_alike(known)
        problems = Problems(skip=self.config.skip_bad, note=note)
        train, valid = self._parts(data, problems)
        other = next(unit for unit in MUSIC if unit != self.config.unit)
        note(f"{len(train):,} tunes are learned as {self.form.steps} ({option('unit', other)} is the other way)")
        if problems.skipped:
            note(f"{count_skipped(problems)}; {SKIPPED_FILE} lists them, the first: {problems.skipped[0]}")
        train = self._transposed(train, note)
        labels, pitches = self._labels(train, known), _range(train)
        if known is not None:
            pitches = pitches.with_(saved_range(known))
        learned = self._corpus(train, labels, "the training data")
        held_out = self._corpus(valid, labels, "the validation data")
        return PreparedTunes(self.config.unit, learned, held_out, pitches, labels, problems.skipped)

    def read_to_evaluate(self, data: UserData, folder: Path, note: Note) -> Any:
        """Read tunes that a trained network is to be scored on.

        Args:
            data: files, or tunes in memory.
            folder: the run of the network.
            note: called with what the user should know, one line each.

        Returns:
            The tunes as the run's unit has them.

        Raises:
            DataError: a tune cannot be read, or has a label that was not learned from.
            UsageError: a column of labels was named, and the run has learned from none.
        """
        self._require_alike(folder)
        problems = Problems(skip=self.config.skip_bad, note=note)
        read = self._pieces(data, problems)
        pieces = next((part for names in (TEST, VALID) if (part := read.part(names))), read.all)
        if len(pieces) < len(read.all):
            note(
                f"of the parts {', '.join(read.parts)} the {len(pieces):,} tunes that were not for learning are scored"
            )
        if problems.skipped:
            note(f"{count_skipped(problems)}, the first: {problems.skipped[0]}")
        return self._corpus(pieces, saved_labels(folder) if self.config.condition else None, "the data")

    def read_primer(self, primer: str | Path | Tune, folder: Path, note: Note) -> Tune:
        """Read a tune that is to be gone on from.

        Args:
            primer: the tune, or its file.
            folder: the run of the network.
            note: called with what the user should know, one line each.

        Returns:
            The tune.

        Raises:
            DataError: it cannot be read.
            UsageError: it has a pitch beyond those that were learned.
        """
        tune = primer if isinstance(primer, Tune) else one_tune(Path(primer), self.config, Problems(note=note))
        learned = saved_range(folder)
        if (pitch := learned.beyond(tune)) is not None:
            raise UsageError(
                f"{named('primer')} {tune.name or 'tune'}: the pitch {named_pitch(pitch)} ({pitch}) is beyond the "
                f"range that was learned, {learned}; give a tune within it"
            )
        return tune

    def _parts(self, data: UserData, problems: Problems) -> tuple[list[Piece], list[Piece]]:
        """Read what is learned from, and what is validated on: given, in a part of its own, or held out."""
        read = self._pieces(data.training(), problems)
        train = read.part(TRAIN) or read.all
        if validation := data.validation():
            given = self._pieces(validation, problems)
            return train, given.part(VALID) or given.all
        if read.part(TRAIN) and (valid := read.part(VALID)):
            told = f"{len(train):,} tunes are learned, {len(valid):,} are held out"
            problems.note(f"of the parts {', '.join(read.parts)} {told}")
            return train, valid
        return self._held_out(train, problems.note)

    def _held_out(self, pieces: list[Piece], note: Note) -> tuple[list[Piece], list[Piece]]:
        """Hold out some of the tunes, or the end of the only one."""
        if len(pieces) == 1:
            first, last = _cut(pieces[0].tune)
            note(f"no validation data given: the last {HELD_OUT:.0%} of the one tune is held out for it")
            return [replace(pieces[0], tune=first)], [replace(pieces[0], tune=last)]
        records = [Record(repr(piece.tune.notes), piece.label, piece.tune.name, original=piece) for piece in pieces]
        train, held_out = split(records, note, per_step=False)
        chosen: Any = [each.original for each in train], [each.original for each in held_out]
        return chosen

    def _pieces(self, data: UserData, problems: Problems) -> Pieces:
        """Read tunes; those with pitches that the unit has no place for are reported."""
        if list(data) != [DATA]:
            raise UsageError(f"generate learns from one kind of data; it has none called {', '.join(data)}")
        read = read_pieces(data[DATA], self.config, problems)
        playable = Pieces(
            {
                name: [piece for piece in part if self._is_playable(piece.tune, problems)]
                for name, part in read.parts.items()
            }
        )
        if not playable.all:
            raise DataError(f"no tune can be read by the network; the first: {problems.skipped[0]}")
        return playable

    def _is_playable(self, tune: Tune, problems: Problems) -> bool:
        if (pitch := self.form.keys.beyond(tune)) is None:
            return True
        beyond = f"the pitch {named_pitch(pitch)} ({pitch}) is beyond the keys of {self.config.unit}, {self.form.keys}"
        report(problems, tune.name or "a tune", beyond)
        return False

    def _transposed(self, pieces: list[Piece], note: Note) -> list[Piece]:
        """Give each tune in all its keys, those left out that the unit has no place for."""
        most, keys = self.config.transpose, self.form.keys
        if not most:
            return pieces
        found = [
            replace(piece, tune=piece.tune.transposed(by))
            for by in range(-most, most + 1)
            for piece in pieces
            if keys.lowest <= piece.tune.range()[0] + by and piece.tune.range()[1] + by <= keys.highest
        ]
        wanted = len(pieces) * (2 * most + 1)
        beyond = f", {wanted - len(found):,} left out that no key is for" if wanted > len(found) else ""
        note(f"each tune is heard in {2 * most + 1} keys: {len(found):,} tunes in all{beyond}")
        return found

    def _labels(self, train: Sequence[Piece], known: Path | None) -> Labels | None:
        """Take the labels of a run, or those of the training data."""
        if self.config.condition is None:
            return None
        return saved_labels(known) if known else Labels.build(piece.label or "" for piece in train)

    def _corpus(self, pieces: Sequence[Piece], labels: Labels | None, name: str) -> Any:
        there = [piece.label or "" for piece in pieces]
        conditions = None if labels is None else label_numbers(labels, there, name)
        return self.form.corpus([piece.tune for piece in pieces], conditions)

    def _require_alike(self, folder: Path) -> None:
        """Raise where a run has learned tunes for labels and this one has none, or the other way round."""
        labelled = (folder / LABELS_FILE).exists()
        if labelled and self.config.condition is None:
            raise UsageError(f"{folder} writes tunes for labels: name their column with {option('condition')}")
        if not labelled and self.config.condition is not None:
            raise UsageError(f"{folder} has learned from no labels; leave {named('condition')} out")


def _range(pieces: Sequence[Piece]) -> Range:
    ranges = [piece.tune.range() for piece in pieces]
    return Range(min(low for low, _ in ranges), max(high for _, high in ranges))


def _cut(tune: Tune) -> tuple[Tune, Tune]:
    """Cut a tune in two, so that the later part has a share of its time; notes over the cut end there."""
    if tune.steps is not None:
        place = tune.steps - max(1, round(tune.steps * HELD_OUT))
        at = place * tune.step
    else:
        place, at = None, tune.length * (1 - HELD_OUT)
    first = tuple(note._replace(end=min(note.end, at)) for note in tune.notes if note.start < at)
    last = tuple(_moved(note, at) for note in tune.notes if note.start >= at)
    if not first or not last:
        raise DataError(f"one tune of {len(tune.notes)} notes is too little to hold out a part; give {option('valid')}")
    rest = None if tune.steps is None or place is None else tune.steps - place
    return replace(tune, notes=first, steps=place), replace(tune, notes=last, steps=rest)


def _moved(note: TuneNote, by: float) -> TuneNote:
    return note._replace(start=note.start - by, end=note.end - by)
