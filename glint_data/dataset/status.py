"""What became of a sample."""

from enum import StrEnum


class Status(StrEnum):
    """`OK`: its image is on disk; `PLANNED`: it is rendered from its recipe when asked for; `FAILED`: neither."""

    OK = "ok"
    PLANNED = "planned"
    FAILED = "failed"
