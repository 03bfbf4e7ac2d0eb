"""Make the judgement of `any` that ships, again: what it says of each rated pair without its type and reference.

    python -m tools.judgement [SET]

It belongs to exactly the measurements that ship and one version of the method, by whose fingerprint its file is named;
so it has to be made anew after `glint_data.labels.evidence.refit`, a change of the scores, or a new version of `any`.
Until then `label` makes it on the user's machine, once. Takes minutes: a fit for each type and fold. The file of the
former measurements is removed.
"""

import sys
from pathlib import Path

from glint_data import work
from glint_data.errors import GlintError
from glint_data.labels import judgements
from glint_data.labels.evidence.shipped import TABLES
from glint_data.labels.over_types import judged
from glint_data.labels.pooled import Pool, PooledMethod, for_unrated
from glint_data.labels.rated import rated_set
from glint_data.labels.types_out import left_out, measures


def make(method: PooledMethod, pool: Pool, folder: Path, workers: int) -> Path:
    """Write the judgement on these pairs into `folder`, and remove former ones of the method from it."""
    left = judged(pool, left_out(method, pool, workers))
    former = set(folder.glob(f"{method.name}-*.parquet"))
    written = judgements.write(folder / judgements.name_of(method, pool), left, method)
    for file in former - {written}:
        file.unlink()
    return written


def main(arguments: list[str]) -> None:
    """Make it, and print what it certifies."""
    rated = rated_set(arguments[0] if arguments else "kadid")
    method = for_unrated()
    pool = rated.pool(method)
    print(make(method, pool, TABLES, work.default_workers()))
    measured = measures(pool, judgements.judgement(method, pool, None, 1), rated.loaded.span)
    print({name: value for name, value in measured.items() if name != "per_type"})


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except GlintError as error:
        sys.exit(str(error))
