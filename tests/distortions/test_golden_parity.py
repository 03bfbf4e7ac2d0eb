"""Parity with the original generator's outputs and the real KADID-10k images, where they lie beside the checkout."""

import sys

import pytest
from conftest import REPOSITORY

sys.path.insert(0, str(REPOSITORY))
from benchmarks import fidelity

DETERMINISTIC = [n for n in fidelity.SUITE.types if n not in (*fidelity.NOISE, fidelity.DENOISED)]
HALVES = {(7, 3), (7, 5), (25, 2)}  # values on exact halves, which Octave and MATLAB round apart


@pytest.mark.parametrize("number", DETERMINISTIC)
def test_parity_with_the_original_generator(shared, number):
    rows = list(fidelity.against_original(shared / "golden" / "distortions", [number]))
    assert len(rows) == 5
    for row in rows:
        expected = {"halves"} if (row.kind, row.level) in HALVES else {"equal", "meets"}
        assert row.verdict in expected, row
        assert row.psnr >= 70 and row.off <= 1, row


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
def test_noise_is_the_originals_by_its_statistics(shared, number, monkeypatch):
    monkeypatch.setattr(fidelity, "PHOTOS", ("I01",))
    for row in fidelity.noise_cells(shared / "golden" / "distortions", [number]):
        assert row.verdict == "same", row


def test_another_noise_of_the_same_variance_would_be_refused(shared, monkeypatch):
    """Gaussian speckle in place of the uniform one: the statistics must tell them apart."""
    import distortions
    from distortions import registry

    gaussian = registry.distortion_named("speckle_noise")
    monkeypatch.setitem(registry.DISTORTIONS._entries, "multiplicative_noise", gaussian)
    monkeypatch.setattr(fidelity, "PHOTOS", ("I01",))
    assert distortions.suite("kadid10k") is fidelity.SUITE
    rows = list(fidelity.noise_cells(shared / "golden" / "distortions", [14]))
    assert sum(row.verdict == "FAILS" for row in rows) >= 4
