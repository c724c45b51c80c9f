"""Who may speak to a server: no page of another site, and elsewhere only who brings the token."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from throughtime.web.door import Door

__all__ = ["COOKIE", "Guard"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

COOKIE = "throughtime_token"
REFUSED = 403
POLICY_VIOLATION = 1008
"""Why a WebSocket is closed (RFC 6455, 7.4.1)."""
SAFE = {
    "content-security-policy": "default-src 'self'; img-src 'self' data: blob:; connect-src 'self' ws://{host}; "
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
"""Headers of every answer: nothing is loaded from elsewhere, and no other page may load or frame ours."""


class Guard:
    """An ASGI application around another one, which hears only who may speak.

    The Host header must name this server (else another site's name could be made to point here), and where a browser
    says from which page a request comes (Origin), it must be ours. Where the door has a token, it must be in the URL or
    in the cookie that the first answer sets.

    Args:
        app: the application.
        door: where it listens.
    """

    def __init__(self, app: App, door: Door) -> None:
        self._app, self._door = app, door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if refusal := self._refusal(scope, headers):
            await _refuse(scope, send, refusal)
            return
        cookie = self._cookie(scope)

        async def safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = {name: value.format(host=headers["host"]) for name, value in SAFE.items()} | cookie
                encoded = [(name.encode(), value.encode("latin-1")) for name, value in added.items()]
                message = {**message, "headers": [*message.get("headers", ()), *encoded]}
            await send(message)

        await self._app(scope, receive, safely)

    def _refusal(self, scope: Scope, headers: dict[str, str]) -> str | None:
        host = headers.get("host", "")
        if not self._door.is_ours(host):
            return f"this server is not {host or 'without a name'}: open {self._door.url}"
        origin = headers.get("origin")
        if origin is not None and origin != f"http://{host}":
            return f"a page of {origin} may not speak to this server"
        if self._door.token is not None and not self._brings_token(scope, headers):
            return "this server asks for a token: open the whole address that it printed"
        return None

    def _brings_token(self, scope: Scope, headers: dict[str, str]) -> bool:
        try:
            morsel = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            morsel = None
        given = [*_in_url(scope), *([] if morsel is None else [morsel.value])]
        return any(hmac.compare_digest(each.encode(), (self._door.token or "").encode()) for each in given)

    def _cookie(self, scope: Scope) -> dict[str, str]:
        """Keep the token in the browser, so that a page's own files and its socket need not have it in their names."""
        if self._door.token is None or self._door.token not in _in_url(scope):
            return {}
        return {"set-cookie": f"{COOKIE}={self._door.token}; HttpOnly; SameSite=Strict; Path=/"}


def _in_url(scope: Scope) -> list[str]:
    return parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token", [])


async def _refuse(scope: Scope, send: Send, why: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": why[:120]})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"x-content-type-options", b"nosniff")]
    await send({"type": "http.response.start", "status": REFUSED, "headers": headers})
    await send({"type": "http.response.body", "body": f"{why}\n".encode()})
