"""The blocks of evidence that say what a photo is like: content statistics, and an ImageNet network's channels."""

from glint_data.embedding import descriptor, embed, stages
from glint_data.labels.evidence.source import EVIDENCE, ContentEvidence

DESCRIPTOR = EVIDENCE.add(
    "content/descriptor-1",
    ContentEvidence("content/descriptor-1", tuple(descriptor.names()), embed.embedder),
)

NETWORK = EVIDENCE.add(
    "content/network-2",
    ContentEvidence(
        "content/network-2",
        tuple(
            f"{what}{channel}_group{group}"
            for group, channels in enumerate(stages.CONTENT_CHANNELS, 2)
            for what in ("mean", "deviation")
            for channel in range(channels)
        ),
        stages.network,
    ),
)
