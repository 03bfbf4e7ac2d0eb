"""The functions of `glint_data`: the names, quiet, typed, the same as the commands, each default in one place."""

import inspect
import json
import subprocess
import sys

import pytest
import typer

import distortions
import glint_data as glint
from glint_data.api.options import Option
from glint_data.api.verbs import VERBS

NAMES = [
    "open",
    "synthesize",
    "merge",
    "materialize",
    "import_set",
    "import_table",
    "label",
    "audit",
    "references",
    "explain",
    "rate",
    "train",
    "evaluate",
    "score",
    "scorer",
    "export",
    "verify",
    "report",
    "distortions",
    "quickstart",
    "doctor",
    "Dataset",
    "Sample",
    "Label",
    "GlintError",
]


def test_the_names_are_exactly_these():
    visible = [name for name in dir(glint) if not name.startswith("__")]
    assert sorted(visible) == sorted(NAMES)
    assert sorted(glint.__all__) == sorted(NAMES)


def test_internal_imports_leave_the_functions_where_they_are():
    import importlib
    import pkgutil

    import glint_data

    for module in pkgutil.walk_packages(glint_data.__path__, "glint_data."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in NAMES:
        assert callable(getattr(glint, name)), f"glint_data.{name} is {getattr(glint, name)!r}"


def test_importing_it_is_light():
    script = "import sys, glint_data as g; dir(g); print([m for m in ('numpy', 'cv2', 'typer') if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_every_function_is_typed_and_documented():
    for name in NAMES:
        function = getattr(glint, name)
        if inspect.isclass(function):
            continue
        signature = inspect.signature(function)
        assert signature.return_annotation is not signature.empty, name
        for parameter in signature.parameters.values():
            assert parameter.annotation is not parameter.empty, f"{name}({parameter.name})"
        text = inspect.getdoc(function)
        assert "Raises:" in text, f"{name} does not say what it raises"
        for parameter in VERBS.get(name, (None, ()))[1]:
            assert f"    {parameter.name}: " in text, f"{name} does not explain {parameter.name}"


def test_commands_have_the_options_and_defaults_of_their_functions():
    from glint_data.cli import app, table

    table.register(app)
    root = typer.main.get_command(app)
    commands = {
        **root.commands,
        **{f"import_{name}": root.commands["import"].commands[name] for name in ("set", "table")},
    }
    for name, (_, parameters) in VERBS.items():
        if name == "scorer":  # a function for Python: a command has nothing to give back
            continue
        options = {option.name: option for option in commands[name].params}
        for parameter in parameters:
            if parameter.name == "progress":
                continue
            option = options[parameter.name]
            if isinstance(parameter.default, (bool, int, float, str)):
                assert option.default == parameter.default, f"{name} --{parameter.name}"
            assert option.required == (parameter.default is inspect.Parameter.empty)
        assert {"json", "plugin"} <= options.keys(), name


def test_no_default_stands_twice():
    """A verb's help, bounds and type come from its signature; the command line's files hold no option of a verb."""
    from pathlib import Path

    import glint_data.cli.table

    text = Path(glint_data.cli.table.__file__).read_text()
    assert "typer.Option" not in text and "typer.Argument" not in text


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"seed": -1}, "--seed -1: must be at least 0"),
        ({"seed": "1"}, "--seed '1': must be a whole number"),
        ({"virtual": 1}, "--virtual 1: must be True or False"),
        ({"types": "3-1"}, "--types 3-1: is no rising range"),
        ({"types": ["jpgs"]}, "no type in kadid10k called 'jpgs'"),
        ({"levels": ["jpeg"]}, "--levels jpeg: is no number"),
        ({"suite": "kadid"}, "no suite 'kadid'"),
        ({"plugin": "absent.py"}, "absent.py: no such file"),
    ],
)
def test_wrong_values_are_sentences(photos, tmp_path, options, sentence):
    with pytest.raises(glint.GlintError, match=sentence.replace("(", r"\(")):
        glint.synthesize(photos, tmp_path / "d", **options)
    assert not (tmp_path / "d").exists()


def test_names_and_numbers_in_any_sequence(photos, tmp_path):
    dataset = glint.synthesize(
        photos, tmp_path / "d", types=("jpeg", 1, range(11, 12)), levels={5}, workers=1, limit=1
    )
    assert [(sample.type, sample.level) for sample in dataset] == [(1, 5), (10, 5), (11, 5)]
    assert dataset[0].distortion == "gaussian_blur"


