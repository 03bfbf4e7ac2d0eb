"""The one call: what it takes, what it refuses and with which sentence."""

import subprocess
import sys

import numpy as np
import pytest

import distortions
from distortions.registry import distortion_named

sheet_room = sys.modules["distortions.sheet"]  # in the package, the function bears that name
IMAGE = np.linspace(0, 255, 20 * 30 * 3).astype(np.uint8).reshape(20, 30, 3)


def test_number_name_and_default_suite_are_the_same_call():
    by_name = distortions.apply(IMAGE, "jpeg", level=3)
    assert np.array_equal(by_name, distortions.apply(IMAGE, 10, level=3, suite="kadid10k"))
    assert distortions.get("jpeg").levels == (43, 36, 24, 7, 4)
    assert distortions.get("jpeg", suite="csiq").levels != distortions.get("jpeg").levels
    assert "jpeg" in distortions.names() and "kadid10k" in distortions.suites()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: distortions.apply(IMAGE, "jpge", 1), r"'jpge' \(did you mean jpeg"),
        (lambda: distortions.apply(IMAGE, 26, 1), "no type 26: choose one of 1, 2"),
        (lambda: distortions.apply(IMAGE, "jpeg", 6), "levels 1 to 5, got 6"),
        (lambda: distortions.apply(IMAGE, "jpeg", 0), "levels 1 to 5, got 0"),
        (lambda: distortions.apply(IMAGE, "jpeg", True), "levels 1 to 5, got True"),
        (lambda: distortions.apply(IMAGE, "jpeg", 2.0), "levels 1 to 5, got 2.0"),
        (lambda: distortions.apply(IMAGE, "jpeg", 1, suite="kadid"), "no suite 'kadid'.*kadid10k"),
        (lambda: distortions.get("blurr"), "no distortion 'blurr'"),
        (lambda: distortions.apply(IMAGE / np.float32(0), "jpeg", 1), "NaN or an infinite value"),
        (
            lambda: distortions.apply(IMAGE.astype(float), "jpeg", 1),
            "got 0.0 to 255.0: divide by .* 255, or cut",
        ),
        (
            lambda: distortions.apply(np.float32([[0.1098, 1.0000001]]), "jpeg", 1),
            r"got 0\.1098 to 1\.0000001: .* numpy\.clip\(image, 0, 1\)",
        ),
        (
            lambda: distortions.apply(IMAGE / 128 - 1, "jpeg", 1),
            r"got -1\.0 to 0\.99.*: bring .* -1 to 1, to 0 to 1",
        ),
        (
            lambda: distortions.apply(IMAGE, "fog", 2),
            r"'fog' is no type of kadid10k, .*: choose a suite that has it, suite='imagenet_c'$",
        ),
        (lambda: distortions.apply(IMAGE, "fog", 2, suite="kadid10k"), "no type in kadid10k called 'fog'"),
        (lambda: distortions.apply(IMAGE, True, 3), "type True is no number and no name"),
        (lambda: distortions.apply(IMAGE.astype(np.int32), "jpeg", 1), "uint8 or float .* got int32"),
        (lambda: distortions.apply(np.zeros((4, 4, 4), np.uint8), "jpeg", 1), "drop an alpha plane"),
        (lambda: distortions.apply(np.zeros((0, 4, 3), np.uint8), "jpeg", 1), "at least one pixel"),
        (lambda: distortions.apply([[1, 2]], "jpeg", 1), "NumPy array, got list"),
        (
            lambda: distortions.apply(IMAGE, "motion_blur", 2, parameters={}),
            r"takes the parameters \['angle'\]",
        ),
        (lambda: distortions.apply(IMAGE, "jpeg", 2, parameters={"angle": 3}), "takes the parameters none"),
    ],
)
def test_what_is_refused_is_named_with_what_exists(call, said):
    with pytest.raises(ValueError, match=said), np.errstate(all="ignore"):
        call()


def test_a_recipe_of_another_denoiser_is_refused():
    pytest.importorskip("torch", reason="NOT TESTED: needs the package torch")
    with pytest.raises(ValueError, match="denoiser 'another'"):
        distortions.apply(IMAGE, "denoised_noise", 1, parameters={"noise_seed": 1, "denoiser": "another"})


def test_a_missing_codec_is_named_with_the_package_that_brings_it(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    for name, package in (("jpeg_xl", "pillow-jxl-plugin"), ("heic", "pillow-heif")):
        assert not distortion_named(name).available
        with pytest.raises(ValueError, match=f"pip install {package}"):
            distortions.apply(IMAGE, name, 1, suite="modern")


def test_a_new_distortion_is_one_function_with_a_decorator(monkeypatch):
    from distortions import registry
    from distortions.suite import Suite, table

    monkeypatch.setattr(registry.DISTORTIONS, "_entries", dict(registry.DISTORTIONS.items()))

    @distortions.distortion()
    def upside_down(photo, share):
        """Turned over."""
        return photo.single[::-1]

    suite = Suite("mine", "1", "Mine", table((1, "upside_down", "Upside down", "share", (1,)), source="here"))
    assert np.array_equal(suite.render(distortions.Photo(IMAGE), 1, 1).pixels, IMAGE[::-1])
    with pytest.raises(ValueError, match="two distortions are called 'upside_down'"):
        distortions.distortion()(upside_down)
    with pytest.raises(ValueError, match="add a source"):
        table((1, "upside_down", "Upside down", "share", (1,)))


def test_importing_the_engine_imports_nothing_heavy():
    heavy = ("torch", "scipy", "numba", "pandas", "skimage", "glint_data")
    code = f"import sys, distortions; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_contact_sheet_has_a_row_a_type_and_marks_what_is_missing(monkeypatch):
    photo = np.tile(IMAGE, (4, 4, 1))
    type_numbers = len(distortions.suite("csiq").types)
    drawn = []
    page = distortions.sheet(photo, suite="csiq", tile_width=60, drawn=lambda: drawn.append(1))
    assert len(drawn) == sum(len(entry.levels) for entry in distortions.suite("csiq").types.values())
    assert page.dtype == np.uint8 and page.shape[2] == 3
    assert page.shape[1] == 6 + 6 * (60 + 6) and (page.shape[0] - 6) % type_numbers == 0
    entire = distortions.sheet(photo, suite="csiq", tile_width=60, whole=True)
    assert entire.shape == page.shape and not np.array_equal(entire, page)
    labelled = distortions.sheet(photo, suite="csiq", tile_width=60, labels={(2, 3): ".41 (.30 to .52)"})
    assert labelled.shape[0] > page.shape[0]


def test_a_sheet_shows_the_part_that_the_levels_change_at_its_true_scale():
    photo = np.tile(IMAGE, (6, 6, 1))
    region = {
        "shape": "ellipse", "row": 85, "column": 150, "height": 30, "width": 40, "angle": 0, "edge": 0.2, "waves": [],
    }  # fmt: skip
    place = sheet_room._most_changed(
        photo, [distortions.apply_in_regions(photo, "jpeg", level=5, regions=[region]).pixels], (60, 40)
    )
    assert 45 <= place[0] <= 85 - 15 and 90 <= place[1] <= 150 - 20
    assert sheet_room._most_changed(photo, [photo, None], (60, 40)) == (40, 60)
