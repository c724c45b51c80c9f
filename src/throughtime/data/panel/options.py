"""How tables of series are to be read, and what was found in those that were learned from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

from throughtime.data.panel.panel import Form
from throughtime.data.reading import Fill, Reading
from throughtime.data.series.columns import Kind

__all__ = ["PanelFound", "PanelReading", "Wide"]

Wide: TypeAlias = Literal["columns", "rows"]
"""A series in each column, or in each row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelReading:
    """How tables of series are to be read. None leaves a choice to what the table shows, which is said."""

    encoding: str = "utf-8"
    """Encoding of text files."""
    separator: str | None = None
    """What stands between the cells of a table of text: a name or the character; None tells it from the file."""
    header: bool | None = None
    """Whether the first line names the columns."""
    format: str | None = None
    """Name of the files' format; None tells it from each file."""
    wide: Wide | None = None
    """Whether each column or each row is a series of its own."""
    target_column: str | None = None
    """Columns of what is to be forecast, between commas."""
    id_column: str | None = None
    """Column that tells the series apart."""
    time_column: str | None = None
    """Column of the time stamps; several with commas between make one stamp: year,month,day,hour."""
    known_columns: str | None = None
    """Columns of covariates that are known ahead, between commas."""
    past_columns: str | None = None
    """Columns of covariates that are known up to the last step, between commas."""
    static_columns: str | None = None
    """Columns of covariates that never change in a series, between commas."""
    ignore_columns: str | None = None
    """Columns that are left out, between commas."""
    frequency: str | None = None
    """What a step is: hour, 15 minutes, business day, month, ..."""
    time_zone: str | None = None
    """Name of the zone of stamps that have none, such as Europe/Berlin."""
    fill: Fill | None = None
    """What takes the place of missing steps and values; None refuses them."""

    def as_reading(self) -> Reading:
        """Give what readers of other tables know of it."""
        return Reading(
            encoding=self.encoding,
            separator=self.separator,
            header=self.header,
            id_column=self.id_column,
            time_column=self.time_column,
            target_column=self.target_column,
            ignore_columns=self.ignore_columns,
            fill=self.fill,
        )


@dataclass(slots=True, kw_only=True)
class PanelFound:
    """What was found in the tables that were learned from, so that others are read alike; a run keeps it.

    Example:
        >>> found = PanelFound(form="long", targets=["y"])
        >>> PanelFound.from_mapping(found.to_mapping()).fixed
        True
    """

    fixed: bool = False
    """Whether it comes from a run, or from tables that were read before, and must stay as it is."""
    form: Form | None = None
    """How the table was laid out; None where none was read."""
    header: bool = True
    """Whether its columns had names of their own."""
    id_column: str | None = None
    """Column that tells the series apart; None where there is none."""
    time_columns: list[str] = field(default_factory=list[str])
    """Columns of the time stamps; none where there are none."""
    targets: list[str] = field(default_factory=list[str])
    """Columns of what is to be forecast; of wide tables one name that stands for all."""
    past: list[str] = field(default_factory=list[str])
    """Columns of covariates that are known up to the last step."""
    known: list[str] = field(default_factory=list[str])
    """Columns of covariates that are known ahead."""
    static: list[str] = field(default_factory=list[str])
    """Columns of covariates that never change in a series."""
    flags: list[str] = field(default_factory=list[str])
    """Those of them that are true or false."""
    levels: list[list[str]] = field(default_factory=list[list[str]])
    """Column and label of each covariate that says whether a label stands there, in the order they were met."""
    clock: dict[str, Any] = field(default_factory=dict[str, Any])
    """How times are written, as its clock gives it."""

    @property
    def covariates(self) -> list[str]:
        """Columns of all covariates."""
        return [*self.past, *self.known, *self.static]

    def kind_of(self, column: str) -> Kind:
        """Tell what a column of covariates held."""
        if column in self.flags:
            return "flag"
        return "labels" if any(column == each for each, _ in self.levels) else "number"

    def to_mapping(self) -> dict[str, Any]:
        """Give what was found, as plain values."""
        return {name: value for name, value in asdict(self).items() if name != "fixed"}

    @classmethod
    def from_mapping(cls, saved: Mapping[str, Any]) -> PanelFound:
        """Make it again from what :meth:`to_mapping` gave; a TypeError says that it is damaged."""
        return cls(**saved, fixed=True)