def test_nothing_is_said_unless_asked(photos, tmp_path, capfd):
    dataset = glint.synthesize(photos, tmp_path / "d", types=[1], levels=[1], workers=1)
    glint.verify(dataset, workers=1)
    assert capfd.readouterr() == ("", "")
    glint.synthesize(photos, tmp_path / "e", types=[1], levels=[1], workers=1, progress=True)
    said = capfd.readouterr()
    assert said.out == "" and "samples: 4/4" in said.err


def test_a_dataset_tells_of_the_run_that_made_it(photos, tmp_path):
    dataset = glint.synthesize(str(photos), str(tmp_path / "d"), types=[1], levels=[1], workers=1)
    assert "4 samples of 4 photos: 4 made" in dataset.text()
    record = dataset.record()
    assert record["made"] == 4 and record["samples"] == 4 and json.dumps(record, allow_nan=False)
    again = glint.open(dataset)
    assert "4 ok" in again.text() and again.record()["samples"] == 4
    for form in (dataset, dataset.folder, str(dataset.folder), dataset.file):
        assert glint.verify(form, workers=1).record()["problems"] == []


def test_json_of_every_kind_of_result(photos, tmp_path):
    from glint_data.records import plain

    assert plain({"a": float("inf"), "b": [float("nan")], "c": tmp_path, 1: {2}}) == {
        "a": None,
        "b": [None],
        "c": str(tmp_path),
        "1": [2],
    }
    file = tmp_path / "record.json"
    command = [sys.executable, "-m", "glint_data", "distortions", "--json", str(file)]
    subprocess.run(command, check=True, capture_output=True)
    assert len(json.loads(file.read_text())["types"]) == 25


def test_options_know_their_help():
    for name, (_, parameters) in VERBS.items():
        for parameter in parameters:
            assert isinstance(parameter.option, Option) and parameter.option.help.endswith("."), (
                f"{name} {parameter.name}"
            )


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"suite": None}, "--suite None: is no value; leave it out for 'kadid10k'"),
        ({"suite": 5}, "--suite 5: must be text"),
        (
            {"suite": distortions.suite("live")},
            "--suite (an object of the type Suite): must be text: a suite's name",
        ),
        ({"format": ["png"]}, "--format ['png']: must be text"),
        ({"engine": b"local"}, "--engine b'local': must be text"),
        ({"types": None}, "--types None: is no value; leave it out for all"),
        ({"types": [None]}, "--types None: is no whole number"),
        ({"levels": {1j}}, "--levels 1j: is no whole number"),
        ({"crop": None}, "--crop None: is no value; leave it out for none"),
        ({"crop": 5}, "--crop 5: write WIDTHxHEIGHT"),
        ({"shard": None}, "--shard None: is no value; leave it out"),
        ({"plugin": None}, "--plugin None: is no value; leave it out"),
        ({"sources": None}, "SOURCES None: must be given"),
        ({"sources": [None]}, "None: is no path; name a file or a folder"),
        ({"out": b"there"}, "b'there': is no path; name a file or a folder"),
    ],
)
def test_what_is_no_value_is_a_sentence(photos, tmp_path, given, sentence):
    with pytest.raises(glint.GlintError) as refused:
        glint.synthesize(**{"sources": photos, "out": tmp_path / "d", "virtual": True, **given})
    assert str(refused.value).startswith(sentence)


def test_none_is_taken_where_it_stands_for_a_default(photos, tmp_path):
    dataset = glint.synthesize(photos, tmp_path / "d", types=1, levels=1, virtual=True)
    for name, (_, parameters) in VERBS.items():
        for entry in parameters:
            assert entry.may_be_none == (entry.default is None), f"{name} {entry.name}"
    assert (
        len(glint.label(dataset, "kadid", reference_root=None, embedder=None, method="nearest", workers=1))
        == 4
    )


@pytest.mark.parametrize("types", [3.5, True, [1, 2.5], float("nan")])
def test_types_that_are_no_whole_numbers_are_refused(tmp_path, types):
    with pytest.raises(glint.GlintError, match="is no whole number"):
        glint.synthesize(tmp_path, tmp_path / "d", types=types)


def test_no_dataset_at_all_is_a_sentence(tmp_path):
    for verb in (lambda: glint.train([], tmp_path / "r"), lambda: glint.evaluate(tmp_path / "r", [])):
        with pytest.raises(glint.GlintError, match="no dataset is named"):
            verb()
