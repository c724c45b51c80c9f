"""How options are called in messages: as flags where a command was typed, as keywords where Python called.

Whatever raises an error or tells something names an option through :func:`option` or :func:`named`. The doors (the
functions that people call) say through :func:`taking` which options they take, and the command line that it is one
(:func:`typed`). So a message names what the call at hand takes; what another takes is named together with it.
"""

from __future__ import annotations

import inspect
import shlex
from collections.abc import Callable, Collection, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from types import MappingProxyType
from typing import Any, ParamSpec, TypeVar

__all__ = ["FLAGS", "is_typed", "named", "of_fit", "option", "spelled", "takes", "taking", "typed"]

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

_TYPED: ContextVar[bool] = ContextVar("typed", default=False)
"""Whether a command was typed."""
_TAKEN: ContextVar[frozenset[str] | None] = ContextVar("taken", default=None)
"""The options that the call at hand takes; None where there is none."""
_CALLED: ContextVar[Mapping[str, str]] = ContextVar("called", default=MappingProxyType({}))
"""What the call at hand calls an option, where it has another name for it."""
FLAGS = {"ensemble": "with"}
"""Flags whose names can be no keywords of Python."""


@contextmanager
def typed() -> Generator[None]:
    """Name options as flags inside: a command was typed.

    Yields:
        Once.

    Example:
        >>> with typed():
        ...     call = taking(lambda: ["header"])(lambda: option("header", False))
        ...     call()
        '--no-header'
    """
    token = _TYPED.set(True)
    try:
        yield
    finally:
        _TYPED.reset(token)


def taking(
    options: Callable[..., Collection[str]],
    called: Callable[..., Mapping[str, str]] = lambda *_, **__: {},
) -> Callable[[Callable[_Arguments, _Result]], Callable[_Arguments, _Result]]:
    """Make a function a door: messages told while it runs name what it takes; of doors behind it, the outermost speaks.

    Args:
        options: gives, for the arguments of a call, the options that it takes beside the function's own parameters.
        called: gives, for the same, what it calls options that have another name elsewhere.

    Returns:
        A decorator.

    Example:
        >>> taking(lambda: ["header"])(lambda: option("header", False))()
        'header=False'
    """

    def decorate(door: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
        own = set(inspect.signature(door).parameters)

        @wraps(door)
        def call(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
            if _TAKEN.get() is not None:
                return door(*args, **kwargs)
            token = _TAKEN.set(frozenset(own | set(options(*args, **kwargs))))
            names = _CALLED.set(called(*args, **kwargs))
            try:
                return door(*args, **kwargs)
            finally:
                _TAKEN.reset(token)
                _CALLED.reset(names)

        return call

    return decorate


def is_typed() -> bool:
    """Tell whether options are flags: where a command was typed, or nothing is known of who called.

    Returns:
        Whether they are.
    """
    return _TYPED.get() or _TAKEN.get() is None


def takes(name: str) -> bool:
    """Tell whether the call at hand takes an option.

    Args:
        name: its name, as in ``config.json``.

    Returns:
        Whether it does; True where no call is known.

    Example:
        >>> taking(lambda: ["header"])(lambda: (takes("header"), takes("fill")))()
        (True, False)
    """
    taken = _TAKEN.get()
    return taken is None or _CALLED.get().get(name, name) in taken


def option(name: str, value: Any = None) -> str:
    """Name an option that is to be given, as it is written in the call at hand.

    Args:
        name: its name, as in ``config.json``.
        value: what is to be given; None leaves that open.

    Returns:
        A flag or a keyword; with the name of ``fit`` where the call at hand does not take it.

    Example:
        >>> option("id_column"), option("header", False), option("ignore_columns", "left side")
        ('--id-column', '--no-header', "--ignore-columns 'left side'")
        >>> taking(lambda: ["header"])(lambda: (option("header"), option("fill", "zero")))()
        ('header=', "fit(fill='zero')")
    """
    return spelled(name, value) if takes(name) else of_fit(name, value)


def of_fit(name: str, value: Any = None) -> str:
    """Name an option of ``fit``, where the call at hand may have another one of that name.

    Args:
        name: its name, as in ``config.json``.
        value: what is to be given; None leaves that open.

    Returns:
        A flag or a keyword, with the name of ``fit``.

    Example:
        >>> of_fit("unit", "bytes")
        'fit --unit bytes'
    """
    written = spelled(name, value)
    return f"fit {written}" if is_typed() else f"fit({written}{'...' if value is None else ''})"


def spelled(name: str, value: Any = None) -> str:
    """Write an option as the call at hand would, whether it takes it or not.

    Args:
        name: its name, as in ``config.json``.
        value: what is given; None leaves that open.

    Returns:
        A flag or a keyword.

    Example:
        >>> spelled("id_column")
        '--id-column'
    """
    name = _CALLED.get().get(name, name)
    if not is_typed():
        return f"{name}=" if value is None else f"{name}={value!r}"
    name = FLAGS.get(name, name)
    no = "no-" if value is False else ""
    given = "" if value is None or isinstance(value, bool) else f" {shlex.quote(str(value))}"
    return f"--{no}{name.replace('_', '-')}{given}"


def named(name: str) -> str:
    """Name an option that was given, to say what is wrong with it.

    Args:
        name: its name, as in ``config.json``.

    Returns:
        A flag where a command was typed that takes it, else the name.

    Example:
        >>> named("hidden")
        'hidden'
    """
    own = _CALLED.get().get(name, name)
    return option(name) if _TYPED.get() and _TAKEN.get() is not None and takes(name) else own
