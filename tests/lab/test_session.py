"""The numbers that a page gets are those that Python gives for the same run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from throughtime import insight
from throughtime.errors import CheckpointError, UsageError
from throughtime.lab.frames import Answer
from throughtime.lab.opened import Lab
from throughtime.lab.questions import MOST_TEXT
from throughtime.lab.readers import place_texts
from throughtime.lab.session import Session
from throughtime.runs import Run
from throughtime.runs.explaining.looking import look_at_text

TEXT = 'He said "no" and (so) left.'
Made = Callable[..., Path]
OF_WRITER: dict[str, Any] = {"run": "writer", "text": TEXT}


@pytest.fixture(scope="module")
def lab(writer: Path, judge: Path, forward_judge: Path, tagger: Path) -> Lab:
    return Lab([writer, judge, forward_judge, tagger])


@pytest.fixture
def session(lab: Lab) -> Session:
    return Session(lab)


def asked(session: Session, ask: str, **more: Any) -> Answer:
    answer = session.answer({"ask": ask, **more})
    assert "error" not in answer.words, answer.words["error"]
    return answer


def refused(session: Session, ask: Any, **more: Any) -> str:
    return session.answer({"ask": ask, **more}).words["error"]


def tracks(run: Run, text: str) -> dict[str, Any]:
    """Every gate and state by the layers themselves, in float64."""
    subject = look_at_text(run.model, text, None, None)
    layer = subject.recurrent.double()
    with torch.no_grad():
        _, _, traced = layer(subject.x.double()[None], trace=True)
    layer.float()
    return {name: track[0].numpy() for name, track in traced.items()}


def test_what_the_page_is_told_of_the_runs(session: Session) -> None:
    runs = {run["name"]: run for run in asked(session, "runs").words["runs"]}
    assert list(runs) == ["writer", "judge", "forward", "tagger"]
    assert runs["writer"]["lanes"] == ["l0", "l1"] and runs["judge"]["lanes"] == ["l0", "l0_reverse"]
    assert runs["writer"]["carried"] == ["h", "c"] and runs["judge"]["carried"] == ["h"]
    assert runs["writer"]["tracks"]["f_l1"] == 12
    assert runs["writer"]["walks"] and runs["writer"]["touches"] and not runs["tagger"]["touches"]
    assert len(runs["writer"]["text"]) == 160 and runs["judge"]["text"] == ""


@pytest.mark.parametrize("track", ["h_l1", "f_l0", "c_l0"])
def test_a_text_is_read_on_and_each_change_gives_what_is_new(session: Session, writer: Path, track: str) -> None:
    held = np.empty((0, 12))
    for text in (TEXT[:5], TEXT, TEXT * 5, TEXT * 4 + "ss" + TEXT, TEXT * 2, ""):
        answer = asked(session, "read", run="writer", text=text, track=track)
        first = answer.words["first"]
        held = np.concatenate([held[:first], answer.arrays["track"]])[: answer.words["steps"]]
        assert answer.words["steps"] == len(text) + 1
        np.testing.assert_allclose(held, tracks(Run(writer), text)[track], atol=1e-6)


def test_another_track_comes_whole(session: Session) -> None:
    asked(session, "read", **OF_WRITER, track="h_l0")
    answer = asked(session, "read", **OF_WRITER, track="c_l1")
    assert answer.words["first"] == 0 and answer.arrays["track"].shape == (len(TEXT) + 1, 12)
    answer = asked(session, "read", **OF_WRITER, track="c_l1")
    assert answer.words["first"] == len(TEXT) + 1 and answer.arrays["track"].shape == (0, 12)


def test_what_is_said_at_a_step_is_what_next_says(session: Session, opened_run: Run) -> None:
    asked(session, "read", **OF_WRITER, track="h_l0")
    for step in (0, 9, len(TEXT)):
        answer = asked(session, "step", step=step)
        wanted = opened_run.next(TEXT[:step], top=8)
        assert answer.words["kind"] == "next"
        for candidate, name, share in zip(
            wanted.candidates, answer.words["names"], answer.words["shares"], strict=True
        ):
            assert share == pytest.approx(candidate.probability, abs=1e-5)
            assert candidate.text == name or name == "¶"
        assert set(answer.arrays) == set(tracks(opened_run, TEXT))
        for name, values in tracks(opened_run, TEXT).items():
            np.testing.assert_allclose(answer.arrays[name], values[step], atol=1e-6)


def test_a_unit_is_its_gates_and_states_over_the_text(session: Session, opened_run: Run) -> None:
    asked(session, "read", **OF_WRITER, track="h_l0")
    answer = asked(session, "unit", lane="l1", unit=3)
    assert set(answer.arrays) == {f"{part}_l1" for part in "ifgohc"}
    for name, values in answer.arrays.items():
        np.testing.assert_allclose(values, tracks(opened_run, TEXT)[name][:, 3], atol=1e-6)


def test_a_judge_both_ways_says_what_predict_says_whatever_the_step(session: Session, judge: Path) -> None:
    text = "a bad strong tea"
    asked(session, "read", run="judge", text=text, track="h_l0_reverse")
    wanted = Run(judge).predict([text])[0].probabilities
    for step in range(4):
        answer = asked(session, "step", step=step)
        assert answer.words["kind"] == "whole"
        shares = dict(zip(answer.words["names"], answer.words["shares"], strict=True))
        assert shares == pytest.approx(wanted, abs=1e-5)


def test_a_judge_one_way_says_what_predict_says_of_the_text_so_far(session: Session, forward_judge: Path) -> None:
    words = ["a", "bad", "strong", "tea"]
    asked(session, "read", run="forward", text=" ".join(words), track="h_l0")
    for step in range(4):
        answer = asked(session, "step", step=step)
        wanted = Run(forward_judge).predict([" ".join(words[: step + 1])])[0].probabilities
        assert answer.words["kind"] == "here"
        shares = dict(zip(answer.words["names"], answer.words["shares"], strict=True))
        assert shares == pytest.approx(wanted, abs=1e-5)


def test_a_tagger_says_the_label_of_each_step(session: Session, tagger: Path) -> None:
    answer = asked(session, "read", run="tagger", text="Ann  Lee likes tea", track="h_l0")
    assert answer.arrays["spans"].tolist() == [[0, 3], [5, 8], [9, 14], [15, 18]]
    wanted = Run(tagger).predict(["Ann  Lee likes tea"])[0].value
    said = [asked(session, "step", step=step).words["names"][0] for step in range(4)]
    assert tuple(said) == wanted


def test_what_takes_longer_is_what_insight_finds(session: Session, opened_run: Run) -> None:
    subject = look_at_text(opened_run.model, TEXT, 20, None)
    found = insight.matching_units(subject, (8, 12), count=12)
    answer = asked(session, "span", **OF_WRITER, at=20, span=[8, 12])
    assert answer.words["tracks"] == list(found.tracks) and answer.words["units"] == found.units.tolist()
    np.testing.assert_allclose(answer.arrays["scores"], found.scores)

    wanted = insight.saliency(subject, towards="s")
    answer = asked(session, "saliency", **OF_WRITER, at=20, towards="s")
    np.testing.assert_allclose(answer.arrays["contributions"], wanted.contributions, atol=1e-9)
    assert answer.words["score"] == pytest.approx(wanted.score)

    step = insight.walk(subject, 7, lane="l1", unit=2)
    answer = asked(session, "walk", **OF_WRITER, at=20, step=7, lane="l1", unit=2)
    assert [part["name"] for part in answer.words["parts"]] == [each.name for each in step.quantities]
    np.testing.assert_allclose(
        answer.arrays["values"], [[each.values[2], each.gradients[2]] for each in step.quantities], atol=1e-9
    )
    assert tuple(answer.words["sentences"]) == step.words

    flow = insight.gradient_flow(subject)
    answer = asked(session, "vanish", **OF_WRITER, at=20)
    np.testing.assert_allclose(np.exp(answer.arrays["flow c_l0"]), flow.norms["c_l0"], rtol=1e-6)
    assert answer.arrays["back"].tolist() == (20 - flow.steps).tolist()


def test_what_is_held_changes_what_is_said(session: Session, opened_run: Run) -> None:
    subject = look_at_text(opened_run.model, TEXT, 20, None)
    change = insight.intervene(subject, insight.clamp("f_l0", 1.0, 3), insight.clamp("h_l1", 0.0, 1))
    edits = [{"track": "f_l0", "unit": 3, "value": 1.0}, {"track": "h_l1", "unit": 1, "value": 0}]
    answer = asked(session, "touch", **OF_WRITER, at=20, edits=edits)
    before, after = (
        dict(zip(change.labels, change.before, strict=True)),
        dict(zip(change.labels, change.after, strict=True)),
    )
    assert len(answer.words["edits"]) == 2
    assert answer.words["names"][0] != "¶", "the mark and the unknown are never written"
    for scores, shares in ((before, answer.arrays["before"]), (after, answer.arrays["after"])):
        there = 1 - np.exp(scores["¶"]) - np.exp(scores["�"])
        wanted = [np.exp(scores[name]) / there for name in answer.words["names"]]
        np.testing.assert_allclose(shares, wanted, rtol=1e-6)


@pytest.mark.parametrize(
    ("ask", "more", "words"),
    [
        ("nonsense", {}, "unknown question 'nonsense'"),
        (7, {}, "ask must be a text"),
        ("read", {"run": "../writer", "text": "a", "track": "h_l0"}, "unknown run"),
        ("read", {**OF_WRITER, "track": "z_l0"}, "unknown track 'z_l0'"),
        ("read", {"run": "writer", "text": "s" * (MOST_TEXT + 1), "track": "h_l0"}, "20,001 characters"),
        ("read", {"run": "writer", "text": "ß", "track": "h_l0"}, "'ß'"),
        ("read", {"run": "writer", "text": None, "track": "h_l0"}, "text must be a text"),
        ("read", {"run": "judge", "text": " ", "track": "h_l0"}, "type a text"),
        ("step", {"step": 0}, "no text has been read"),
        ("unit", {"lane": "l0", "unit": 0}, "no text has been read"),
        ("walk", {**OF_WRITER, "at": 9, "step": 3, "lane": "l0", "unit": 99}, "no unit 99"),
        ("walk", {**OF_WRITER, "at": 9, "step": -1, "lane": "l0", "unit": 0}, "step must be a whole number"),
        ("walk", {**OF_WRITER, "at": 99, "step": 1, "lane": "l0", "unit": 0}, "at is step 99"),
        ("span", {**OF_WRITER, "at": 9, "span": [3, 3]}, "a span is"),
        ("span", {**OF_WRITER, "at": 9, "span": "ab"}, "two whole numbers"),
        ("touch", {**OF_WRITER, "at": 9, "edits": []}, "an intervention holds something"),
        ("touch", {**OF_WRITER, "at": 9, "edits": [1]}, "a list of objects"),
        ("touch", {**OF_WRITER, "at": 9, "edits": [{"track": "f_l0", "unit": 1, "value": "x"}]}, "value must be a"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_question_is_one_line(
    session: Session, ask: Any, more: dict[str, Any], words: str
) -> None:
    said = refused(session, ask, **more)
    assert words in said and "\n" not in said


def test_after_an_error_the_page_goes_on_from_the_start(session: Session) -> None:
    asked(session, "read", **OF_WRITER, track="h_l0")
    refused(session, "read", run="writer", text="ß", track="h_l0")
    assert asked(session, "read", **OF_WRITER, track="h_l0").words["first"] == 0


def test_a_run_that_reads_no_text_is_refused(folder: Path, made: Made) -> None:
    path = folder / "series.tsv"
    path.write_text("label\tt0\tt1\n" + "".join(f"{n % 2}\t{n}.5\t1.5\n" for n in range(20)))
    run = made("series", "classify", data=path, wide=True, hidden=4, steps=1)
    with pytest.raises(UsageError, match="reads series, sounds or clips; the lab shows"):
        Lab([run])
    with pytest.raises(CheckpointError, match="there is no run in"):
        Lab([folder / "nothing"])
    with pytest.raises(UsageError, match="given twice"):
        Lab([run, run])


def test_weights_that_went_astray_are_told(writer: Path) -> None:
    lab = Lab([writer])
    with torch.no_grad():
        next(lab["writer"].reader.recurrent.parameters()).fill_(torch.nan)
    said = refused(Session(lab), "read", **OF_WRITER, track="h_l0")
    assert "not finite" in said and "went astray" in said


def test_parts_are_found_in_order_as_a_browser_counts() -> None:
    assert place_texts("aa  a", ["", "a", "a", "a"]).tolist() == [[0, 0], [0, 1], [1, 2], [4, 5]]
    assert place_texts("né", ["n", "", "é"]).tolist() == [[0, 1], [1, 1], [1, 2]]
    assert place_texts("the cat", [" the", " cat"]).tolist() == [[0, 3], [3, 7]]
    assert place_texts("😀b", ["😀", "b"]).tolist() == [[0, 2], [2, 3]]
