"""Everything that was never run on a GPU, in one command and under eight minutes; a table, and JSON beside it.

    python -m benchmarks.gpu [--device auto] [--out gpu.json] [--minutes 8]

Embedding by open_clip and timm against the bare forward pass, the measurements of `deep`, training steps of the exact
variant against the default with mixed precision (asked: 2.5 times), agreement of half precision with float32, type 15,
training by two processes, memory. Weights are random: neither time nor rounding depends on them. No hub is asked.
On a CPU everything is smaller: a test of the command, not of the machine. A part that fails is told, and the exit
code is 1.
"""

import argparse
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.training import contender, write_noise
from glint_data import models
from glint_data.weights.device import choose_device

Row = dict[str, Any]


class Setting:
    """Where and how large: `big` on a GPU."""

    def __init__(self, device: torch.device, folder: Path, minutes: float) -> None:
        self.device, self.folder, self.big = device, folder, device.type == "cuda"
        self.until = time.monotonic() + 60 * minutes

    def seconds(self, action: Callable[[], Any], rounds: int = 5) -> float:
        """Median seconds of an action, after one that warms up."""
        taken = []
        for _ in range(rounds + 1):
            self.wait()
            begun = time.perf_counter()
            action()
            self.wait()
            taken.append(time.perf_counter() - begun)
        return statistics.median(taken[1:])

    def wait(self) -> None:
        """Until the device has done what it was given."""
        if self.big:
            torch.cuda.synchronize(self.device)

    def photos(self, count: int, height: int = 384, width: int = 512) -> list[np.ndarray]:
        """Noise of one size, uint8."""
        rng = np.random.default_rng(0)
        return [rng.integers(0, 256, (height, width, 3), dtype=np.uint8) for _ in range(count)]


def embedding(setting: Setting) -> Iterator[Row]:
    """Photos a second from pixels to vectors, and the share of the bare forward pass in that."""
    from glint_data.embedding import embed

    names = ("open_clip:ViT-B-32", "timm:resnet50") if setting.big else ("timm:test_resnet",)
    photos = setting.photos(64 if setting.big else 4)
    for name in names:
        network: Any = embed.embedder(f"{name}+random", device=str(setting.device))
        whole = setting.seconds(lambda network=network: network.embed(photos), 3)
        size = (224, 224) if name.startswith("open_clip") else photos[0].shape[:2]
        batch = torch.zeros((len(photos), 3, *size), device=setting.device)
        bare = setting.seconds(lambda network=network, batch=batch: network._run(batch), 3)
        yield {
            "what": name,
            "photos/s": len(photos) / whole,
            "bare photos/s": len(photos) / bare,
            "share": bare / whole,
        }


def measurements(setting: Setting) -> Iterator[Row]:
    """What `deep` measures of a photo; by design on one CPU thread, so that it is the same everywhere."""
    from glint_data.embedding import stages

    network, photos = stages.network(), setting.photos(8 if setting.big else 2)
    yield {"what": stages.NAME, "photos/s": len(photos) / setting.seconds(lambda: network.embed(photos), 3)}


def steps(setting: Setting) -> Iterator[Row]:
    """Training steps: exact in float32 against the default in bfloat16."""
    for name in models.NAMES:
        batch = {"glintiqa": 32, "ahiq": 8}[name] if setting.big else 2
        size = "full" if setting.big else "tiny"
        with torch.device("meta"):
            side = models.create(name, size=size, pretrained=False).input_size
        crops = [torch.randint(0, 256, (batch, 3, side, side), dtype=torch.uint8) for _ in range(2)]
        times, peak = {}, {}
        for label in ("exact", "default", "default bfloat16"):
            runner = contender(label, name, crops, setting.device, setting.folder, size)
            if setting.big:
                torch.cuda.reset_peak_memory_stats(setting.device)
            times[label] = setting.seconds(runner.step, 5 if setting.big else 1)
            peak[label] = torch.cuda.max_memory_allocated(setting.device) / 2**30 if setting.big else None
        for label, taken in times.items():
            ratio = times["exact"] / taken
            yield {"what": f"{name}, {label}", "images/s": batch / taken, "ratio": ratio, "GiB": peak[label]}


