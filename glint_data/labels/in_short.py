"""What some labels are made of, in a few short lines each: for pages that show many of them."""

from collections.abc import Sequence

from glint_data.dataset import manifest
from glint_data.dataset.dataset import Dataset
from glint_data.dataset.label_facts import RATED
from glint_data.dataset.sample import Sample
from glint_data.errors import GlintError
from glint_data.labels.explaining import Explainer, LabelEvidence
from glint_data.labels.parts import largest
from glint_data.progress import track
from glint_data.storage.files import holds
from glint_data.storage.places import Place

_PARTS = 6


def evidence_in_short(
    dataset: Dataset, samples: Sequence[Sample], reference_root: Place | None = None
) -> dict[str, list[str]]:
    """Lines by sample_id of those whose label a method made; some tenths of a second a label.

    `reference_root`: the dataset with people's scores, where one was the reference set; other folders tell nothing
    here. A label that cannot be taken apart has one line that says why.
    """
    transferred = [sample for sample in samples if sample.label is not None and sample.label.method != RATED]
    if not transferred:
        return {}
    is_dataset = reference_root is not None and holds(reference_root, manifest.FILE)
    explainer = Explainer(dataset, reference_root if is_dataset else None)
    short: dict[str, list[str]] = {}
    for sample in track(transferred, len(transferred), "labels taken apart"):
        try:
            evidence = explainer.of(sample)
        except GlintError as error:
            short[sample.id] = [f"cannot be taken apart: {error}"]
            continue
        if evidence is not None:
            short[sample.id] = lines(evidence)
    return short


def lines(evidence: LabelEvidence) -> list[str]:
    """The parts that add up to the label, and the scores in this cell of the references that the photo resembles."""
    first, *others = evidence.parts
    texts = [f"{first.amount:.2f} {first.what}"]
    texts += [f"{part.amount:+.2f} {part.what}" for part in largest(others, _PARTS)]
    if evidence.neighbours:
        scores = [
            f"{name} {'not rated' if score is None else f'{score:.2f}'}"
            for name, _similarity, score in evidence.neighbours
        ]
        texts.append(f"in this cell: {', '.join(scores)}")
    return [*texts, *evidence.notes]
