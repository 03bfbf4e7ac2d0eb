"""The house keeps its shape: imports run one way, heavy packages stay in their rooms, packaging is whole."""

import ast
import graphlib
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
FILES = sorted([*(REPOSITORY / "glint_data").rglob("*.py"), *(REPOSITORY / "distortions").rglob("*.py")])
STAGES = {"synthesis", "embedding", "labels", "training", "reports", "importing", "exports"}
ALLOWED_BETWEEN = {
    ("labels", "embedding"),
    ("labels", "synthesis.recipes"),
    ("reference_sets", "embedding"),
    ("importing", "synthesis"),
}
MAY_IMPORT_STAGES = {"api"}
TORCH_PLACES = {
    "embedding.lite",
    "embedding.networks",
    "embedding.stages",
    "models",
    "training",
    "weights",
    "batched",
    "denoise",
    "dataset.torch_samples",
}


def imports(file: Path) -> set[str]:
    """Every module a file imports, at the top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def place(file: Path) -> str:
    """Where a file stands: `embedding.match`, `work`, `models`; of distortions/ the file's own name."""
    parts = file.relative_to(REPOSITORY).with_suffix("").parts
    return (
        ".".join(part for part in parts[1:] if part != "__init__") if parts[0] == "glint_data" else parts[-1]
    )


def room(place: str) -> str:
    return place.split(".")[0]


def places_met(file: Path) -> set[str]:
    """What a file imports of glint_data's other rooms."""
    names = {name.removeprefix("glint_data.") for name in imports(file) if name.startswith("glint_data.")}
    return {name for name in names if room(name) != room(place(file))}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(REPOSITORY)))
def test_imports_run_one_way(file):
    here = room(place(file))
    for name in imports(file):
        if file.is_relative_to(REPOSITORY / "distortions"):
            assert not name.startswith("glint_data"), f"distortions/ must stand alone, but imports {name}"
        if name.split(".")[0] in ("torch", "timm", "open_clip", "torchvision"):
            assert {place(file), here} & TORCH_PLACES, f"{name} belongs in {sorted(TORCH_PLACES)}"
        if name.split(".")[0] == "faiss":
            assert place(file) == "embedding.match", "faiss belongs in embedding.match"
    for other in places_met(file):
        assert room(other) != "cli" or here == "__main__", "only the command line imports the command line"
        if room(other) in STAGES and here not in MAY_IMPORT_STAGES:
            allowed = any((here, place) in ALLOWED_BETWEEN for place in outwards(other))
            assert allowed, f"{here} must not import the stage {other}"


def outwards(place: str) -> list[str]:
    """`synthesis.recipes.Settings`, `synthesis.recipes`, `synthesis`."""
    parts = place.split(".")
    return [".".join(parts[:end]) for end in range(len(parts), 0, -1)]


def test_no_rooms_import_each_other():
    graph = {}
    for file in FILES:
        if file.is_relative_to(REPOSITORY / "glint_data"):
            graph.setdefault(room(place(file)), set()).update(map(room, places_met(file)))
    graphlib.TopologicalSorter(graph).prepare()  # raises on a circle, and names it


def test_files_hold_one_idea():
    long = {str(file.relative_to(REPOSITORY)): len(file.read_text().splitlines()) for file in FILES}
    assert {name: lines for name, lines in long.items() if lines > 300} == {}


