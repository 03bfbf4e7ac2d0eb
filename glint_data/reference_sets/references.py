"""Reference sets: subjectively scored images with their scores and their embeddings, one table.

    glint-data references                         # the known sets
    glint-data references kadid                   # what there is of one
    glint-data references kadid --build FOLDER    # the bundled descriptors, from KADID-10k's images

Scores ship with the package; the images do not. For the bundled descriptor the package carries what
the images would be opened for; other embedders need the folder (`root`).
"""

import json
from dataclasses import dataclass, replace
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import numpy as np

from glint_data.embedding import descriptor, embed
from glint_data.errors import GlintError
from glint_data.reference_sets.scored_sets import (
    SHIPPED,
    bundled_scores,
    bundled_scores_file,
    description_of,
    known_sets,
)
from glint_data.storage.files import listing
from glint_data.storage.places import Place, check, place

_ABOUT_KEY = b"glint_data.references"
__all__ = ["ReferenceSet", "bundled_scores", "description_of", "known_sets", "load"]
_LOSSLESS = (".png", ".bmp", ".tif", ".tiff")


@dataclass(frozen=True)
class ReferenceSet:
    """R references x C cells. Row i of every array belongs to `references[i]`, column j to `cells[j]`.

    `mos` and `rating_sd` are float64 (R, C) on [0, 1], higher is better, NaN where nobody rated;
    `low`, `high` and `higher_is_better` give the set's own scale. `vectors` float32 (R, dimensions) are the
    embedder's, `descriptors` float32 (R, ...) the bundled content statistics. `without_pixels` names
    references that have scores but no embedding and are therefore left out. `embedder_wanted` is what to give
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
    embedder_wanted: str | None = None

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


def load(
    name: str = "kadid",
    root: str | Place | None = None,
    embedder: str | None = None,
    device: str = "auto",
    cache: Path | None = None,
) -> ReferenceSet:
    """A reference set ready to match against.

    Args:
        name: a set of `known_sets()`.
        root: the set's own folder, for embedders other than the bundled descriptor.
        embedder: see `glint_data.embedding.embed`; None is the descriptor, but open_clip's ViT-B/32 where the set's
            descriptors ship with the package and `root` is named all the same.

    Raises:
        GlintError: unknown set, wrong folder, weights or images missing.
    """
    if "," in name:
        raise GlintError(
            f"reference {name!r}: one reference set at a time; several together labelled no better than the one "
            f"of the dataset's own suite, so name that one (such as {name.split(',')[0].strip()})"
        )
    description = description_of(name)
    bundled_scores_file(description)
    if embedder is None and root is not None and _bundled_file(description).is_file():
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
    pixels = find_pristine(description, place(root))
    rows = embed_pristine(pixels, by, cache)
    described = rows if bundled else embed_pristine(pixels, embed.embedder(), cache)
    assembled = _assemble(description, rows, by.name, by.unit, described)
    return replace(assembled, embedder_wanted=embedder)


def find_pristine(description: dict[str, Any], root: Place) -> dict[str, Place]:
    """The pristine image of every reference found below `root`, by reference name."""
    scored = sorted(set(bundled_scores(description)["reference"]))
    wanted = {reference.lower(): reference for reference in scored}
    files: dict[str, Place] = {}
    folders = dict.fromkeys(
        (*description["images"].get("pristine", ()), *description["images"]["distorted"], "")
    )
    check(root)
    for folder in folders:
        below = root / folder if folder else root
        for name, size in sorted(listing(below).items()):
            stem, _, ending = name.rpartition(".")
            reference = wanted.get(stem.lower())  # TID2013 has I24.BMP and i25.bmp
            if reference and size >= 0 and f".{ending.lower()}" in _LOSSLESS:
                files.setdefault(reference, below / name)
    if not files:
        raise GlintError(
            f"{root}: no pristine image of {description['title']} found; expected "
            f"{next(iter(folders))}/{scored[0]}.png and so on ({len(scored)} references)"
        )
    return files


def embed_pristine(
    pixels: dict[str, Place], by: embed.Embedder, cache: Path | None
) -> dict[str, tuple[str, np.ndarray]]:
    """Reference name -> (hash of its pixels, vector)."""
    from glint_data.images import pixel_hash, read_rgb

    hashes = {reference: pixel_hash(read_rgb(file)) for reference, file in pixels.items()}
    photos = [(hashes[reference], lambda file=file: read_rgb(file)) for reference, file in pixels.items()]
    embedded = embed.embed_photos(photos, by, cache)
    vectors = dict(zip(embedded.keys, embedded.vectors, strict=True))
    return {reference: (key, vectors[key]) for reference, key in hashes.items()}


def _assemble(
    description: dict[str, Any],
    rows: dict[str, tuple[str, np.ndarray]],
    embedder: str,
    unit: bool,
    described: dict[str, tuple[str, np.ndarray]],
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


def _bundled_file(description: dict[str, Any]) -> Traversable:
    return SHIPPED / "embeddings" / f"{description['suite']}.{descriptor.NAME}.parquet"


def _bundled_vectors(description: dict[str, Any]) -> dict[str, tuple[str, np.ndarray]]:
    import pyarrow.parquet as pq

    file = _bundled_file(description)
    if not file.is_file():
        raise GlintError(
            f"{description['title']}: its scores ship with the package, but nothing of its images does; "
            "name its folder with --reference-root"
        )
    with file.open("rb") as stream:
        table = pq.read_table(stream)
    if json.loads(table.schema.metadata[_ABOUT_KEY])["entries"] != descriptor.names():
        raise GlintError(
            f"{file}: does not hold the entries of {descriptor.NAME}; it was made by another version: reinstall"
        )
    return {
        reference: (key, vector)
        for reference, key, vector in zip(
            table["reference"].to_pylist(),
            table["image_hash"].to_pylist(),
            embed.vectors_of(table["vector"]),
            strict=True,
        )
    }


def build(name: str, root: str | Place) -> Place:
    """Compute the bundled descriptors of a set from its images and write them into the package's folder."""
    import pyarrow as pa

    from glint_data.dataset.manifest import write_table

    description = description_of(name)
    rows = embed_pristine(find_pristine(description, place(root)), embed.embedder(), None)
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
    shown = ("name", "title", "kind", "suite", "rows", "citation", "licence", "home", "scores")
    facts = {key: description[key] for key in shown}
    facts |= {key: description[key] for key in ("cells_note", "cells_refused") if key in description}
    read = ("name", "certainty", "tables")
    facts["layouts"] = [{key: layout[key] for key in read} for layout in description["layouts"]]
    if not description.get("bundled_scores"):
        return facts | {"bundled": "nothing; import it from its own folder"}
    if not _bundled_file(description).is_file():
        return facts | {"bundled": "scores; as a reference set it needs its images, --reference-root"}
    loaded = load(name)
    return facts | {
        "references": len(loaded.references),
        "references_without_pixels": list(loaded.without_pixels),
        "cells": len(loaded.cells),
        "scores_bundled": int(np.isfinite(loaded.mos).sum()),
        "embedder_bundled": loaded.embedder,
        "dimensions": loaded.vectors.shape[1],
    }
