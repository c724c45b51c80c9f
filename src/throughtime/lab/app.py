"""The lab as an application: its page, and the socket through which the page asks."""

from __future__ import annotations

import asyncio
import json
import traceback
from importlib.resources import files
from typing import Any, cast

from fastapi import FastAPI, Response, WebSocket
from starlette.websockets import WebSocketDisconnect

from throughtime.lab.frames import Answer, packed
from throughtime.lab.opened import Lab
from throughtime.lab.session import Session

__all__ = ["lab_app"]

TYPES = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
}
"""What the page is made of, by how a file's name ends."""
FRONT = "index.html"


def lab_app(lab: Lab) -> FastAPI:
    """Make the application.

    Args:
        lab: the runs that it shows.

    Returns:
        The application; :class:`throughtime.web.guard.Guard` belongs around it.
    """
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    parts = _parts()

    @app.get("/{name:path}")
    def part(name: str) -> Response:
        # a name is looked up among the parts, and never joined to a path
        kind, content = parts.get(name or FRONT, ("text/plain", None))
        return Response(status_code=404) if content is None else Response(content, media_type=kind)

    @app.websocket("/socket")
    async def socket(talk: WebSocket) -> None:
        await talk.accept()
        await _talk(talk, Session(lab))

    _ = part, socket
    return app


def _parts() -> dict[str, tuple[str, bytes]]:
    """The page, file by file: name, such as "views/read.js" -> (type, content)."""
    root = files("throughtime.lab").joinpath("page")
    rooms = [("", root), *((f"{each.name}/", each) for each in root.iterdir() if each.is_dir())]
    found: dict[str, tuple[str, bytes]] = {}
    for prefix, room in rooms:
        for each in room.iterdir():
            if (ending := each.name.rsplit(".", 1)[-1]) in TYPES and each.is_file():
                found[prefix + each.name] = TYPES[ending], each.read_bytes()
    return found


async def _talk(talk: WebSocket, session: Session) -> None:
    """Answer one page until it leaves; what takes long is worked out beside what is asked meanwhile."""
    under_way: set[asyncio.Task[None]] = set()

    async def answer(asked: dict[str, Any], number: int) -> None:
        try:
            message = await asyncio.to_thread(lambda: packed(session.answer(asked), number))
        except Exception as error:  # a fault of ours, which the page tells and goes on
            traceback.print_exc()
            message = packed(Answer(words={"error": f"the lab has a fault: {error!r}"}), number)
        try:
            await talk.send_bytes(message)
        except (RuntimeError, WebSocketDisconnect):  # the page has left meanwhile
            return

    try:
        while True:
            asked = _question(await talk.receive_text())
            if asked is None:
                await talk.send_bytes(packed(Answer(words={"error": "a question is an object of JSON with an id"}), -1))
                continue
            task = asyncio.create_task(answer(asked, asked["id"]))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
    except WebSocketDisconnect:
        for task in under_way:
            task.cancel()


def _question(text: str) -> dict[str, Any] | None:
    try:
        asked: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    whole = isinstance(asked, dict) and type(cast("dict[str, Any]", asked).get("id")) is int
    return cast("dict[str, Any]", asked) if whole else None
