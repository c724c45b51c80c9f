"""Scores of texts against their references: by hand, by brute force, and as sacreBLEU has them."""

from __future__ import annotations

import subprocess
import sys
import time
from functools import cache
from math import exp
from random import Random

import pytest
import sacrebleu

from throughtime.errors import UnknownNameError
from throughtime.tasks.writing.edits import edit_distance, error_rate
from throughtime.tasks.writing.scores import (
    TOKENIZATIONS,
    bleu_by_order,
    score_texts,
    signature,
    tokenize_for,
    word_accuracy,
)


def brute_force(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    """The definition: the least of all ways to begin."""

    @cache
    def rest(i: int, j: int) -> int:
        if i == len(one) or j == len(other):
            return len(one) - i + len(other) - j
        return min(rest(i + 1, j) + 1, rest(i, j + 1) + 1, rest(i + 1, j + 1) + (one[i] != other[j]))

    return rest(0, 0)


@pytest.mark.parametrize("most", [9, 80])  # more than 64 is more than one word of a processor
def test_the_distance_is_the_least_number_of_edits(most: int) -> None:
    random = Random(most)
    for _ in range(4000 // most):
        one, other = (tuple(random.choices(range(4), k=random.randrange(most))) for _ in range(2))
        assert edit_distance(one, other) == brute_force(one, other), (one, other)


def test_error_rates_are_of_the_nearest_reference() -> None:
    # 1 edit of 2 is more than 2 edits of 5.
    assert error_rate(["abc"], [["ab", "abcde"]]) == 2 / 5
    assert error_rate(["abcd", "x", "y"], [["abcx"], ["x", "xx"], ["yyyyy"]]) == (1 + 0 + 4) / (4 + 1 + 5)
    assert error_rate([["HH", "AH0"], [1, 2]], [[["HH", "AW1"]], [[1, 2, 3]]]) == 2 / 5
    assert error_rate(["ab"], [[""]]) == 2 and error_rate([""], [["ab"]]) == 1 and error_rate([""], [[""]]) == 0


def test_bleu_of_texts_with_unlike_numbers_of_references() -> None:
    written = ["a b c d e", "g h i j", "l"]
    right = [["a b c d f", "a b c x e"], ["g h i j k"], ["l m n"]]
    # n-grams that are in a reference, of those written: 5+4+1 of 10, 3+3 of 7, 2+2 of 5, 1+1 of 3. The references
    # nearest in length have 5, 5 and 3 words; an empty one in place of none would be nearer to the last text.
    expected = 100 * exp(1 - 13 / 10) * (1 * 6 / 7 * 4 / 5 * 2 / 3) ** (1 / 4)
    assert score_texts(written, right, tokenize="none")["bleu"] == pytest.approx(expected)
    assert score_texts(written[::-1], right[::-1], tokenize="none")["bleu"] == pytest.approx(expected)


def test_chrf_is_of_the_best_reference() -> None:
    # Characters: 3 of 3 written are right, 3 of 4 in references; pairs: 1 of 1, 1 of 2; no longer ones were written.
    precision, recall = 1.0, (3 / 4 + 1 / 2) / 2
    expected = 100 * 5 * precision * recall / (4 * precision + recall)
    assert score_texts(["ab", "x"], [["abc"], ["y", "x"]], tokenize="none")["chrf"] == pytest.approx(expected)


def test_the_other_scores() -> None:
    scores = score_texts(
        ["a red fox", "tea"],
        [["a fox", "a red dog"], ["coffee", "tea"]],
        tokenize="13a",
        tokens=([[1, 2, 3], [4]], [[[1, 3], [1, 2, 5]], [[6], [4]]]),
    )
    assert scores["exact_match"] == 0.5
    assert scores["word_error_rate"] == 1 / 4  # "dog" of "a red dog" and "tea"
    assert scores["character_error_rate"] == 2 / 12  # "dog" is "fox" but for two letters
    assert scores["token_error_rate"] == 1 / 4
    assert "token_error_rate" not in score_texts(["tea"], [["tea"]], tokenize="13a")
    assert score_texts(["tea"], [["tea "]], tokenize="13a")["exact_match"] == 0.0


@pytest.mark.parametrize("tokenize", TOKENIZATIONS)
def test_bleu_and_its_signature_are_those_of_sacrebleu(tokenize: str) -> None:
    written, right = (
        ["我喜欢红茶，不喜欢咖啡。", "I like 3.5 cups, too!"],
        ["我喜欢绿茶，不喜欢咖啡。", "I like 3.5 cups too!"],
    )
    theirs = sacrebleu.BLEU(tokenize=tokenize)
    score = theirs.corpus_score(written, [right]).score
    listed = [[each] for each in right]
    assert score_texts(written, listed, tokenize=tokenize)["bleu"] == score > 0
    assert signature(listed, tokenize=tokenize) == str(theirs.get_signature())
    assert "nrefs:1|" in signature(listed, tokenize=tokenize, score="chrf")
    assert "|nw:0|" in signature(listed, tokenize=tokenize, score="chrf")
    assert signature([["a", "b"], ["c"]], tokenize=tokenize).startswith("nrefs:var|")


@pytest.mark.parametrize("tokenize", ["ja-mecab", "flores200", "13"])
def test_a_tokenization_that_would_need_more_is_refused(tokenize: str) -> None:
    with pytest.raises(UnknownNameError, match=f"unknown tokenization '{tokenize}'"):
        score_texts(["a"], [["a"]], tokenize=tokenize)


def test_nothing_is_logged_of_texts_that_are_cut(caplog: pytest.LogCaptureFixture) -> None:
    texts = [f"This is text {number} ." for number in range(150)]
    sacrebleu.BLEU(tokenize="13a").corpus_score(texts, [texts])
    assert "tokenized period" in caplog.text
    caplog.clear()
    assert score_texts(texts, [[text] for text in texts], tokenize="13a")["bleu"] == pytest.approx(100)
    assert not caplog.records


ENGLISH = ["Mr. Hill paid 3.50, or so.", "Did he?", "No way!"]
CUT = ["Mr. Hill paid 3.50 , or so .", "Did he ?", "No way !"]


@pytest.mark.parametrize(
    ("texts", "chosen"),
    [
        (ENGLISH, "13a"),
        (CUT, "none"),
        (["Vraiment ?", "Oui, bien sûr !", "Non.", "Bon, allons."], "13a"),  # French sets spaces before some marks
        (["HH AH0 L OW1", "W ER1 L D"], "13a"),
        (["나는 차를 좋아한다."], "13a"),
        (["هل تحب الشاي ؟", "نعم ، جدا ."], "none"),
        (["我喜欢茶。", "他看 DVD 。"], "zh"),
        (["我 喜欢 茶 。"], "zh"),
        (
            ["日本国憲法前文、日本国民は正当に選挙された国会。"],
            "char",
        ),  # Japanese with more Chinese characters than kana
        (["ฉันชอบชา"], "char"),
        (["I like 茶."], "13a"),
        ([""], "13a"),
        ([], "13a"),
    ],
)
def test_texts_are_cut_by_how_they_are_written(texts: list[str], chosen: str) -> None:
    assert tokenize_for(texts) == chosen


def test_of_texts_that_are_cut_some_words_may_keep_their_marks() -> None:
    assert tokenize_for([*["Yes ."] * 8, *["No."] * 2]) == "none"
    assert tokenize_for([*["Yes ."] * 7, *["No."] * 3]) == "13a"


@pytest.mark.alone
def test_error_rates_of_many_texts_take_no_time() -> None:
    random = Random(0)
    texts = [random.choices(range(40), k=15) for _ in range(10_000)]
    right = [[[token if random.random() < 0.7 else 41 for token in text]] for text in texts]
    start = time.perf_counter()
    assert 0.25 < error_rate(texts, right) < 0.35
    assert time.perf_counter() - start < 2


def test_neither_torch_nor_sacrebleu_nor_matplotlib_is_loaded_before_it_is_needed() -> None:
    loads = "from throughtime.tasks.translate import pictures\nfrom throughtime.tasks.writing import scores"
    heavy = "{'torch', 'sacrebleu', 'matplotlib', 'scipy'}"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{loads}\nprint({heavy} & set(sys.modules))"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.strip() == "set()", done.stderr


def test_words_are_right_where_they_stand_in_the_reference() -> None:
    assert word_accuracy(["a b c", "x"], [["a b d"], ["x y"]]) == pytest.approx(3 / 5)
    assert word_accuracy(["b c"], [["a b c"]]) == 0.0, "a word that is left out shifts all others"
    assert word_accuracy(["a b c d"], [["a b"]]) == 1.0, "what comes after the end costs nothing"
    assert word_accuracy(["a b"], [["x y z", "a c"]]) == pytest.approx(1 / 2), "of several the best"


def test_bleu_by_order_is_sacrebleu_s_and_ends_in_bleu() -> None:
    written = ["a red fox runs far", "a dog sleeps in the sun"]
    right = [["a red dog runs far", "the fox runs"], ["a dog sleeps under the sun"]]
    found = bleu_by_order(written, right, tokenize="none")
    assert list(found) == ["bleu_1", "bleu_2", "bleu_3", "bleu"]
    assert found["bleu"] == pytest.approx(score_texts(written, right, tokenize="none")["bleu"])
    assert found["bleu_1"] == pytest.approx(100 * 10 / 11), "all but one of eleven words"
    assert found["bleu_1"] > found["bleu_2"] > found["bleu_3"] > found["bleu"]
    with pytest.raises(UnknownNameError):
        bleu_by_order(written, right, tokenize="words")
