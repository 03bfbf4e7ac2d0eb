"""Does the head of a Ray cluster answer? Asked by a plain connection, because Ray itself waits for minutes."""

import os
import re
import socket

from glint_data.errors import GlintError

_ADDRESS = re.compile(r"(?:ray://)?\[?([^\[\]/]+?)\]?:(\d{1,5})")
SECONDS = 10.0
"""How long a head may take to answer, once."""
TRIES = 3
_GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
"""HTTP/2's preface and an empty SETTINGS frame (RFC 9113, 3.4): a server answers with SETTINGS of its own."""
_HEADER, _FRAME_TYPE, _SETTINGS = 9, 3, 4


class HeadLost(GlintError):
    """The cluster's head went away while tasks were under way: nothing more can be asked of Ray in this process."""


def complaint(address: str) -> str | None:
    """Why no head answers at "host:port" or "ray://host:port"; None where one does, or at another address.

    That something takes the connection is not enough: a process that hangs, or was stopped, does so too. Ray speaks
    gRPC, which is HTTP/2. Encrypted (RAY_USE_TLS), only the connection is tried.
    """
    match = _ADDRESS.fullmatch(address.strip())
    if not match or int(match[2]) > 65535:
        return None
    said: str | None = None
    for _ in range(TRIES):
        try:
            with socket.create_connection((match[1], int(match[2])), timeout=SECONDS) as connection:
                said = None if _is_encrypted() else _greeted(connection)
        except OSError as error:
            said = error.strerror or str(error)
        if said is None:
            break
    return said


def _is_encrypted() -> bool:
    return os.environ.get("RAY_USE_TLS", "0").lower() not in ("", "0", "false")


def _greeted(connection: socket.socket) -> str | None:
    connection.sendall(_GREETING)
    answer = b""
    while len(answer) < _HEADER:
        try:
            piece = connection.recv(_HEADER - len(answer))
        except TimeoutError:
            return f"something listens, and says nothing within {SECONDS:g} s"
        if not piece:
            return "something listens, and hangs up"
        answer += piece
    return None if answer[_FRAME_TYPE] == _SETTINGS else "something else listens there, no head of Ray"


def require(address: str) -> None:
    """Raise `HeadLost` where no head answers at the address any more."""
    said = complaint(address)
    if said is not None:
        raise HeadLost(
            f"--engine ray: the cluster's head at {address} does not answer any more ({said}); start the cluster "
            "again and run the same command again, it goes on where it stopped"
        )
