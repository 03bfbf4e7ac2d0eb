"""What an embedder gives, looked at before it is used or kept: a plug-in's mistake is named."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from glint_data.errors import GlintError
from glint_data.plugins import raised_by

if TYPE_CHECKING:
    from glint_data.embedding.embed import Embedder


def vectors_by(by: "Embedder", pixels: Sequence[np.ndarray]) -> np.ndarray:
    """What the embedder makes of photos, float32 (photos, dimensions).

    Raises:
        GlintError: it raises something, or gives what are no vectors; the sentence names it.
    """
    with raised_by(f"embedder {by.name}: embed"):
        given = by.embed(pixels)
        vectors = np.asarray(given, dtype=np.float32)
    if vectors.ndim != 2 or len(vectors) != len(pixels) or not vectors.shape[1]:
        what = f"shape {vectors.shape}" if given is not None else "None"
        raise GlintError(
            f"embedder {by.name}: embed gave {what} for {len(pixels)} photos; ({len(pixels)}, dimensions) is needed"
        )
    if not np.isfinite(vectors).all():
        raise GlintError(f"embedder {by.name}: embed gave numbers that are not finite")
    return vectors


def same_length(name: str, lengths: Sequence[int]) -> None:
    """Raise `GlintError` where an embedder's vectors, kept ones among them, differ in length."""
    if len(set(lengths)) > 1:
        raise GlintError(
            f"embedder {name}: gave vectors of {min(lengths)} and of {max(lengths)} numbers; all photos' are alike. "
            "If its vectors changed, give it another name, or clear the cache"
        )
