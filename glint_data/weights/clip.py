"""open_clip's weights: which checkpoint a tag or a file is, how its network looks at a picture, and loading it."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glint_data.errors import GlintError
from glint_data.weights import find
from glint_data.weights.read import digest, read_weights
from glint_data.weights.torchvision_import import ensure_torchvision

if TYPE_CHECKING:
    from torch import nn

DEFAULT_TAGS = {
    "ViT-B-32": "laion2b_s34b_b79k",
    "ViT-B-16": "laion2b_s34b_b88k",
    "ViT-L-14": "laion2b_s32b_b82k",
}
"""The tag meant where an open_clip model is named without one."""

_FILES = (
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
    "open_clip_pytorch_model.bin",
    *find.TIMM_FILES,
)


_ENDINGS = (".safetensors", ".pt", ".pth", ".bin")
_SETTINGS = ("mean", "std", "interpolation", "resize_mode", "quick_gelu")
"""What a pretrained tag says of how its network looks at a picture, beside its weights."""


def chosen_weights(
    model: str, weights: str, ways_on: str, allow_download: bool | None = None
) -> tuple[find.WeightsFile, dict[str, Any]]:
    """The checkpoint that `TAG`, `FILE` or `TAG=FILE` names, and how its network looks at a picture.

    Raises:
        GlintError: no such tag or file, or a file of which it cannot be known how its network looks at a picture.
    """
    import open_clip

    tag, equals, file = weights.partition("=")
    tags = open_clip.list_pretrained_tags_by_model(model)
    if (
        not equals
        and tag
        and tag not in tags
        and ("/" in tag or tag.endswith(_ENDINGS) or Path(tag).is_file())
    ):
        tag, file = "", weights
    if file:
        weights_file = find.local_file(file, tag)
        tag = tag or tag_of(model, weights_file.file, tags)
        settings = open_clip.get_pretrained_cfg(model, tag) if tag else {}
        if tag and not settings:
            clip_checkpoint(model, tag, "")  # says which tags there are
        return weights_file, settings
    tag = tag or DEFAULT_TAGS.get(model, "")
    return clip_checkpoint(model, tag, ways_on, allow_download), open_clip.get_pretrained_cfg(model, tag)


def tag_of(model: str, file: Path, tags: Sequence[str]) -> str:
    """The tag whose weights a file holds, as far as it matters: by its place in the hub's cache, else if all agree.

    Tags of one model differ in mean, deviation and activation (QuickGELU), which no checkpoint says.
    """
    import open_clip

    known = {tag: open_clip.get_pretrained_cfg(model, tag) for tag in tags}
    same_settings = [
        part.removeprefix("models--").replace("--", "/") for part in file.parts if part.startswith("models--")
    ]
    for tag, settings in known.items():
        hub = "/".join(settings.get("hf_hub", "").split("/")[:2])
        if hub and hub in same_settings:
            return tag
    settings_seen = {repr([settings.get(name) for name in _SETTINGS]) for settings in known.values()}
    if len(settings_seen) > 1:
        raise GlintError(
            f"{file}: which of open_clip's weights of {model} are these? They differ in how a picture is prepared; "
            f"write open_clip:{model}@TAG={file} with one of {', '.join(tags)}"
        )
    return next(iter(known), "")


@contextmanager
def without_warnings() -> Iterator[None]:
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def load(network: "nn.Module", checkpoint: Path, model: str) -> None:
    """Load all tensors of a checkpoint into an open_clip model. Raises `GlintError` for one that does not fit."""
    import open_clip

    read_weights(checkpoint)  # refuses what is no checkpoint, in a sentence
    try:
        with without_warnings():
            open_clip.load_checkpoint(network, str(checkpoint), strict=True, weights_only=True)
    except Exception as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        first = (lines[1:2] or lines or [type(error).__name__])[0][:200]
        raise GlintError(
            f"{checkpoint}: does not fit open_clip's {model} ({first}); "
            "name the checkpoint of this very architecture"
        ) from error


def clip_checkpoint(
    model: str, tag: str, ways_on: str, allow_download: bool | None = None
) -> find.WeightsFile:
    """The checkpoint of an open_clip model's tag; see `timm_checkpoint`. Raises `GlintError` for an unknown tag."""
    ensure_torchvision()
    import open_clip

    settings = open_clip.get_pretrained_cfg(model, tag) if tag else None
    if not settings:
        known = ", ".join(open_clip.list_pretrained_tags_by_model(model)) or "none there are"
        raise GlintError(
            f"embedder open_clip:{model}: {'has no pretrained tag ' + repr(tag) if tag else 'needs a tag'}; "
            f"write {model}@TAG with one of {known}; or {model}@FILE with a local checkpoint"
        )
    hub = settings.get("hf_hub", "").split("/")  # owner/repository/ or owner/repository/file
    repository, filename = ("/".join(hub[:2]), "/".join(hub[2:])) if len(hub) >= 2 else ("", "")
    names = find.file_names(filename, _FILES)
    if repository and (file := find.in_hub_cache(repository, names)):
        return find.WeightsFile(file, f"open_clip {repository}", f"{tag}-{digest(file)[:12]}")
    url = settings.get("url", "")
    cached = Path("~/.cache/clip").expanduser() / Path(url).name
    if url and cached.is_file():
        return find.WeightsFile(cached, f"open_clip {url}", f"{tag}-{digest(cached)[:12]}")
    wanted = f"{' or '.join(names[:3])} of the hub repository {repository}" if repository else ""
    wanted = wanted or f"{cached.name} from {url}, looked for in {cached.parent}"
    name = f"open_clip:{model}@{tag}"
    if not find.may_fetch(allow_download) or not repository:
        raise find.not_here(name, wanted, ways_on)
    file = find.fetched(repository, names, name, wanted, ways_on)
    return find.WeightsFile(file, f"open_clip {repository}", f"{tag}-{digest(file)[:12]}")
