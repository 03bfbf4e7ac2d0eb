"""Reference sets: subjectively scored images with their scores and their embeddings, one table.

    glint-data references                         # the known sets
    glint-data references kadid                   # what there is of one
    glint-data references kadid --build FOLDER    # the bundled descriptors, from KADID-10k's images

Scores ship with the package; the images do not. For the bundled descriptor the package carries what
the images would be opened for; other embedders need the folder (`root`).
"""

import json
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glint_data import descriptor, embed
from glint_data.errors import GlintError

if TYPE_CHECKING:
    import pandas

_MANIFESTS = files("glint_data.manifests")
_ABOUT_KEY = b"glint_data.references"


@dataclass(frozen=True)
class ReferenceSet:
    """R references x C cells. Row i of every array belongs to `references[i]`, column j to `cells[j]`.

    `mos` and `rating_sd` are float64 (R, C) on [0, 1], higher is better, NaN where nobody rated;
    `low`, `high` and `higher_is_better` give the set's own scale. `vectors` float32 (R, dimensions) are the
    embedder's, `descriptors` float32 (R, ...) the bundled content statistics. `without_pixels` names
    references that have scores but no embedding and are therefore left out. `embedder_asked` is what to give
    `embed.embedder` for photos that shall be compared with these.
    """

    name: str
    title: str
    suite: str
    citation: str
    low: float
    high: float
    higher_is_better: bool
    references: tuple[str, ...]
    cells: np.ndarray
    mos: np.ndarray
    rating_sd: np.ndarray
    embedder: str
    vectors: np.ndarray
    vectors_are_unit: bool
    descriptors: np.ndarray
    without_pixels: tuple[str, ...] = ()
    embedder_asked: str | None = None

    @property
    def span(self) -> float:
        """What 1 on the unit scale is worth on the set's own scale."""
        return self.high - self.low

    def column_of(self) -> dict[tuple[int, int], int]:
        """The column of each (type, level)."""
        return {(int(t), int(level)): column for column, (t, level) in enumerate(self.cells)}

    def without(self, position: int) -> "ReferenceSet":
        """The set with one reference left out."""
        return self.subset(np.delete(np.arange(len(self.references)), position))

    def subset(self, rows: np.ndarray) -> "ReferenceSet":
        """The set with these rows only, in this order."""
        return replace(
            self,
            references=tuple(self.references[row] for row in rows),
            mos=self.mos[rows],
            rating_sd=self.rating_sd[rows],
            vectors=self.vectors[rows],
            descriptors=self.descriptors[rows],
        )


def known_sets() -> dict[str, dict[str, Any]]:
    """The descriptions of all scored sets that ship with the package, by name."""
    found = {}
    for entry in sorted(_MANIFESTS.iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".json"):
            description = json.loads(entry.read_text(encoding="utf-8"))
            if "scores" in description:
                found[description["name"]] = description
    return found


def description_of(name: str) -> dict[str, Any]:
    """The description of a scored set. Raises `GlintError` naming those there are."""
    known = known_sets()
    if name not in known:
        raise GlintError(f"scored set {name!r}: not known; there are {', '.join(sorted(known))}")
    return known[name]


def bundled_scores(description: dict[str, Any]) -> "pandas.DataFrame":
    """The score table shipped for a set: reference, type, level, score, spread (the set's own scale)."""
    import pandas as pd

    place = description.get("bundled_scores")
    if not place:
        raise GlintError(
            f"{description['title']}: its scores do not ship with the package; "
            f"'glint-data import {description['name']} FOLDER --out DATASET' reads them from its own files"
        )
    with (_MANIFESTS / place).open("rb") as stream:
        table = pd.read_csv(stream, dtype={"reference": str})
    if table.duplicated(["reference", "type", "level"]).any():
        raise GlintError(f"{place}: a (reference, type, level) is there twice; restore the file")
    return table


def load(
    name: str = "kadid",
    root: str | Path | None = None,
    embedder: str | None = None,
    device: str = "auto",
    cache: Path | None = None,
) -> ReferenceSet:
    """A reference set ready to match against.

    Args:
        name: a set of `known_sets()`.
        root: the set's own folder, for embedders other than the bundled descriptor.
        embedder: see `glint_data.embed`; None is the bundled descriptor without `root`, and
            open_clip's ViT-B/32 with it.

    Raises:
        GlintError: unknown set, wrong folder, weights or images missing.
    """
    description = description_of(name)
    if embedder is None and root is not None:
        embedder = embed.DEFAULT_NETWORK
    bundled = embedder in (None, "descriptor", descriptor.NAME)
    if bundled and root is None:
        rows = _bundled_vectors(description)
        return _assemble(description, rows, descriptor.NAME, False, rows)
    if root is None:
        raise GlintError(
            f"embedder {embedder}: embedding {description['title']}'s references needs its images; "
            "name its folder with --reference-root, or use --embedder descriptor, which ships with them"
        )
    by = embed.embedder(embedder, device)
    pixels = find_pristine(description, Path(root))
    rows = embed_pristine(pixels, by, cache)
    described = rows if bundled else embed_pristine(pixels, embed.embedder(), cache)
    assembled = _assemble(description, rows, by.name, by.unit, described)
    return replace(assembled, embedder_asked=embedder)


