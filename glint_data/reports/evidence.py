"""What the labels of the samples that deserve a look are made of, taken apart as `explain` does."""

from collections.abc import Sequence

import numpy as np

from glint_data.dataset import manifest
from glint_data.dataset.dataset import Dataset
from glint_data.errors import GlintError
from glint_data.labels.explaining import Explainer, LabelEvidence
from glint_data.labels.parts import largest
from glint_data.labels.stage.samples import RATED
from glint_data.progress import track
from glint_data.reports.attention import Listed
from glint_data.storage.files import holds
from glint_data.storage.places import Place

A_LIST = 5
"""So many samples at the head of each list: a label is taken apart in some tenths of a second."""
_PARTS = 6


def evidence_for(
    dataset: Dataset, lists: Sequence[Listed], shown: np.ndarray, root: Place | None
) -> dict[str, list[str]]:
    """Lines by sample_id for the first samples of each list; `root` as `report --reference-root` has it.

    `shown` are the dataset's rows that the lists number. A label that cannot be taken apart has one line that says
    why.
    """
    rows = dict.fromkeys(row for one in lists for row in one.rows[:A_LIST])
    samples = [dataset[int(shown[row])] for row in rows]
    samples = [sample for sample in samples if sample.label is not None and sample.label.method != RATED]
    if not samples:
        return {}
    explainer = Explainer(dataset, _own_set(root))
    found: dict[str, list[str]] = {}
    for sample in track(samples, len(samples), "labels taken apart"):
        try:
            evidence = explainer.of(sample)
        except GlintError as error:
            found[sample.id] = [f"cannot be taken apart: {error}"]
            continue
        if evidence is not None:
            found[sample.id] = lines(evidence)
    return found


def _own_set(root: Place | None) -> Place | None:
    """The root, where it is a dataset with scores that served as the reference set."""
    return root if root is not None and holds(root, manifest.FILE) else None


def lines(evidence: LabelEvidence) -> list[str]:
    """The parts that add up to the label, and the scores in this cell of the references that the photo resembles."""
    first, *others = evidence.parts
    told = [f"{first.amount:.2f} {first.what}"]
    told += [f"{part.amount:+.2f} {part.what}" for part in largest(others, _PARTS)]
    if evidence.neighbours:
        scores = [
            f"{name} {'not rated' if score is None else f'{score:.2f}'}"
            for name, _similarity, score in evidence.neighbours
        ]
        told.append(f"in this cell: {', '.join(scores)}")
    return [*told, *evidence.notes]