@pytest.mark.parametrize("package", ["distortions", "glint_data"])
def test_import_is_light(package):
    script = f"import sys, {package}; print([m for m in ('torch', 'pandas', 'scipy', 'numba') if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_every_package_is_in_the_wheel():
    listed = set(tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    found = {
        ".".join(file.parent.relative_to(REPOSITORY).parts) for file in FILES if file.name == "__init__.py"
    }
    assert listed == found | {"glint_data.manifests"}


def test_versions_agree():
    import glint_data

    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    assert project["version"] == glint_data.__version__
    assert f"version: {glint_data.__version__}" in (REPOSITORY / "CITATION.cff").read_text()


def test_constraints_name_no_place():
    lines = (REPOSITORY / "constraints.txt").read_text().splitlines()
    assert lines and all(len(line.split("==")) == 2 and "/" not in line for line in lines)


def test_no_status_is_spelled_outside_its_room():
    """What becomes of a sample is a `Status`; its words stand in dataset/ alone."""
    words = {"ok", "planned", "failed"}
    for file in FILES:
        is_ours = file.is_relative_to(REPOSITORY / "glint_data")
        if not is_ours or room(place(file)) == "dataset":
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            pairs = []
            if isinstance(node, ast.Compare):
                pairs = [node.left, *node.comparators]
            elif isinstance(node, ast.Dict):
                pairs = [
                    value
                    for key, value in zip(node.keys, node.values, strict=True)
                    if isinstance(key, ast.Constant) and key.value == "status"
                ]
            for found in pairs:
                is_word = isinstance(found, ast.Constant) and found.value in words
                assert not is_word, (
                    f"{file.relative_to(REPOSITORY)}:{node.lineno}: use Status.{found.value.upper()}"
                )


def test_one_place_renders_a_row():
    """Rows go by the version of their suite: `dataset/rendering.py` alone asks a suite to render."""
    for file in FILES:
        is_ours = file.is_relative_to(REPOSITORY / "glint_data")
        if not is_ours or place(file) == "dataset.rendering":
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "render"
            ):
                owner = node.func.value
                is_page = isinstance(owner, ast.Name) and owner.id in ("rendering", "template", "page")
                is_template = isinstance(owner, ast.Call)
                assert is_page or is_template, (
                    f"{file.relative_to(REPOSITORY)}:{node.lineno}: renders by itself"
                )


def defaults_of(node: ast.AST) -> Iterator[tuple[str, object]]:
    """Names with the defaults that are written out: those of a function's parameters or of a class's fields."""
    pairs: list[tuple[str, ast.expr | None]] = []
    if isinstance(node, ast.FunctionDef):
        each = (*node.args.posonlyargs, *node.args.args)
        pairs += zip((a.arg for a in reversed(each)), reversed(node.args.defaults), strict=False)
        pairs += zip((a.arg for a in node.args.kwonlyargs), node.args.kw_defaults, strict=True)
    elif isinstance(node, ast.ClassDef):
        fields = [entry for entry in node.body if isinstance(entry, ast.AnnAssign)]
        pairs += [(entry.target.id, entry.value) for entry in fields if isinstance(entry.target, ast.Name)]
    for name, value in pairs:
        if isinstance(value, ast.Constant) and value.value not in (None, True, False, 0, "", "auto"):
            yield name, value.value


def test_a_default_stands_in_one_place():
    """What a verb takes where nobody chose is written neither in it and below it, nor in two verbs."""
    stands: dict[tuple[str, object], list[str]] = {}
    for file in sorted((REPOSITORY / "glint_data").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            for default in defaults_of(node):
                stands.setdefault(default, []).append(f"{file.relative_to(REPOSITORY)}: {node.name}")
    ours = {default: where for default, where in stands.items() if any("/api/" in one for one in where)}
    assert ("engine", "local") in ours, "options that several verbs share have theirs in each signature"
    twice = {default: where for default, where in ours.items() if len(where) > 1 and default[0] != "engine"}
    assert not twice, twice


@pytest.mark.slow
def test_types_are_checked():
    """mypy, strictly: the settings and their few exceptions stand in pyproject.toml."""
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["mypy"]
    assert settings["strict"] and not {"disable_error_code", "ignore_errors"} & set(settings)
    command = [sys.executable, "-m", "mypy"]
    answer = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout


def test_every_registered_name_is_on_its_page():
    """In a process of its own: other tests register names too."""
    script = "import sys; from glint_data.api.names import page; sys.stdout.write(page())"
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, encoding="utf-8"
    )
    shown = (REPOSITORY / "docs" / "names.md").read_text(encoding="utf-8")
    lines = [line for line in answer.stdout.splitlines() if line.startswith("- ")]
    assert len(lines) > 100 and set(lines) <= set(shown.splitlines()), (
        "python -m glint_data.api.names docs/names.md"
    )
