"""timm's published weights: from the hub's cache here, from an installed package, else fetched by timm itself."""

import socket
from urllib.parse import urlparse
from urllib.request import getproxies

from torch import Tensor

from glint_data.errors import GlintError
from glint_data.models.packaged_weights import how_to_install
from glint_data.models.weights import read_packaged, read_weights
from glint_data.progress import say

WAYS_ON = (
    "Two ways on: --backbone-weights FILE with a local copy (one for each backbone, first the transformer's), "
    "or --from-scratch to train without"
)
_SECONDS_TO_ANSWER = 5


def pretrained_weights(timm_name: str) -> tuple[dict[str, Tensor], str]:
    """The state dict of a timm network, and where it came from in words.

    Raises:
        GlintError: there are none, or they are not here and cannot be fetched; names file and ways on.
    """
    import timm
    from huggingface_hub import try_to_load_from_cache

    settings = timm.get_pretrained_cfg(timm_name)
    if not settings.has_weights:
        raise GlintError(f"backbone {timm_name}: timm knows no pretrained weights for it. {WAYS_ON}")
    hub_name = settings.hf_hub_id or settings.url
    cached = try_to_load_from_cache(settings.hf_hub_id, "model.safetensors") if settings.hf_hub_id else None
    if isinstance(cached, str):
        return read_weights(cached), f"timm {hub_name}"
    if packaged := read_packaged(timm_name):
        state, found = packaged
        return state, found.origin
    reason = _why_out_of_reach()
    if reason is None:
        say(f"backbone {timm_name}: fetching pretrained weights, {hub_name}")
        try:
            return timm.create_model(timm_name, pretrained=True).state_dict(), f"timm {hub_name}"
        except Exception as error:  # the hub client raises a dozen kinds, by version
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    install = how_to_install(timm_name)
    raise GlintError(
        f"backbone {timm_name}: its pretrained weights are not on this machine and could not be fetched: "
        f"model.safetensors of the hub repository {hub_name} ({reason}). "
        f"{f'A package carries them: {install}. ' if install else ''}{WAYS_ON}"
    )


def _why_out_of_reach() -> str | None:
    """Why the hub does not answer, found in seconds: its client would try for a minute first."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        return "HF_HUB_OFFLINE is set"
    if getproxies():  # a proxy may reach what we cannot
        return None
    address = urlparse(constants.ENDPOINT)
    try:
        socket.create_connection((address.hostname, address.port or 443), _SECONDS_TO_ANSWER).close()
    except OSError as error:
        return f"{address.hostname}: {error.strerror or error}"
    return None
