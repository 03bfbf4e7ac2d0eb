"""Suites and strengths of one's own by the functions: files, registered suites, the control, one strength."""

import json
import subprocess
import sys

import pytest

import distortions
import glint_data as glint


def test_the_control_of_a_suite_of_regions_is_a_level(photos, tmp_path):
    chosen = {"types": ["jpeg"], "virtual": True, "limit": 1}
    for name, levels in (("d", "0-2"), ("e", [0, 1, 2])):
        dataset = glint.synthesize(photos, tmp_path / name, levels=levels, regions=2, **chosen)
        assert [sample.level for sample in dataset] == [0, 1, 2]
    control = glint.synthesize(photos, tmp_path / "f", levels=0, regions=2, **chosen)
    assert (control[0].pixels() == control[0].pristine()).all()
    for levels in ("0-2", 0):
        with pytest.raises(glint.GlintError, match="--levels 0: kadid10k has no such level; it has 1 to 5"):
            glint.synthesize(photos, tmp_path / "g", levels=levels, **chosen)


def test_one_strength_is_a_number(photos, tmp_path):
    dataset = glint.synthesize(photos, tmp_path / "d", types="jpeg", strengths=30, virtual=True, limit=1)
    assert [(sample.suite, sample.level, sample.strength) for sample in dataset] == [("own", 1, 30)]


ELSEWHERE = """
import sys
import glint_data as glint
if __name__ == "__main__":
    for folder in sys.argv[1:]:
        dataset = glint.open(folder)
        print(dataset[0].suite, dataset[0].suite_version, dataset[0].pixels().sum())
        assert not glint.verify(dataset, workers=1).problems
"""


@pytest.mark.usefixtures("own_suites")
def test_a_registered_suite_is_recorded_for_workers_and_later_openings(photos, tmp_path):
    types = distortions.suite_from_toml(
        'name = "two"\n[[types]]\ndistortion = "jpeg"\nlevels = [80, 20]\n'
    ).types
    distortions.add_suite(distortions.Suite("two", "by hand", "Two", types))
    made = glint.synthesize(photos, tmp_path / "d", suite="two", workers=2)
    assert len(made) == made.record()["made"] > 0 and made[1].strength == 20
    again = glint.synthesize(photos, tmp_path / "d", suite="two", workers=2).record()
    assert (again["made"], again["kept"]) == (0, len(made))
    glint.synthesize(photos, tmp_path / "v", suite="two", virtual=True)
    glint.materialize(tmp_path / "v", tmp_path / "m", workers=2)
    (tmp_path / "script.py").write_text(ELSEWHERE)
    folders = [tmp_path / name for name in ("d", "v", "m")]
    command = [sys.executable, str(tmp_path / "script.py"), *map(str, folders)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert said == [f"two {made[0].suite_version} {made[0].pixels().sum()}"] * 3
    shipped = glint.synthesize(photos, tmp_path / "shipped", types=[10], levels=[1], virtual=True)
    assert "suite_record" not in json.loads((shipped.folder / "run.json").read_text())["settings"]


@pytest.fixture
def own_suites(monkeypatch):
    """Suites that a test registers are forgotten after it."""
    room = sys.modules["distortions.suites"]
    monkeypatch.setattr(room, "_ADDED", {})
    monkeypatch.setattr(room, "_BY_VERSION", dict(room._BY_VERSION))


@pytest.mark.usefixtures("own_suites")
def test_a_suite_by_its_file_in_any_spelling(photos, tmp_path):
    file = tmp_path / "MINE.TOML"
    file.write_text('name = "mine"\n[[types]]\ndistortion = "jpeg"\nlevels = [80, 20]\n')
    for given in (file, str(file)):
        dataset = glint.synthesize(photos, tmp_path / "d", suite=given, virtual=True)
        assert dataset.table(["suite"])["suite"].tolist() == ["mine"] * 8
    with pytest.raises(glint.GlintError, match=r"absent\.toml: cannot be read"):
        glint.synthesize(photos, tmp_path / "e", suite=tmp_path / "absent.toml")
