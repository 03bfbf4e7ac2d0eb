"""The README of an export: what it holds, what a score means, whom to cite, and what the layout left out."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from glint_data import __version__
from glint_data.exports.about import About, Exported
from glint_data.exports.folder import write_file

FILE = "README.md"


def write_card(
    folder: Path,
    about: About,
    exported: Exported,
    files: dict[str, str],
    left_out: Iterable[str] = (),
    header: str = "",
) -> None:
    """Write README.md; `files` says what lies where, `header` stands before everything."""
    sections = [
        f"{header}# {about.name}",
        description(about, exported),
        "## Files\n\n" + "\n".join(f"- `{name}`: {meaning}" for name, meaning in files.items()),
        "## Scores\n\n" + scores_text(about, exported),
    ]
    if tuple(left_out):
        sections.append(
            f"This layout has no room for a label's {', '.join(left_out)}; `glint-data export --to hf` keeps them."
        )
    sections.append("## Sources and terms\n\n" + terms_text(about, exported))
    write_file(folder / FILE, ("\n\n".join(sections) + "\n").encode())


def description(about: About, exported: Exported) -> str:
    """One paragraph: how many samples of what."""
    suites = ", ".join(sorted(about.suites))
    made = f", distorted by the suite {suites}" if suites else ""
    seed = about.run.get("settings", {}).get("seed")
    seeded = f" The run's seed was {seed}; each row has its own." if seed is not None and suites else ""
    return (
        f"{exported.samples:,} images of {len(exported.sources):,} photos{made}, exported by glint-data {__version__}."
        f"{seeded}"
    )


def scores_text(about: About, exported: Exported) -> str:
    """What `mos` means here: range, direction, where it came from, how sure it is."""
    if not exported.labelled:
        return "The images have no scores."
    label = about.facts.get("label", {})
    lines = ["`mos` is on 0 to 1, higher is better; `mos_std` is a standard deviation on the same scale."]
    if exported.labelled < exported.samples:
        lines.append(f"{exported.labelled:,} of {exported.samples:,} images have one.")
    if "low" in label and "high" in label:
        better = "higher" if label.get("higher_is_better", True) else "lower"
        lines.append(
            f"The scores' own scale is {label['low']:g} to {label['high']:g}, {better} is better there."
        )
    if about.methods == {"rated"}:
        lines.append(
            "They are people's ratings of these very images; `mos_std` is the spread of the ratings."
        )
    elif about.methods:
        by = f", photos compared by {label['embedder']}" if "embedder" in label else ""
        lines.append(
            "They are predictions from the rated images of a reference set, not ratings of these images "
            f"(method {', '.join(sorted(about.methods))}{by}); "
            "`mos_low` and `mos_high` are the ends of a 90 % interval."
        )
    lines += [f"Noted on {count:,} images: {note}." for note, count in sorted(exported.notes.items())]
    return "\n".join(lines)


def terms_text(about: About, exported: Exported) -> str:
    """Citations and licences as far as they are known, and what metadata the images carry."""
    lines = []
    derived = about.methods - {"rated"}
    for described in about.described_sets():
        inherits = " Labels derived from these scores inherit their terms." if derived else ""
        lines.append(
            f"- Scores: {described['title']}. {described['citation']} Terms: {described['licence']}.{inherits}"
        )
    if not lines and "citation" in about.facts.get("label", {}):
        lines.append(f"- Scores: {about.facts['label']['citation']}")
    return "\n".join([*lines, *_photos_terms(about, exported), _metadata_text(about)])


def _photos_terms(about: About, exported: Exported) -> Iterator[str]:
    """Whose terms the photos are under: by the column `licence`, else by what the person who exports said."""
    for licence, sources in sorted(exported.licences.items()):
        named = licence or about.licence
        count = f"{len(sources):,} photo{'s' if len(sources) != 1 else ''}"
        if named:
            yield f"- Photos: {named} ({count}); it applies to the images made of them too."
        else:
            yield (
                f"- Photos: no licence is recorded for {count}; their owners' terms apply to the images made of "
                "them too (a column `licence` in the manifest, or --licence, states them)."
            )


def _metadata_text(about: About) -> str:
    if about.suites:
        return "- Metadata: the distorted images are rendered; they carry no EXIF and no position."
    if about.options.strip:
        return "- Metadata: EXIF (camera, date, position) was taken out of the images."
    return (
        "- Metadata: the images are copies of the imported files, with whatever EXIF (camera, date, position) these "
        "carry."
    )
