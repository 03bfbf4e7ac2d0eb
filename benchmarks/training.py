"""Images per second of a training step and of inference: exact and default variant side by side.

    python -m benchmarks.training [--model glintiqa] [--batch 8] [--rounds 5] [--device auto] [--threads 0]

Steps of all variants take turns in one process, so that whatever else the machine does slows all alike;
the median step counts. Ratios are to the exact variant. Backbones have random weights (time does not
depend on them) and are frozen as published. A last line trains a small network on images written for it
and says how much of the time the loop waited for its loader.
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
from glint_data.training.processes import choose_device


@dataclass
class Contender:
    """A variant with its optimiser, and the seconds that its steps took."""

    label: str
    network: QualityNetwork
    amp: bool
    steps: list[float] = field(default_factory=list)
    inferences: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        trained = [parameter for parameter in self.network.parameters() if parameter.requires_grad]
        self.optimizer = torch.optim.AdamW(trained, 1e-4)

    def step(self, inputs: tuple[torch.Tensor, ...]) -> None:
        """One training step."""
        self.network.train()
        self.optimizer.zero_grad(set_to_none=True)
        with self._half(inputs[0].device):
            loss = self.network(*inputs).float().square().mean()
        loss.backward()
        self.optimizer.step()

    def infer(self, inputs: tuple[torch.Tensor, ...]) -> None:
        """One forward pass for scores."""
        self.network.eval()
        with torch.inference_mode(), self._half(inputs[0].device):
            self.network(*inputs)

    def _half(self, device: torch.device):
        return torch.autocast(device.type, torch.bfloat16) if self.amp else nullcontext()


def seconds(action, inputs: tuple[torch.Tensor, ...]) -> float:
    """Seconds of one call, the device's queue emptied before and after."""
    wait = torch.cuda.synchronize if inputs[0].is_cuda else (lambda: None)
    wait()
    begun = time.perf_counter()
    action(inputs)
    wait()
    return time.perf_counter() - begun


def compare(name: str, batch: int, rounds: int, device: torch.device) -> None:
    """Print the table of one network."""
    contenders = [
        Contender(
            label, models.create(name, variant, pretrained=False, freeze_backbones=True).to(device), amp
        )
        for label, variant, amp in (
            ("exact", "exact", False),
            ("default", "default", False),
            ("exact, bfloat16", "exact", True),
            ("default, bfloat16", "default", True),
        )
    ]
    size = contenders[0].network.input_size
    image = torch.rand(batch, 3, size, size, device=device) * 2 - 1
    inputs = (image, image.flip(0)) if contenders[0].network.needs_reference else (image,)
    for round_number in range(rounds + 1):
        for contender in contenders:
            step, inference = seconds(contender.step, inputs), seconds(contender.infer, inputs)
            if round_number:  # the first round warms up
                contender.steps.append(step)
                contender.inferences.append(inference)
    print(f"\n{name}, batch {batch}, {device}, {torch.get_num_threads()} threads, {rounds} rounds")
    print(f"{'':20s} {'training images/s':>18s} {'ratio':>6s} {'inference images/s':>19s} {'ratio':>6s}")
    first = contenders[0]
    for contender in contenders:
        rates = [batch / statistics.median(taken) for taken in (contender.steps, contender.inferences)]
        ratios = [
            statistics.median(a / b for a, b in zip(one, other, strict=True))
            for one, other in ((first.steps, contender.steps), (first.inferences, contender.inferences))
        ]
        print(f"{contender.label:20s} {rates[0]:18.2f} {ratios[0]:6.2f} {rates[1]:19.2f} {ratios[1]:6.2f}")


def loader_share(folder: Path) -> float:
    """Share of a small training run that was spent waiting for images."""
    import pandas

    from glint_data import images, manifest

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
    return training.train(
        [folder], "glintiqa", folder / "run", size="tiny", epochs=2, epoch_samples=256
    ).waiting


def main() -> None:
    """Read the options and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", choices=models.NAMES)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=0)
    asked = parser.parse_args()
    if asked.threads:
        torch.set_num_threads(asked.threads)
    device = choose_device(asked.device)
    for name in [asked.model] if asked.model else models.NAMES:
        compare(name, asked.batch, asked.rounds, device)
    with tempfile.TemporaryDirectory() as folder:
        print(f"\nloader, tiny network: {loader_share(Path(folder)):.1%} of the time waiting for images")


if __name__ == "__main__":
    main()
