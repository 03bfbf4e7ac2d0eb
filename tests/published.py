"""A published network's weights as timm names them, from the package that carries them."""

from torch import Tensor

from glint_data.weights.find import WeightsFile, timm_state
from glint_data.weights.packaged import packaged_file


def published_state(name: str) -> dict[str, Tensor]:
    """The tensors of the installed package that carries this network of timm's."""
    packaged = packaged_file(name)
    assert packaged is not None, f"{name} is carried by no package here"
    return timm_state(name, WeightsFile(packaged.file, packaged.origin, packaged.tag))
