"""What rendering costs by type: seconds added up, and the dearest types for a person. Never part of a dataset."""

import distortions

SHOWN = 5


def ranked(seconds: dict[int, float], most: int = SHOWN) -> list[tuple[int, float]]:
    """The dearest types with their share (0 to 1) of all seconds."""
    total = sum(seconds.values())
    dearest = sorted(seconds, key=seconds.__getitem__, reverse=True)[:most]
    return [(kind, seconds[kind] / total) for kind in dearest] if total else []


def table(seconds: dict[int, float], suite: str) -> list[str]:
    """A line for each of the dearest types: number, title, share of the time."""
    names = distortions.suite(suite).types
    return [
        f"    {kind:3d}  {names[kind].title:32s} {share:6.1%} of the time" for kind, share in ranked(seconds)
    ]


def short(seconds: dict[int, float], suite: str) -> str:
    """The three dearest in a few words, for a line of progress."""
    names = distortions.suite(suite).types
    words = [f"{names[kind].title.lower()} {share:.0%}" for kind, share in ranked(seconds, 3)]
    return f"dearest: {', '.join(words)}" if words else ""
