"""Dates as they are written: many stamps of one style read at once, and stamps written in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from throughtime.data.clocks.styles import offset_in, without_offset
from throughtime.data.clocks.zones import HOUR, MINUTE, SECOND, Flags, Times, is_offset, offset_of

__all__ = ["read_stamps", "write_stamps"]

_TOKEN = re.compile(r"YYYY|MM|DD|hh|mm|ss|f+|M|D|h|q|.")
_EPOCH = datetime(1970, 1, 1)
_CHUNK = 1 << 16
"""Stamps that are read at once: their characters stay in the cache."""


def read_stamps(cells: Sequence[str], style: str) -> tuple[Times, Flags]:
    """Read stamps that have just the style.

    Args:
        cells: T stamps.
        style: how they are written, all numbers with their leading zeros.

    Returns:
        (T,) microseconds since 1970 of what is written, the offset taken off where there is one, and (T,) whether the
        cell is such a stamp; where not, its time means nothing.

    Example:
        >>> times, good = read_stamps(["1970-01-02", "1970-02-30", "2.1.1970"], "YYYY-MM-DD")
        >>> int(times[0]) // HOUR, good.tolist()
        (24, [True, False, False])
    """
    body, offset = without_offset(style), offset_in(style)
    tokens = [*_TOKEN.findall(body), *_offset_tokens(offset)]
    times, good = np.zeros(len(cells), np.int64), np.zeros(len(cells), bool)
    if any(token in "DMh" for token in tokens) or not ("YYYY" in body or "hh" in body):
        return times, good
    width, ahead = sum(len(token) for token in tokens), offset_of(offset) if is_offset(offset) else 0
    for start in range(0, len(cells), _CHUNK):
        texts = np.asarray(cells[start : start + _CHUNK], dtype=f"U{width + 1}")
        characters = texts.view(np.uint32).reshape(len(texts), width + 1)
        part = slice(start, start + _CHUNK)
        times[part], good[part] = _parse(characters, tokens)
    return times - ahead, good


def _offset_tokens(offset: str) -> list[str]:
    if "±" not in offset:
        return list(offset)
    return ["±", "zh", *([":"] if ":" in offset else []), *(["zm"] if len(offset) > 3 else [])]


def _parse(characters: NDArray[np.uint32], tokens: Sequence[str]) -> tuple[Times, Flags]:
    """Read rows of characters, a column each; one column more than the tokens have must be empty."""
    good = characters[:, -1] == 0
    read: dict[str, Times] = {}
    place = 0
    for token in tokens:
        columns = characters[:, place : place + len(token)]
        place += len(token)
        if token == "±":
            good &= (columns[:, 0] == ord("+")) | (columns[:, 0] == ord("-"))
            read[token] = np.where(columns[:, 0] == ord("-"), -1, 1)
        elif token.isalpha() and token not in "TQZ":
            number = np.zeros(len(characters), np.int64)
            for digits in (columns - np.uint32(ord("0"))).T:
                good &= digits <= 9
                number = number * 10 + digits
            read[token[0] if token[0] == "f" else token] = number
            if token[0] == "f":
                good &= number % 10 ** max(len(token) - 6, 0) == 0
                read["f"] = number * 10 ** max(6 - len(token), 0) // 10 ** max(len(token) - 6, 0)
        else:
            good &= columns[:, 0] == ord(token)
    return _put_together(read, good)


def _put_together(read: dict[str, Times], good: Flags) -> tuple[Times, Flags]:
    """Make microseconds of years, months ... and tell which are none."""
    zeros = np.zeros(len(good), np.int64)
    year, day = read.get("YYYY", zeros + 1970), read.get("DD", zeros + 1)
    month = read.get("MM", 3 * read["q"] - 2 if "q" in read else zeros + 1)
    hour, minute, second = (read.get(name, zeros) for name in ("hh", "mm", "ss"))
    good = good & (year >= 1) & (month >= 1) & (month <= 12) & (day >= 1)
    months = np.where(good, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    first, after = (each.astype("datetime64[D]").astype(np.int64) for each in (months, months + 1))
    good &= (day <= after - first) & (hour < 24) & (minute < 60) & (second < 60)
    ahead = read.get("±", zeros) * (read.get("zh", zeros) * HOUR + read.get("zm", zeros) * MINUTE)
    days = (first + day - 1) * 24 * HOUR
    return days + hour * HOUR + minute * MINUTE + second * SECOND + read.get("f", zeros) - ahead, good


def write_stamps(shown: Times, style: str, offsets: Times) -> Iterator[str]:
    """Write times in a style.

    Args:
        shown: (T,) microseconds since 1970 of the wall clock.
        style: how to write them.
        offsets: (T,) microseconds by which that clock is ahead; seen where the style has an offset.

    Yields:
        The stamps.

    Example:
        >>> list(write_stamps(np.array([36 * HOUR]), "DD.MM.YYYY hh:mm±hh:mm", np.array([HOUR])))
        ['02.01.1970 12:00+01:00']
    """
    template, offset = _template(without_offset(style)), offset_in(style)
    for time, ahead in zip(shown.tolist(), offsets.tolist(), strict=True):
        at = _EPOCH + timedelta(microseconds=time)
        text = template.format(at=at, q=(at.month + 2) // 3, f=f"{at.microsecond:06d}")
        yield text + (_write_offset(ahead, offset) if offset else "")


@lru_cache(maxsize=64)
def _template(body: str) -> str:
    """Make a style a format of Python's."""
    names = {"YYYY": "{at.year:04d}", "MM": "{at.month:02d}", "DD": "{at.day:02d}", "M": "{at.month}", "D": "{at.day}"}
    names |= {"hh": "{at.hour:02d}", "mm": "{at.minute:02d}", "ss": "{at.second:02d}", "h": "{at.hour}", "q": "{q}"}
    tokens: list[str] = _TOKEN.findall(body)
    return "".join(
        f"{{f:0<{len(token)}.{len(token)}}}" if token[0] == "f" else names.get(token, token) for token in tokens
    )


def _write_offset(ahead: int, style: str) -> str:
    if style == "Z":
        return style
    hours, rest = divmod(abs(ahead), HOUR)
    minutes = f"{rest // MINUTE:02d}"
    tail = "" if len(style) == 3 and minutes == "00" else f":{minutes}" if ":" in style or len(style) == 3 else minutes
    return f"{'-' if ahead < 0 else '+'}{hours:02d}{tail}"
