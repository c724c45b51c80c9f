"""Usual names of columns, by what the targets are."""

from __future__ import annotations

from typing import Any

import pytest

from throughtime.data.reading import Problems, Reading
from throughtime.data.tables.column_names import choose_columns, known_column
from throughtime.errors import DataError

SEQUENCES = Reading(target_type="sequences")


def chosen(names: list[str], how: Reading = SEQUENCES) -> tuple[str, str | None]:
    return choose_columns(names, how, Problems(note=lambda _: None), "a.csv", targets=True)


@pytest.mark.parametrize(
    ("source", "target"),
    [("source", "target"), ("src", "tgt"), ("input", "output"), ("From", "To"), ("text", "translation"),
     ("sentence", "reference")],
)  # fmt: skip
def test_sequences_have_names_of_their_own(source: str, target: str) -> None:
    assert chosen(["id", target, source]) == (source, target)


def test_a_label_beside_a_text_is_no_sequence() -> None:
    assert chosen(["text", "language", "label", "translation"]) == ("text", "translation")
    with pytest.raises(DataError, match=r"no column with a usual name for the target; it has 'text', 'language'"):
        chosen(["text", "language"])


@pytest.mark.parametrize("kind", ["label", "labels", "number"])
def test_other_targets_keep_their_names(kind: Any) -> None:
    how = Reading(target_type=kind)
    assert chosen(["source", "text", "translation", "label"], how) == ("text", "label")
    for name in ("source", "src", "input", "from"):
        assert known_column([name], how, "text") is None
    for name in ("tgt", "translation", "output", "reference", "to"):
        assert known_column([name], how, "target") is None
    steps = Reading(target_type=kind, per_step=True)
    assert known_column(["source"], steps, "text") is known_column(["tgt"], steps, "target") is None


def test_a_column_of_both_languages_is_told_how_to_part() -> None:
    end = "; if 'translation' holds a text for each language, make each of them a column"
    with pytest.raises(DataError, match=rf"it has 'id', 'translation': say which with --text-column{end}$"):
        chosen(["id", "translation"])
    with pytest.raises(DataError, match=r"say which with --text-column$"):
        chosen(["id", "translation"], Reading())
