"""What label methods look at, as named blocks: one file a source, and what ships of rated sets."""

from glint_data.labels.evidence import content, early, network, plain  # noqa: F401  (they register)
from glint_data.labels.evidence.source import EVIDENCE, ContentEvidence, PairEvidence

__all__ = ["EVIDENCE", "ContentEvidence", "PairEvidence"]
