"""The README of an export: what it holds, what a score means, whom to cite, and what the layout left out."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from glint_data import __version__
from glint_data.dataset.label_facts import BESIDE, RATED, STUDY, of_labels, of_study
from glint_data.exports.about import PARTS, About, Exported
from glint_data.exports.folder import write_file

FILE = "README.md"


def write_card(
    folder: Path,
    about: About,
    exported: Exported,
    files: dict[str, str],
    left_out: Iterable[str] = (),
    header: str = "",
    deviation: str = "",
) -> None:
    """Write README.md; `files` says what lies where, `header` stands before all, `deviation` beside the scores."""
    if (folder / "references").is_dir():  # some tables do not name them; they are there all the same
        files = files | {"references/": "the pristine photos"}
    sections = [
        f"{header}# {about.name}",
        description(about, exported),
        "## Files\n\n" + "\n".join(f"- `{name}`: {meaning}" for name, meaning in files.items()),
        "## Scores\n\n" + scores_text(about, exported) + (f"\n{deviation}" if deviation else ""),
    ]
    if tuple(left_out):
        sections.append(
            f"This layout has no room for a label's {', '.join(left_out)}; `glint-data export --to hf` keeps them."
        )
    sections.append("## Sources and terms\n\n" + terms_text(about, exported))
    write_file(folder / FILE, ("\n\n".join(sections) + "\n").encode())


def one_licence(about: About, exported: Exported) -> str | None:
    """The licence of all photos, where they have one and the same; "other" where some have another or none."""
    named = {licence or about.licence for licence in exported.licences}
    if len(named) != 1:
        return "other" if named else None
    licence = named.pop()
    return " ".join(licence.split()) if licence else None


def description(about: About, exported: Exported) -> str:
    """One paragraph: how many samples of what."""
    suites = ", ".join(sorted(about.suites))
    made = f", distorted by the suite {suites}" if suites else ""
    if about.several:
        suites += f" (datasets: {', '.join(one.name for one in about.several)})"
    seed = about.run.get("settings", {}).get("seed")
    seeded = f" The run's seed was {seed}; each row has its own." if seed is not None and suites else ""
    return (
        f"{exported.samples:,} images of {len(exported.sources):,} photos{made}, exported by glint-data {__version__}."
        f"{seeded}{_split(about, exported)}"
    )


def _split(about: About, exported: Exported) -> str:
    """How many photos each side of a split has: of few photos it is not what the shares say."""
    if about.splits is None:
        return ""
    counts = Counter(about.splits[source] for source in exported.sources if source in about.splits)
    return f" Split by photo: {', '.join(f'{counts[part]:,} {part}' for part in PARTS if counts[part])}."


def scores_text(about: About, exported: Exported) -> str:
    """What `mos` means here: range, direction, where it came from, how sure it is."""
    if not exported.labelled:
        return "The images have no scores."
    lines = ["`mos` is on 0 to 1, higher is better; `mos_std` is a standard deviation on the same scale."]
    if exported.labelled < exported.samples:
        lines.append(f"{exported.labelled:,} of {exported.samples:,} images have one.")
    for one in about.several or (about,):
        if about.several:
            lines.append(f"\nOf {one.name}:" + ("" if one.labelled else " no scores."))
        lines += _origin_of_scores(one)
    lines += [
        f"Noted on {count:,} image{'s' if count != 1 else ''}: {note}."
        for note, count in sorted(exported.notes.items())
    ]
    return "\n".join(lines)


def _origin_of_scores(about: About) -> Iterator[str]:
    """The own scale of one dataset's scores, and whether people or a method gave them."""
    if RATED in about.methods and len(about.methods) > 1:
        yield from _both_origins(about)
        return
    label = about.facts.get(STUDY) or of_labels(about.facts)
    yield from _own_scale("The scores' own scale", label)
    if about.methods == {RATED}:
        yield ("They are people's ratings of these very images; `mos_std` is the spread of the ratings.")
    elif about.methods:
        yield f"They are {_predicted(about, of_labels(about.facts))}"


def _both_origins(about: About) -> Iterator[str]:
    """Of people's ratings and of the labels beside them, each with its own scale."""
    study, made = of_study(about.facts), of_labels(about.facts)
    whose = f" of the study {study['title']}" if study.get("title") else ""
    yield (
        f"Those with the `label_method` {RATED} are people's ratings{whose} of these very images; `mos_std` is the "
        "spread of the ratings."
    )
    yield from _own_scale("Their own scale", study)
    yield f"The others are {_predicted(about, made)}"
    yield from _own_scale("The reference set's own scale", made)


def _own_scale(what: str, label: dict[str, Any]) -> Iterator[str]:
    if "low" in label and "high" in label:
        better = "higher" if label.get("higher_is_better", True) else "lower"
        yield f"{what} is {label['low']:g} to {label['high']:g}, {better} is better there."


def _predicted(about: About, made: dict[str, Any]) -> str:
    """What is to be said of scores that a method predicted."""
    by = f", photos compared by {made['embedder']}" if "embedder" in made else ""
    return (
        "predictions from the rated images of a reference set, not ratings of these images "
        f"(method {', '.join(sorted(about.methods - {RATED}))}{by}); "
        "`mos_low` and `mos_high` are the ends of a 90 % interval."
    )


def terms_text(about: About, exported: Exported) -> str:
    """Citations and licences as far as they are known, and what metadata the images carry."""
    lines = []
    derived = about.methods - {RATED}
    facts = [one.facts.get(name) or {} for one in about.several or (about,) for name in (STUDY, BESIDE)]
    for described in about.described_sets():
        inherits = " Labels derived from these scores inherit their terms." if derived else ""
        lines.append(
            f"- Scores: {described['title']}. {described['citation']} Terms: {described['licence']}.{inherits}"
        )
    if not lines:
        lines += [f"- Scores: {label['citation']}" for label in facts if label.get("citation")]
    if not lines and about.labelled:
        lines.append(
            f"- Scores: from {', '.join(sorted(about.label_sets)) or 'a set that is not named'}; whose terms they are "
            "under is not recorded."
        )
    return "\n".join([*lines, *_photos_terms(about, exported), _metadata_text(about, exported)])


def _photos_terms(about: About, exported: Exported) -> Iterator[str]:
    """Whose terms the photos are under: by the column `licence`, else by what the person who exports said."""
    for licence, sources in sorted(exported.licences.items()):
        named = " ".join((licence or about.licence or "").split())
        count = f"{len(sources):,} photo{'s' if len(sources) != 1 else ''}"
        if named:
            yield f"- Photos: {named} ({count}); it applies to the images made of them too."
        else:
            yield (
                f"- Photos: no licence is recorded for {count}; their owners' terms apply to the images made of "
                "them too (a column `licence` in the manifest, or --licence, states them)."
            )


def _metadata_text(about: About, exported: Exported) -> str:
    """What the files say beside their pixels: looked at in every file that was copied."""
    if about.options.strip:
        return "- Metadata: what copied files told of camera and position (EXIF) was taken out."
    if not exported.private:
        return "- Metadata: no image carries EXIF of a camera, nor a position."
    counts = " and ".join(
        f"{count:,} carr{'y' if count != 1 else 'ies'} {what}"
        for what, count in sorted(exported.private.items())
    )
    return (
        f"- Metadata: of the image files, copied as they were imported, {counts}; --strip leaves that behind."
    )
