"""docs/extending.md: every example runs, from a file and as an installed package outside the checkout would."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "extending.md").read_text(encoding="utf-8")
SUITE = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)[1]
EXAMPLES = {
    example[1]: example[0]
    for example in re.findall(r'```python\n("""plug-in: ([a-z ]+)""".*?)```', PAGE, re.DOTALL)
}
DAY = {
    "suite": """
        dataset = glint.synthesize("photos", "d", suite="messenger", workers=1)
        assert [sample.level for sample in dataset] == [1, 2, 3] * 2
        """,
    "distortion": """
        dataset = glint.synthesize("photos", "d", types="dead_rows", strengths=[0.1, 0.5], workers=1)
        black = [int((sample.pixels().max(axis=(1, 2)) == 0).sum()) for sample in dataset]
        assert black == [6, 32, 6, 32], black
        recipes = glint.synthesize("photos", "r", types="dead_rows", strengths=[0.1, 0.5], virtual=True)
        assert [a.pixels().tobytes() for a in dataset] == [b.pixels().tobytes() for b in recipes]
        assert "dead_rows" not in dataset.record() and PLUGIN in str(json.load(open("d/run.json")))
        """,
    "label method": """
        dataset = glint.label("dataset", method="median", workers=1)
        assert {("median", "1")} < {(sample.label.method, sample.label.version) for sample in dataset}
        measures = glint.audit("kadid", method=["median", "mean"]).record()["methods"]
        assert 0.5 < measures["median"]["srocc"] < 1
        """,
    "evidence": """
        from glint_data.labels.evidence.source import EVIDENCE, Comparison
        photo = np.full((8, 8, 3), 100, np.uint8)
        row = Comparison(photo, [EVIDENCE["pairs/tone-1"]]).row(photo + np.uint8(20))[0]
        assert row.tolist() == [20, 0]
        """,
    "embedder": """
        from glint_data.embedding.embed import embedder
        assert embedder("colours").embed([np.full((4, 5, 3), 7, np.uint8)]).tolist() == [[7, 7, 7]]
        """,
    "export format": """
        glint.export("dataset", to="jsonlines", out="exported", workers=1)
        rows = [json.loads(line) for line in open("exported/samples.jsonl")]
        assert len(rows) == 10 and all(os.path.isfile(f"exported/{row['image']}") for row in rows)
        """,
    "importer": """
        os.mkdir("study")
        for number, score in enumerate((1.5, 3.25, 4.75)):
            shutil.copy("photos/cat.png", f"study/cat{number}_{score}.png")
        dataset = glint.import_set("our-study", "study", "d", workers=1)
        assert [round(sample.label.mos, 4) for sample in dataset] == [0.125, 0.5625, 0.9375]
        """,
    "network": """
        dataset = glint.label("dataset", method="mean", workers=1)
        more = glint.synthesize(["photos", "photo3.png"], "d", types=[1], workers=1)
        glint.label(more, method="mean", workers=1)
        run = glint.train(more, "run", model="gradients", epochs=1, batch_size=4, baseline=False, workers=0)
        assert isinstance(glint.scorer(run)("photo.png"), float)
        """,
    "loss": """
        more = glint.synthesize(["photos", "photo3.png"], "d", types=[1], workers=1)
        glint.label(more, method="mean", workers=1)
        options = {"size": "tiny", "epochs": 1, "batch_size": 4, "baseline": False, "workers": 0}
        run = glint.train(more, "run2", loss="plcc+0.5*logcosh", model_options={"input_size": 32}, **options)
        assert isinstance(glint.scorer(run)("photo.png"), float)
        """,
}


def test_there_are_the_nine_that_a_plug_in_can_bring():
    assert set(EXAMPLES) == set(DAY)
    assert "[[types]]" in SUITE and PAGE.count("```toml") == 1


@pytest.mark.parametrize("name", sorted(DAY))
def test_an_example_as_a_file(name, examples):
    file = examples / "my_plugin.py"
    file.write_text(EXAMPLES[name])
    script = (
        f"from glint_data import plugins\nplugins.use(['my_plugin.py'])\nPLUGIN = 'my_plugin'\n{_day(name)}"
    )
    _run(script, examples)


@pytest.mark.slow
def test_all_examples_as_one_installed_package(examples, tmp_path_factory):
    folder = tmp_path_factory.mktemp("packages")
    modules = {name: name.replace(" ", "_") for name in EXAMPLES}
    (folder / "glint_example").mkdir()
    for name, module in modules.items():
        (folder / "glint_example" / f"{module}.py").write_text(EXAMPLES[name])
    lines = [f"from glint_example import {module}" for module in modules.values()]
    (folder / "glint_example" / "__init__.py").write_text("\n".join(lines))
    about = folder / "glint_example-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: glint-example\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[glint_data.plugins]\nexample = glint_example\n")
    days = [
        _day(name).replace('"d"', f'"{module}"').replace('"d/', f'"{module}/')
        for name, module in modules.items()
    ]
    _run("PLUGIN = 'example'\n" + "\n".join(days), examples, PYTHONPATH=str(folder))


def test_the_toml_block_is_a_complete_suite(examples):
    (examples / "phone.toml").write_text(SUITE)
    _glint(examples, "synthesize", "photos", "--suite", "phone.toml", "--out", "d", "--workers", "1")
    _glint(examples, "synthesize", "photos", "--suite", "phone.toml", "--out", "v", "--virtual")
    (examples / "phone.toml").unlink()
    _run(
        """
        dataset, recipes = glint.open("d"), glint.open("v")
        assert len(dataset) == 20 and {sample.suite for sample in dataset} == {"phone"}
        assert [a.pixels().tobytes() for a in dataset] == [b.pixels().tobytes() for b in recipes]
        assert glint.verify("d", workers=1).problems == []
        glint.materialize("v", "m", where="type=1", workers=2)
        labels = [sample.label for sample in glint.label("d", workers=1)]
        assert {label.method for label in labels} == {"any"} and all(0 <= label.mos <= 1 for label in labels)
        jpeg = [sample.label.mos for sample in dataset.samples(source="cat", type=1)]
        assert len(jpeg) == 4 and jpeg[0] > jpeg[-1], jpeg
        """,
        examples,
    )
    (examples / "phone.toml").write_text(SUITE.replace("[80, 50, 20, 8]", "[80, 50, 20, 9]"))
    answer = _glint(examples, "synthesize", "photos", "--suite", "phone.toml", "--out", "d", fails=True)
    assert "was begun with other settings" in answer and "suite_version" in answer


def _day(name: str) -> str:
    lines = DAY[name].strip("\n").splitlines()
    return "\n".join(line[8:] for line in lines)


def _run(script: str, folder: Path, **environment: str) -> None:
    if script.startswith("\n"):
        script = "\n".join(line[8:] for line in script.splitlines())
    head = "import json, os, shutil, numpy as np\nimport glint_data as glint\n"
    head += (
        "from glint_data import images\nimages.write_png('photo3.png', images.read_rgb('photo.png')[::-1])\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", head + script],
        cwd=folder,
        env=os.environ | {"OMP_NUM_THREADS": "1"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr


def _glint(folder: Path, *words: str, fails: bool = False) -> str:
    command = [sys.executable, "-m", "glint_data", *words]
    answer = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (answer.returncode != 0) == fails, answer.stderr
    return answer.stdout + answer.stderr
