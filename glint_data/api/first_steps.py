"""The whole job on the colour photographs that scikit-image carries: every verb once, in order."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from glint_data import images
from glint_data.progress import say
from glint_data.records import as_json
from glint_data.storage.files import write_atomically

if TYPE_CHECKING:
    from glint_data.dataset.dataset import Dataset

PHOTOS = {
    "astronaut": "astronaut.png",
    "cat": "chelsea.png",
    "coffee": "coffee.png",
    "galaxies": "hubble_deep_field.jpg",
    "motorcycle": "motorcycle_left.png",
    "retina": "retina.jpg",
    "rocket": "rocket.jpg",
    "tissue": "ihc.png",
}
"""The photographs' names here and their files in the scikit-image package."""

LONGEST_SIDE = 512


def quickstart(out: Path, seed: int = 0) -> str:
    """Photos -> samples -> labels -> audit -> network -> evaluation -> scores -> report, in the folder `out`.

    A second call resumes where the first one stopped. Returns the closing words.
    """
    from glint_data.api import labels, synthesis

    photos = _write_photos(out / "photos")
    _step(1, f"synthesize: {len(PHOTOS)} photos x 25 types x 5 levels")
    folder = out / "dataset"
    dataset = synthesis.synthesize(photos, folder, seed=seed, progress=True)
    say(dataset.text())
    _step(2, "label: scores from KADID-10k's references")
    labelled = labels.label(dataset, reference="kadid", progress=True)
    say(labelled.text())
    _step(3, "audit: how good are such labels? (each of KADID-10k's references left out in turn)")
    certificate = labels.audit(
        "kadid", method=("nearest", "mean", labelled.record()["method"]), progress=True
    )
    say(certificate.text())
    write_atomically(out / "audit.json", as_json(certificate.record()))
    _train_and_score(dataset, out / "run", seed)
    _step(7, "report")
    say(labels.report(dataset, run=out / "run", audit=out / "audit.json", progress=True).text())
    return _closing(out, folder / "report.html")


def _train_and_score(dataset: "Dataset", run: Path, seed: int) -> None:
    from glint_data.api import networks

    _step(4, "train: a small GlintIQA from scratch on the labels")
    say(
        networks.train(
            dataset, run, model="glintiqa", size="tiny", seed=seed, progress=True, **TRAINING
        ).text()
    )
    _step(5, "evaluate: on photos that the network never saw")
    say(networks.evaluate(run, dataset, split="test", progress=True).text())
    _step(6, "score: a pristine photo and three of its samples at level 5")
    shown = list(dataset.samples(source="astronaut", type=(1, 10, 11), level=5))
    paths = [
        str(dataset.folder / str(shown[0].reference_path)),
        *(str(dataset.folder / str(one.path)) for one in shown),
    ]
    say(networks.score(paths, run=run).text())


TRAINING: dict[str, Any] = {
    "from_scratch": True,
    "epochs": 16,
    "batch_size": 16,
    "learning_rate": 1e-3,
    "ema": 0.98,
}
"""Settings that reach a clear validation curve in about a minute on two cores; scores stay rough."""


def _step(number: int, text: str) -> None:
    say(f"\n[{number}/7] {text}")


def _write_photos(folder: Path) -> Path:
    """The photographs as PNG, scaled down to at most 512 pixels on the longer side."""
    import cv2
    import skimage

    folder.mkdir(parents=True, exist_ok=True)
    for name, file in PHOTOS.items():
        pixels = images.read_rgb(Path(skimage.__file__).parent / "data" / file)
        scale = min(LONGEST_SIDE / max(pixels.shape[:2]), 1)
        size = round(pixels.shape[1] * scale), round(pixels.shape[0] * scale)
        images.write_png(folder / f"{name}.png", cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
    return folder


def _closing(out: Path, report: Path) -> str:
    return f"""
Everything lies in {out}:
  photos/     {len(PHOTOS)} pristine photographs
  dataset/    1,000 samples, their labels in manifest.parquet
  audit.json  the certificate of the labels
  run/        the network, its training history and evaluation
  {report}    open this in a browser

With your own photos:
  glint-data synthesize PHOTOS --out DATASET
  glint-data label DATASET --reference kadid
  glint-data train DATASET --model glintiqa --out RUN
  glint-data score RUN IMAGES"""