def find_pristine(description: dict[str, Any], root: Path) -> dict[str, Path]:
    """The pristine image of every reference found below `root`, by reference name."""
    scored = sorted(set(bundled_scores(description)["reference"]))
    found: dict[str, Path] = {}
    folders = dict.fromkeys(
        (*description["images"].get("pristine", ()), *description["images"]["distorted"], "")
    )
    for folder in folders:
        for reference in scored:
            for suffix in (".png", ".bmp", ".PNG", ".BMP"):
                file = root / folder / f"{reference}{suffix}"
                if reference not in found and file.is_file():
                    found[reference] = file
    if not found:
        raise GlintError(
            f"{root}: no pristine image of {description['title']} found; expected "
            f"{next(iter(folders))}/{scored[0]}.png and so on ({len(scored)} references)"
        )
    return found


def embed_pristine(
    pixels: dict[str, Path], by: embed.Embedder, cache: Path | None
) -> dict[str, tuple[str, np.ndarray]]:
    """Reference name -> (hash of its pixels, vector)."""
    from glint_data.images import pixel_hash, read_rgb

    hashes = {reference: pixel_hash(read_rgb(file)) for reference, file in pixels.items()}
    photos = [(hashes[reference], lambda file=file: read_rgb(file)) for reference, file in pixels.items()]
    embedded = embed.embed_photos(photos, by, cache)
    vectors = dict(zip(embedded.keys, embedded.vectors, strict=True))
    return {reference: (key, vectors[key]) for reference, key in hashes.items()}


def _assemble(
    description: dict[str, Any], rows: dict, embedder: str, unit: bool, described: dict
) -> ReferenceSet:
    """Join scores and vectors by reference name; never by order."""
    table = bundled_scores(description)
    scale = description["scores"]
    low, high, better = scale["low"], scale["high"], scale["higher_is_better"]
    score = table.pivot(index="reference", columns=["type", "level"], values="score").sort_index(axis=1)
    spread = table.pivot(index="reference", columns=["type", "level"], values="spread").sort_index(axis=1)
    names = tuple(sorted(set(rows) & set(score.index)))
    own = score.loc[list(names)].to_numpy(float)
    return ReferenceSet(
        name=description["name"],
        title=description["title"],
        suite=description["suite"],
        citation=description["citation"],
        low=low,
        high=high,
        higher_is_better=better,
        references=names,
        cells=np.array(list(score.columns), dtype=np.int16),
        mos=(own - low) / (high - low) if better else (high - own) / (high - low),
        rating_sd=spread.loc[list(names)].to_numpy(float) / (high - low),
        embedder=embedder,
        vectors=np.stack([rows[name][1] for name in names]),
        vectors_are_unit=unit,
        descriptors=np.stack([described[name][1] for name in names]),
        without_pixels=tuple(sorted(set(score.index) - set(rows))),
    )


def _bundled_file(description: dict[str, Any]):
    return _MANIFESTS / "embeddings" / f"{description['suite']}.{descriptor.NAME}.parquet"


def _bundled_vectors(description: dict[str, Any]) -> dict[str, tuple[str, np.ndarray]]:
    import pyarrow.parquet as pq

    place = _bundled_file(description)
    if not place.is_file():
        raise GlintError(
            f"{description['title']}: no {descriptor.NAME} of its references ships with the package; "
            f"'glint-data references {description['name']} --build FOLDER' makes them from its images"
        )
    with place.open("rb") as stream:
        table = pq.read_table(stream)
    return {
        reference: (key, vector)
        for reference, key, vector in zip(
            table["reference"].to_pylist(),
            table["image_hash"].to_pylist(),
            embed.vectors_of(table["vector"]),
            strict=True,
        )
    }


def build(name: str, root: str | Path) -> Path:
    """Compute the bundled descriptors of a set from its images and write them into the package's folder."""
    import pyarrow as pa

    from glint_data.manifest import write_table

    description = description_of(name)
    rows = embed_pristine(find_pristine(description, Path(root)), embed.embedder(), None)
    names = sorted(rows)
    about = {"set": name, "embedder": descriptor.NAME, "entries": descriptor.names()}
    table = pa.table(
        {
            "reference": names,
            "image_hash": [rows[reference][0] for reference in names],
            "vector": embed.vector_column(np.stack([rows[reference][1] for reference in names])),
        }
    ).replace_schema_metadata({_ABOUT_KEY: json.dumps(about).encode()})
    return write_table(Path(str(_bundled_file(description))), table)


def inspect(name: str) -> dict[str, Any]:
    """What there is of a set, as plain values."""
    description = description_of(name)
    facts = {
        key: description[key] for key in ("name", "title", "kind", "suite", "citation", "licence", "scores")
    }
    if not description.get("bundled_scores"):
        return facts | {"bundled": "nothing; import it from its own folder"}
    loaded = load(name)
    return facts | {
        "references": len(loaded.references),
        "references_without_pixels": list(loaded.without_pixels),
        "cells": len(loaded.cells),
        "scores_bundled": int(np.isfinite(loaded.mos).sum()),
        "embedder_bundled": loaded.embedder,
        "dimensions": loaded.vectors.shape[1],
    }
