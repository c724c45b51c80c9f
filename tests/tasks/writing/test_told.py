"""What is said of a text that a search has found: its tokens, its rank, and copies of words that are not known."""

from __future__ import annotations

import numpy as np
import pytest

from throughtime.data.encoding.building import Unit
from throughtime.data.encoding.features import TokenFeatures
from throughtime.decoding.beam import Written
from throughtime.tasks.translate.options import Evaluating, Predicting
from throughtime.tasks.writing.targets import WrittenTargets
from throughtime.tasks.writing.told import beam_of, source_tokens, told
from throughtime.tasks.writing.vocabularies import build_side, is_spaced

WORDS = WrittenTargets(build_side("words", ["Mr is here ."] * 2, None))
READ = (" Herr", " Zork", " ist", " da", ".")
LOOKS = np.array([[0.9, 0.1, 0, 0, 0], [0.2, 0.7, 0, 0, 0.1], [0, 0, 0.6, 0.4, 0], [0, 0, 0, 0.3, 0.7]])


def found(text: str, attention: object = LOOKS, score: float = -1.5) -> Written:
    """A text of three words, and where they and the end have looked; the rows are padded beyond the source."""
    looks = None if attention is None else np.pad(np.asarray(attention), ((0, 0), (0, 2)))
    return Written(WORDS.ids(text)[:-1], score, score, True, looks)


def test_a_text_has_its_tokens_its_score_and_where_they_looked() -> None:
    said = told([found("Mr Zork is")], WORDS, READ, Predicting())
    assert (said.value, said.score, said.ended, said.rank, said.others) == ("Mr\ufffd is", -1.5, True, None, ())
    assert said.tokens == (" Mr", "\ufffd", " is") and said.source_tokens == READ
    assert said.attention is not None and np.array_equal(said.attention, LOOKS[:3]), "without the end and the padding"


def test_an_unknown_word_is_the_one_that_was_looked_at_most() -> None:
    said = told([found("Mr Zork is")], WORDS, READ, Predicting(copy_unknown=True))
    assert said.value == "Mr Zork is" and said.tokens == (" Mr", " Zork", " is")
    elsewhere = LOOKS[:, [1, 0, 2, 3, 4]]
    said = told([found("Mr Zork is", elsewhere)], WORDS, READ, Predicting(copy_unknown=True))
    assert said.value == "Mr Herr is"
    said = told([found("Mr is here")], WORDS, READ, Predicting(copy_unknown=True))
    assert said.value == "Mr is here", "what is known is not copied"


def test_a_character_is_copied_as_it_is() -> None:
    targets = WrittenTargets(build_side("characters", ["ab"] * 2, None))
    looks = np.array([[1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0], [0, 0, 1.0]])
    text = Written(np.array([2, 1, 1], np.int64), -1.0, -1.0, True, looks)
    assert told([text], targets, ("a", " ", "z"), Predicting(copy_unknown=True)).value == "a z"


def test_a_mark_that_is_known_is_no_unknown_one() -> None:
    """A text may hold U+FFFD itself, which is how the unknown token is shown."""
    targets = WrittenTargets(build_side("characters", ["a\ufffd"] * 2, None))
    ids = targets.ids("a\ufffd")[:-1]
    assert targets.vocabulary.unknown not in ids
    looks = np.array([[1.0, 0], [1.0, 0], [0, 1.0]])
    said = told([Written(ids, -1.0, -1.0, True, looks)], targets, ("x", "y"), Predicting(copy_unknown=True))
    assert said.value == "a\ufffd"


def test_several_texts_have_ranks_also_where_one_was_found() -> None:
    texts = [found("Mr is here"), found("is here here", score=-2.0)]
    best = told(texts, WORDS, READ, Predicting(n_best=3))
    assert [(each.value, each.rank) for each in (best, *best.others)] == [("Mr is here", 1), ("is here here", 2)]
    alone = told(texts[:1], WORDS, READ, Predicting(n_best=3))
    assert (alone.rank, alone.others) == (1, ())
    assert told(texts[:1], WORDS, READ, Evaluating()).rank is None


def test_a_network_that_looks_nowhere_says_nothing_of_it() -> None:
    assert told([found("Mr is here", None)], WORDS, READ, Predicting()).attention is None


def test_the_search_is_as_it_was_asked_for() -> None:
    asked = beam_of(Predicting(beam=7, n_best=3, length_penalty=0.5, coverage_penalty=0.2))
    assert (asked.width, asked.n_best, asked.length_penalty, asked.coverage_penalty) == (7, 3, 0.5, 0.2)
    assert (beam_of(Evaluating()).width, beam_of(Evaluating()).n_best) == (5, 1)


@pytest.mark.parametrize(
    ("unit", "tokens"),
    [
        ("words", (" a", " new", " fox", "!")),
        ("characters", ("a", " ", "n", "e", "w", " ", "f", "o", "x", "!")),
        ("bytes", ("a", " ", "n", "e", "w", " ", "f", "o", "x", "!")),
    ],
)
def test_a_source_is_shown_as_it_stands_there_known_or_not(unit: Unit, tokens: tuple[str, ...]) -> None:
    vocabulary = build_side(unit, ["a fox"] * 2, None)
    features = TokenFeatures(vocabulary, spaced=is_spaced(vocabulary))
    assert source_tokens(features, "a new fox!") == tokens
    assert len(tokens) == len(features.ids("a new fox!"))
