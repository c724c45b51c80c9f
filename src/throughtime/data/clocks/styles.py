"""The styles of stamps: patterns that say how dates are written.

As ``YYYY-MM-DD hh:mm:ss``, ``DD.MM.YYYY``, ``YYYY-MM``, ``YYYYQq`` or ``YYYY-MM-DDThh:mm+01:00``. An offset ``±hh:mm``
stands for the one that holds at the time.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from throughtime.data.clocks.zones import HOUR, MINUTE, Times

__all__ = ["fine_enough", "finest", "months_first", "offset_in", "padded", "style_of", "without_offset"]

_STAMP = re.compile(
    r"(\d{4}-\d\d-\d\d|\d{4}-\d\d|\d{4}/\d{1,2}/\d{1,2}|\d{1,2}/\d{1,2}/\d{4}|\d{1,2}\.\d{1,2}\.\d{4}|\d{4}-?[Qq][1-4]|\d{8})?"
    r"([T ]?)(\d{1,2}(?::\d\d(?::\d\d(?:\.\d+)?)?)?)?(\s?(?:Z|[+-]\d\d(?::?\d\d)?))?"
)
_OFFSET = re.compile(r"\s?(Z|[+±-](\d\d|hh)(:?(\d\d|mm))?)$")


def style_of(text: str) -> str | None:
    """Tell how a stamp is written.

    Args:
        text: the stamp.

    Returns:
        The style, its offset as it stands; None where it is none that is known. Of ``12/31/2024`` it is
        ``M/D/YYYY``, though it may be ``D/M/YYYY`` as well.

    Example:
        >>> style_of("2024-05-01T12:30+02:00"), style_of("1.5.2024"), style_of("2024-05")
        ('YYYY-MM-DDThh:mm+02:00', 'D.M.YYYY', 'YYYY-MM')
    """
    return _looked_at(text)[2]


def padded(text: str) -> tuple[str, str]:
    """Write a stamp with all leading zeros, so that its style is one that :func:`read_stamps` reads.

    Args:
        text: the stamp.

    Returns:
        The same stamp, and its style; what is none stays as it is, and has an empty one.

    Example:
        >>> padded("1.5.2024 9:30"), padded("so")
        (('01.05.2024 09:30', 'DD.MM.YYYY hh:mm'), ('so', ''))
    """
    return _looked_at(text)[:2]


def _looked_at(text: str) -> tuple[str, str, str | None]:
    """A stamp with its leading zeros, how it is written then, and how it was."""
    match = _STAMP.fullmatch(text)
    if match is None:
        return text, "", None
    date, gap, clock, offset = match.groups("")
    if bool(gap) != bool(date and clock) or not (date or ":" in clock):
        return text, "", None
    day, full_day, day_style = _date(date)
    time, full_time, time_style = _time(clock)
    blank = offset.lstrip()
    return day + gap + time + blank, full_day + gap + full_time + blank, day_style + gap + time_style + offset


@lru_cache(maxsize=1 << 14)
def _date(text: str) -> tuple[str, str, str]:
    """A date with its leading zeros, how it is written then, and how it was."""
    if "q" in text.lower():
        style = "YYYY" + text[4:-2] + "Qq"
        return text.upper(), style, style
    if "." in text or "/" in text:
        mark = "." if "." in text else "/"
        parts = text.split(mark)
        first = "Y" if len(parts[0]) == 4 else "D" if mark == "." else "M"
        names = {"Y": ("YYYY", "MM", "DD"), "D": ("DD", "MM", "YYYY"), "M": ("MM", "DD", "YYYY")}[first]
        loose = len(text) < 10
        style = mark.join(name[0] if loose and name != "YYYY" else name for name in names)
        return mark.join(part.zfill(2) for part in parts), mark.join(names), style
    style = {0: "", 7: "YYYY-MM", 8: "YYYYMMDD", 10: "YYYY-MM-DD"}[len(text)]
    return text, style, style


@lru_cache(maxsize=1 << 14)
def _time(text: str) -> tuple[str, str, str]:
    """The same of a time of the day."""
    if not text:
        return "", "", ""
    whole, _, fraction = text.partition(".")
    hour, *rest = whole.split(":")
    tail = "".join(f":{unit}" for unit in ("mm", "ss")[: len(rest)]) + ("." + "f" * len(fraction) if fraction else "")
    return "0" * (2 - len(hour)) + text, "hh" + tail, "h" * len(hour) + tail


def months_first(texts: Collection[str]) -> bool | None:
    """Tell whether stamps such as ``12/31/2024`` begin with the month.

    Args:
        texts: stamps.

    Returns:
        Whether they do; None where none of them has a number above 12 that says so, or they disagree.

    Example:
        >>> months_first(["1/2/2024", "1/31/2024"]), months_first(["1/2/2024"])
        (True, None)
    """
    parts = [text.split("/") for text in texts if text.count("/") == 2]
    first, second = (any(part[place].isdigit() and int(part[place]) > 12 for part in parts) for place in (0, 1))
    return None if first == second else second


def finest(styles: Collection[str]) -> str:
    """Give the style in which all stamps of some styles can be written.

    Args:
        styles: styles without offset.

    Returns:
        The one that says most, without leading zeros where another has none.

    Example:
        >>> finest({"DD.MM.YYYY hh:mm", "D.M.YYYY h:mm"}), finest({"YYYY-MM-DD", "YYYY-MM-DDThh"})
        ('D.M.YYYY h:mm', 'YYYY-MM-DDThh')
    """
    full = {style: re.sub(r"(?<![DMh])[DMh](?![DMh])", r"\g<0>\g<0>", style) for style in sorted(styles)}
    style = max(full.values(), key=len)
    for short in "DMh":
        if any(short in each and 2 * short not in each for each in styles):
            style = style.replace(2 * short, short)
    return style


def offset_in(style: str) -> str:
    """Give the offset of a style.

    Args:
        style: the style.

    Returns:
        ``Z``, ``+01:00``, ``±hh:mm`` ... or an empty string.

    Example:
        >>> offset_in("YYYY-MM-DDThh:mm+02:00"), offset_in("YYYY-MM-DD")
        ('+02:00', '')
    """
    match = _OFFSET.search(style)
    return match[1] if match else ""


def without_offset(style: str) -> str:
    """Leave the offset of a style out.

    Args:
        style: the style.

    Returns:
        The rest, with the blank that may stand before the offset.
    """
    return style[: len(style) - len(offset_in(style))]


def fine_enough(style: str, shown: Times) -> str:
    """Give a style that says all of some times.

    Args:
        style: the style.
        shown: (T,) wall clock times.

    Returns:
        The style, with hours, minutes, seconds where it lacks them and a time has some.

    Example:
        >>> import numpy as np
        >>> fine_enough("YYYY-MM-DD", np.array([90 * MINUTE])), fine_enough("YYYY-MM-DD", np.array([24 * HOUR]))
        ('YYYY-MM-DD hh:mm', 'YYYY-MM-DD')
    """
    body, offset = without_offset(style), offset_in(style)
    if "h" not in body and (shown % (24 * HOUR)).any():
        body += " hh:mm"
    if "mm" not in body and "h" in body and (shown % HOUR).any():
        body += ":mm"
    if "ss" not in body and "mm" in body and (shown % MINUTE).any():
        body += ":ss"
    return body + offset
