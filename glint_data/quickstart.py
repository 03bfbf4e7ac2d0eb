"""The whole job on the colour photographs that scikit-image carries: every verb once, in order."""

import json
from pathlib import Path

from glint_data import images
from glint_data.dataset import manifest
from glint_data.progress import say
from glint_data.storage.files import write_atomically
from glint_data.work import default_workers

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


def quickstart(out: Path, seed: int = 0) -> None:
    """Photos -> samples -> labels -> audit -> network -> evaluation -> scores -> report, in the folder `out`.

    A second call goes on where the first one stopped.
    """
    from glint_data.labels import audit_reference, label_dataset
    from glint_data.reports import write_report
    from glint_data.synthesis.recipes import Settings
    from glint_data.synthesis.synthesize import synthesize

    dataset, run = out / "dataset", out / "run"
    photos = _write_photos(out / "photos")
    _step(1, f"synthesize: {len(PHOTOS)} photos x 25 types x 5 levels")
    say(synthesize([photos], dataset, Settings(seed=seed), default_workers()).text())
    _step(2, "label: scores from KADID-10k's references")
    labels = label_dataset(dataset, reference="kadid")
    say(labels.text())
    _step(3, "audit: how good are such labels? (each of KADID-10k's references left out in turn)")
    audit = audit_reference("kadid", methods=("nearest", "mean", labels.method))
    say(audit.text())
    certificate = audit.record()
    write_atomically(out / "audit.json", json.dumps(certificate, indent=1).encode())
    _train_and_score(dataset, run, seed)
    _step(7, "report")
    report = write_report(dataset, run, certificate, title="glint-data quickstart")
    say(_closing(out, report))


def _train_and_score(dataset: Path, run: Path, seed: int) -> None:
    from glint_data import training

    _step(4, "train: a small GlintIQA from scratch on the labels")
    say(training.train([dataset], "glintiqa", run, size="tiny", seed=seed, **TRAINING).text())
    _step(5, "evaluate: on photos that the network never saw")
    say(training.evaluate_text(training.evaluate(run, dataset, split="test")))
    _step(6, "score: a pristine photo and three of its samples at level 5")
    rows = manifest.read(dataset, ["source", "type", "level", "path", "reference_path"])
    shown = rows[(rows["source"] == "astronaut") & rows["type"].isin((1, 10, 11)) & (rows["level"] == 5)]
    paths = [dataset / shown["reference_path"].iloc[0], *(dataset / path for path in shown["path"])]
    for score in training.score(run, paths):
        say(f"  {score['score']:.3f}  {score['image']}")


TRAINING = {"from_scratch": True, "epochs": 16, "batch_size": 16, "learning_rate": 1e-3, "ema": 0.98}
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
