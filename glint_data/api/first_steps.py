"""The whole job on the colour photographs that scikit-image carries: every verb once, in order."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glint_data import images
from glint_data.progress import say
from glint_data.records import as_json
from glint_data.reports.series import FILE as SERIES_FILE
from glint_data.reports.series import series_text
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

SMALL = ("astronaut", "cat", "coffee")
SMALL_TYPES = (1, 7, 10, 11, 18, 25)
"""What `--small` makes: three of the photos, six of the types."""
SERIES = (1, 10, 11)
"""Blur, JPEG and noise: the types whose levels one unseen photo is shown through."""
LONGEST_SIDE = 512


def quickstart(out: Path, seed: int = 0, small: bool = False) -> str:
    """Photos -> samples -> labels -> audit -> network -> evaluation -> scores -> report, in the folder `out`.

    A second call resumes where the first one stopped. Returns the closing words.
    """
    from glint_data.api import labels, synthesis

    names = SMALL if small else tuple(PHOTOS)
    types = SMALL_TYPES if small else ()
    photos = _write_photos(out / "photos", names)
    _step(1, f"synthesize: {len(names)} photos x {len(types) or 25} types x 5 levels")
    folder = out / "dataset"
    dataset = synthesis.synthesize(photos, folder, types=types, seed=seed, progress=True)
    say(dataset.text())
    _step(2, "label: scores from KADID-10k's references")
    labelled = labels.label(dataset, reference="kadid", progress=True)
    say(labelled.text())
    if small:
        _step(3, "audit: left out here; 'glint-data audit' says how good such labels are")
    audit = None if small else _audit(out / "audit.json", labelled.record()["method"])
    _train_and_score(dataset, out / "run", seed, small)
    _step(7, "report")
    run = out / "run"
    page = labels.report(dataset, run=run, audit=audit, predictions=run / "predictions.csv", progress=True)
    say(page.text())
    certificate = "" if small else "\n  audit.json  the certificate of the labels"
    return _closing(out, folder / "report.html", len(names), len(dataset), certificate)


def _audit(file: Path, method: str) -> Path:
    from glint_data.api import labels

    _step(3, "audit: how good are such labels? (each of KADID-10k's references left out in turn)")
    certificate = labels.audit("kadid", method=("nearest", "mean", method), progress=True)
    say(certificate.text())
    write_atomically(file, as_json(certificate.record()))
    return file


def _train_and_score(dataset: "Dataset", run: Path, seed: int, small: bool) -> None:
    from glint_data.api import networks

    _step(4, "train: the judge that ships, trained further on these labels")
    shorter = {"epochs": 1, "baseline": False} if small else {}  # of one photo a comparison says nothing
    say(networks.train(dataset, run, seed=seed, progress=True, **TRAINING | shorter).text())
    _step(5, "evaluate: on photos that neither the judge nor this training ever saw")
    said = run / "predictions.csv"
    say(networks.evaluate(run, dataset, split="test", predictions=said, progress=True).text())
    _step(6, "score: one of these photos, pristine and distorted more and more")
    series = _series(dataset, run)
    write_atomically(run / SERIES_FILE, as_json(series))
    say(series_text(series))


TRAINING: dict[str, Any] = {
    "model": "glintiqa",
    "start_from": "judge",
    "epochs": 2,
    "batch_size": 16,
    "learning_rate": 2e-5,
}
"""Settings that take about a minute on two cores; the judge knows its task, so the steps are small. Of 1e-4, 3e-5 and
2e-5 the rate that the validation photo likes best (SROCC .932, .929, .929) among those by which its three series fall
(not by 1e-4: JPEG's first level rises above the photo)."""


def _series(dataset: "Dataset", run: Path) -> dict[str, Any]:
    """Scores of the first test photo and of its samples of a few types, level by level."""
    from glint_data.api import networks
    from glint_data.training.splits import read_split

    split = read_split(run)
    photo = min(split.names[key] for key, part in split.part.items() if part == "test")
    scorer = networks.scorer(run)
    rows, pristine = [], 0.0
    for number in SERIES:
        samples = sorted(dataset.samples(source=photo, type=number), key=lambda one: one.level or 0)
        pristine = scorer(samples[0].pristine())
        scores = [round(scorer(one.pixels()), 4) for one in samples]
        rows.append({"type": number, "distortion": samples[0].distortion, "scores": scores})
    return {"photo": photo, "pristine": round(pristine, 4), "rows": rows}


def _step(number: int, text: str) -> None:
    say(f"\n[{number}/7] {text}")


def _write_photos(folder: Path, names: Sequence[str]) -> Path:
    """The photographs as PNG, scaled down to at most 512 pixels on the longer side."""
    import cv2
    import skimage

    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        pixels = images.read_rgb(Path(skimage.__file__).parent / "data" / PHOTOS[name])
        scale = min(LONGEST_SIDE / max(pixels.shape[:2]), 1)
        size = round(pixels.shape[1] * scale), round(pixels.shape[0] * scale)
        images.write_png(folder / f"{name}.png", cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
    return folder


def _closing(out: Path, report: Path, photos: int, samples: int, certificate: str) -> str:
    return f"""
Everything lies in {out}:
  photos/     {photos} pristine photographs
  dataset/    {samples:,} samples, their labels in manifest.parquet{certificate}
  run/        the network, its training history and evaluation
  {report}    open this in a browser

With your own photos:
  glint-data synthesize PHOTOS --out DATASET
  glint-data label DATASET --reference kadid
  glint-data train DATASET --start-from judge --out RUN
  glint-data score RUN IMAGES
or without training, by the judge that ships:
  glint-data score IMAGES"""
