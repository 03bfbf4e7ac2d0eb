"""Does the head of a Ray cluster answer? Asked by a plain connection, because Ray itself waits for minutes."""

import re
import socket

from glint_data.errors import GlintError

_ADDRESS = re.compile(r"(?:ray://)?\[?([^\[\]/]+?)\]?:(\d{1,5})")
SECONDS = 5.0
"""How long one connection may take."""
TRIES = 3


class HeadLost(GlintError):
    """The cluster's head went away while tasks were under way: nothing more can be asked of Ray in this process."""


def complaint(address: str) -> str | None:
    """Why nobody answers at "host:port" or "ray://host:port"; None where somebody does, or at another address."""
    found = _ADDRESS.fullmatch(address.strip())
    if not found or int(found[2]) > 65535:
        return None
    try:
        socket.create_connection((found[1], int(found[2])), timeout=SECONDS).close()
    except OSError as error:
        return error.strerror or str(error)
    return None


def require(address: str) -> None:
    """Raise `HeadLost` where nobody answers at the head's address, asked a few times."""
    said = None
    for _ in range(TRIES):
        said = complaint(address)
        if said is None:
            return
    raise HeadLost(
        f"--engine ray: the cluster's head at {address} does not answer any more ({said}); start the cluster again and "
        "run the same command again, it goes on where it stopped"
    )
