"""What a task on records says of its data: what may be filled in, and what is so unless it does. Loads no torch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Generic, cast

from throughtime.data.encoding.embeddings import Vectors
from throughtime.data.encoding.features import Features
from throughtime.data.encoding.items import Items
from throughtime.data.formats.file_loader import FileLoader
from throughtime.data.formats.registry import read_records
from throughtime.data.planning.buckets import Costs
from throughtime.data.reading import Found, Note, Problems, Reading
from throughtime.data.record import Record
from throughtime.data.user_data import DATA, UserData
from throughtime.errors import UsageError
from throughtime.tasks.supervised.examples import Examples, SavedInputs
from throughtime.tasks.supervised.options import DataOptions
from throughtime.tasks.supervised.targets import Target, Targets

__all__ = ["RecordTask"]


class RecordTask(ABC, Generic[Target]):
    """What a task on records fills in of how its data is read: what its targets are.

    A task may also say how its files are read (:attr:`how`), put records together out of files of several roles
    (:meth:`records`), read several inputs of a record (:meth:`features`), and say what a record costs (:meth:`costs`).

    Args:
        config: the options.
        asked: those that were given anew, for data that a trained network is used on.
    """

    per_step: ClassVar[bool] = False
    """Whether there is a target for each step."""

    def __init__(self, config: DataOptions, asked: Collection[str] = ()) -> None:
        self.config, self.asked = config, asked
        self.found = Found()
        """What was found in the data that was learned from."""

    @abstractmethod
    def collect(self, records: Sequence[Record]) -> Targets[Target]:
        """Say what can be said at all, from the records to learn from.

        Raises:
            DataError: there is nothing to tell apart.
        """

    @abstractmethod
    def load_targets(self, saved: Mapping[str, Any]) -> Targets[Target]:
        """Make targets again from what their ``to_mapping`` gave; a ValueError says that it is damaged."""

    @property
    def how(self) -> Reading:
        """How files are read: the options that the formats see."""
        names = Reading.__dataclass_fields__
        given = {name: value for name, value in self.config.to_mapping().items() if name in names}
        return Reading(**cast(Any, given), per_step=self.per_step, found=self.found)

    def records(
        self, data: UserData, problems: Problems, load: FileLoader, *, targets: bool, form: str | None = None
    ) -> Iterator[Record]:
        """Read the records of what was handed over, as they come: files in the role ``data``, one after the other.

        Args:
            data: files or data in memory by role; those to validate on under the roles of those to learn from.
            problems: what becomes of records that cannot be read.
            load: reads files that must go together.
            targets: whether each record needs a target.
            form: name of the files' format, or None to tell it from each name.

        Yields:
            The records, in order.

        Raises:
            DataError: a record cannot be read and is not to be skipped.
            UsageError: a role is missing, or the options do not fit the format.
        """
        if list(data) != [DATA]:
            raise UsageError(f"this task reads one kind of file, its data; it has none called {', '.join(data)}")
        yield from read_records(data[DATA], self.how, problems, targets=targets, form=form, load=load)

    def form_to_predict(self, data: UserData) -> str | None:
        """Name the format of files to predict for, where the task reads them otherwise than their names say.

        Args:
            data: what was handed over.

        Returns:
            One of the formats; None leaves it to each file.
        """
        return None

    def settle(self, records: list[Record], problems: Problems) -> list[Record]:
        """Take records together, where what one of them means is told from all.

        Args:
            records: all records of what is learned from, validated on or scored.
            problems: what becomes of those that do not fit.

        Returns:
            Those that do.

        Raises:
            DataError: they cannot be what they seem to be.
        """
        return records

    @abstractmethod
    def features(self, records: Sequence[Record], vectors: Vectors | None) -> Features:
        """Build what the network reads of records like these.

        Args:
            records: those to learn from.
            vectors: vectors to start from, whose words are to be known.

        Returns:
            The features.
        """

    def vectors(self, records: Sequence[Record], note: Note) -> Vectors | None:
        """Read vectors of words that were learned elsewhere, to start from; None where a task has none.

        Args:
            records: those to learn from, and to validate on.
            note: told of what is in the file.

        Returns:
            The vectors of their words.

        Raises:
            DataError: the file cannot be read.
            UsageError: this data is not read word by word.
        """
        return None

    def costs(self, items: Items, targets: Sequence[Target] | None) -> Costs:
        """Say what each item costs to compute.

        Args:
            items: the encoded records.
            targets: their encoded targets; None where there are none to be seen.

        Returns:
            Its steps, (items,); a task that also writes adds those of what is written.
        """
        return items.lengths

    def remark(self, valid: Examples[Target], note: Note) -> None:
        """Say what makes the task's scores on this data less than they seem; nothing where there is nothing to say."""

    def remark_unknown(self, valid: Examples[Target], inputs: SavedInputs[Target], note: Note, *, known: bool) -> None:
        """Say how much of the data to validate on the network cannot tell apart; nothing where it is little."""

    @property
    def separator(self) -> str:
        """What stands between several labels in one cell of a table that predictions are written to."""
        return " "
