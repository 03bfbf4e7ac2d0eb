"""`pair` and `deep`: content, and full-reference measurements of the very photo and sample.

Alone, full-reference metrics are worse labels than the cell's mean; beside content they carry what masking does
to this distortion on this photo. `deep` sees both images, and the photo's content, through an ImageNet network as well:
feature maps of a network trained to recognise things say more about what a distortion destroyed than any
measurement by hand, and its channel statistics more about the content. Weights of the published measures (Zhang
2018, Ding 2020), which were fitted on other people's ratings, are not used.

Content is weighed .2 for its statistics and .8 for the network's, which were chosen together with the groups of blocks
by KADID-10k's nested audit; the blocks of measurements weigh the same.

Up to version 1 a share of every departure stayed with plain metrics, chosen by another set's raters who compared
images of one photo only; KADID-10k's own audit is better without it, and so are further sets.
"""

from glint_data.labels.method import DESCRIPTOR, Scored, method
from glint_data.labels.methods.regression import PairRegression, Shares

_PAIR = Shares(pairs=("pairs/plain-1",), content={DESCRIPTOR: 0.5})
_DEEP = Shares(
    pairs=("pairs/plain-1", "pairs/network-1", "pairs/early-1"),
    content={DESCRIPTOR: 0.2, "content/network-2": 0.8},
)


@method(version="3", needs={*_PAIR.pairs, *_PAIR.content}, references=12)
def pair(scored: Scored) -> PairRegression:
    """content and full-reference measurements of the very photo and sample"""
    return PairRegression(scored, _PAIR)


@method(version="4", needs={*_DEEP.pairs, *_DEEP.content}, references=10)
def deep(scored: Scored) -> PairRegression:
    """pair, and all of it as an ImageNet network sees it"""
    return PairRegression(scored, _DEEP)