def agreement(setting: Setting) -> Iterator[Row]:
    """Scores in half precision against float32, of crops of noise at several strengths."""
    from glint_data.training.judge.metrics import srocc

    size = "full" if setting.big else "tiny"
    for name in models.NAMES:
        torch.manual_seed(0)
        network = models.create(name, size=size, pretrained=False).to(setting.device).eval()
        side, count = network.input_size, 32 if setting.big else 8
        noise = torch.rand((count, 3, side, side), generator=torch.Generator().manual_seed(1)) * 2 - 1
        images = (noise * torch.linspace(0.05, 1, count).view(-1, 1, 1, 1)).to(setting.device)
        inputs = [images, images.flip(3)][: 1 + network.needs_reference]
        with torch.inference_mode():
            whole = network(*inputs).float().cpu().numpy()
            for kind in (torch.float16, torch.bfloat16):
                with torch.autocast(setting.device.type, kind):
                    half = network(*inputs).float().cpu().numpy()
                apart = float(np.abs(half - whole).max() / max(float(whole.std()), 1e-9))
                yield {
                    "what": f"{name}, {str(kind)[6:]}",
                    "apart / spread": apart,
                    "SROCC": srocc(half, whole),
                }


def denoising(setting: Setting) -> Iterator[Row]:
    """Type 15 of KADID-10k, whose network runs on the CPU, so that its pixels are the same everywhere."""
    import distortions

    photo = distortions.Photo(setting.photos(1)[0])
    suite = distortions.suite("kadid10k")
    taken = setting.seconds(lambda: suite.render(photo, 15, 3, seed=1), 2)
    yield {"what": "type 15, 512x384", "photos/s": 1 / taken}


def two_processes(setting: Setting) -> Iterator[Row]:
    """A small run by two processes: on two GPUs where there are so many, else on the CPU."""
    data = setting.folder / "noise"
    data.mkdir()
    write_noise(data)
    device = "cuda" if setting.big and torch.cuda.device_count() > 1 else "cpu"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    script = (
        "import sys; from glint_data import training; "
        "training.train([sys.argv[1]], 'glintiqa', sys.argv[2], size='tiny', epochs=1, epoch_samples=64, "
        f"batch_size=16, device='{device}', baseline=False, checkpoint_seconds=1e9)"
    )
    shared = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"}
    begun = time.perf_counter()
    both = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(data), str(setting.folder / "two")],
            env=os.environ | shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    try:
        said = [process.communicate(timeout=240)[1] for process in both]
    finally:  # a part that runs out of time leaves nothing behind
        for process in both:
            process.kill()
    if any(process.returncode for process in both):
        raise RuntimeError(" | ".join(text.strip().splitlines()[-1] for text in said if text.strip()))
    yield {"what": f"two processes on {device}", "seconds": time.perf_counter() - begun}


PARTS = (embedding, measurements, steps, agreement, denoising, two_processes)


def run(device: torch.device, minutes: float) -> Row:
    """All parts, each alone: what one says is kept whatever becomes of the next."""
    found: Row = {"device": str(device), "torch": torch.__version__, "python": platform.python_version()}
    found["name"] = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor()
    failed: Row = {}
    with tempfile.TemporaryDirectory() as folder:
        setting = Setting(device, Path(folder), minutes)
        for part in PARTS:
            print(f"\n{part.__name__}: {(part.__doc__ or '').splitlines()[0]}", flush=True)
            if time.monotonic() > setting.until:
                failed[part.__name__] = "no time left"
                print("  no time left")
                continue
            found[part.__name__] = rows = []
            try:
                for row in part(setting):
                    rows.append({key: _plain(value) for key, value in row.items()})
                    print(
                        "  " + "   ".join(f"{key} {_shown(value)}" for key, value in rows[-1].items()),
                        flush=True,
                    )
            except Exception as error:  # of a driver, a package or our own: told, and the others go on
                first = (str(error).strip().splitlines() or [""])[0]
                failed[part.__name__] = f"{type(error).__name__}: {first}"
                print(f"  FAILED {failed[part.__name__]}", flush=True)
    return found | {"failed": failed}


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _shown(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def main() -> int:
    """Read the options, run, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="auto")
    parser.add_argument("--out", type=Path, default=Path("gpu.json"))
    parser.add_argument("--minutes", type=float, default=8)
    arguments = parser.parse_args()
    found = run(choose_device(arguments.device), arguments.minutes)
    arguments.out.write_text(json.dumps(found, indent=1, allow_nan=False) + "\n")
    print(f"\n{arguments.out}")
    return 1 if found["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
