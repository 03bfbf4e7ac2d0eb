"""Published files in the hub's layout load exactly: every tensor, the tag's own preprocessing, nothing made up."""

import json
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch
from safetensors.torch import save_file

from glint_data.embedding import embed
from glint_data.errors import GlintError
from glint_data.weights import clip, find
from glint_data.weights.torchvision_import import ensure_torchvision

ensure_torchvision()
import open_clip  # noqa: E402
import timm  # noqa: E402

PHOTO = skimage.data.astronaut()[:224, 100:324]
ARCHITECTURES = [
    *("resnet18", "vit_tiny_patch16_224", "convnext_atto", "efficientnet_b0", "mobilenetv3_small_050"),
    *(
        "swin_tiny_patch4_window7_224",
        "regnetx_002",
        "deit_tiny_patch16_224",
        "densenet121",
        "edgenext_xx_small",
    ),
    *(
        "resmlp_12_224",
        "poolformer_s12",
        "repvgg_a0",
        "convnextv2_atto",
        "tf_efficientnet_lite1",
        "ghostnet_100",
    ),
]


def put(cache: Path, repository: str, name: str, state: dict) -> Path:
    """A file where the hub's client keeps it, found without a network."""
    folder = cache / f"models--{repository.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True, exist_ok=True)
    (folder / "refs/main").write_text("0123")
    file = folder / "snapshots/0123" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    state = {key: value.contiguous().clone() for key, value in state.items()}
    save_file(state, file) if name.endswith("safetensors") else torch.save(state, file)
    return file


@pytest.fixture
def hub(monkeypatch, tmp_path) -> Path:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv(find.DOWNLOAD_VARIABLE, raising=False)
    return tmp_path / "hub"


@pytest.mark.parametrize(
    ("architecture", "name"),
    [(architecture, "model.safetensors") for architecture in ARCHITECTURES]
    + [(architecture, "pytorch_model.bin") for architecture in ARCHITECTURES[:3]],
)
def test_a_timm_network_is_the_one_in_the_file(hub, architecture, name):
    """The vector is that of the network whose state the file holds: no tensor dropped, renamed or left random."""
    torch.manual_seed(7)
    donor = timm.create_model(architecture, pretrained=False)
    for (
        parameter
    ) in donor.parameters():  # norms and biases too: those dropped in silence begin at one and zero
        parameter.data.add_(0.02 * torch.randn_like(parameter))
    put(hub, timm.get_pretrained_cfg(architecture).hf_hub_id, name, donor.state_dict())
    network = embed.embedder(f"timm:{architecture}", device="cpu")
    donor.reset_classifier(0)
    with torch.inference_mode():
        expected = donor.eval()(network._tensor(PHOTO)[None])[0]
    vectors = network.embed([PHOTO])[0]
    np.testing.assert_allclose(vectors, (expected / expected.norm()).numpy(), atol=1e-5)


@pytest.mark.parametrize("architecture", ["levit_128s", "pit_ti_224", "test_resnet"])
def test_photos_of_any_shape_are_taken_by_networks_of_one_size(architecture):
    """Some do not say that they have one; pictures are then brought to it, and only then."""
    network = embed.embedder(f"timm:{architecture}+random", device="cpu")
    vectors = network.embed([PHOTO[:150], PHOTO[:, :90], PHOTO])
    assert np.isfinite(vectors).all() and np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-4)
    assert (network._tensor(PHOTO[:150]).shape == (3, 150, 224)) == (architecture == "test_resnet")


def test_another_file_is_another_embedder(hub):
    """What is kept of photos goes by the weights' content, not by their name."""
    names = set()
    for seed in range(2):
        torch.manual_seed(seed)
        put(
            hub,
            "timm/test_resnet.r160_in1k",
            "model.safetensors",
            timm.create_model("test_resnet").state_dict(),
        )
        names.add(embed.embedder("timm:test_resnet", device="cpu").name)
    assert len(names) == 2 and all("r160_in1k-" in name for name in names)


def test_a_headless_and_a_fine_tuned_file_load(tmp_path):
    torch.manual_seed(0)
    for classes in (0, 7):
        donor = timm.create_model("test_vit", num_classes=classes)
        save_file(donor.state_dict(), tmp_path / "own.safetensors")
        network = embed.embedder(f"timm:test_vit@{tmp_path / 'own.safetensors'}", device="cpu")
        assert torch.equal(network._network.norm.weight, donor.norm.weight)
    save_file(
        {k: v for k, v in donor.state_dict().items() if "blocks.3." not in k}, tmp_path / "cut.safetensors"
    )
    with pytest.raises(GlintError, match=r"cut.safetensors: does not fit timm:test_vit \(Missing key"):
        embed.embedder(f"timm:test_vit@{tmp_path / 'cut.safetensors'}", device="cpu")


def every_clip_tag() -> list[tuple[str, str]]:
    return [(model, tag) for model, tag in open_clip.list_pretrained()]


def test_every_file_name_of_open_clip_is_tried(hub):
    """Each tag's file is found under the name that open_clip records, and under its safe twin."""
    for model, tag in every_clip_tag():
        place = open_clip.get_pretrained_cfg(model, tag).get("hf_hub", "").split("/")
        if len(place) < 3:
            continue
        repository, recorded = "/".join(place[:2]), place[2] or "open_clip_pytorch_model.bin"
        for name in (recorded, f"{recorded.rpartition('.')[0]}.safetensors"):
            file = put(hub, repository, name, {"x": torch.zeros(1)})
            assert clip.clip_checkpoint(model, tag, "").file == file, (model, tag, name)
            file.unlink()


