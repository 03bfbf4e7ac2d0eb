"""Values of options that are more than a word: number lists, the number of workers."""

import typer


def numbers(text: str) -> tuple[int, ...]:
    """ "1,10-12" to (1, 10, 11, 12); an empty text to (). Raises `typer.BadParameter`."""
    chosen: list[int] = []
    for piece in filter(None, (piece.strip() for piece in text.split(","))):
        first, dash, last = piece.partition("-")
        try:
            begin, end = int(first), int(last) if dash else int(first)
        except ValueError:
            raise typer.BadParameter(f"'{piece}' is no number or range; write for example 1,10-12") from None
        if not 1 <= begin <= end <= 999:
            raise typer.BadParameter(f"'{piece}' is no rising range from 1; write for example 10-12")
        chosen += range(begin, end + 1)
    return tuple(dict.fromkeys(chosen))


def workers(number: int) -> int:
    """The number asked for, or one a core where none was."""
    from glint_data.work import default_workers

    return number or default_workers()
