"""Games: a word, then letters that mean nothing."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from throughtime.data.demos.telephone import LENGTH, NOISE, WORDS, telephone


def test_the_word_is_whispered_at_the_first_step_alone(tmp_path: Path) -> None:
    (learned,), (held_out,) = telephone(tmp_path)
    assert [path.read_text().splitlines()[0] for path in (learned, held_out)] == ["text,label"] * 2
    games = [line.split(",") for path in (learned, held_out) for line in path.read_text().splitlines()[1:]]
    assert len(games) == 4400 and all(len(text) == LENGTH and text[0] == word for text, word in games)
    assert all(set(text[1:]) <= set(NOISE) for text, _ in games) and not set(NOISE) & set(WORDS)
    counts = Counter(word for _, word in games)
    assert set(counts) == set(WORDS) and max(counts.values()) < 1200


def test_no_game_is_played_twice_and_they_are_the_same_each_time(tmp_path: Path) -> None:
    (first,), (other,) = telephone(tmp_path / "a")
    (again,), _ = telephone(tmp_path / "b")
    assert first.read_bytes() == again.read_bytes()
    lines = first.read_text().splitlines()[1:] + other.read_text().splitlines()[1:]
    assert len(set(lines)) == len(lines)
