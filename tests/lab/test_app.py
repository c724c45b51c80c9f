"""The page's files and its socket, and how an answer lies in a message."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from throughtime.lab.app import lab_app
from throughtime.lab.frames import Answer, packed
from throughtime.lab.opened import Lab

TEXT = 'He said "no" and (so) left.'
OF_WRITER: dict[str, Any] = {"run": "writer", "text": TEXT}


@pytest.fixture(scope="module")
def lab(writer: Path) -> Lab:
    return Lab([writer])


def unpacked(message: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    size = struct.unpack("<I", message[:4])[0]
    words, place, arrays = json.loads(message[4 : 4 + size]), 4 + size, dict[str, Any]()
    for name, shape in words["arrays"]:
        count = int(np.prod(shape))
        arrays[name] = np.frombuffer(message, "<f4", count, place).reshape(shape)
        place += 4 * count
    assert place == len(message)
    return words, arrays


@pytest.mark.parametrize("words", [{}, {"a": "né"}, {"a": "xy"}, {"b": [1, 2.5]}])
def test_a_frame_holds_words_and_numbers(words: dict[str, Any]) -> None:
    arrays = {"x": np.arange(6.0).reshape(2, 3), "none": np.empty((0, 4)), "i": np.array([5], np.int64)}
    message = packed(Answer(words=words, arrays=arrays), 3)
    assert (4 + struct.unpack("<I", message[:4])[0]) % 4 == 0
    said, found = unpacked(message)
    assert {**said, "arrays": 0} == {"id": 3, **words, "arrays": 0}
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)


@pytest.fixture(scope="module")
def client(lab: Lab) -> TestClient:
    return TestClient(lab_app(lab))


def test_the_page_and_its_parts_are_there_and_nothing_else(client: TestClient) -> None:
    assert client.get("/").headers["content-type"] == "text/html; charset=utf-8"
    for script in ("/words.js", "/views/read.js"):
        assert client.get(script).headers["content-type"] == "text/javascript; charset=utf-8"
    outside = ("/../app.py", "/%2e%2e/app.py", "/..%2fapp.py", "//etc/passwd")
    for path in ("/no.js", "/page/words.js", "/docs", "/views", "/views/", *outside):
        assert client.get(path).status_code == 404, path


def test_a_socket_answers_each_question_by_its_number(client: TestClient) -> None:
    with client.websocket_connect("/socket") as talk:
        talk.send_text("no JSON")
        assert unpacked(talk.receive_bytes())[0]["error"].startswith("a question is")
        for text in ("[" * 100_000, "[]", "{}", '{"id": "1"}'):
            talk.send_text(text)
            assert "error" in unpacked(talk.receive_bytes())[0]
        talk.send_text(json.dumps({"id": 5, "ask": "read", **OF_WRITER, "track": "h_l0"}))
        words, arrays = unpacked(talk.receive_bytes())
        assert words["id"] == 5 and arrays["track"].shape == (len(TEXT) + 1, 12)


def test_two_pages_do_not_disturb_each_other(client: TestClient) -> None:
    with client.websocket_connect("/socket") as one, client.websocket_connect("/socket") as other:
        for number, (talk, text) in enumerate([(one, TEXT), (other, "so"), (one, TEXT + "s"), (other, "so ")]):
            talk.send_text(json.dumps({"id": number, "ask": "read", "run": "writer", "text": text, "track": "h_l0"}))
            words, _ = unpacked(talk.receive_bytes())
            assert words["steps"] == len(text) + 1


def test_a_fault_of_ours_is_told_and_the_page_goes_on(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with client.websocket_connect("/socket") as talk:
        with monkeypatch.context() as broken:
            broken.setattr("throughtime.lab.session.Session.answer", lambda session, asked: 1 / 0)
            talk.send_text(json.dumps({"id": 1, "ask": "runs"}))
            assert unpacked(talk.receive_bytes())[0]["error"].startswith("the lab has a fault: ZeroDivisionError")
        assert "ZeroDivisionError" in capsys.readouterr().err
        talk.send_text(json.dumps({"id": 2, "ask": "runs"}))
        assert unpacked(talk.receive_bytes())[0]["runs"][0]["name"] == "writer"
