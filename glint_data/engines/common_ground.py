"""What all nodes of a cluster must have in common: the folders, and the versions that can change a pixel."""

import hashlib
import os
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from glint_data import plugins
from glint_data.dataset import manifest, runs
from glint_data.engines import cluster
from glint_data.errors import GlintError
from glint_data.plugins import Sources
from glint_data.storage.files import read_bytes, remove, write_atomically
from glint_data.storage.places import Place, check, is_remote, place

_SECONDS_TO_ANSWER = 120.0


class NodeUnfit(GlintError):
    """A node lacks a folder or has other versions: going on would lose samples or change pixels."""


@dataclass(frozen=True)
class Ground:
    """What a worker needs to see: `folder` through a file with this digest, `places`, from `start`."""

    start: str
    folder: str
    file: str
    digest: str
    places: tuple[str, ...]
    plugin_sources: Sources = ()

    def stand(self) -> None:
        """Go to the directory the command was given in and look around. Raises `NodeUnfit`. For workers."""
        if Path(self.start).is_dir():
            os.chdir(self.start)
        plugins.take(self.plugin_sources)
        seen = _seen_from_here(self.file, self.places)
        complaint = self.complaint(seen, f"node {os.uname().nodename}")
        if complaint:
            raise NodeUnfit(complaint)

    def complaint(self, seen: dict[str, Any], where: str) -> str | None:
        """What is wrong with a node that reported `seen`, as a sentence; None where all is well."""
        advice = "put it on a file system that all nodes share, under the same path"
        if "://" in self.folder + "".join(seen["missing"]):
            advice = "give that node the credentials and settings of this one (nothing secret is sent there)"
        if seen["digest"] != self.digest:
            return f"--engine ray: {where} does not see {self.folder} as it is here; {advice}"
        if seen["missing"]:
            return f"--engine ray: {where} does not see the photos in {seen['missing'][0]}; {advice}"
        return None


class CommonGround:
    """The ground of one run: leaves a token in a folder that is written to, and takes it away again."""

    def __init__(self, folder: str | Place, places: Iterable[str | Place], writes: bool) -> None:
        self._folder, self._writes = _absolute(folder), writes
        self._places = tuple(str(_absolute(photos)) for photos in places)
        self._token: Place | None = None

    def __enter__(self) -> "CommonGround":
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._token is not None:
            remove(self._token)

    def surveyed(self, ray: ModuleType) -> Ground:
        """The ground, once every node has looked at it. The folder has to be there by now.

        Raises:
            NodeUnfit: a node does not see the folders, or has other versions.
        """
        file = self._proof()
        digest = _digest(file)
        places = tuple(photos for photos in self._places if _is_there(photos))
        ground = Ground(str(Path.cwd()), str(self._folder), str(file), digest, places, plugins.sources())
        for name, seen in _reports(ray, ground).items():
            complaint = _other_versions(seen, name) or ground.complaint(seen, name)
            if complaint:
                raise NodeUnfit(complaint)
        return ground

    def _proof(self) -> Place:
        """A file by which a node proves that it sees the folder: its manifest, or a token of ours."""
        if not self._writes:
            return manifest.manifest_file(self._folder)
        if self._token is None:
            token = secrets.token_hex(16)
            # the name is that of an unfinished stream: `files.sweep` removes it after a crash
            self._token = self._folder / f".ray-{token}.partial"
            write_atomically(self._token, token.encode())
        return self._token


def _reports(ray: ModuleType, ground: Ground) -> dict[str, dict[str, Any]]:
    """What each node sees, by its name. A node that is lost meanwhile does not count."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    look = ray.remote(num_cpus=0, max_retries=0)(_looker())
    waiting = {}
    for node in cluster.working_nodes(ray):
        there = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
        name = f"node {node['NodeManagerHostname']} ({node['NodeManagerAddress']})"
        seen = look.options(scheduling_strategy=there).remote(
            ground.file, ground.places, ground.plugin_sources
        )
        waiting[seen] = name
    reports = {}
    for reference, name in waiting.items():
        try:
            reports[name] = ray.get(reference, timeout=_SECONDS_TO_ANSWER)
        except ray.exceptions.GetTimeoutError:
            raise NodeUnfit(
                f"--engine ray: {name} does not answer within {_SECONDS_TO_ANSWER:.0f} s; see 'ray status'"
            ) from None
        except (ray.exceptions.RayTaskError, ray.exceptions.RuntimeEnvSetupError) as error:
            raise NodeUnfit(f"--engine ray: {name} cannot take tasks ({error})") from None
        except ray.exceptions.RayError:
            continue
    return reports


def _looker() -> Callable[..., dict[str, Any]]:
    """A function that travels by value, because a node may lack this package."""

    def look(file: str, places: tuple[str, ...], sources: tuple[tuple[str, bytes], ...]) -> dict[str, Any]:
        try:
            from glint_data import plugins
            from glint_data.dataset.runs import versions
            from glint_data.engines import common_ground
        except ImportError:
            return {"versions": None}
        plugins.take(sources)
        return {"versions": versions()} | common_ground._seen_from_here(file, places)

    return look


def _seen_from_here(file: str, places: tuple[str, ...]) -> dict[str, Any]:
    try:
        digest = _digest(place(file))
    except (OSError, GlintError):
        digest = None
    return {"digest": digest, "missing": [photos for photos in places if not _is_there(photos)]}


def _digest(file: Place) -> str:
    return hashlib.sha256(read_bytes(file)).hexdigest()


def _is_there(text: str) -> bool:
    path = place(text)
    check(path)
    return path.exists()


def _absolute(folder: str | Place) -> Place:
    path = place(folder)
    return path if is_remote(path) else Path(os.path.abspath(path))  # noqa: PTH100  (links stay)


def _other_versions(seen: dict[str, Any], where: str) -> str | None:
    there = seen["versions"]
    if there is None:
        return f"--engine ray: {where} has no glint-data of this version; install it there, with the same packages"
    here = runs.versions()
    other = [
        f"{name} {there.get(name, 'not at all')} (here {here.get(name, 'not at all')})"
        for name in sorted(here.keys() | there.keys())
        # the part after + says for which processor a package was built
        if str(there.get(name)).partition("+")[0] != str(here.get(name)).partition("+")[0]
    ]
    if not other:
        return None
    return f"--engine ray: {where} has {', '.join(other)}; pixels could differ, so install the same versions there"
