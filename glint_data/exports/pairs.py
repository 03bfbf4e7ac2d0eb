"""Pairs of images with the probability that the first is the better one, for losses and questions that compare.

`pairs.jsonl` (a file a split): both images, their scores, and P(first better) = Phi((m1 - m2) / sqrt(s1^2 + s2^2)),
both scores being normal with the deviations that `--deviation` names (Thurstone's model, case III).
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glint_data.errors import GlintError
from glint_data.exports.about import About, Exported
from glint_data.exports.card import write_card
from glint_data.exports.deviation import Deviations
from glint_data.exports.drawing import draw_pairs, possible_pairs
from glint_data.exports.format import Format, Row, export_format
from glint_data.exports.json_files import JsonLines
from glint_data.exports.later import with_deviation

if TYPE_CHECKING:
    import pyarrow

_TEXTS = ("sample_id", "file_name", "source", "suite", "distortion", "photo", "dataset_name")
_NUMBERS = ("type", "level")
_PAIRS_A_BLOCK = 20_000


class Images:
    """What a pair needs of its images, column by column; texts as Arrow arrays, which take a few bytes a row."""

    def __init__(self) -> None:
        self._chunks: list[pyarrow.RecordBatch] = []

    def add(self, rows: Sequence[Row]) -> None:
        """Take rows that have `std`."""
        import pyarrow as pa

        texts = {name: pa.array([row[name] for row in rows], pa.string()) for name in _TEXTS}
        numbers = {name: pa.array([row[name] for row in rows], pa.int32()) for name in _NUMBERS}
        scores = {name: pa.array([row[name] for row in rows], pa.float64()) for name in ("mos", "std")}
        self._chunks.append(pa.record_batch(texts | numbers | scores))

    def table(self) -> "pyarrow.Table":
        """All rows."""
        import pyarrow as pa

        return pa.Table.from_batches(self._chunks).combine_chunks()


@export_format
class Pairs(Format):
    """Pairs of images with probabilities."""

    title = "pairs"
    needs_label = True

    def __init__(self, folder: Path, about: About) -> None:
        super().__init__(folder, about)
        self._deviations = Deviations(about.options.deviation)
        self._images: dict[str, Images] = {}

    def add(self, rows: Sequence[Row]) -> None:
        """Kept until all images are known."""
        by_part: dict[str, list[Row]] = {}
        for row in rows:
            ready = row | {
                "std": self._deviations.of(row),
                "photo": row["source_hash"] or row["source"],
                "dataset_name": row.get("dataset_name") or self.about.name,
            }
            with_deviation(ready, "pairs")
            by_part.setdefault(row["split"], []).append(ready)
        for part, ready_rows in by_part.items():
            self._images.setdefault(part, Images()).add(ready_rows)

    def finish(self, exported: Exported) -> None:
        """Draw the pairs of each split, by its share of the images; the card."""
        options, files = self.about.options, {}
        inside = options.paired == "photo"
        tables = {part: images.table() for part, images in self._images.items()}
        none_anywhere = not any(possible_pairs(codes(images["photo"]), inside) for images in tables.values())
        for number, (part, images) in enumerate(tables.items()):
            photos = codes(images["photo"])
            wanted = max(1, round(options.pairs * len(images) / exported.samples))
            rng = np.random.default_rng([options.seed, number])
            drawn = np.empty((0, 2), np.int64)
            if none_anywhere or possible_pairs(
                photos, inside
            ):  # a split without a pair is an empty file beside others
                drawn = draw_pairs(photos, wanted, inside, rng)
            name = "pairs.jsonl" if self.about.splits is None else f"pairs_{part}.jsonl"
            with JsonLines(self.folder / name) as lines:
                for line in described(images, drawn):
                    lines.add(line)
            files[name] = (
                f"{len(drawn):,} pairs: first, second (images), probability that the first is better, both scores "
                "and deviations on 0 to 1, type and level of both"
            )
        files["images/"] = "the samples"
        left_out = ("intervals", "notes", "references", "seeds")
        write_card(self.folder, self.about, exported, files, left_out, deviation=self._deviations.text())


def codes(column: "pyarrow.ChunkedArray") -> np.ndarray:
    """int (n,): a number for each distinct text."""
    numbers: np.ndarray = column.combine_chunks().dictionary_encode().indices.to_numpy()
    return numbers


def described(images: "pyarrow.Table", drawn: np.ndarray) -> Iterator[dict[str, Any]]:
    """A dictionary a pair; `drawn` int (pairs, 2) are row numbers of `images`."""
    for begin in range(0, len(drawn), _PAIRS_A_BLOCK):
        block = drawn[begin : begin + _PAIRS_A_BLOCK]
        firsts, seconds = (images.take(block[:, side]).to_pylist() for side in (0, 1))
        mos = images["mos"].to_numpy()[block]
        std = images["std"].to_numpy()[block]
        for first, second, chance in zip(firsts, seconds, first_better(mos, std), strict=True):
            yield {
                "first": first["file_name"],
                "second": second["file_name"],
                "probability": round(float(chance), 6),
                **{f"first_{name}": first[name] for name in _KEPT},
                **{f"second_{name}": second[name] for name in _KEPT},
            }


_KEPT = ("mos", "std", "source", "suite", "distortion", "type", "level")


def first_better(mos: np.ndarray, std: np.ndarray) -> np.ndarray:
    """Probability that the first is better, (n,); `mos` and `std` (n, 2). Two certain equal scores: a half.

    >>> first_better(np.array([[0.5, 0.5]]), np.array([[0.1, 0.2]]))
    array([0.5])
    """
    from scipy.special import ndtr

    if not np.isfinite(std).all() or (std < 0).any():
        raise GlintError("a deviation is negative or no number; 'glint-data verify' names the sample")
    apart = mos[:, 0] - mos[:, 1]
    spread = np.hypot(std[:, 0], std[:, 1])
    with np.errstate(divide="ignore", invalid="ignore"):
        chance: np.ndarray = ndtr(apart / spread)
    return np.where(spread > 0, chance, (np.sign(apart) + 1) / 2)
