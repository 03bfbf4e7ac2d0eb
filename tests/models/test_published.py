"""The exact variants compute what the authors' code computes, from weights that a rule fills."""

import json
import zlib

import numpy as np
import pytest
import torch

from glint_data import models
from glint_data.errors import GlintError


@pytest.fixture(scope="module", autouse=True)
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def filled(keys: dict[str, list[int]], seed: int, unused: tuple[str, ...]) -> dict[str, torch.Tensor]:
    """The state dict that the golden files' fill rule describes; zeros for what no score depends on."""
    state = {}
    for name, shape in keys.items():
        if name.startswith(unused):
            state[name] = torch.zeros(shape)
            continue
        drawn = (
            np.random.default_rng([zlib.crc32(name.encode()), seed]).standard_normal(shape).astype(np.float32)
        )
        if name.endswith("num_batches_tracked"):
            state[name] = torch.tensor(0)
            continue
        if len(shape) >= 2:
            drawn = drawn / np.float32(np.sqrt(np.prod(shape[1:])))
        elif name.endswith("running_var"):
            drawn = 1 + np.float32(0.1) * np.abs(drawn)
        elif name.endswith("weight"):
            drawn = 1 + np.float32(0.1) * drawn
        else:
            drawn = np.float32(0.05) * drawn
        state[name] = torch.from_numpy(np.asarray(drawn, dtype=np.float32))
    return state


def signal(key) -> torch.Tensor:
    return torch.from_numpy(
        ((np.random.default_rng(key).random((2, 3, 224, 224)) - 0.5) / 0.5).astype(np.float32)
    )


def check_stage(name: str, expected: dict, found: torch.Tensor) -> None:
    assert list(found.shape) == expected["shape"], name
    scale = expected["std"]
    assert abs(found.mean().item() - expected["mean"]) <= 1e-3 * scale, name
    assert abs(found.std().item() - expected["std"]) <= 1e-3 * scale, name


def remember(module: torch.nn.Module, found: dict, name: str) -> None:
    module.register_forward_hook(lambda _module, _inputs, output: found.__setitem__(name, output))


@pytest.fixture(scope="module")
def glintiqa_golden(golden) -> dict:
    return json.loads((golden / "models/glintiqa.json").read_text())


def test_glintiqa_matches_the_published_numbers(glintiqa_golden):
    golden = glintiqa_golden
    network = models.create("glintiqa", variant="exact", pretrained=False)
    unused = network.load_published(
        filled(golden["published_keys"], golden["seed"], network.published_unused)
    )
    assert all("blocks.1" in name or "norm" in name or "head" in name for name in unused if "vgfe" in name)
    outputs: dict = {}
    remember(network.local_features, outputs, "clfe")
    remember(network.local_projection, outputs, "F0")
    for step in range(1, 5):
        remember(getattr(network, f"siem{step}"), outputs, f"F{step}")
    with torch.no_grad():
        scores = network.eval()(signal(golden["seed"]))
        outputs["vgfe"] = network.global_features(signal(golden["seed"]))
    for name, expected in golden["expected"]["stages"].items():
        stage = outputs[name[:4]][int(name[4:]) - 1] if name[:4] in ("vgfe", "clfe") else outputs[name]
        check_stage(name, expected, stage)
    np.testing.assert_allclose(scores.numpy(), golden["expected"]["score"], atol=1e-3)


@pytest.mark.parametrize("patch_size", [8, 16])
def test_ahiq_matches_the_published_numbers(golden, patch_size):
    published = json.loads((golden / "models/ahiq.json").read_text())
    seed, expected = published["seed"], published["expected"][str(patch_size)]
    network = models.create("ahiq", variant="exact", patch_size=patch_size, pretrained=False)
    network.load_published(
        filled(published["published_keys"][str(patch_size)], seed, network.published_unused)
    )
    fused: list[torch.Tensor] = []
    network.fusion.register_forward_hook(lambda _module, _inputs, output: fused.append(output))
    with torch.no_grad():
        distorted, reference = (network.eval().frozen_features(signal([part, seed])) for part in (1, 2))
        scores = network.from_features(distorted, reference)
    stages = {
        "vit_dist": distorted[0],
        "vit_ref": reference[0],
        "fused_dist": fused[0],
        "fused_ref": fused[1],
    }
    for name, numbers in expected["stages"].items():
        check_stage(name, numbers, stages[name])
    np.testing.assert_allclose(scores.numpy(), expected["score"], atol=1e-3)


def test_incomplete_or_foreign_published_weights_are_refused(glintiqa_golden):
    network = models.create("glintiqa", variant="exact", pretrained=False)
    state = {name: torch.zeros(shape) for name, shape in glintiqa_golden["published_keys"].items()}
    with pytest.raises(GlintError, match="lacks 1 tensors"):
        network.load_published({name: value for name, value in state.items() if name != "siem4.conv.weight"})
    with pytest.raises(GlintError, match=r"1 unknown ones \(first encoder.weight\)"):
        network.load_published(state | {"encoder.weight": torch.zeros(3)})
    with pytest.raises(GlintError, match="has shape"):
        network.load_published(state | {"siem4.conv.weight": torch.zeros(384, 768, 1, 1)})
