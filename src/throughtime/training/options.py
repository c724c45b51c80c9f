"""The options every training run has, and how options are checked. Nothing here loads torch.

An option is a field of a frozen dataclass; the text under the field is its help. The command line, the Python
door and ``config.json`` are all built from that one definition.
"""

from __future__ import annotations

import ast
import inspect
import math
import textwrap
import types
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields, replace
from functools import cache
from typing import Any, ClassVar, Literal, Self, Union, cast, get_args, get_origin, get_type_hints

from throughtime.doors import named, option
from throughtime.errors import UnknownNameError, UsageError

__all__ = ["INHERITED", "WATCHED", "CheckedOptions", "Option", "TrainingOptions", "options_of"]

WATCHED = ("flow", "gates")
"""What can be watched of a network while it learns."""
INHERITED = object()
"""Stands for the value that the option has in the run that is started from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """One option as the doors show it."""

    name: str
    """Key in ``config.json``, keyword in Python, and flag on the command line (with dashes)."""
    kind: type
    """``int``, ``float``, ``str`` or ``bool``."""
    choices: tuple[str, ...]
    """The allowed values, or empty when any value of the kind may be given."""
    optional: bool
    """True where the option may be left without a value (None)."""
    default: Any
    """Value when it is not given."""
    help: str
    """What it does, in one sentence."""
    several: bool = False
    """True where it holds any number of values of the kind."""


@cache
def _field_texts(cls: type) -> Mapping[str, str]:
    """The text under each field of the class body, by field name."""
    body = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
    assert isinstance(body, ast.ClassDef)
    texts: dict[str, str] = {}
    for field, text in zip(body.body, body.body[1:], strict=False):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(words))):
                texts[name] = " ".join(words.split())
            case _:
                pass
    return texts


def _kind(hint: Any) -> tuple[type, tuple[str, ...], bool, bool]:
    """Split a field's type into its plain type, its choices, and whether it may be None and may hold several values."""
    members = [hint]
    if get_origin(hint) in (Union, types.UnionType):
        members = [member for member in get_args(hint) if member is not type(None)]
    plain = members[0]
    if several := get_origin(plain) is tuple:
        plain = get_args(plain)[0]
    choices: tuple[str, ...] = get_args(plain) if get_origin(plain) is Literal else ()
    return (str if choices else plain), choices, plain is not hint and not several, several


@cache
def options_of(cls: type[CheckedOptions]) -> tuple[Option, ...]:
    """List the options of a config class in order of definition.

    Args:
        cls: a frozen dataclass whose fields each have a text under them.

    Returns:
        One :class:`Option` per field.

    Example:
        >>> [option.name for option in options_of(TrainingOptions)][:2]
        ['epochs', 'steps']
    """
    texts: dict[str, str] = {}
    for ancestor in reversed(cls.__mro__[:-1]):
        texts |= _field_texts(ancestor)
    hints = get_type_hints(cls)
    listed: list[Option] = []
    for item in fields(cls):
        kind, choices, optional, several = _kind(hints[item.name])
        default, text = None if item.default is MISSING else item.default, texts[item.name]
        option = Option(name=item.name, kind=kind, choices=choices, optional=optional, default=default, help=text)
        listed.append(replace(option, several=several))
    return tuple(listed)


