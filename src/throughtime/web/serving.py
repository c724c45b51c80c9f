"""A server from its first request to its graceful end."""

from __future__ import annotations

import contextlib
import threading
import webbrowser
from importlib.util import find_spec
from typing import TYPE_CHECKING

from throughtime.errors import UsageError
from throughtime.web.door import Door

if TYPE_CHECKING:
    from throughtime.web.guard import App

__all__ = ["need", "serve"]

GRACE = 2
"""Seconds in which what is under way may end."""
LARGEST_MESSAGE = 1 << 20
"""Bytes of one message of a browser. What is sent by an honest page is smaller, and is told where it is too large."""


def need(extra: str, *modules: str) -> None:
    """See that what an extra of the package installs is there.

    Args:
        extra: name of the extra.
        *modules: what it installs.

    Raises:
        UsageError: one of them is missing.

    Example:
        >>> need("lab", "no_such_module")
        Traceback (most recent call last):
        throughtime.errors.UsageError: the lab needs no_such_module: pip install 'throughtime[lab]'
    """
    if missing := [name for name in modules if find_spec(name) is None]:
        raise UsageError(f"the {extra} needs {', '.join(missing)}: pip install 'throughtime[{extra}]'")


def serve(app: App, door: Door, *, browser: bool) -> None:
    """Serve until Ctrl-C or a signal to end.

    Args:
        app: an ASGI application; :class:`~throughtime.web.guard.Guard` is put around it.
        door: where it listens; it is closed at the end.
        browser: open the page in the user's browser.
    """
    import uvicorn

    from throughtime.web.guard import Guard

    config = uvicorn.Config(
        Guard(app, door),
        log_level="error",
        access_log=False,
        server_header=False,
        ws_max_size=LARGEST_MESSAGE,
        timeout_graceful_shutdown=GRACE,
    )
    if browser:
        threading.Thread(target=webbrowser.open, args=[door.url], daemon=True).start()
    with contextlib.closing(door.socket), contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[door.socket])
