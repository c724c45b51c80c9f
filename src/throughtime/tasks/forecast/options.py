"""The options of ``forecast``: how series are read, how far is looked ahead, the network. Loads no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from throughtime.data.encodings import check_encoding
from throughtime.doors import named, option
from throughtime.errors import UsageError
from throughtime.tasks.options import STACK, NetworkOptions
from throughtime.training.options import CheckedOptions

__all__ = ["Config", "Evaluating", "Forecasting", "levels_of", "seasons_of"]

_READING = frozenset([
    "format", "separator", "header", "encoding", "wide", "target_column", "id_column", "time_column",
    "ignore_columns", "frequency", "time_zone", "fill",
])  # fmt: skip
MOST_PATHS = 100_000
"""Paths of a series, at most."""


def levels_of(quantiles: str) -> tuple[float, ...]:
    """Take levels that were asked for with commas between.

    Args:
        quantiles: the text.

    Returns:
        The levels, growing, each once.

    Raises:
        UsageError: one is no number between 0 and 1.

    Example:
        >>> levels_of("0.9,0.1")
        (0.1, 0.9)
    """
    levels: set[float] = set()
    for part in quantiles.split(","):
        try:
            level = float(part)
        except ValueError:
            level = -1.0
        if not 0 < level < 1:
            raise UsageError(f"{named('quantiles')} are numbers between 0 and 1, such as 0.1,0.9, not {part.strip()!r}")
        levels.add(level)
    return tuple(sorted(levels))


def seasons_of(season: str) -> tuple[int, ...]:
    """Take lengths of seasons that were asked for with commas between.

    Args:
        season: the text.

    Returns:
        The lengths in steps, growing, each once; none where 1 alone was asked for.

    Raises:
        UsageError: one is no whole number above 0.

    Example:
        >>> seasons_of("168,24"), seasons_of("1")
        ((24, 168), ())
    """
    lengths: set[int] = set()
    for part in season.split(","):
        if not part.strip().isdecimal() or int(part) < 1:
            raise UsageError(f"{named('season')} is a number of steps, or several: 24,168; not {part.strip()!r}")
        lengths.add(int(part))
    return tuple(sorted(lengths - {1}))


@dataclass(frozen=True, kw_only=True, slots=True)
class Config(NetworkOptions):
    """Options of ``fit("forecast", ...)``."""

    ARCHITECTURE: ClassVar[frozenset[str]] = (
        frozenset(["strategy", "likelihood", "horizon", "season", "anchor"]) | STACK
    )
    """Options that the weights depend on."""
    DEPTH: ClassVar[int] = 2
    READING: ClassVar[frozenset[str]] = _READING
    """Options that may be others for other files."""
    CHANGEABLE: ClassVar[frozenset[str]] = NetworkOptions.CHANGEABLE | {"rival"}
    """Options that may change when a run is resumed."""
    TRAINING_ONLY: ClassVar[frozenset[str]] = NetworkOptions.TRAINING_ONLY | {
        "skip_bad", "rival", "batch_size", "folds",
    }  # fmt: skip
    """Options that mean nothing to a trained network."""

    horizon: int | None = None
    """Steps to look ahead; if not given, one season: 24 hours, 7 days, 12 months."""
    context: int | None = None
    """Steps that are read before a forecast; if not given, the longest season that is known, and at least 3 horizons or
    30 steps."""
    strategy: Literal["recursive", "direct"] | None = None
    """Step by step, drawing each value and going on from it (recursive: any horizon, whole paths), or all steps at once
    (direct: quantiles, up to the horizon that was learned). If not given, recursive; direct where past columns are
    named."""
    likelihood: Literal["student", "gaussian", "laplace", "negative-binomial"] = "student"
    """Distribution of the next value, for the recursive way; negative-binomial is for counts."""
    transform: Literal["none", "log", "difference"] = "none"
    """What is learned of the values: themselves, their logarithms (all must be above 0), or what they change by."""
    season: str | None = None
    """Lengths of the seasons in steps, with commas between (24,168); if not given, they are told from the time stamps.
    1 says that there is none."""
    anchor: Literal["auto", "mean", "last", "season"] = "auto"
    """What the network's output is a change against: the mean of the series, the value before, or the one a season
    before; auto takes the naive forecast that did best on the training part."""
    folds: int | None = None
    """Origins at the end of each series, a horizon apart, that are held out for validation where no data is given for
    it; if not given, as many as make 32 forecasts, in no more than the last tenth of a series, but one at least."""

    wide: Literal["columns", "rows"] | None = None
    """Each column, or each row, is a series of its own; if not given, it is told from the table where that is clear."""
    target_column: str | None = None
    """Column to forecast, or several with commas between; if not given, the one that is called value, y, target, or the
    only one there is."""
    id_column: str | None = None
    """Column that tells series apart, for a table with one row per step."""
    time_column: str | None = None
    """Column of the time stamps, or several with commas between (year,month,day); if not given, by its usual name."""
    known_columns: str | None = None
    """Columns that are known ahead (holidays, prices, the weather forecast), with commas between."""
    past_columns: str | None = None
    """Columns that are known up to the last step alone, with commas between, for the direct way; if not given, it reads
    all that are nothing else."""
    static_columns: str | None = None
    """Columns that never change within a series; those that do not, if not given."""
    ignore_columns: str | None = None
    """Columns to leave out, with commas between."""
    frequency: str | None = None
    """What a step is: hour, 15 minutes, day, business day, week, month ...; if not given, told from the stamps."""
    time_zone: str | None = None
    """Zone of time stamps without offset, such as Europe/Berlin, where clocks change twice a year."""
    fill: Literal["forward", "zero"] | None = None
    """What is read in place of missing values and steps: the value before, or zero; they are not scored. If not given,
    they are refused; up to 5 % of missing steps are holidays."""
    format: str | None = None
    """Format of the files (csv, tsv, json, jsonl, parquet); if not given, it is told from each name."""
    separator: str | None = None
    """What stands between the cells of a table of text: comma, tab, semicolon, pipe, space or any character; if not
    given, it is told from the file."""
    header: bool | None = None
    """Whether the first line of a table names its columns; if not given, it is told from the line."""
    encoding: str = "utf-8"
    """Encoding of text files, such as utf-8 or latin-1."""
    skip_bad: bool = False
    """Skip series that cannot be read or are too short, count them and list them in skipped.txt."""
    rival: bool = True
    """Say at the end what naive forecasts reach on the same data."""

    hidden: int = 96
    """Units of each recurrent layer."""
    embedding: int = 32
    """Size of the vector that is made of what is known at a step."""
    dropout: float = 0.1
    """Share of the units dropped between the recurrent layers and before the output."""
    batch_size: int = 64
    """Windows of a step."""
    learning_rate: float = 2e-3
    """Highest learning rate of AdamW."""
    weight_decay: float = 0.05
    """Weight decay of AdamW; acts on matrices, not on biases and gains."""
    average: float = 0.998
    """Share of the weights' moving average that each step keeps; the average is validated and saved in place of the
    last weights. 0 makes none."""
    epochs: float = 40.0
    """Passes over the training data; in each, as many windows are drawn as there are horizons in it, but 640 at least
    and 12800 at most."""
    validate_every: int = 400
    """Steps between validations; 0 validates at the end of each epoch. They are few, as the best of many on few
    held-out values is mostly the luckiest."""
    sample_every: int = 200
    """Steps between samples; 0 makes none."""

    def encoder(self) -> dict[str, Any]:
        """Give what the half of a network that reads is asked for, by name."""
        return {"embedding_size": self.embedding, "hidden_size": self.hidden, **self.recurrent()}

    def _check_values(self) -> None:
        NetworkOptions._check_values(self)
        self._at_least(1, "horizon", "context", "folds", "batch_size")
        if self.season is not None:
            seasons_of(self.season)
        if self.anchor == "season" and self.season is not None and not seasons_of(self.season):
            raise UsageError(f"{option('anchor', 'season')} needs a {named('season')} above 1")
        if self.transform == "difference" and self.anchor not in ("auto", "last"):
            raise UsageError(
                f"{option('transform', 'difference')} learns changes of the value before; leave {named('anchor')} out"
            )
        if self.likelihood == "negative-binomial" and (self.transform != "none" or self.anchor != "auto"):
            wrong = "transform" if self.transform != "none" else "anchor"
            raise UsageError(f"negative-binomial counts things, and has no {named(wrong)}: leave it out")
        if self.strategy == "direct" and self.likelihood != "student":
            raise UsageError(
                f"the direct {named('strategy')} gives quantiles without a {named('likelihood')}: leave it out"
            )
        check_encoding(self.encoding)


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluating(CheckedOptions):
    """What ``evaluate`` can be asked for."""

    horizon: int | None = None
    """Steps to look ahead, where they are not those that were learned with."""
    folds: int | None = None
    """Origins of each series, counted from its end; if not given, all that lie after what was learned from."""
    stride: int | None = None
    """Steps between two origins; if not given, a horizon."""
    paths: int = 200
    """Paths that are drawn of each series and origin, for the recursive way."""
    seed: int = 0
    """Same seed, same paths."""

    def _check_values(self) -> None:
        self._at_least(1, "horizon", "folds", "stride", "paths")
        self._at_least(0, "seed")


@dataclass(frozen=True, kw_only=True, slots=True)
class Forecasting(CheckedOptions):
    """What a forecast can be asked for."""

    horizon: int | None = None
    """Steps to look ahead, where they are not those that were learned with."""
    quantiles: str = "0.1,0.9"
    """Levels of the quantiles beside the median, with commas between."""
    paths: int = 0
    """Write so many drawn paths in place of quantiles."""
    draws: int = 200
    """Paths that quantiles are taken from, for the recursive way."""
    plot: str | None = None
    """File for a picture of the series, its median and bands: .svg for one, .html for several on one page."""
    seed: int = 0
    """Same seed, same paths."""

    def _check_values(self) -> None:
        self._at_least(1, "horizon")
        self._at_least(0, "paths", "seed")
        self._at_least(10, "draws")
        for name, count in (("paths", self.paths), ("draws", self.draws)):
            if count > MOST_PATHS:
                raise UsageError(f"{named(name)} must be at most {MOST_PATHS:,}")
        levels_of(self.quantiles)
        usual = Forecasting.__dataclass_fields__
        for name in ("quantiles", "draws"):
            if self.paths and getattr(self, name) != usual[name].default:
                raise UsageError(f"{named('paths')} are written in place of quantiles: leave {named(name)} out")