def _check_kind(option: Option, value: object) -> None:
    """Raise unless ``value`` has the option's type and is one of its choices."""
    if value is None and option.optional:
        return
    if option.several:
        values = cast("list[object]", value) if isinstance(value, list | tuple) else [None]
        if not all(isinstance(each, option.kind) for each in values):
            raise UsageError(f"{named(option.name)} must be a list of {option.kind.__name__}, not {value!r}")
        return
    if option.choices and value not in option.choices:
        raise UnknownNameError(named(option.name), value, option.choices)
    accepted = (int, float) if option.kind is float else (option.kind,)
    is_bool_for_number = isinstance(value, bool) and option.kind is not bool
    if is_bool_for_number or not isinstance(value, accepted):
        raise UsageError(f"{named(option.name)} must be of type {option.kind.__name__}, not {value!r}")
    if isinstance(value, float) and not math.isfinite(value):
        raise UsageError(f"{named(option.name)} must be a finite number, not {value}")


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedOptions:
    """Options that know their kinds and choices, whatever they are of."""

    def __post_init__(self) -> None:
        for each in options_of(type(self)):
            _check_kind(each, getattr(self, each.name))
        self._settle()
        self._check_values()

    def _settle(self) -> None:
        """Give options that were left open the value that follows from others; subclasses have some."""

    def _check_values(self) -> None:
        """Raise UsageError for values of the right type that make no sense; subclasses add theirs."""

    def _at_least(self, low: float, *names: str) -> None:
        for name in names:
            value = getattr(self, name)
            if value is not None and not value >= low:
                raise UsageError(f"{named(name)} must be at least {low:g}, not {value}")

    def _shares(self, *names: str) -> None:
        """Raise unless each named option is a share: 0 <= value < 1."""
        for name in names:
            if not 0 <= getattr(self, name) < 1:
                raise UsageError(f"{named(name)} must be at least 0 and below 1, not {getattr(self, name)}")

    @classmethod
    def from_mapping(cls, given: Mapping[str, object]) -> Self:
        """Build the options from names and values.

        Args:
            given: values by option name; what is missing takes its default.

        Returns:
            The checked options.

        Raises:
            UnknownNameError: a name that is no option.
            UsageError: a value of the wrong type or outside its range.
        """
        known = [option.name for option in options_of(cls)]
        for name in given:
            if name not in known:
                raise UnknownNameError("option", name, known)
        return cls(**cast(dict[str, Any], dict(given)))

    def to_mapping(self) -> dict[str, object]:
        """Give the options as plain values by name, in order of definition."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingOptions(CheckedOptions):
    """Options of the training loop, shared by all tasks."""

    CHANGEABLE: ClassVar[frozenset[str]] = frozenset([
        "epochs", "steps", "patience", "validate_every", "sample_every", "checkpoint_every", "log_every", "watch",
        "watch_every",
    ])  # fmt: skip
    """Options that may change when a run is resumed: how long it goes on and what it tells."""
    ARCHITECTURE: ClassVar[frozenset[str]] = frozenset()
    """Options that the weights depend on; a run that starts from another's weights takes them over."""
    TRAINING_ONLY: ClassVar[frozenset[str]] = CHANGEABLE | {
        "learning_rate", "weight_decay", "warmup", "schedule", "clip", "average", "seed", "precision",
    }  # fmt: skip
    """Options that mean nothing to a trained network; the seal of the weights holds all others fast."""

    READING: ClassVar[frozenset[str]] = frozenset()
    """Options that say how files are read, and may be others for other files: evaluate and predict have them too."""

    CALLED: ClassVar[Mapping[str, str]] = {}
    """What options of reading are called in this task, where it has another name for them."""

    FROM_OTHERS: ClassVar[Mapping[str, Mapping[str, object]]] = {}
    """Other tasks whose runs this one can start from -> the options that are then fixed: to a value, or INHERITED."""

    epochs: float = 7.0
    """Passes over the training data."""
    steps: int | None = None
    """Exact number of optimizer steps, in place of --epochs."""
    learning_rate: float = 8e-3
    """Highest learning rate of AdamW."""
    weight_decay: float = 0.1
    """Weight decay of AdamW; acts on matrices, not on biases and gains."""
    warmup: int = 100
    """Steps over which the learning rate rises from 0."""
    schedule: Literal["cosine", "constant"] = "cosine"
    """Learning rate after the warm-up: falling to 0 along half a cosine, or constant."""
    clip: float = 1.0
    """Largest norm of all gradients together; larger ones are scaled down. 0 turns clipping off."""
    average: float = 0.0
    """Share of the weights' moving average that each step keeps, such as 0.998; the average is validated and saved in
    place of the last weights. 0 makes none."""
    patience: int = 0
    """Stop after this many validations in a row without a better one; 0 never stops early."""
    validate_every: int = 0
    """Steps between validations; 0 validates at the end of each epoch."""
    sample_every: int = 100
    """Steps between samples; 0 makes none."""
    checkpoint_every: float = 30.0
    """Seconds between checkpoints; 0 saves after every step."""
    log_every: int = 10
    """Steps between rows of metrics.jsonl."""
    watch: str | None = None
    """What to watch of the network while it learns, for metrics.jsonl and the report: flow (what is left of a gradient
    on its way back through time), gates (how often they are open and shut), or flow,gates."""
    watch_every: int = 0
    """Steps between looks of --watch; 0 looks at the first step and the last, and between them as often as takes a
    twentieth of the time."""
    seed: int = 0
    """Seed of the first weights, of all noise in training, and of the order of the data."""
    precision: Literal["32", "bf16"] = "32"
    """Numbers of training: float32, or bfloat16 in linear maps and in the recurrent layers that are faster in it (on a
    GPU, or plain LSTMs on a CPU that has it). Weights, states and losses stay in float32, and so does all but
    training."""

    def _check_values(self) -> None:
        if self.epochs <= 0:
            raise UsageError(f"{named('epochs')} must be above 0, not {self.epochs}")
        if self.learning_rate <= 0:
            raise UsageError(f"{named('learning_rate')} must be above 0, not {self.learning_rate}")
        self._shares("average")
        self._at_least(1, "steps", "log_every")
        self._at_least(0, "weight_decay", "warmup", "clip", "patience", "validate_every")
        self._at_least(0, "sample_every", "checkpoint_every", "seed", "watch_every")
        self._check_watched()

    def _check_watched(self) -> None:
        for name in self.watched:
            if name not in WATCHED:
                raise UnknownNameError(named("watch"), name, WATCHED)
        if self.watch_every and not self.watched:
            raise UsageError(
                f"{named('watch_every')} says how often to look, and there is nothing to look at: give "
                f"{option('watch', 'flow')}, or leave it out"
            )

    @property
    def watched(self) -> tuple[str, ...]:
        """What is watched while it learns."""
        return () if self.watch is None else tuple(name.strip() for name in self.watch.split(","))

    def read_otherwise(self, how: Mapping[str, object]) -> Self:
        """Give the same with some options of ``READING`` for other files.

        Args:
            how: values by option name.

        Returns:
            The checked options.

        Raises:
            UsageError: a value of the wrong type or outside its range.
        """
        return self.from_mapping({**self.to_mapping(), **how})
