"""The command line as a user meets it: help, exit codes, sentences for wrong input."""

import subprocess
import sys

import pytest
import rich.text
import skimage.data
import typer

from glint_data import __version__, images
from glint_data.api.choices import entries, numbers
from glint_data.errors import GlintError

HEAVY = (
    "torch",
    "cv2",
    "pandas",
    "scipy",
    "pyarrow",
    "skimage",
    "numba",
    "faiss",
    "timm",
    "open_clip",
    "matplotlib",
)
VERBS = (
    "quickstart",
    "distortions",
    "synthesize",
    "label",
    "audit",
    "train",
    "evaluate",
    "score",
    "report",
    "materialize",
    "verify",
    "merge",
    "explain",
    "export",
)


def glint(*arguments: object, **options) -> subprocess.CompletedProcess:
    """Run the command line as its own process, as a user does."""
    command = [sys.executable, "-m", "glint_data", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photos" / "cat.png"
    path.parent.mkdir()
    images.write_png(path, skimage.data.chelsea()[60:124, 100:180])
    return path


def test_help_imports_nothing_heavy():
    script = (
        "import sys, typer.testing\nfrom glint_data.cli import app, table\n"
        "table.register(app)\nrun = typer.testing.CliRunner()\n"
        f"for verb in {VERBS!r}:\n"
        "    answer = run.invoke(app, [verb, '--help'])\n"
        "    assert answer.exit_code == 0 and 'Usage' in answer.output, verb\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]", "a verb's --help would be slow"


def test_help_shows_every_word():
    """What stands in brackets is markup to rich: an unescaped [default: all] is not shown."""
    from glint_data.cli import app, table

    table.register(app)
    for verb, command in typer.main.get_command(app).commands.items():
        for option in command.params:
            words = getattr(option, "help", None) or ""
            assert rich.text.Text.from_markup(words).plain == words, f"{verb} {option.name}"


def test_help_lists_every_verb():
    answer = glint("--help")
    assert answer.returncode == 0
    assert all(verb in answer.stdout for verb in VERBS)
    assert glint("--version").stdout.strip() == f"glint-data {__version__}"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["synthesize", "absent", "--out", "d"], "absent: no such file or folder"),
        (
            ["synthesize", "photos", "--out", "d", "--types", "jpg"],
            "there is no type in kadid10k called 'jpg'",
        ),
        (["synthesize", "photos", "--out", "d", "--types", "30"], "--types 30: kadid10k has no such type"),
        (["synthesize", "photos", "--out", "d", "--levels", "x"], "--levels x: is no number or range"),
        (["synthesize", "photos", "--out", "d", "--seed", "-1"], "--seed -1: must be at least 0"),
        (["synthesize", "photos", "--out", "d", "--suite", "kadid"], "kadid10k"),
        (["synthesize", "photos", "--out", "photos/cat.png"], "is a file; name a folder"),
        (["synthesize", "photos", "--out", "d", "--format", "jpg"], "--format jpg"),
        (["synthesize", "photos"], "--out"),
        (["label", "absent"], "absent: no such file or folder"),
        (["label", "photos"], "holds no manifest.parquet"),
        (["report", "photos"], "holds no manifest.parquet"),
        (["train", "absent", "--model", "glintiqa", "--out", "r"], "absent: no such file or folder"),
        (["evaluate", "absent", "photos"], "absent"),
        (["score", "absent", "photos/cat.png"], "absent"),
        (["distortions", "--suite", "nothing"], "nothing"),
        (
            ["distortions", "--image", "photos/cat.png", "--sheet", "no/s.png"],
            "no/s.png: its folder does not exist",
        ),
        (["score", "absent", "photos/cat.png", "--out", "no/s.csv"], "no/s.csv: its folder does not exist"),
        (["distortions", "--image", "photos/cat.png"], "--image and --sheet go together"),
        (["export", "absent", "--to", "hf", "--out", "d"], "absent: no such file or folder"),
        (["export", "photos", "--to", "zip", "--out", "d"], "there is no export format 'zip'"),
        (["explode"], "explode"),
    ],
)
def test_wrong_use_is_a_sentence_and_exit_code_1(photo, arguments, sentence):
    answer = glint(*arguments, cwd=photo.parents[1])
    assert answer.returncode == 1, answer.stderr
    assert sentence in " ".join((answer.stdout + answer.stderr).replace("│", " ").split())
    assert "Traceback" not in answer.stderr
    assert not (photo.parents[1] / "d").exists()


def test_exit_codes_of_synthesize(photo, tmp_path):
    arguments = [
        "synthesize",
        photo.parent,
        "--out",
        tmp_path / "d",
        "--types",
        "1",
        "--levels",
        "1",
        "--workers",
        "1",
    ]
    answer = glint(*arguments)
    assert answer.returncode == 0 and "1 samples of 1 photos" in answer.stdout
    assert "glint-data label" in answer.stdout, "the next step is not named"
    (photo.parent / "letter.jpg").write_text("no picture")
    answer = glint(*arguments)
    assert answer.returncode == 3 and "letter.jpg" in answer.stdout
    photo.unlink()
    assert glint(*arguments).returncode == 1


def test_dry_run_writes_nothing(photo, tmp_path):
    answer = glint("synthesize", photo, "--out", tmp_path / "d", "--types", "1-3", "--dry-run")
    assert answer.returncode == 0 and "1 photos x 15 cells of kadid10k = 15 samples" in answer.stdout
    assert not (tmp_path / "d").exists()


def test_contact_sheet_is_written(photo, tmp_path):
    answer = glint("distortions", "--image", photo, "--sheet", tmp_path / "sheet.png")
    assert answer.returncode == 0, answer.stderr
    assert images.read_rgb(tmp_path / "sheet.png").shape[0] > 25 * 40


def test_number_lists():
    assert entries("--types", "1,10-12, 3") == (1, 10, 11, 12, 3)
    assert entries("--types", "jpeg,2") == entries("--types", ["jpeg", 2]) == ("jpeg", 2)
    assert entries("--types", [range(1, 4), "2-4"]) == (1, 2, 3, 4)
    assert entries("--types", ()) == numbers("--strengths", ()) == ()
    assert entries("--levels", "0-2", least=0) == entries("--levels", range(3), least=0) == (0, 1, 2)
    for wrong in ("0", "3-1", "1-", "-2"):
        with pytest.raises(GlintError, match=rf"--types {wrong}: .*(range|number)"):
            entries("--types", wrong)
    assert numbers("--strengths", "50, 10,30") == (50, 10, 30)
    assert numbers("--strengths", 30) == (30,) and numbers("--strengths", 0.5) == (0.5,)
    for wrong in ("abc", "10px", "10;30", " "):
        with pytest.raises(GlintError, match="are no numbers"):
            numbers("--strengths", wrong)
    with pytest.raises(GlintError, match="--strengths True: are no numbers"):
        numbers("--strengths", True)
    for option, read in (("--types", entries), ("--strengths", numbers)):
        with pytest.raises(GlintError, match=f"{option} '': names nothing; leave the option out"):
            read(option, "")
    for read in (entries, numbers):
        with pytest.raises(GlintError, match="holds nothing between its commas"):
            read("--strengths", ",,")
