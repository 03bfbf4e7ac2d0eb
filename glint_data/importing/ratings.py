"""A set's score table as ratings: every row by its key, on [0, 1] with higher better, in an order of its own.

What a row is about is read from its image's name (and its own reference column, which must agree), never from
its place in the table. The one exception is a set that publishes parallel files without names: those are used
only where a second file proves that they run parallel (see `_parallel_spread`).
"""

import json
import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import distortions
from glint_data.errors import GlintError
from glint_data.importing.layout import table_files
from glint_data.importing.matlab import matlab_arrays
from glint_data.importing.tables import read_table
from glint_data.progress import say
from glint_data.source_names import safe_name
from glint_data.synthesis.recipes import sample_id
from glint_data.tables import numbers

if TYPE_CHECKING:
    import pandas

_ROUNDING = 5e-4
"""Scores printed with three places or more count as the same."""

COLUMNS = ("sample_id", "image", "reference", "source", "type", "level", "parameters")
"""What names a rating; beside these stand `score`, `spread` (own scale), `mos`, `mos_std` (0 to 1) and `split`."""


def read_ratings(
    description: dict[str, Any], layout: dict[str, Any], root: Path, table: Path | None = None
) -> "pandas.DataFrame":
    """The ratings of a set, one row an image, ordered by key: the same whatever the order of the table.

    Raises:
        GlintError: a table is damaged, a name cannot be read, a score lies outside the declared range, or an
            image is rated twice.
    """
    import pandas

    raw = _matlab(layout, root) if layout["form"] == "matlab" else _plain_table(layout, root, table)
    where = f"{root}: {', '.join(layout['tables'])}" if table is None else str(table)
    named = pandas.DataFrame(
        [_name(description, image, reference) for image, reference in zip(*_names(raw), strict=True)]
    )
    frame = pandas.concat([named, raw[["score", "spread", "split"]].reset_index(drop=True)], axis=1)
    frame["split"] = frame["split"].replace(layout.get("split_words", {}))
    _check(frame, description, layout, where)
    _to_unit(frame, description, layout)
    return frame.sort_values(["source", "type", "level", "sample_id"], ignore_index=True)


def _names(raw: "pandas.DataFrame") -> tuple[list[str], list[str | None]]:
    return raw["image"].tolist(), raw["reference"].tolist()


def _plain_table(layout: dict[str, Any], root: Path, table: Path | None) -> "pandas.DataFrame":
    """image, reference, score, spread, split of a csv, words or sheet table; None where it has no such column."""
    import pandas

    columns = layout["columns"]
    wanted = list(dict.fromkeys(name for source in columns.values() for name in _fields(source)))
    read = read_table(
        table_files(layout, root, table), layout["form"], wanted, header=layout.get("header", True)
    )
    read = read.fillna("")
    for column, words in layout.get("words", {}).items():
        read[column] = read[column].map(lambda word, known=words: known.get(word.lower(), word))
    raw = pandas.DataFrame({meaning: _filled(read, source) for meaning, source in columns.items()})
    for absent in ("reference", "spread", "split"):
        if absent not in raw:
            raw[absent] = None
    if "split_by_table" in layout:
        raw["split"] = read["table"].map(layout["split_by_table"])
    if "spread_lines" in layout:
        raw["spread"] = _parallel_spread(layout, root, raw["score"])
    return raw


def _fields(column: str) -> list[str]:
    """The columns that a place names: itself, or those in the braces of a template."""
    return re.findall(r"{(\w+)[^}]*}", column) or [column]


def _filled(read: "pandas.DataFrame", column: str) -> "pandas.Series":
    if "{" not in column:
        return read[column]
    return read.apply(lambda row: column.format_map(row), axis=1)


def _parallel_spread(layout: dict[str, Any], root: Path, scores: "pandas.Series") -> list[str] | None:
    """The spread from a file without names, if the scores beside it are those of the table, line by line."""
    import pandas

    named: dict[str, str] = layout["spread_lines"]
    beside, spread = root / named["checked_by"], root / named["file"]
    if not (beside.is_file() and spread.is_file()):
        return None
    same, lines = (file.read_bytes().decode(errors="replace").split() for file in (beside, spread))
    apart = (
        pandas.to_numeric(pandas.Series(same), errors="coerce") - pandas.to_numeric(scores, errors="coerce")
    ).abs()
    if not len(lines) == len(same) == len(scores) or not (apart < _ROUNDING).all():
        say(f"{spread}: not used, because {beside.name} beside it is not the table's scores line by line")
        return None
    return lines


def _matlab(layout: dict[str, Any], root: Path) -> "pandas.DataFrame":
    """The same columns from arrays of .mat files, which belong together by their index: so they are published."""
    import pandas

    parts = layout.get("parts", {"": ""})
    variables = {
        (part, meaning): f"{part}/{variable}".lstrip("/")
        for part in parts
        for meaning, variable in layout["columns"].items()
    }
    arrays = matlab_arrays(root, list(variables.values()))
    columns: dict[str, list[Any]] = {}
    for (part, meaning), variable in variables.items():
        values = arrays[variable]
        if meaning == "image" and parts[part]:
            values = [f"{parts[part]}/{PurePosixPath(value.replace(chr(92), '/')).name}" for value in values]
        columns.setdefault(meaning, []).extend(values)
    if "numbered_images" in layout:
        columns["image"] = [
            f"{folder}/img{number + 1}.bmp"
            for folder, count in layout["numbered_images"]
            for number in range(count)
        ]
    lengths = {meaning: len(values) for meaning, values in columns.items()}
    if len(set(lengths.values())) > 1:
        counts = ", ".join(f"{meaning} {count}" for meaning, count in lengths.items())
        raise GlintError(f"{root}: its .mat files do not belong together: {counts} entries")
    raw = pandas.DataFrame(columns).reindex(
        columns=["image", "reference", "score", "spread", "split", "pristine"]
    )
    raw = raw[~raw["pristine"].fillna(0).astype(bool)].astype(object)
    return raw.where(raw.notna(), None)


