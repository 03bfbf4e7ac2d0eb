"""Images per second of a training step and of inference: exact, default and cached side by side.

    python -m benchmarks.training [--model ahiq] [--batch 8] [--rounds 5] [--device auto] [--threads 0]

Steps of all contenders take turns in one process, so that whatever else the machine does slows all alike;
the median step counts. Ratios are to the exact variant. Backbones have random weights (time does not depend on
them) and are frozen as published; all contenders have the optimiser of our training. "cached" is the default
variant fed with its frozen features from files, the reading included. `--cpu-seconds` counts the process's CPU
time instead of the wall's: for a busy machine.
A last line trains a small network on images written for it and says how much of the time the loop waited for
its loader.
"""

import argparse
import statistics
import tempfile
import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from glint_data import models, training
from glint_data.models.network import QualityNetwork
from glint_data.training.feed.features import FeatureBatch, FeatureStore
from glint_data.training.feed.loader import Batch
from glint_data.training.run.optimisation import make_optimizer
from glint_data.training.settings import TrainSettings
from glint_data.weights.device import choose_device

CONTENDERS = ("exact", "default", "cached", "exact bfloat16", "default bfloat16", "cached bfloat16")


@dataclass
class Contender:
    """A variant with its optimiser, and the seconds that its steps took."""

    label: str
    network: QualityNetwork
    amp: bool
    crops: list[torch.Tensor]
    store: FeatureStore | None = None
    steps: list[float] = field(default_factory=list)
    inferences: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.optimizer = make_optimizer(TrainSettings(), self.network)
        self.device = next(self.network.parameters()).device
        self.names = [self.store.keep(crops) for crops in self.crops] if self.store else []

    def scores(self) -> torch.Tensor:
        """What the network makes of the crops, or of their features on disk."""
        labels = torch.zeros(0)
        if self.store:
            found = [self.store.read(names) for names in self.names]
            batch = FeatureBatch(found[0], found[1] if found[1:] else None, labels, labels)
        else:
            batch = Batch(self.crops[0], self.crops[1] if self.crops[1:] else None, labels, labels)
        with torch.autocast(self.device.type, torch.bfloat16) if self.amp else nullcontext():
            return batch.scores(self.network, self.device).float()

    def step(self) -> None:
        """One training step."""
        self.network.train()
        self.optimizer.zero_grad(set_to_none=True)
        self.scores().square().mean().backward()
        self.optimizer.step()

    def infer(self) -> None:
        """One forward pass for scores."""
        self.network.eval()
        with torch.inference_mode():
            self.scores()


def contender(
    label: str,
    name: str,
    crops: list[torch.Tensor],
    device: torch.device,
    folder: Path,
    size: str = "full",
) -> Contender:
    """One of `CONTENDERS` for a network."""
    kind, _, half = label.partition(" ")
    variant = "exact" if kind == "exact" else "default"
    network = models.create(name, variant, size=size, pretrained=False, freeze_backbones=True).to(device)
    inputs = crops if network.needs_reference else crops[:1]
    store = FeatureStore(folder, network, "float16", bool(half)) if kind == "cached" else None
    return Contender(label, network, bool(half), inputs, store)


def compare(name: str, arguments: argparse.Namespace, device: torch.device, folder: Path) -> None:
    """Print the table of one network."""
    size = models.configuration_class(name)().input_size
    draws = torch.Generator().manual_seed(0)
    shape = (arguments.batch, 3, size, size)
    crops = [torch.randint(0, 256, shape, generator=draws, dtype=torch.uint8) for _ in range(2)]
    contenders = [contender(label, name, crops, device, folder) for label in arguments.contenders]
    clock = time.process_time if arguments.cpu_seconds else time.perf_counter
    wait = torch.cuda.synchronize if device.type == "cuda" else (lambda: None)

    def seconds(action) -> float:
        wait()
        begun = clock()
        action()
        wait()
        return clock() - begun

    for round_number in range(arguments.rounds + 1):
        for runner in contenders:
            step, inference = seconds(runner.step), seconds(runner.infer)
            if round_number:  # the first round warms up
                runner.steps.append(step)
                runner.inferences.append(inference)
    kind = "CPU seconds" if arguments.cpu_seconds else "seconds"
    print(
        f"\n{name}, batch {arguments.batch}, {device}, {torch.get_num_threads()} threads, {arguments.rounds} rounds, "
        f"by {kind}"
    )
    print(f"{'':20s} {'training images/s':>18s} {'ratio':>6s} {'inference images/s':>19s} {'ratio':>6s}")
    first = contenders[0]
    for runner in contenders:
        rates = [arguments.batch / statistics.median(taken) for taken in (runner.steps, runner.inferences)]
        ratios = [
            statistics.median(a / b for a, b in zip(one, other, strict=True))
            for one, other in ((first.steps, runner.steps), (first.inferences, runner.inferences))
        ]
        print(f"{runner.label:20s} {rates[0]:18.2f} {ratios[0]:6.2f} {rates[1]:19.2f} {ratios[1]:6.2f}")


def loader_share(folder: Path) -> float:
    """Share of a small training run that was spent waiting for images."""
    write_noise(folder)
    return training.train(
        [folder], "glintiqa", folder / "run", size="tiny", epochs=2, epoch_samples=256, baseline=False
    ).waiting


def write_noise(folder: Path) -> None:
    """A labelled dataset of 24 images of noise."""
    import pandas

    from glint_data import images
    from glint_data.dataset import manifest

    rng, rows = np.random.default_rng(0), []
    for number in range(24):
        pixels = rng.integers(0, 256, (384, 512, 3), dtype=np.uint8)
        images.write_png(folder / f"{number}.png", pixels)
        rows.append(
            {
                "sample_id": str(number),
                "source": str(number),
                "source_hash": images.pixel_hash(pixels),
                "path": f"{number}.png",
                "width": 512,
                "height": 384,
                "status": "ok",
                "mos": rng.random(),
            }
        )
    manifest.write(folder, pandas.DataFrame(rows))


def main() -> None:
    """Read the options and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", choices=models.NAMES)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--cpu-seconds", action="store_true")
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=CONTENDERS)
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    device = choose_device(arguments.device)
    with tempfile.TemporaryDirectory() as folder:
        for name in [arguments.model] if arguments.model else models.NAMES:
            compare(name, arguments, device, Path(folder))
        print(f"\nloader, tiny network: {loader_share(Path(folder)):.1%} of the time waiting for images")


if __name__ == "__main__":
    main()
