"""Parity with the original generator: by the crops that are carried, and by what may lie beside the checkout."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from benchmarks import fidelity
from benchmarks.golden import PHOTO, Corners, Crops

DETERMINISTIC = [n for n in fidelity.SUITE.types if n not in (*fidelity.NOISE, fidelity.DENOISED)]
HALVES = {(7, 3), (7, 5), (25, 2)}  # values on exact halves, which Octave and MATLAB round apart


@pytest.fixture(scope="module", params=["crops", pytest.param("corners", marks=pytest.mark.slow)])
def original(request):
    """The original's outputs: crops of one photo, and whole corners of two where they lie beside the checkout."""
    if request.param == "crops":
        return Crops()
    return Corners(request.getfixturevalue("shared") / "golden" / "distortions")


@pytest.mark.parametrize("number", DETERMINISTIC)
def test_parity_with_the_original_generator(original, number):
    rows = list(fidelity.against_original(original, [number]))
    assert len(rows) == 5
    for row in rows:
        expected = {"halves"} if (row.kind, row.level) in HALVES else {"equal", "meets"}
        assert row.verdict in expected, row
        assert row.psnr >= 70 and row.off <= 1, row


def test_carried_crops_are_the_originals_outputs(shared):
    """The crops are parts of the outputs that were made, and together they cover every cell but type 15."""
    import numpy as np

    crops, corners = Crops(), Corners(shared / "golden" / "distortions")
    assert np.array_equal(crops.photos[PHOTO], corners.photos[PHOTO])
    for type_number in (n for n in fidelity.SUITE.types if n != fidelity.DENOISED):
        for level in range(1, 6):
            cell = crops.cell(f"{PHOTO}_{type_number:02d}_{level:02d}")
            assert np.array_equal(
                cell.pixels, cell.part(corners.cell(f"{PHOTO}_{type_number:02d}_{level:02d}").pixels)
            )


def test_another_value_would_be_noticed(monkeypatch):
    """One grey level more in every tenth row of our rendering must not pass."""
    crops, render = Crops(), fidelity.SUITE.render

    class Altered:
        def __init__(self, rendering):
            self.pixels = rendering.pixels.copy()
            self.pixels[::10] += 1

    class Suite:
        types = fidelity.SUITE.types

        def render(self, *given, **named):
            return Altered(render(*given, **named))

    monkeypatch.setattr(fidelity, "SUITE", Suite())
    assert {row.verdict for row in fidelity.against_original(crops, [1])} == {"FAILS"}


def test_parity_with_the_real_images(shared):
    rows = list(fidelity.against_kadid(shared / "data" / "kadid10k" / "images", DETERMINISTIC))
    assert {row.kind for row in rows} == {1, 6, 7, 9, 10, 25}
    for row in rows:
        if row.kind in (6, 7, 10, 25):
            assert row.verdict == "equal", row
        elif row.kind == 1:
            assert row.verdict in ("equal", "meets") and row.equal > 99.99, row
        else:
            assert row.verdict == "likeness" and row.psnr > 42.5, row


@pytest.mark.parametrize("number", [11, 12, 13, 14])
def test_noise_is_the_originals_by_its_statistics(number):
    for row in fidelity.noise_cells(Crops(), [number]):
        assert row.verdict == "same", row


def test_another_noise_of_the_same_variance_would_be_refused(monkeypatch):
    """Gaussian speckle in place of the uniform one: the statistics must tell them apart."""
    import distortions
    from distortions import registry

    gaussian = registry.distortion_named("speckle_noise")
    monkeypatch.setitem(registry.DISTORTIONS._entries, "multiplicative_noise", gaussian)
    assert distortions.suite("kadid10k") is fidelity.SUITE
    rows = list(fidelity.noise_cells(Crops(), [14]))
    assert sum(row.verdict == "FAILS" for row in rows) >= 4
