"""The references that a dataset's labels lean on: how often, how alike, and their pictures where these are at hand."""

from collections import Counter
from functools import partial

import numpy as np

from glint_data import images
from glint_data.dataset import manifest
from glint_data.dataset.dataset import Dataset
from glint_data.dataset.sample import Sample
from glint_data.errors import GlintError, ImageRefused
from glint_data.reference_sets import references
from glint_data.reports import tiles
from glint_data.reports.page import Section
from glint_data.storage.places import Place

SHOWN = 24
_SIZE = (300, 200)


def references_section(folder: Place, label_set: str, root: Place | None) -> Section | None:
    """The references used most, each with the number of photos that lean on it; None where no label names any.

    `root` holds the set's pristine images, or is a dataset with scores that served as the reference set.

    Raises:
        GlintError: `root` holds no image of the set.
    """
    used, alike = _used(folder)
    if not used:
        return None
    chosen = [name for name, _count in used.most_common(SHOWN)]
    pictures = _pictures(label_set, root, set(chosen)) if root is not None else {}
    photos = tuple(
        (
            f"{name}: {used[name]:,} photo{'s' if used[name] > 1 else ''}, similarity {np.mean(alike[name]):.2f}",
            pictures.get(name, ""),
        )
        for name in chosen
    )
    facts = [("references in use", f"{len(used):,}"), ("reference set", label_set)]
    text = (
        f"Those that most photos are compared with{', the first ' + str(SHOWN) if len(used) > SHOWN else ''}."
    )
    if root is None:
        text += " Their pictures are not part of the package: report --reference-root PLACE shows them."
    return Section("References that photos lean on", facts, text, photos=photos)


def _used(folder: Place) -> tuple[Counter[str], dict[str, list[float]]]:
    """Of each photo's first row with a label: its references, and how alike they are."""
    seen: set[str] = set()
    used: Counter[str] = Counter()
    alike: dict[str, list[float]] = {}
    columns = ["source", "label_references", "label_similarities"]
    for batch in manifest.batches(folder, columns, rows=100_000):
        names = batch.column("source").cast("string").to_pylist()
        lists = batch.column("label_references")
        for row, name in enumerate(names):
            if name in seen or not lists[row].is_valid:
                continue
            seen.add(name)
            likeness = batch.column("label_similarities")[row].as_py() or []
            for reference, value in zip(lists[row].as_py(), likeness, strict=False):
                used[reference] += 1
                alike.setdefault(reference, []).append(value)
    return used, alike


def _pictures(label_set: str, root: Place, names: set[str]) -> dict[str, str]:
    """Small pictures of these references as data addresses, as far as they can be read."""
    if label_set in references.known_sets():
        files = references.find_pristine(references.description_of(label_set), root)
        readers = {name: partial(images.read_rgb, file) for name, file in files.items() if name in names}
    else:
        readers = {}
        for sample in Dataset(root).samples():
            if sample.source in names and sample.source not in readers:
                readers[sample.source] = partial(_photo, sample)
        if not readers:
            raise GlintError(
                f"{root}: none of its photos is a reference of these labels; name the dataset they came from"
            )
    pictures = {}
    for name, read in readers.items():
        try:
            pictures[name] = tiles.address(tiles.jpeg(tiles.inside(read(), _SIZE)))
        except ImageRefused:  # it stands there by its name alone
            continue
    return pictures


def _photo(sample: Sample) -> np.ndarray:
    """The pristine photo, or the rated picture where there is none."""
    pristine = sample.pristine()
    return sample.pixels() if pristine is None else pristine
