"""The dates of the demo ``translate``: as forty languages write them, and as ISO 8601 does.

Source and licence: how a language writes a date is in the Common Locale Data Repository (CLDR; Unicode licence v3,
https://cldr.unicode.org), which Babel ships (BSD licence; https://babel.pocoo.org, ``babel/locale-data``).
"""

from __future__ import annotations

import datetime
import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from throughtime.data.demos.making import Files, lent, writing
from throughtime.errors import UsageError

__all__ = ["dates_in_languages"]

LOCALES = (
    *("en", "de", "fr", "es", "it", "pt", "nl", "sv", "fi", "et", "lv", "lt", "pl", "cs", "hr", "hu", "ro", "tr"),
    *("eu", "sw", "id", "vi", "ru", "uk", "bg", "el", "ka", "hy", "ar_EG", "fa", "he", "hi", "mr", "bn", "ta", "th"),
    *("am", "zh", "ja", "ko"),
)
"""One for each language, in 14 scripts."""
FIRST, LAST = datetime.date(1900, 1, 1), datetime.date(2099, 12, 31)
STYLES = ("short", "medium", "long", "full")
SKELETONS = ("yMd", "yMMMEd")
"""CLDR's names for dates in numbers alone, and with a short weekday and month."""
ZEROS = {"arab": "٠", "arabext": "۰", "beng": "০", "deva": "०"}
"""Digits that are a language's own -> the first of them; the others follow it in Unicode."""
MARKS = {"\u202f": " ", "\xa0": " ", "\u200e": None, "\u200f": None}
"""Blanks that are not the space bar's, and marks of direction that are not seen -> what is written instead."""
LEAP_YEARS = range(2000, 2028, 4)
"""Each begins with another day of the week, so that together they have every day of the year on every weekday."""
HELD_OUT = 0.1
"""Share of all dates that are validated on."""
MOST = 10
"""Times that a date is written, on average, at most: so no language runs out of what has one right answer."""


@dataclass(frozen=True, slots=True)
class Form:
    """One of the ways in which a language writes dates."""

    language: str
    """Its English name."""
    locale: str
    """Its name for Babel."""
    pattern: Any
    """What Babel fills in."""
    changes: Mapping[int, str | None]
    """Characters that are written otherwise than Babel does."""

    def write(self, date: datetime.date) -> str:
        """Write a date in this form."""
        return self.pattern.apply(date, self.locale).translate(self.changes)


def dates_in_languages(folder: Path, *, train: int = 20_000, valid: int = 2_000, seed: int = 0) -> Files:
    """Write dates from 1900 to 2099 in forty languages, each with the same date in ISO 8601.

    Every language has about as many; it writes them as CLDR says: in numbers, with the month in short or in full, with
    and without the day of the week. All are of the Gregorian calendar. Left out is what has no one right answer: years
    of two digits, and what stands for two dates, such as ``3/4/2021``, which is April in Spanish and March in English.
    Which date is validated on, a hash of it decides, so none is learned from in any language.

    Args:
        folder: where the files go.
        train: dates to learn from.
        valid: dates to validate on.
        seed: of which dates in which forms.

    Returns:
        Two tables, columns source, target and language; no source is there twice.

    Raises:
        UsageError: Babel is not installed, or more is asked for than there is.
    """
    forms, random = _forms(), Random(seed)
    dates = [datetime.date.fromordinal(day) for day in range(FIRST.toordinal(), LAST.toordinal() + 1)]
    parts = {
        "train": ("learn from", train, [date for date in dates if not _is_held_out(date)]),
        "valid": ("validate on", valid, [date for date in dates if _is_held_out(date)]),
    }
    for purpose, count, own in parts.values():
        if count > (most := MOST * len(own)):
            raise UsageError(f"{len(own):,} dates are enough for {most:,} lines to {purpose}, not {count:,}")
    ambiguous = _ambiguous(forms)
    paths = {name: folder / f"dates-{name}.tsv" for name in parts}
    for name, (_, count, own) in parts.items():
        rows = [("source", "target", "language"), *_draw(forms, own, ambiguous, count, random)]
        with writing(paths[name]) as file:
            file.write("".join("\t".join(row) + "\n" for row in rows).encode("utf-8"))
    return [paths["train"]], [paths["valid"]]


def _forms() -> dict[str, list[Form]]:
    """Language -> the forms in which it writes all of a date; a year of two digits is not all of it."""
    babel = lent("babel", "Babel")
    forms: dict[str, list[Form]] = {}
    for name in LOCALES:
        locale = babel.Locale.parse(name)
        language, skeletons = locale.get_language_name("en"), locale.datetime_skeletons
        patterns = [locale.date_formats[style] for style in STYLES]
        patterns += [skeletons[each] for each in SKELETONS if each in skeletons]
        zero = ord(ZEROS.get(locale.default_numbering_system, "0"))
        changes = str.maketrans({**MARKS, **{str(digit): chr(zero + digit) for digit in range(10)}})
        forms[language] = [
            Form(language, name, pattern, changes)
            for pattern in {each.pattern: each for each in patterns}.values()
            if str(FIRST.year) in pattern.apply(FIRST, name)
        ]
    return forms


def _ambiguous(forms: Mapping[str, Sequence[Form]]) -> frozenset[str]:
    """Find what stands for two dates of a year: every form writes every day, on every day of the week."""
    days: defaultdict[str, set[tuple[int, int]]] = defaultdict(set)
    for form in (form for each in forms.values() for form in each):
        weekday = any(field in form.pattern.pattern for field in "Eec")  # CLDR's letters for it
        for year in LEAP_YEARS if weekday else LEAP_YEARS[:1]:
            first = datetime.date(year, 1, 1).toordinal()
            for date in map(datetime.date.fromordinal, range(first, first + 366)):
                days[_as_read(form.write(date))].add((date.month, date.day))
    return frozenset(text for text, stood_for in days.items() if len(stood_for) > 1)


def _as_read(text: str) -> str:
    """Give what the day and the month are read from: no year, whichever digits they are, ``03`` as ``3``.

    Example:
        >>> _as_read("03/04/2021") == _as_read("3/4/1999")
        True
    """
    return re.sub(r"\d+", lambda number: "" if len(number[0]) == 4 else str(int(number[0])), text)


def _is_held_out(date: datetime.date) -> bool:
    digest = hashlib.blake2b(date.isoformat().encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") < HELD_OUT * 2**64


def _draw(
    forms: Mapping[str, Sequence[Form]],
    dates: Sequence[datetime.date],
    ambiguous: frozenset[str],
    count: int,
    random: Random,
) -> Iterator[tuple[str, str, str]]:
    """Yield source, target and language, the languages in turn."""
    languages = list(forms)
    there: set[str] = set()
    while len(there) < count:
        form = _choose(forms[languages[len(there) % len(languages)]], random)
        date = _choose(dates, random)
        text = form.write(date)
        if text not in there and _as_read(text) not in ambiguous:
            there.add(text)
            yield text, date.isoformat(), form.language


def _choose(given: Sequence[Any], random: Random) -> Any:
    return given[int(random.random() * len(given))]  # only random() is promised to stay as it is in every Python
