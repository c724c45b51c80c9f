"""Who may speak to a server."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI, WebSocket
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from throughtime.errors import UsageError
from throughtime.web.door import Door, open_door
from throughtime.web.guard import COOKIE, Guard


def app() -> FastAPI:
    made = FastAPI()

    @made.get("/")
    def page() -> str:
        return "in"

    @made.websocket("/socket")
    async def talk(given: WebSocket) -> None:
        await given.accept()
        await given.send_text("in")
        await given.close()

    return made


@pytest.fixture
def here() -> Iterator[Door]:
    with socket.socket() as unused:
        yield Door(socket=unused, host="127.0.0.1", port=8123, token=None)


@pytest.fixture
def elsewhere() -> Iterator[Door]:
    with socket.socket() as unused:
        yield Door(socket=unused, host="0.0.0.0", port=8123, token="secret")


def client(door: Door, host: str = "127.0.0.1:8123") -> TestClient:
    return TestClient(Guard(app(), door), base_url=f"http://{host}")  # pyright: ignore


@pytest.mark.parametrize("host", ["127.0.0.1:8123", "localhost:8123", "[::1]:8123"])
def test_names_of_this_machine_are_heard(here: Door, host: str) -> None:
    assert client(here).get("/", headers={"host": host}).text == '"in"'


@pytest.mark.parametrize("host", ["evil.example:8123", "127.0.0.1:80", "127.0.0.1", "localhost:81230", ""])
def test_another_name_is_refused_though_it_points_here(here: Door, host: str) -> None:
    answer = client(here).get("/", headers={"host": host})
    assert answer.status_code == 403
    assert "http://127.0.0.1:8123/" in answer.text


@pytest.mark.parametrize("origin", ["http://evil.example", "https://127.0.0.1:8123", "http://127.0.0.1:9", "null"])
def test_no_page_of_another_site_can_speak(here: Door, origin: str) -> None:
    assert client(here).get("/", headers={"origin": origin}).status_code == 403
    with (
        pytest.raises(WebSocketDisconnect) as caught,
        client(here).websocket_connect("ws://127.0.0.1:8123/socket", headers={"origin": origin}),
    ):
        pass
    assert caught.value.code == 1008


def test_our_own_page_can_speak(here: Door) -> None:
    own: dict[str, Any] = {"headers": {"origin": "http://127.0.0.1:8123"}}
    assert client(here).get("/", **own).status_code == 200
    with client(here).websocket_connect("ws://127.0.0.1:8123/socket", **own) as talk:
        assert talk.receive_text() == "in"


def test_an_answer_lets_nothing_in_from_elsewhere(here: Door) -> None:
    headers = client(here).get("/").headers
    assert headers["content-security-policy"].startswith("default-src 'self';")
    assert "ws://127.0.0.1:8123;" in headers["content-security-policy"]
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["x-content-type-options"] == "nosniff"


def test_elsewhere_a_token_is_asked_for_once(elsewhere: Door) -> None:
    browser = client(elsewhere, "box.example:8123")
    assert browser.get("/").status_code == 403
    assert browser.get("/?token=wrong").status_code == 403
    first = browser.get("/?token=secret")
    assert first.status_code == 200
    assert {"HttpOnly", "SameSite=Strict"} <= set(first.headers["set-cookie"].split("; "))
    assert browser.cookies[COOKIE] == "secret"
    assert browser.get("/").status_code == 200, "the cookie is enough"
    assert browser.get("/", headers={"origin": "http://evil.example"}).status_code == 403


def test_elsewhere_a_socket_needs_the_token_too(elsewhere: Door) -> None:
    with (
        pytest.raises(WebSocketDisconnect) as caught,
        client(elsewhere).websocket_connect("ws://box.example:8123/socket"),
    ):
        pass
    assert caught.value.code == 1008
    with client(elsewhere).websocket_connect("ws://box.example:8123/socket?token=secret") as talk:
        assert talk.receive_text() == "in"


def test_a_cookie_that_is_none_is_no_token(elsewhere: Door) -> None:
    assert client(elsewhere, "box:8123").get("/", headers={"cookie": '\x00=;;"'}).status_code == 403


def test_a_door_is_open_at_once_and_a_second_one_is_told() -> None:
    door = open_door("127.0.0.1", 0)
    with door.socket, socket.create_connection((door.host, door.port), timeout=5):
        assert door.token is None and door.url == f"http://127.0.0.1:{door.port}/"
        with pytest.raises(UsageError, match=f"port {door.port}: .*give another port"):
            open_door("127.0.0.1", door.port)


def test_a_door_that_others_reach_has_a_token() -> None:
    one, other = open_door("0.0.0.0", 0), open_door("0.0.0.0", 0)
    with one.socket, other.socket:
        assert one.token and other.token and one.token != other.token
        assert len(one.token) >= 32 and one.url.endswith(f"/?token={one.token}")


@pytest.mark.parametrize(("host", "port", "words"), [("no.such.invalid", 0, "host"), ("127.0.0.1", 70000, "65,535")])
def test_what_is_no_door_is_told(host: str, port: int, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        open_door(host, port)
