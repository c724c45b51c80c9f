"""Spans of labels are whole, or the first fault is named."""

from __future__ import annotations

import pytest

from throughtime.data.formats.bio import bio_fault, check_bio, looks_bio


@pytest.mark.parametrize(
    "labels",
    [
        "",
        "O",
        "B-x I-x I-x O B-y",
        "B-x B-x I-x",
        "B-x-y I-x-y",
        "B-x E-x O S-y",
        "B-x I-x E-x B-y E-y",
        "B-x M-x E-x S-x",
        "B-x I-x L-x U-y",
        "B I O B",
    ],
)
def test_whole_spans(labels: str) -> None:
    assert check_bio(labels.split()) is None


@pytest.mark.parametrize(
    ("labels", "fault"),
    [
        ("I-x O", "label 1, 'I-x', is the first of its sentence: a span begins with 'B-x'"),
        ("B-x O I-x", "label 3, 'I-x', follows 'O': a span begins with 'B-x'"),
        ("O B-x I-y", "label 3, 'I-y', follows 'B-x': a span begins with 'B-y'"),
        ("S-x I-x", "label 2, 'I-x', follows 'S-x': a span begins with 'B-x'"),
        ("B-x E-x E-x", "label 3, 'E-x', follows 'E-x': a span begins with 'B-x'"),
        ("B-x O S-y", "label 2, 'O', follows 'B-x', a span that has no end ('E-x')"),
        ("S-y B-x", "label 2, 'B-x', is the last of its sentence, and its span has no end"),
        ("O Q-x", "label 2, 'Q-x', is not O, nor does it begin with B-, I- or another prefix of BIOES"),
        ("NOUN", "label 1, 'NOUN', is not O, nor does it begin with B-, I- or another prefix of BIOES"),
    ],
)
def test_faults(labels: str, fault: str) -> None:
    assert check_bio(labels.split()) == fault
    found = bio_fault(labels.split())
    assert found is not None and f"label {found[0] + 1}, {found[1]}" == fault


def test_what_looks_like_bio() -> None:
    assert looks_bio(["O", "B-x", "I-x", "E-x", "S-x", "M-x", "L-x", "U-x"])
    for label in ("B", "E", "S", "NN", "b-x", "X-y", "B-", "OO"):  # E, B and S are secondary structures of proteins too
        assert not looks_bio(["O", label]), label
