"""`deep`: as `pair`, with both images and the photo's content seen through an ImageNet network as well.

Feature maps of a network trained to recognise things say more about what a distortion destroyed than any
measurement by hand, and its channel statistics more about the content. Both enter the regression of `pair`
as blocks of their own, each block weighing the same; weights of the published measures (Zhang 2018, Ding
2020), which were fitted on other people's ratings, are not used. On KADID-10k the network is worth so much that
a larger share of every label can stay with plain metrics, so that inside a cell another set's raters are
followed about as well as by those metrics alone (`benchmarks/judge_tid2013.py`).
"""

from glint_data.labels.method import Scored, method
from glint_data.labels.pair import PairRegression, Shares

_PLAIN = ("gradient_chroma", "error_salient", "edges_lost")


@method(needs_pairs=True, needs_network=True)
def deep(scored: Scored) -> PairRegression:
    """pair, and all of it as an ImageNet network sees it"""
    return PairRegression(scored, Shares(content=1.0, plain=_PLAIN, plain_share=0.3, with_network=True))
