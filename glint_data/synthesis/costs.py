"""What rendering costs by type: seconds added up, the most expensive types for a person. Never part of a dataset."""

import distortions

SHOWN = 5


def ranked(seconds: dict[int, float], most: int = SHOWN) -> list[tuple[int, float]]:
    """The most expensive types with their share (0 to 1) of all seconds."""
    total = sum(seconds.values())
    types = sorted(seconds, key=seconds.__getitem__, reverse=True)[:most]
    return [(number, seconds[number] / total) for number in types] if total else []


def table(seconds: dict[int, float], suite: str) -> list[str]:
    """A line for each of the most expensive types: number, title, share of the time."""
    names = distortions.suite(suite).types
    return [
        f"    {number:3d}  {names[number].title:32s} {share:6.1%} of the time"
        for number, share in ranked(seconds)
    ]


def short(seconds: dict[int, float], suite: str) -> str:
    """The three most expensive in a few words, for a line of progress."""
    names = distortions.suite(suite).types
    words = [f"{names[number].title.lower()} {share:.0%}" for number, share in ranked(seconds, 3)]
    return f"most of the time: {', '.join(words)}" if words else ""
