"""Types, levels and strengths as a person names them: numbers, ranges, names, in any sequence."""

from collections.abc import Iterable, Sequence
from numbers import Real
from typing import cast

from glint_data.api.options import Choices
from glint_data.errors import GlintError


def entries(option: str, chosen: Choices, least: int = 1) -> tuple[int | str, ...]:
    """Numbers and names, each once: "1,10-12,jpeg" and [1, range(10, 13), "jpeg"] say the same.

    Raises:
        GlintError: a falling range, a number below `least` or no whole one, or a text that names nothing; the sentence
            names the option.
    """
    picked: list[int | str] = []
    for piece in _pieces(chosen):
        if isinstance(piece, str):
            picked += _read(option, piece, least)
        elif isinstance(piece, bool) or not isinstance(piece, Real) or piece % 1 != 0:  # nor is NaN
            raise GlintError(f"{option} {piece!r}: is no whole number; write for example 1,10-12,jpeg")
        elif piece < least:
            raise GlintError(f"{option} {piece}: numbers begin with {least}")
        else:
            picked.append(int(piece))
    _something(option, chosen, picked)
    return tuple(dict.fromkeys(picked))


def numbers(option: str, chosen: str | float | Iterable[float]) -> tuple[float, ...]:
    """Numbers from a sequence, from a text such as "10,30,50", or one alone. Raises `GlintError`."""
    pieces: Iterable[str | float]
    if isinstance(chosen, str):
        pieces = chosen.split(",")
    elif isinstance(chosen, Real) and not isinstance(chosen, bool):
        pieces = [float(chosen)]
    else:
        pieces = cast("Iterable[float]", chosen)
    try:
        read = tuple(_number(piece) for piece in pieces if piece != "")
    except (TypeError, ValueError):
        raise GlintError(f"{option} {chosen}: are no numbers; write for example 10,30,50") from None
    _something(option, chosen, read)
    return read


def width_and_height(option: str, chosen: str | tuple[int, int]) -> tuple[int, int] | None:
    """ "512x384" or (512, 384) as a pair; an empty text as None. Raises `GlintError`."""
    if isinstance(chosen, str):
        sides: list[str | int] = [*chosen.lower().split("x")]
    else:
        sides = list(chosen) if isinstance(chosen, Iterable) else [chosen]
    if sides == [""]:
        return None
    if len(sides) != 2 or not all(str(side).strip().isdecimal() for side in sides):
        raise GlintError(f"{option} {chosen}: write WIDTHxHEIGHT in pixels, such as 512x384")
    return int(sides[0]), int(sides[1])


def _something(option: str, chosen: object, read: Sequence[object]) -> None:
    """A text that is empty or of commas alone is a mistake: it would stand for all there are, as no text does."""
    if isinstance(chosen, str) and not read:
        found = "holds nothing between its commas" if chosen.strip() else "names nothing"
        raise GlintError(f"{option} {chosen!r}: {found}; leave the option out, or name some")


def _number(piece: str | float) -> float:
    value = float(piece)
    return int(value) if value.is_integer() else value


def _pieces(chosen: Choices) -> Iterable[int | str]:
    if isinstance(chosen, str):
        yield from filter(None, (piece.strip() for piece in chosen.split(",")))
    elif isinstance(chosen, Iterable):
        for piece in chosen:
            yield from _pieces(piece)
    else:
        yield chosen


def _read(option: str, piece: str, least: int) -> list[int | str]:
    first, dash, last = (part.strip() for part in piece.partition("-"))
    if not first.isdigit() or (dash and not last.isdigit()):
        if piece[0].isalpha():
            return [piece]
        raise GlintError(f"{option} {piece}: is no number, range or name; write for example 1,10-12,jpeg")
    begin, end = int(first), int(last) if dash else int(first)
    if not least <= begin <= end <= 999:
        raise GlintError(f"{option} {piece}: is no rising range from {least}; write for example 10-12")
    return list(range(begin, end + 1))