SMALL_CLIP = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 32, "patch_size": 16, "head_width": 16},
    "text_cfg": {"context_length": 8, "vocab_size": 64, "width": 16, "heads": 2, "layers": 1},
}
NORMAL = {
    "mean": (0.5, 0.5, 0.5),
    "std": (0.5, 0.5, 0.5),
    "interpolation": "bicubic",
    "resize_mode": "shortest",
}
TAGS = {
    "plain": NORMAL | {"hf_hub": "someone/plain/", "quick_gelu": False},
    "quick": NORMAL | {"hf_hub": "someone/quick/", "quick_gelu": True, "mean": (0.0,) * 3, "std": (1.0,) * 3},
}


@pytest.fixture
def small_clip(monkeypatch, tmp_path) -> str:
    """A small open_clip model with two tags that look at pictures differently."""
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs/Small.json").write_text(json.dumps(SMALL_CLIP))
    open_clip.add_model_config(tmp_path / "configs/Small.json")
    from open_clip import pretrained

    monkeypatch.setitem(pretrained._PRETRAINED, "Small", TAGS)
    return "Small"


def test_a_file_is_looked_at_as_its_tag_says(hub, small_clip, tmp_path, caplog):
    torch.manual_seed(0)
    state = open_clip.create_model("Small").state_dict()
    vectors = {}
    for tag, settings in TAGS.items():
        place = put(hub, settings["hf_hub"].rstrip("/"), "open_clip_model.safetensors", state)
        copy = tmp_path / "copy.safetensors"
        copy.write_bytes(place.read_bytes())
        caplog.clear()
        for name in (f"Small@{tag}", f"Small@{tag}={copy}", f"Small@{place}"):
            network = embed.embedder(f"open_clip:{name}", device="cpu")
            vectors[name] = network.embed([PHOTO])[0]
            np.testing.assert_array_equal(vectors[name], vectors[f"Small@{tag}"])
        assert not caplog.records, "random weights are spoken of, and are none"
    assert not np.allclose(vectors["Small@plain"], vectors["Small@quick"], atol=1e-3)
    with pytest.raises(
        GlintError, match=r"write open_clip:Small@TAG=.*copy.safetensors with one of plain, quick"
    ):
        embed.embedder(f"open_clip:Small@{copy}", device="cpu")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.safetensors", b"", "is empty"),
        ("empty.pt", b"", "is empty"),
        ("page.bin", b"<!DOCTYPE html><html>not found</html>", "web page"),
        ("page.safetensors", b"\n <html><body>401</body></html>", "web page"),
        (
            "pointer.safetensors",
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
            "Git LFS",
        ),
        ("noise.pth", b"\x00\x01\x02" * 100, "checkpoint"),
        ("text.pt", b"some words\n" * 9, "checkpoint"),
    ],
)
@pytest.mark.parametrize("embedder", ["timm:test_resnet@{}", "open_clip:ViT-B-32@laion2b_s34b_b79k={}"])
def test_what_is_no_checkpoint_is_named(tmp_path, name, content, said, embedder):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(GlintError, match=rf"{name}: .*{said}"):
        embed.embedder(embedder.format(tmp_path / name), device="cpu")


class Opener:
    def __reduce__(self):
        return open, ("/nowhere/at/all", "w")


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ([torch.zeros(2)], "holds a list"),
        ({"epoch": 3}, "no tensors by name"),
        ({"model": {"fc.weight": torch.tensor([float("nan")])}}, "not finite"),
        (Opener(), "pickled code"),
    ],
)
def test_what_holds_no_sound_tensors_is_refused(tmp_path, held, said):
    torch.save(held, tmp_path / "odd.pt")
    with pytest.raises(GlintError, match=said):
        embed.embedder(f"timm:test_resnet@{tmp_path / 'odd.pt'}", device="cpu")


def test_unknown_tags_name_those_there_are(hub):
    with pytest.raises(GlintError, match=r"no pretrained tag 'best' of resnet50; known are .*tv_in1k"):
        embed.embedder("timm:resnet50.best", device="cpu")
    with pytest.raises(GlintError, match=r"no pretrained tag 'best'; write ViT-B-32@TAG with one of openai"):
        embed.embedder("open_clip:ViT-B-32@best", device="cpu")


def test_nothing_is_fetched_unless_it_was_allowed(hub, monkeypatch):
    fetched = []
    monkeypatch.setattr("huggingface_hub.hf_hub_download", lambda *given, **_: fetched.append(given) or 1 / 0)
    from glint_data import models

    for opened in (
        lambda: embed.embedder("timm:resnet18", device="cpu"),
        lambda: embed.embedder("ViT-B-32", device="cpu"),
        lambda: models.create("glintiqa"),
    ):
        with pytest.raises(GlintError, match="GLINT_DATA_DOWNLOAD=1"):
            opened()
        assert not fetched
        monkeypatch.setenv(find.DOWNLOAD_VARIABLE, "1")
        with pytest.raises(GlintError, match="could not be fetched"):
            opened()
        assert fetched
        fetched.clear()
        monkeypatch.delenv(find.DOWNLOAD_VARIABLE)
