"""What a run did, for a person and for a program."""

from dataclasses import dataclass, field
from typing import Any

from glint_data.dataset import failures, manifest
from glint_data.dataset.failures import Refusal
from glint_data.errors import GlintError
from glint_data.progress import duration, printable
from glint_data.storage.files import holds
from glint_data.storage.places import Place
from glint_data.synthesis import costs

SHOWN = 3


@dataclass
class Summary:
    """Counts of what this run made, the dataset's folder, and what was refused.

    `others` are photos of the dataset that this run was not given, `other_samples` their samples; `replaced` the
    names of those whose file holds another photo now. `unlabelled` counts samples that were rendered again to other
    pixels than those that had been labelled, `own_labels` those that keep another label than their recipe's.
    """

    folder: Place
    sources: int = 0
    made: int = 0
    kept: int = 0
    failed: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    seconds: float = 0.0
    seconds_by_type: dict[int, float] = field(default_factory=dict)
    suite: str = ""
    others: int = 0
    other_samples: int = 0
    replaced: list[str] = field(default_factory=list)
    unlabelled: int = 0
    own_labels: int = 0

    def text(self) -> str:
        """The closing lines for a person: counts, paths, what was refused and what to do next."""
        done = self.made + self.kept
        rate = f" in {duration(self.seconds)} ({self.made / self.seconds:.1f}/s)" if self.made else ""
        kept = f", {self.kept:,} kept from before ('verify' compares them)" if self.kept else ""
        lines = [f"{done:,} samples of {self.sources:,} photos: {self.made:,} made{rate}{kept}"]
        if done:
            lines.append(f"  {self.folder / manifest.FILE}")
        if len(self.seconds_by_type) > 1:
            lines += [
                "  most expensive types, of the workers' time:",
                *costs.table(self.seconds_by_type, self.suite),
            ]
        lines += self._of_before()
        if self.refusals:
            lines.append(
                f"  {len(self.refusals):,} refused or failed: {self.folder / failures.FILE}; the first:"
            )
            lines += [f"    {refusal.error}" for refusal in self.refusals[:SHOWN]]
        return printable("\n".join(lines))

    def require_some(self) -> None:
        """Raise `GlintError` where everything failed, so that there is no dataset to go on with."""
        if holds(self.folder, manifest.FILE) or not self.refusals:
            return
        failed = [refusal for refusal in self.refusals if refusal.stage == "render"] or self.refusals
        raise GlintError(
            f"{self.folder}: none of the samples of {self.sources:,} photos could be made; "
            f"{self.folder / failures.FILE} says why; the first: {failed[0].error}"
        )

    def _of_before(self) -> list[str]:
        """What the dataset holds, or held, beside what this run made or kept."""
        lines = []
        if self.others:
            lines.append(
                f"  the dataset also holds {self.other_samples:,} samples of {self.others:,} photos that this run was "
                "not given; they stay. For a dataset without them choose another --out"
            )
        if self.replaced:
            names = ", ".join(self.replaced[:SHOWN]) + (", ..." if len(self.replaced) > SHOWN else "")
            lines.append(
                f"    the files of {len(self.replaced):,} of them hold other photos now, which joined under new names: "
                f"{names}"
            )
        if self.unlabelled:
            lines.append(
                f"  {self.unlabelled:,} labelled samples were rendered again to other pixels and have no label now: "
                "run 'glint-data label' again"
            )
        if self.own_labels:
            lines.append(
                f"  {self.own_labels:,} samples keep their own labels, which are not those of the recipes: for those, "
                "choose another --out"
            )
        return lines

    def record(self) -> dict[str, Any]:
        """The same as plain data, fit for JSON."""
        return {
            "folder": str(self.folder),
            "photos": self.sources,
            **{name: getattr(self, name) for name in ("made", "kept", "failed", "others", "other_samples")},
            **{name: getattr(self, name) for name in ("replaced", "unlabelled", "own_labels", "seconds")},
            "refusals": [
                {"path": printable(refusal.path), "stage": refusal.stage, "error": printable(refusal.error)}
                for refusal in self.refusals
            ],
        }
