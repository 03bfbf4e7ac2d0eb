"""The command that makes the judgement of `any` that ships: by name, and on a small pool."""

import numpy as np
import pytest

from glint_data.labels import METHODS, judgements
from glint_data.labels.evidence.shipped import TABLES
from glint_data.labels.pooled import Pool
from glint_data.labels.rated import rated_set
from glint_data.labels.types_out import left_out
from tools.judgement import make


@pytest.fixture(scope="module")
def few():
    """Two types of twelve references of the shipped pairs."""
    pool = rated_set("kadid").pool(METHODS["any"])
    return pool.rows(np.flatnonzero((pool.photo < 12) & np.isin(pool.type, [1, 10])))


def test_what_ships_is_named_after_the_shipped_pairs():
    pool: Pool = rated_set("kadid").pool(METHODS["any"])
    assert [file.name for file in TABLES.glob("any-*.parquet")] == [judgements.name_of(METHODS["any"], pool)]


@pytest.mark.slow
def test_it_is_made_again_and_takes_the_place_of_the_former(few, tmp_path, monkeypatch):
    (tmp_path / "any-1-0123456789abcdef.parquet").write_bytes(b"of other measurements")
    written = make(METHODS["any"], few, tmp_path, 1)
    assert [file.name for file in tmp_path.iterdir()] == [written.name]
    monkeypatch.setattr(judgements, "TABLES", tmp_path)
    found = judgements.judgement(METHODS["any"], few, None, 1)
    assert found.mos == pytest.approx(left_out(METHODS["any"], few, 1), abs=1e-6)
    assert len(found.doubt) == len(few) and np.isfinite(found.unlike).all()
