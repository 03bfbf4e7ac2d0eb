"""Make the evidence that ships of a reference set, from the set's own folder.

    python -m glint_data.labels.evidence.refit kadid FOLDER [BLOCK ...]

FOLDER holds the set's pristine images. Each is rendered through every cell of the set's suite by this
package, with seeds that depend on nothing but the image and the cell, and measured against itself. Without
names of blocks (such as pairs/plain-1), all that are registered are made.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from glint_data import work
from glint_data.dataset.manifest import write_table
from glint_data.dataset.pixels import Pictures
from glint_data.dataset.sample import Sample
from glint_data.dataset.status import Status
from glint_data.errors import GlintError
from glint_data.images import pixel_hash, read_rgb
from glint_data.labels.evidence import EVIDENCE, shipped
from glint_data.labels.evidence.source import ContentEvidence, PairEvidence, content_evidence, pair_evidence
from glint_data.labels.method import DESCRIPTOR
from glint_data.labels.stage.measuring import MeasuringTask, measured
from glint_data.labels.stage.samples import PristinePhoto
from glint_data.reference_sets import references
from glint_data.storage.places import Place
from glint_data.synthesis.recipes import sample_seed

if TYPE_CHECKING:
    import pyarrow


def refit(
    name: str, root: Path, workers: int, cache: Path | None = None, blocks: frozenset[str] | None = None
) -> list[Path]:
    """Measure every rated image of a set as this package renders it; writes and returns the shipped files.

    Raises:
        GlintError: not all references are there, or some cannot be measured.
    """
    blocks = frozenset(EVIDENCE) - {DESCRIPTOR} if blocks is None else blocks
    description = references.description_of(name)
    suite = description["suite"]
    pristine = references.find_pristine(description, Path(root))
    scores = references.bundled_scores(description)[["type", "level"]].to_numpy()
    cells = sorted({(int(number), int(level)) for number, level in scores})
    photos = [_photo(reference, file) for reference, file in sorted(pristine.items())]
    tasks = [
        MeasuringTask(
            row,
            photo,
            tuple(_sample(photo.sample, suite, cell) for cell in cells),
            np.arange(len(cells)),
            blocks,
            cache,
        )
        for row, photo in enumerate(photos)
    ]
    written = [_write_content(suite, photos, source) for source in content_evidence(blocks)]
    sources = pair_evidence(blocks)
    pairs: dict[str, list[np.ndarray]] = {source.name: [] for source in sources}
    for task, outcome in (
        measured(tasks, sum(len(task.samples) for task in tasks), workers) if sources else ()
    ):
        if outcome.refused:
            reason = next(iter(outcome.refused.values()))
            raise GlintError(
                f"{root}: {task.photo.name} cannot be measured ({reason}); nothing of it was written"
            )
        for source in sources:
            pairs[source.name].append(outcome.blocks[source.name])
    return written + [
        _write_pairs(suite, photos, cells, source, np.concatenate(pairs[source.name])) for source in sources
    ]


def _photo(reference: str, file: Place) -> PristinePhoto:
    about = {
        "sample_id": reference,
        "source": reference,
        "source_path": str(file.absolute()),
        "source_hash": pixel_hash(read_rgb(file)),
        "status": Status.PLANNED,
    }
    return PristinePhoto(about["source_hash"], Sample.from_row(about, Pictures(file.parent)))


def _sample(photo: Sample, suite: str, cell: tuple[int, int]) -> Sample:
    import distortions

    seed = sample_seed(0, photo.source_hash or "", suite, *cell)
    version = distortions.suite(suite).version
    return replace(photo, suite=suite, suite_version=version, type=cell[0], level=cell[1], seed=seed)


def _about(
    suite: str, photos: list[PristinePhoto], source: ContentEvidence | PairEvidence
) -> dict[bytes, bytes]:
    import distortions

    about = {
        "suite": suite,
        "suite_version": distortions.suite(suite).version,
        "evidence": source.name,
        "columns": source.columns,
        "images": {photo.name: photo.hash for photo in photos},
    }
    return {shipped.ABOUT_KEY: json.dumps(about).encode()}


def _write_pairs(
    suite: str,
    photos: list[PristinePhoto],
    cells: list[tuple[int, int]],
    source: PairEvidence,
    rows: np.ndarray,
) -> Path:
    import pyarrow as pa

    columns = {
        "reference": np.repeat([photo.name for photo in photos], len(cells)),
        "type": np.tile([number for number, _ in cells], len(photos)).astype(np.int16),
        "level": np.tile([level for _, level in cells], len(photos)).astype(np.int16),
    }
    # sixteen bits are enough: rounding them moves no label by more than a thousandth of the scale
    columns |= {name: rows[:, i].astype(np.float16) for i, name in enumerate(source.columns)}
    return _write(pa.table(columns), suite, photos, source)


def _write_content(suite: str, photos: list[PristinePhoto], source: ContentEvidence) -> Path:
    import pyarrow as pa

    values = source.open().embed([photo.read() for photo in photos]).astype(np.float16)
    rows = pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), values.shape[1])
    return _write(
        pa.table({"reference": [photo.name for photo in photos], "values": rows}), suite, photos, source
    )


def _write(
    table: "pyarrow.Table", suite: str, photos: list[PristinePhoto], source: ContentEvidence | PairEvidence
) -> Path:
    file = shipped.table_of(suite, source.name)
    file.parent.mkdir(exist_ok=True)
    write_table(file, table.replace_schema_metadata(_about(suite, photos, source)))
    return file


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    try:
        wanted = frozenset(sys.argv[3:]) or None
        for written in refit(sys.argv[1], Path(sys.argv[2]), work.default_workers(), blocks=wanted):
            print(written)
    except GlintError as error:
        sys.exit(str(error))
