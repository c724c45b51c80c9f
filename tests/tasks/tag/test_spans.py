"""Labels of all records together tell their scheme; they are learned in one, and spans that are not whole are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from throughtime.data.formats.conll import read_conll
from throughtime.data.reading import Found, Problems, Reading
from throughtime.data.record import Record
from throughtime.errors import DataError
from throughtime.tasks.tag.spans import settle_spans


def settled(*sentences: str, found: Found | None = None, skip: bool = False) -> tuple[list[str], Problems, list[str]]:
    notes: list[str] = []
    problems = Problems(skip=skip, note=notes.append)
    records = [
        Record(tuple("w" for _ in each.split()), tuple(each.split()), f"row {row}")
        for row, each in enumerate(sentences, 1)
    ]
    after = settle_spans(records, found or Found(), problems)
    return [" ".join(record.target) for record in after], problems, notes  # type: ignore[arg-type]


def test_iob1_becomes_bio() -> None:
    found = Found()
    labels, _, notes = settled("I-x I-x B-x O", "O I-x I-y", found=found)
    assert labels == ["B-x I-x B-x O", "O B-x B-y"]
    assert notes == [
        "the labels are IOB1 (I- begins a span, B- one that touches another of its type); they become BIO (IOB2): "
        "B-TYPE begins a span, I-TYPE goes on with it"
    ]
    assert (found.scheme, found.labels_were) == ("BIO", "IOB1")


def test_bio_and_other_labels_stay() -> None:
    for sentences in (["B-x I-x B-x O", "B-y B-x"], ["O O"], ["B-x"], ["NOUN I-x", "O"], ["B E", "S B"]):
        assert settled(*sentences)[::2] == (sentences, [])


def test_marked_ends() -> None:
    found = Found()
    assert settled("B-x L-x O U-y", "B-x I-x L-x", found=found)[0] == ["B-x E-x O S-y", "B-x I-x E-x"]
    assert (found.scheme, found.labels_were) == ("BIOES", "BIOES with the marks L-, U-")
    with pytest.raises(
        DataError, match=r"row 2: label 2, 'O', follows 'B-x', a span that has no end .'E-x'.; the ends"
    ):
        settled("B-x E-x", "B-x O")


def test_data_is_brought_into_the_scheme_that_was_learned() -> None:
    for scheme, wanted in (("BIO", "B-x I-x O"), ("BIOES", "B-x E-x O")):
        for given in ("I-x I-x O", "B-x I-x O", "B-x L-x O", "x-B x-I O"):
            found = Found(scheme=scheme, fixed=True)
            assert settled(given, found=found)[0] == [wanted]
            assert found == Found(scheme=scheme, fixed=True), "what was learned from is not changed"


def test_a_few_faults_are_faults_of_the_scheme_that_most_are_in() -> None:
    labels, problems, _ = settled(*["B-x I-x"] * 12, "O I-x", skip=True)
    assert labels == ["B-x I-x"] * 12
    assert problems.skipped == [
        "row 13: label 2, 'I-x', follows 'O': a span begins with 'B-x'; 12 spans of this data begin with B-, as in BIO "
        "(IOB2); mend it, or leave such sentences out with --skip-bad"
    ]
    labels, problems, _ = settled(*["I-x I-x"] * 12, "O B-x", skip=True)
    assert labels == ["B-x I-x"] * 12
    assert "in IOB1 a span that touches none of its type begins with 'I-x'; 12 spans" in problems.skipped[0]
    with pytest.raises(
        DataError, match=r"2 spans of this data begin with B-, as in BIO .IOB2., and 2 with I-, as in IOB1"
    ):
        settled("B-x", "B-y", "I-x", "I-y")


def test_a_fault_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_text("a B-x\nb O\n\na O\nb I-x\n")
    problems = Problems(skip=True)
    records = list(read_conll(path, Reading(), problems, targets=True))
    assert len(settle_spans(records, Found(), problems)) == 1
    assert problems.skipped[0].startswith(f"{path}: line 5: the label 'I-x', follows 'O': a span begins with 'B-x'; 1 ")


def test_a_few_labels_of_another_kind_are_told_of() -> None:
    assert settled("B-x I-x O", "B-y P-y O")[2] == [
        "labels are taken one by one and not as spans, for beside 'B-x' and its like there is 'P-y'"
    ]
