"""The names of the demo ``names``: surnames and their countries.

Source and licence: Faker (MIT licence; https://github.com/joke2k/faker, ``faker/providers/person``).
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from throughtime.data.demos.making import Files, lent, writing

__all__ = ["names_by_country"]

COUNTRIES = {
    "Croatia": "hr_HR",
    "England": "en_GB",
    "Estonia": "et_EE",
    "Finland": "fi_FI",
    "France": "fr_FR",
    "Germany": "de_DE",
    "India": "en_IN",
    "Italy": "it_IT",
    "Netherlands": "nl_NL",
    "Slovakia": "sk_SK",
    "Spain": "es_ES",
    "Sweden": "sv_SE",
}
"""Countries whose surnames Faker has by the hundred in Latin letters, and where."""


def names_by_country(folder: Path, *, per_country: int = 400, valid_share: float = 0.15, seed: int = 0) -> Files:
    """Write surnames of twelve countries, out of the lists of Faker (MIT licence); those of two countries are left out.

    Args:
        folder: where the files go.
        per_country: names of a country, at most.
        valid_share: share of the names to validate on; no name is in both files.
        seed: of the shuffle.

    Returns:
        Two tables, columns name and country.

    Raises:
        UsageError: Faker is not installed.
    """
    lists = {
        country: sorted(filter(_is_latin, set(lent(f"faker.providers.person.{locale}", "Faker").Provider.last_names)))
        for country, locale in COUNTRIES.items()
    }
    countries = Counter(name for names in lists.values() for name in names)
    random = np.random.default_rng(seed)
    train: list[tuple[str, str]] = []
    valid: list[tuple[str, str]] = []
    for country, names in lists.items():
        own = [name for name in names if countries[name] == 1]
        chosen = [own[i] for i in random.permutation(len(own))[:per_country]]
        cut = round(len(chosen) * valid_share)
        valid += [(name, country) for name in chosen[:cut]]
        train += [(name, country) for name in chosen[cut:]]
    return [_table(folder / "names-train.csv", train)], [_table(folder / "names-valid.csv", valid)]


def _is_latin(name: str) -> bool:
    return all(ord(letter) < 0x250 for letter in name)  # where the Latin blocks of Unicode end


def _table(path: Path, rows: Sequence[tuple[str, str]]) -> Path:
    with writing(path) as file:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows([("name", "country"), *rows])
        file.write(text.getvalue().encode("utf-8"))
    return path
