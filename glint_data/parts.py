"""Parts: the manifests of finished sources while a run is under way. A part in place is a commit."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from glint_data import manifest, sources

if TYPE_CHECKING:
    import pandas


def write(out: Path, name: str, rows: list[dict]) -> None:
    """Commit rows of the source `name`; rows of an earlier part that are not among them stay."""
    import pandas

    file = out / manifest.PARTS / f"{name}.parquet"
    frame = pandas.DataFrame(rows)
    if file.is_file():
        before = manifest.read(file)
        kept = before[~before["sample_id"].isin(frame["sample_id"])]
        frame = pandas.concat([kept, frame], ignore_index=True) if len(kept) else frame
    manifest.write_table(file, manifest.to_table(frame))


def finished_rows(out: Path) -> "pandas.DataFrame":
    """All rows committed so far: the manifest's, replaced by those of newer parts."""
    import pandas

    frames = []
    if (out / manifest.FILE).is_file():
        frames.append(manifest.read(out))
    for part in sorted((out / manifest.PARTS).glob("*.parquet")):
        frames.append(manifest.read(part))
    frames = [frame for frame in frames if len(frame)]
    if not frames:
        return pandas.DataFrame(columns=list(manifest.COLUMNS))
    return pandas.concat(frames, ignore_index=True).drop_duplicates("sample_id", keep="last")


def commit(out: Path, suite: str) -> None:
    """Turn the parts into the manifest, in the order of the sources; only then are they removed."""
    rows = finished_rows(out)
    facts = manifest.facts(out) if (out / manifest.FILE).is_file() else {}
    if len(rows):
        order = {source.name: source.place for source in sources.read(out)}
        rows = rows.assign(_order=rows["source"].map(order)).sort_values(["_order", "type", "level"])
        manifest.write(out, rows.drop(columns="_order"), facts | {"suite": suite})
    shutil.rmtree(out / manifest.PARTS, ignore_errors=True)
