"""A dataset's photos as vectors and content evidence, each photo read and embedded once."""

from pathlib import Path

import numpy as np

from glint_data import work
from glint_data.embedding import embed
from glint_data.embedding.descriptor import NAME
from glint_data.embedding.given import same_length
from glint_data.errors import GlintError
from glint_data.labels.evidence.source import content_evidence
from glint_data.labels.method import DESCRIPTOR, PhotoFeatures
from glint_data.labels.novelty import LIMIT, Novelty
from glint_data.labels.stage.labelling import EmbeddedPhotos
from glint_data.labels.stage.samples import SamplesToLabel
from glint_data.reference_sets.references import ReferenceSet


def embedded_photos(
    samples: SamplesToLabel,
    loaded: ReferenceSet,
    needs: frozenset[str],
    cache: Path | None,
    device: str,
    engine: work.Engine | None,
) -> tuple[EmbeddedPhotos, dict[str, str]]:
    """The photos with the content evidence that is needed; and why photos were refused, by name.

    Raises:
        GlintError: not one photo can be read.
    """
    sources = content_evidence(needs | {DESCRIPTOR})
    embedders = [source.open() for source in sources]
    if loaded.embedder != NAME:
        embedders.append(embed.embedder(loaded.embedder_wanted, device))
    readers = [(photo.hash or "", photo.read) for photo in samples.photos]
    results: list[embed.Embedded] = []
    refused: dict[str, str] = {}
    for by in embedders:
        readable = [pair for pair in readers if pair[0] not in refused]
        results.append(embed.embed_photos(readable, by, cache, engine=engine))
        refused |= results[-1].refused
    keys = results[-1].keys
    if not keys:
        raise GlintError(
            f"{samples.dataset.file}: none of its {len(samples.photos)} photos can be read; "
            f"{next(iter(refused.values()), 'no reason was given')}"
        )
    position = {key: row for row, key in enumerate(keys)}
    rows = [each.vectors[[key in position for key in each.keys]] for each in results]
    blocks = {source.name: block for source, block in zip(sources, rows, strict=False)}
    vectors = rows[-1] if loaded.embedder != NAME else blocks[DESCRIPTOR]
    same_length(loaded.embedder, [vectors.shape[1], loaded.vectors.shape[1]])
    photos = PhotoFeatures(vectors, loaded.vectors_are_unit, blocks)
    row_of = np.array([position.get(photo.hash or "", -1) for photo in samples.photos])
    novel = Novelty(loaded.descriptors)(photos.descriptors) > LIMIT
    reasons = {
        photo.name: refused[photo.hash or ""] for photo in samples.photos if (photo.hash or "") in refused
    }
    return EmbeddedPhotos(photos, row_of, novel), reasons
