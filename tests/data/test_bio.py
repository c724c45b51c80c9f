"""Schemes of spans are told apart, checked, and turned into one another."""

from __future__ import annotations

import pytest

from throughtime.data.bio import Scheme, bio_fault, count_faults, looks_bio, rewrite, spelling_of


@pytest.mark.parametrize(
    ("labels", "scheme"),
    [
        ("", "BIO"),
        ("O", "BIO"),
        ("B-x I-x I-x O B-y", "BIO"),
        ("B-x B-x I-x", "BIO"),
        ("B-x-y I-x-y", "BIO"),
        ("B-x E-x O S-y", "BIOES"),
        ("B-x I-x E-x B-y E-y", "BIOES"),
        ("I-x I-x B-x I-y O I-x", "IOB1"),
    ],
)
def test_whole_spans(labels: str, scheme: Scheme) -> None:
    assert bio_fault(labels.split(), scheme) is None


@pytest.mark.parametrize(
    ("labels", "scheme", "index", "fault"),
    [
        ("I-x O", "BIO", 0, "'I-x', is the first of its sentence: a span begins with 'B-x'"),
        ("B-x O I-x", "BIO", 2, "'I-x', follows 'O': a span begins with 'B-x'"),
        ("O B-x I-y", "BIO", 2, "'I-y', follows 'B-x': a span begins with 'B-y'"),
        ("S-x I-x", "BIOES", 1, "'I-x', follows 'S-x': a span begins with 'B-x'"),
        ("B-x E-x E-x", "BIOES", 2, "'E-x', follows 'E-x': a span begins with 'B-x'"),
        ("B-x O S-y", "BIOES", 1, "'O', follows 'B-x', a span that has no end ('E-x')"),
        ("B-x I-x O", "BIOES", 2, "'O', follows 'I-x', a span that has no end ('E-x')"),
        ("S-y B-x", "BIOES", 1, "'B-x', is the last of its sentence, and its span has no end"),
        ("O Q-x", "BIO", 1, "'Q-x', is not O, nor does it begin with B-, I- or another prefix of BIOES"),
        ("NOUN", "BIO", 0, "'NOUN', is not O, nor does it begin with B-, I- or another prefix of BIOES"),
        ("O B-x", "IOB1", 1, "'B-x', follows 'O': in IOB1 a span that touches none of its type begins with 'I-x'"),
    ],
)
def test_faults(labels: str, scheme: Scheme, index: int, fault: str) -> None:
    assert bio_fault(labels.split(), scheme) == (index, fault)


def test_what_looks_like_bio() -> None:
    assert looks_bio(["O", "B-x", "I-x", "E-x", "S-x", "M-x", "L-x", "U-x"])
    for label in ("B", "E", "S", "NN", "b-x", "X-y", "B-", "OO"):  # E, B and S are secondary structures of proteins too
        assert not looks_bio(["O", label]), label


@pytest.mark.parametrize(
    ("labels", "wanted", "said"),
    [
        ("O B-x I-x", "O B-x I-x", None),
        ("O B-x I-x L-x U-y", "O B-x I-x E-x S-y", "the marks L-, U-"),
        ("O B-x M-x E-x S-y", "O B-x I-x E-x S-y", "the marks M-"),
        ("O PER-B PER-I", "O B-PER I-PER", "the type before the mark, as in 'PER-B'"),
        ("O B_PER I_PER", "O B-PER I-PER", "another sign than - behind the mark"),
        ("o b-per i-per", "O B-per I-per", "the mark in small letters"),
    ],
)
def test_other_spellings(labels: str, wanted: str, said: str | None) -> None:
    spelling = spelling_of(labels.split())
    assert spelling is not None and spelling.said == said
    assert [spelling.names[label] for label in labels.split()] == wanted.split()


@pytest.mark.parametrize("labels", ["", "O", "NOUN O", "B E S O", "B_1 U_2", "NN-S NN-P O", "PER-B NOUN O", "O U_x"])
def test_labels_that_mark_no_spans(labels: str) -> None:
    assert spelling_of(labels.split()) is None


def test_what_speaks_against_a_scheme() -> None:
    assert count_faults([]) == count_faults([["O", "O"]]) == {"BIO": 0, "IOB1": 0}
    assert count_faults([["B-x", "I-x", "B-x"], ["O", "B-y"]]) == {"BIO": 0, "IOB1": 2}
    assert count_faults([["I-x", "B-x", "O", "I-y", "I-x"]]) == {"BIO": 3, "IOB1": 0}


SAME: dict[Scheme, str] = {
    "IOB1": "I-x I-x I-x B-x O I-x I-y B-y I-y",
    "BIO": "B-x I-x I-x B-x O B-x B-y B-y I-y",
    "BIOES": "B-x I-x E-x S-x O S-x S-y B-y E-y",
}


@pytest.mark.parametrize("wanted", ["BIO", "BIOES"])
@pytest.mark.parametrize("scheme", list(SAME))
def test_schemes_mark_the_same_spans(scheme: Scheme, wanted: Scheme) -> None:
    assert rewrite(SAME[scheme].split(), scheme, wanted) == tuple(SAME[wanted].split())
