"""Make the measurements that the methods `pair` and `deep` ship with, from a reference set's own folder.

    python -m glint_data.labels.refit kadid FOLDER

FOLDER holds the set's pristine images. Each is rendered through every cell of the set's suite by this
package, with seeds that depend on nothing but the image and the cell, and measured against itself.
"""

import json
import sys
from pathlib import Path

import numpy as np

from glint_data import work
from glint_data.dataset.manifest import write_table
from glint_data.embedding import stages
from glint_data.errors import GlintError
from glint_data.images import pixel_hash, read_rgb
from glint_data.labels import measurements, network_measurements, shipped
from glint_data.labels.measuring import Task, kept_file, measured
from glint_data.labels.samples import PhotoFile, Sample
from glint_data.reference_sets import references
from glint_data.synthesis.recipes import sample_seed


def refit(name: str, root: Path, workers: int, cache: Path | None = None) -> list[Path]:
    """Measure every rated image of a set as this package renders it; writes and returns the shipped files.

    Raises:
        GlintError: not all references were found, or could not be measured.
    """
    description = references.description_of(name)
    found = references.find_pristine(description, Path(root))
    cells = sorted(
        {
            (int(t), int(level))
            for t, level in references.bundled_scores(description)[["type", "level"]].to_numpy()
        }
    )
    tasks = []
    for row, (reference, file) in enumerate(sorted(found.items())):
        photo = PhotoFile(reference, pixel_hash(read_rgb(file)), (file,))
        samples = tuple(
            Sample(column, *cell, sample_seed(0, photo.hash, description["suite"], *cell), None, None, None)
            for column, cell in enumerate(cells)
        )
        kept = kept_file(cache, photo, description["suite"], samples, True) if cache else None
        tasks.append(Task(row, photo, description["suite"], samples, kept, with_network=True))
    pairs = np.full((len(tasks), len(cells), tasks[0].width), np.nan, np.float32)
    for task, rows in measured(tasks, len(tasks), workers):
        pairs[task.row] = rows
    if np.isnan(pairs).any():
        lost = [tasks[row].photo.name for row in np.unique(np.argwhere(np.isnan(pairs))[:, 0])]
        raise GlintError(f"{root}: could not be measured: {', '.join(lost)}; nothing was written")
    suite, photos = description["suite"], [task.photo for task in tasks]
    plain, seen = np.split(pairs, [len(measurements.names())], axis=2)
    return [
        _write_pairs(suite, photos, cells, plain, measurements.VERSION, measurements.names()),
        _write_pairs(suite, photos, cells, seen, network_measurements.VERSION, network_measurements.names()),
        _write_photos(suite, photos),
    ]


def _about(suite: str, photos: list[PhotoFile], version: str) -> dict[bytes, bytes]:
    import distortions

    about = {
        "suite": suite,
        "suite_version": distortions.suite(suite).version,
        "measurements": version,
        "images": {photo.name: photo.hash for photo in photos},
    }
    return {shipped.ABOUT_KEY: json.dumps(about).encode()}


def _write_pairs(
    suite: str,
    photos: list[PhotoFile],
    cells: list[tuple[int, int]],
    pairs: np.ndarray,
    version: str,
    names: list[str],
) -> Path:
    import pyarrow as pa

    columns = {
        "reference": np.repeat([photo.name for photo in photos], len(cells)),
        "type": np.tile([t for t, _ in cells], len(photos)).astype(np.int16),
        "level": np.tile([level for _, level in cells], len(photos)).astype(np.int16),
    }
    flat = pairs.reshape(-1, pairs.shape[2])
    # sixteen bits are enough: rounding them moves no label by more than a thousandth of the scale
    columns |= {name: flat[:, i].astype(np.float16) for i, name in enumerate(names)}
    table = pa.table(columns).replace_schema_metadata(_about(suite, photos, version))
    return _write(table, shipped.place(suite, version))


def _write_photos(suite: str, photos: list[PhotoFile]) -> Path:
    """The network's channel statistics of the pristine images."""
    import pyarrow as pa

    statistics = stages.network().embed([photo.read() for photo in photos]).astype(np.float16)
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(statistics.ravel()), statistics.shape[1])
    table = pa.table({"reference": [photo.name for photo in photos], "network": vectors})
    table = table.replace_schema_metadata(_about(suite, photos, stages.NAME))
    return _write(table, shipped.photos_place(suite))


def _write(table, place) -> Path:
    file = Path(str(place))
    file.parent.mkdir(exist_ok=True)
    return write_table(file, table)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        for written in refit(sys.argv[1], Path(sys.argv[2]), work.default_workers()):
            print(written)
    except GlintError as error:
        sys.exit(str(error))
