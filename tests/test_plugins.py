"""The registry, and plug-ins from files and installed packages, loaded in processes of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from distortions import lookup
from glint_data.errors import GlintError
from glint_data.registry import Registry

PLUGIN = """
import distortions
from distortions.suite import Suite, table
from distortions.suites import SUITES

@distortions.distortion()
def upside_down(photo, share):
    "Turned over."
    return photo.single[::-1]

types = table((1, "upside_down", "Upside down", "share", (1.0,)), source="here")
SUITES.add("turned", Suite("turned", "1", "Turned", types))
"""
ASK = """
import distortions, numpy as np
from distortions.suites import SUITES
from glint_data import plugins
image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
assert (distortions.apply(image, "upside_down", 1, suite="turned") == image[::-1]).all()
print(plugins.record(), SUITES.origin("turned"), SUITES.origin("live"))
"""


def python(script: str, **environment: str) -> subprocess.CompletedProcess:
    """Run a script in a process of its own."""
    settings = os.environ | environment
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=settings, check=False
    )


def test_a_wrong_name_tells_what_is_near_and_what_there_is():
    tools = Registry[str]("tool")
    tools.add("hammer", "for nails")
    with pytest.raises(GlintError, match=r"no tool 'hamer' \(did you mean hammer\?\): choose one of hammer"):
        tools["hamer"]
    with pytest.raises(GlintError, match="two tools are called 'hammer'"):
        tools.add("hammer", "another")
    with pytest.raises(ValueError, match="two things are called 'a'"):
        things = lookup.Registry[int]("thing")
        things.add("a", 1)
        things.add("a", 2)
    assert tools.items() == [("hammer", "for nails")] and "hammer" in tools and len(tools) == 1


def test_a_file_brings_a_distortion_and_a_suite(tmp_path):
    file = tmp_path / "turned.py"
    file.write_text(PLUGIN)
    answer = python(ASK, GLINT_DATA_PLUGINS=str(file))
    assert answer.returncode == 0, answer.stderr
    assert "{'turned': '" in answer.stdout and "Plugin(name='turned'" in answer.stdout
    assert answer.stdout.rstrip().endswith("None"), "what ships has no plug-in as its origin"


def test_an_installed_package_brings_a_distortion_and_a_suite(tmp_path):
    package(tmp_path, "glint_turned", PLUGIN)
    answer = python(ASK, PYTHONPATH=str(tmp_path))
    assert answer.returncode == 0, answer.stderr
    assert "{'glint_turned': '" in answer.stdout


def package(folder: Path, name: str, content: str) -> None:
    """What pip leaves in a folder of packages: the module, and the entry point in its dist-info."""
    (folder / f"{name}.py").write_text(content)
    about = folder / f"{name}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[glint_data.plugins]\n{name} = {name}\n")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "gone.py: cannot be read (No such file or directory)"),
        ("import absent_package", "(ModuleNotFoundError: No module named 'absent_package')"),
        (PLUGIN + PLUGIN, "two distortions are called 'upside_down'"),
        ("this is no Python", "SyntaxError"),
        ("import sys\nsys.exit(3)", "cannot be loaded (SystemExit: 3)"),
    ],
)
def test_a_plugin_that_fails_is_named_and_leaves_nothing(tmp_path, content, sentence):
    file = tmp_path / "gone.py"
    if content is not None:
        file.write_text(content)
    script = (
        "import distortions.registry as r\nfrom glint_data import plugins\nfrom glint_data.errors import GlintError\n"
        "for attempt in 'ab':\n"
        "    try: plugins.load()\n"
        "    except GlintError as error: print(error)\n"
        "print('upside_down' in r.DISTORTIONS._entries)"
    )
    answer = python(script, GLINT_DATA_PLUGINS=str(file))
    first, second, is_left = answer.stdout.splitlines()
    assert sentence in first and str(file) in first and first == second, answer.stdout + answer.stderr
    assert is_left == "False"


@pytest.mark.parametrize(
    ("returned", "sentence"),
    [
        ("photo.single[:3]", "gave an array of shape (3, 4, 3) for a photo of (4, 4, 3)"),
        ("photo.single[..., 0]", "gave an array of shape (4, 4)"),
        ("photo.single * 255", "floats are meant to be in about 0 to 1"),
        ("photo.single * float('nan')", "gave values from nan to nan"),
        ("photo.codes.astype(int)", "gave an array of int64"),
        ("None", "gave NoneType"),
    ],
)
def test_what_is_no_picture_of_the_photo_is_refused(tmp_path, returned, sentence):
    file = tmp_path / "odd.py"
    file.write_text(PLUGIN.replace("photo.single[::-1]", returned))
    answer = python(ASK, GLINT_DATA_PLUGINS=str(file))
    assert answer.returncode and "ValueError: upside_down gave " in answer.stderr
    assert sentence in answer.stderr


def test_workers_have_the_plugins_too(tmp_path):
    file = tmp_path / "turned.py"
    file.write_text(PLUGIN)
    script = (
        "import sys\nimport distortions\nfrom glint_data import plugins\nfrom glint_data.work import run_tasks\n"
        "if __name__ == '__main__':\n"
        "    plugins.use([sys.argv[1]])\n"
        "    print([outcome.result.levels for outcome in run_tasks(distortions.get, ['upside_down'], 1)])\n"
    )
    (tmp_path / "script.py").write_text(script)
    command = [sys.executable, tmp_path / "script.py", "turned.py"]
    answer = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert answer.stdout.strip() == "[(1.0,)]", answer.stderr
