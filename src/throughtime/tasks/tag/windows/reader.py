"""Reads series in windows, or anything else as it is. Loads no torch."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from throughtime.data.bio import spelling_of
from throughtime.data.formats.file_loader import FileLoader
from throughtime.data.planning.split import held_out_from
from throughtime.data.reading import Note, Problems, Reading
from throughtime.data.record import Record
from throughtime.data.user_data import UserData
from throughtime.doors import named
from throughtime.errors import DataError
from throughtime.tasks.supervised.examples import SKIPPED_FILE, SavedInputs, artifacts_of, read_saved
from throughtime.tasks.supervised.records import HELD_OUT, count_skipped, note_end, split
from throughtime.tasks.supervised.remarks import note_copies
from throughtime.tasks.supervised.unused_options import check_meaning, no_meaning
from throughtime.tasks.tag.options import Config
from throughtime.tasks.tag.scores import Numbers
from throughtime.tasks.tag.targets import TagReader
from throughtime.tasks.tag.windows.packing import Alike, pack
from throughtime.tasks.tag.windows.series import WindowedSeries

__all__ = ["PreparedSeries", "SeriesTagReader"]

Fault = Callable[[Record], str | None]


@dataclass(frozen=True, slots=True)
class PreparedSeries:
    """All that was read before there is a network that learns from windows."""

    inputs: SavedInputs[Numbers]
    """What the run keeps of it."""
    train: WindowedSeries
    """What is learned from."""
    valid: WindowedSeries
    """What is validated on."""
    skipped: list[str]
    """What was wrong with each series that was skipped."""

    @property
    def artifacts(self) -> dict[str, str]:
        """Files beside the weights, content by name."""
        return artifacts_of(self.inputs, self.skipped)


class SeriesTagReader(TagReader):
    """Reads records with a label for each step; where windows are asked for, series that may be longer than memory.

    Args:
        config: the options.
        asked: those that were given anew, for data that a trained network is used on.
    """

    config: Config

    def __init__(self, config: Config, asked: Collection[str] = ()) -> None:
        super().__init__(config, asked)
        self._in_windows = True

    @property
    def how(self) -> Reading:
        how = super().how
        return how if self._in_windows else replace(how, tbptt=None)

    def read(self, data: UserData, *, known: Path | None, note: Note) -> Any:
        if self.config.tbptt is None:
            return super().read(data, known=known, note=note)
        problems = Problems(skip=self.config.skip_bad, note=note)
        rate, self.found = self._kept_by(known)
        load = FileLoader(self.how, note, rate=rate)
        whole, held_out = self._series(data, problems, load, known)
        targets = self.collect([Record("", whole.names, "")])
        train, valid = _parted(whole, note) if held_out is None else (whole, held_out)
        self.vectors(train.records, note)  # refuses those of words
        inputs = self._known(known, train.records, targets) if known else self.new_inputs(train.records, targets, None)
        inputs = replace(inputs, rate=load.rate, found=self.found)
        check_meaning(self.config, inputs.features.kind, load.kinds, note)
        if problems.skipped:
            note(f"{count_skipped(problems)}; {SKIPPED_FILE} lists them, the first: {problems.skipped[0]}")
        inputs.targets.check_labels(train.label_counts, note, learning=True)
        inputs.targets.check_labels(valid.label_counts, note)
        note_copies(train, valid, note, given=bool(data.validation()))
        self.remark(valid, note)
        return PreparedSeries(inputs, train, valid, problems.skipped)

    def read_to_evaluate(self, data: UserData, folder: Path, note: Note) -> Any:
        if self.config.tbptt is None:
            return super().read_to_evaluate(data, folder, note)
        inputs, problems = read_saved(folder, self.load_targets), Problems(skip=self.config.skip_bad, note=note)
        self.found = inputs.found
        data, load = self._checked(data.in_hand(), inputs, note), self.loader(inputs, note)
        series = self._packed(data, problems, load, "the data", partial(self.problem, inputs=inputs))
        inputs.targets.check_labels(series.label_counts, note)
        self.remark(series, note)
        return series

    def read_to_predict(
        self, data: UserData, folder: Path, problems: Problems, form: str | None = None
    ) -> Iterator[Record]:
        # Of data in memory something is said of each series, and it is there as a whole.
        self._in_windows = all(given.memory is None for given in data.values())
        yield from super().read_to_predict(data, folder, problems, form)

    def _series(
        self, data: UserData, problems: Problems, load: FileLoader, known: Path | None
    ) -> tuple[WindowedSeries, WindowedSeries | None]:
        """Read (what to learn from, what to validate on; None where nothing was given for it)."""
        given, validation = self.given_parts(data, problems.note)
        alike: Fault = Alike(self.found)
        if known is not None:
            alike = partial(self.problem, inputs=read_saved(known, self.load_targets))
        train = self._packed(given, problems, load, "the training data", alike)
        self.found.fixed = True
        if isinstance(alike, Alike) and alike.numbers is not None:
            train.packed.widen(alike.numbers + len(self.found.levels))
        size, folder = f"{train.packed.size / 1e6:,.1f} MB", train.packed.folder
        what = f"{train.scored:,} steps are packed in a temporary file"
        problems.note(f"{what}: {size} in {folder} (the environment variable TMPDIR names another folder)")
        valid = self._packed(validation, problems, load, "the validation data", alike) if validation else None
        return train, valid

    def _packed(self, data: UserData, problems: Problems, load: FileLoader, what: str, fault: Fault) -> WindowedSeries:
        """Pack all series of some data, one at least."""
        assert self.config.tbptt is not None
        before = len(problems.skipped)
        records = self.records(data, problems, load, targets=True)
        if isinstance(fault, Alike):  # a network that is there says itself what it cannot read
            records = self._frames(records, load, problems.note)
        series = pack(records, self.config.tbptt, fault, problems)
        if not series.stretches:
            raise self.nothing(what, data, problems.skipped[before:])
        if spelling_of(series.names) is not None:
            shown = next(name for name in series.names if name != "O")
            raise DataError(
                f"{what} has labels of spans, {shown!r} and its like, which are scored as a whole and may lie in "
                f"several windows; leave {named('tbptt')} out"
            )
        self.settle([Record("", series.names, "")], problems)  # says where some labels seem to mark spans
        return series

    def _frames(self, records: Iterable[Record], load: FileLoader, note: Note) -> Iterator[Record]:
        """Pass on what is read step by step; text is refused."""
        for record in records:
            if not isinstance(record.content, np.ndarray):
                check_meaning(self.config, "words", load.kinds, note)
            yield record

    def _checked(self, data: UserData, inputs: SavedInputs[Numbers], note: Note) -> UserData:
        if "tbptt" in self.asked and inputs.features.kind != "frames":
            raise no_meaning("tbptt", inputs.features.kind)
        return super()._checked(data, inputs, note)


def _parted(series: WindowedSeries, note: Note) -> tuple[WindowedSeries, WindowedSeries]:
    """Hold a part of series out: of a single one its end, else whole series, by a hash of what they hold."""
    if len(series.stretches) == 1:
        (whole,) = series.stretches
        cut = held_out_from(whole.stop, HELD_OUT, whole.place)
        note_end(whole.stop - cut, note)
        return series.part([whole._replace(stop=cut)]), series.part([whole._replace(start=cut)])
    hashes = zip(series.stretches, series.hashes, strict=True)
    drawn = [Record(digest.hex(), None, stretch.place, stretch) for stretch, digest in hashes]
    parts = split(drawn, note, per_step=True)
    train, valid = ([record.original for record in part] for part in parts)
    return series.part(train), series.part(valid)  # type: ignore[arg-type]
