"""Recipes: all it takes to render a sample again, made before any pixel is."""

import hashlib
from dataclasses import asdict, dataclass

import distortions
from glint_data import images
from glint_data.errors import GlintError
from glint_data.sources import Source


@dataclass(frozen=True)
class Settings:
    """What decides the pixels and names of a dataset. A run may only go on with the same settings."""

    suite: str = "kadid10k"
    types: tuple[int, ...] = ()
    levels: tuple[int, ...] = ()
    seed: int = 0
    format: str = "png"
    virtual: bool = False

    def resolved(self) -> "Settings":
        """With the suite's own types and levels where none were named.

        Raises:
            GlintError: the suite, a type, a level or the format does not exist; the sentence lists what does.
        """
        try:
            suite = distortions.suite(self.suite)
        except (KeyError, ValueError) as error:
            raise GlintError(str(error.args[0])) from None
        every_level = sorted(
            {level for kind in suite.types.values() for level in range(1, len(kind.levels) + 1)}
        )
        types = _chosen(self.types, list(suite.types), "type", suite.name)
        levels = _chosen(self.levels, every_level, "level", suite.name)
        if self.format not in images.ENCODERS:
            raise GlintError(
                f"--format {self.format}: not one of the lossless formats {', '.join(images.ENCODERS)}"
            )
        return Settings(self.suite, types, levels, self.seed, self.format, self.virtual)

    def cells(self) -> list[tuple[int, int]]:
        """The (type, level) pairs that exist in the suite, in order."""
        suite = distortions.suite(self.suite)
        return [
            (kind, level)
            for kind in self.types
            for level in self.levels
            if level <= len(suite.types[kind].levels)
        ]

    def record(self) -> dict:
        """The settings as `run.json` keeps them, with the version of the suite they refer to."""
        return {**asdict(self), "suite_version": distortions.suite(self.suite).version}


def _chosen(asked: tuple[int, ...], known: list[int], what: str, suite: str) -> tuple[int, ...]:
    unknown = sorted(set(asked) - set(known))
    if unknown:
        raise GlintError(
            f"--{what}s {', '.join(map(str, unknown))}: {suite} has no such {what}; "
            f"it has {known[0]} to {known[-1]}"
        )
    return tuple(sorted(set(asked))) or tuple(known)


def recipe(source: Source, settings: Settings, kind: int, level: int) -> dict:
    """The columns of one sample that are known before it is rendered."""
    suite_type = distortions.suite(settings.suite).types[kind]
    strength = suite_type.levels[level - 1]
    return {
        "sample_id": f"{source.name}_{kind:02d}_{level:02d}",
        "source": source.name,
        "source_path": source.path,
        "source_hash": source.hash,
        "suite": settings.suite,
        "type": kind,
        "level": level,
        "distortion": suite_type.distortion,
        "strength": float(strength) if isinstance(strength, (int, float)) else None,
        "seed": sample_seed(settings.seed, source.hash, settings.suite, kind, level),
        "width": source.width,
        "height": source.height,
    }


def sample_seed(run_seed: int, source_hash: str, suite: str, kind: int, level: int) -> int:
    """64 bits that depend on what the sample is, never on when or where it is rendered."""
    key = f"{run_seed}:{source_hash}:{suite}:{kind}:{level}".encode()
    return int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "little")