def _name(description: dict[str, Any], image: str, reference: str | None) -> dict[str, Any]:
    """What an image's name says, with the reference that its row names."""
    path = PurePosixPath(str(image).strip().replace("\\", "/"))
    row: dict[str, Any] = dict.fromkeys(COLUMNS) | {"image": path.as_posix(), "reference": reference or None}
    if "key" not in description:
        own = safe_name(path.with_suffix("").name)
        return row | {"sample_id": own, "source": own}
    match = re.match(description["key"], path.as_posix(), re.IGNORECASE)
    if not match:
        raise GlintError(
            f"{description['title']}: {image!r} is no image name of this set, which look like "
            f"{description['example']['image']}"
        )
    groups = match.groupdict()
    said = groups.get("reference")
    if said and reference and PurePosixPath(reference).stem.lower() != said.lower():
        raise GlintError(
            f"{description['title']}: {image} stands beside the reference {reference}, not {said}"
        )
    stem: str = said or PurePosixPath((reference or "").replace("\\", "/")).stem
    if not stem:
        raise GlintError(f"{description['title']}: the row of {image} names no reference")
    type_number = _number(description.get("types", {}).get(groups["type"].lower(), groups["type"]), image)
    level = None if groups.get("level") is None else _number(groups["level"], image)
    words = {"type": groups["type"], "reference": _cased(description, stem), "stem": path.stem}
    if "reference_path" in description:
        reference = description["reference_path"].format(folder=path.parent.as_posix(), reference=stem)
    source = safe_name(str(description.get("source", "{reference}")).format(**words))
    of_cell = sample_id(source, type_number, level) if level is not None else None
    drawn = {name: int(groups[name] or 0) for name in description.get("parameters", ())}
    return row | {
        "sample_id": of_cell or safe_name(description["sample_id"].format(**words)),
        "reference": reference or stem,
        "source": source,
        "type": type_number,
        "level": level,
        "parameters": json.dumps(drawn, sort_keys=True) if drawn else None,
    }


def _number(text: str | int, image: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise GlintError(f"{image}: {text!r} is no type of this set") from None


def _cased(description: dict[str, Any], stem: str) -> str:
    return stem.upper() if description.get("reference_case") == "upper" else stem


def _check(
    frame: "pandas.DataFrame", description: dict[str, Any], layout: dict[str, Any], where: str
) -> None:
    import pandas

    scale = layout.get("scores", description["scores"])
    for column in ("score", "spread"):
        texts = ["" if value is None else str(value) for value in frame[column]]
        cell_names = [f"{where}: {image}: {column}" for image in frame["image"]]
        frame[column] = pandas.Series(numbers(texts, cell_names, commas_are_decimal=True), dtype=float)
    unscored = frame.loc[frame["score"].isna(), "image"]
    if len(unscored):
        raise GlintError(f"{where}: {len(unscored):,} images have no score; the first: {unscored.iloc[0]}")
    wrong = frame[~frame["score"].between(scale["low"], scale["high"])]
    if len(wrong):
        first = wrong.iloc[0]
        raise GlintError(
            f"{where}: {len(wrong):,} scores are not within {scale['low']:g} to {scale['high']:g}, the range of "
            f"{description['title']}; the first: {first['image']} with {first['score']:g}. Is this another table?"
        )
    _check_filled(frame["score"], scale, description, where)
    for column in ("sample_id", "image"):
        twice = frame.loc[frame[column].str.lower().duplicated(), "image"]
        if len(twice):
            raise GlintError(f"{where}: {twice.iloc[0]} is rated twice ({len(twice):,} such rows)")
    if description.get("suite") in distortions.suites():
        cells = set(distortions.suite(description["suite"]).cells())
        known = frame[frame["level"].notna()]
        strange = [
            str(image)
            for image, type_number, level in zip(known["image"], known["type"], known["level"], strict=True)
            if (type_number, level) not in cells
        ]
        if strange:
            raise GlintError(
                f"{where}: {strange[0]} is of a type and level that {description['suite']} lacks"
            )


_FEW = 30
_LEAST_FILLED = 1 / 3


def _check_filled(
    scores: "pandas.Series", scale: dict[str, Any], description: dict[str, Any], where: str
) -> None:
    """Scores on another scale than the set's: a whole table of them never fills so little of it (a few may)."""
    spread = scores.max() - scores.min()
    if spread >= _LEAST_FILLED * (scale["high"] - scale["low"]):
        return
    sentence = (
        f"{where}: its scores, {scores.min():g} to {scores.max():g}, fill less than a third of {scale['low']:g} to "
        f"{scale['high']:g}, the range of {description['title']}"
    )
    if len(scores) >= _FEW:
        raise GlintError(
            f"{sentence}; are they on another scale? 'glint-data import table TABLE --range LOW,HIGH' takes any"
        )
    say(sentence)


def _to_unit(frame: "pandas.DataFrame", description: dict[str, Any], layout: dict[str, Any]) -> None:
    """`mos` and `mos_std` on [0, 1], higher is better, from the set's own scale."""
    scale = layout.get("scores", description["scores"])
    low, high = scale["low"], scale["high"]
    share = (frame["score"] - low) / (high - low)
    frame["mos"] = share if scale["higher_is_better"] else 1 - share
    first, last = scale.get("spread_scale", (low, high))
    frame["mos_std"] = frame["spread"] / (last - first)
