"""A head on the base for all of KADID-10k, labelled windows and untouched photos: the judge before its fine-tuning."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from glint_data.models.network import QualityNetwork
from tools.judge import described, finetune, heads, network

CHOICE = (15, 1e-3, 0.05, 0.3, True)
HELD_REFERENCES, HELD_WINDOWS = 12, 30
WINDOWS = 3000
UNTOUCHED_TIMES = 4


@dataclass
class Sets:
    """What is trained on and what is held out, by photo."""

    train: dict[str, finetune.Scored]
    held: dict[str, finetune.Scored]


def sets(out: Path, scores: Path) -> Sets:
    """KADID-10k's pictures, windows, untouched photos; held out are 12 references and the windows of some photos."""
    kadid = finetune.kadid(out / "kadid", scores)
    windows = finetune.windows([out / "tileset", out / "tileset15"])
    untouched = [finetune.pristine(out / name) for name in ("kadid", "tileset", "smallset")]
    rng = np.random.default_rng(7)
    references = rng.permutation(sorted(set(kadid.photo)))[:HELD_REFERENCES]
    # A photo's windows stay together: their names end in _0 and _1.
    whole = sorted({_photo(name) for name in windows.photo})
    photos = set(rng.permutation(whole)[:HELD_WINDOWS])
    parts = Sets({}, {})
    for name, scored in {
        "kadid": kadid,
        "windows": windows,
        "references": untouched[0],
        "pristine": finetune.joined(*untouched[1:]),
        "small": finetune.windows([out / "smallset"]),
        "modern": finetune.windows([out / "modernset"]),
    }.items():
        mine = [
            photo in references if name in ("kadid", "references") else _photo(photo) in photos
            for photo in scored.photo
        ]
        parts.train[name] = scored.take(np.flatnonzero(~np.array(mine)))
        parts.held[name] = scored.take(np.flatnonzero(mine))
    return parts


def _photo(name: str) -> str:
    return name[:-2] if name.startswith("cid_") else name


def head(base: QualityNetwork, kadid: heads.Rows, parts: Sets, out: Path) -> tuple[heads.Head, float]:
    """The head, and its SROCC on the references held out."""
    held = np.isin(kadid.photo, parts.held["kadid"].photo)
    windows = parts.train["windows"]
    windows = windows.take(np.random.default_rng(8).permutation(len(windows))[:WINDOWS])
    seen = [
        described.statistics(base, list(one.path), out / f"{name}_described", crops)[:, :1]
        for name, one, crops in (
            ("windows", windows, 1),
            ("references", parts.train["references"], 1),
            ("pristine", parts.train["pristine"], 1),
        )
    ]
    times = (1, UNTOUCHED_TIMES, UNTOUCHED_TIMES)
    known = kadid.take(np.flatnonzero(~held))
    crops = known.statistics.shape[1]
    flat = known.statistics.reshape(-1, 1, known.statistics.shape[-1])
    statistics = np.concatenate(
        [flat, *(np.repeat(one, count, axis=0) for one, count in zip(seen, times, strict=True))]
    )
    untouched = (parts.train["references"].mos, parts.train["pristine"].mos)
    mos = np.concatenate(
        [np.repeat(known.mos, crops), windows.mos, *(np.repeat(one, UNTOUCHED_TIMES) for one in untouched)]
    )
    train = heads.Rows(statistics, mos, np.zeros(len(mos)))
    epochs, rate, decay, dropout, begun = CHOICE
    return heads.fitted(
        train,
        kadid.take(np.flatnonzero(held)),
        epochs,
        rate,
        decay,
        dropout,
        network.hidden(base) if begun else None,
        0,
    )
