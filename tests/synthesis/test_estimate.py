"""--dry-run: an answer within its budget whatever the photos' size, better with more time, and nothing written."""

import numpy as np
import pytest

from glint_data import images
from glint_data.dataset import rendering
from glint_data.errors import GlintError
from glint_data.synthesis.estimate import SIDES, estimate
from glint_data.synthesis.recipes import Settings

FEW = Settings(types=(1, 10, 11))


@pytest.fixture
def large(tmp_path):
    """A folder with one photo of 2000x1500 pixels and a file that is none."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "large"
    folder.mkdir()
    images.write_png(
        folder / "a.png", np.repeat(np.repeat(rng.integers(0, 256, (150, 200, 3), np.uint8), 10, 0), 10, 1)
    )
    (folder / "letter.jpg").write_text("no picture")
    return folder


@pytest.fixture
def rendered(monkeypatch):
    """The (type, level, longer side) of everything that is rendered."""
    seen = []
    original = rendering.render

    def render(photo, suite, version, number, level, *rest):
        made = original(photo, suite, version, number, level, *rest)
        seen.append((number, level, max(made.pixels.shape[:2])))
        return made

    monkeypatch.setattr(rendering, "render", render)
    return seen


def test_without_time_every_type_is_still_seen_once(large, rendered):
    text = estimate([large], FEW, 2, budget=0)
    assert rendered == [(1, 1, SIDES[0]), (10, 1, SIDES[0]), (11, 1, SIDES[0])]
    assert "2 photos x 15 cells of kadid10k = 30 samples" in text and "with 2 workers" in text
    assert "Nothing was written." in text and sorted(path.name for path in large.iterdir()) == [
        "a.png",
        "letter.jpg",
    ]


def test_with_time_it_ends_at_the_photos_own_size(large, rendered, capsys):
    text = estimate([large], FEW, 1, budget=1e9)
    sides = [side for _, _, side in rendered]
    assert sides == sorted(sides) and sides[-1] == 2000 and sides.count(2000) == 15
    assert sides.count(SIDES[0]) == 15 + 3, "what a type's first rendering loads and compiles is not measured"
    assert f"crops of up to {SIDES[-1]} pixels" in text
    lines = capsys.readouterr().err.splitlines()  # the answer grows before one's eyes
    answers = [line.partition("by crops of ")[2] for line in lines]
    assert list(filter(None, answers)) == [f"{side} pixels a side: measuring on)" for side in SIDES[:-1]]
    assert lines[-1].startswith(f"crops rendered: {15 * len(SIDES)}, ")


def test_bytes_grow_with_the_pixels(large):
    sizes = [
        float(estimate([large], FEW, 1, budget=budget).split("about ")[1].split(" MB")[0])
        for budget in (0, 1e9)
    ]
    assert sizes[0] == pytest.approx(sizes[1], rel=0.5)


def test_nothing_that_can_be_read(tmp_path):
    (tmp_path / "letter.jpg").write_text("no picture")
    with pytest.raises(GlintError, match="none of the 1 photos tried could be read"):
        estimate([tmp_path], FEW, 1)
