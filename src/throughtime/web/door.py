"""Where a server listens, and what a browser must bring to be let in. Loads no server."""

from __future__ import annotations

import secrets
import socket
from dataclasses import dataclass
from ipaddress import ip_address

from throughtime.doors import named, taking
from throughtime.errors import UsageError

__all__ = ["HERE", "Door", "is_loopback", "open_door"]

HERE = "127.0.0.1"
"""This machine alone."""
NAMES_OF_HERE = ("127.0.0.1", "localhost", "[::1]")
PORTS = 65_535
TOKEN_BYTES = 24


@dataclass(frozen=True, kw_only=True)
class Door:
    """A server's socket, which listens, and who may come in by it."""

    socket: socket.socket
    """It listens already, so a browser that comes early waits."""
    host: str
    """Address that it listens at."""
    port: int
    """Its port."""
    token: str | None
    """What a browser must bring where others can reach the server; None where it is on this machine alone."""

    @property
    def url(self) -> str:
        """Where a browser finds it, with the token where there is one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/" + (f"?token={self.token}" if self.token else "")

    def is_ours(self, host: str) -> bool:
        """Say whether a request was meant for this server.

        Where only this machine is heard, a page of another site may have its own name point here: its requests
        have that name in their Host header. Elsewhere a server cannot know all its names, and the token protects it.

        Args:
            host: the Host header.
        """
        return self.token is not None or host in {f"{name}:{self.port}" for name in NAMES_OF_HERE}


@taking(lambda *_, **__: ())
def open_door(host: str, port: int) -> Door:
    """Open a door: listen at an address.

    Args:
        host: address or name; of this machine's own (loopback) no token is needed.
        port: its port; 0 takes one that is free.

    Returns:
        The door; whoever opens it closes its socket.

    Raises:
        UsageError: there is no such address, or the port is taken.

    Example:
        >>> door = open_door("127.0.0.1", 0)
        >>> door.token is None, door.url == f"http://127.0.0.1:{door.port}/"
        (True, True)
        >>> door.socket.close()
    """
    if not 0 <= port <= PORTS:
        raise UsageError(f"{named('port')} must be from 0 to {PORTS:,}, not {port}")
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.create_server((host, port), family=family)
    except socket.gaierror as error:
        raise UsageError(f"{named('host')} {host!r} is no address of this machine: {error.strerror}") from None
    except OSError as error:
        another = f"give another {named('port')}, 0 for any that is free, or another {named('host')}"
        raise UsageError(f"cannot listen at {host}, port {port}: {error.strerror}; {another}") from None
    token = None if is_loopback(host) else secrets.token_urlsafe(TOKEN_BYTES)
    return Door(socket=listening, host=host, port=listening.getsockname()[1], token=token)


def is_loopback(host: str) -> bool:
    """Say whether only this machine reaches an address.

    Args:
        host: address or name.

    Example:
        >>> is_loopback("127.0.0.1"), is_loopback("0.0.0.0")
        (True, False)
    """
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
