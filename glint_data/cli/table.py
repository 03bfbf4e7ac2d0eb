"""Every command: its verb, where help lists it, an example, and what is said when it is done."""

import shlex
from typing import Any

import typer
from typer.core import TyperGroup

from glint_data.api import datasets, labels, looks, networks, synthesis  # noqa: F401  (they register their verbs)
from glint_data.cli.commands import DONE_WITH_REFUSALS, command


def register(app: typer.Typer) -> None:
    """Put all commands into `app`, once."""
    if app.registered_commands:
        return
    command(
        app,
        "distortions",
        "Datasets",
        "glint-data distortions --suite kadid10k --image photo.jpg --sheet sheet.png",
    )
    command(
        app,
        "synthesize",
        "Datasets",
        "glint-data synthesize photos/ --out dataset",
        _after_synthesis,
        instead={"dry_run": (synthesis.estimate, "Say the cost; write nothing.")},
    )
    command(app, "merge", "Datasets", "glint-data merge dataset", _after_merge)
    command(
        app,
        "materialize",
        "Datasets",
        "glint-data materialize recipes --out dataset --where type=1,10-12 --where level=5",
        _after_materialize,
    )
    command(app, "verify", "Datasets", "glint-data verify dataset", _after_verify)
    command(app, "export", "Datasets", "glint-data export dataset --to hf --out for-the-hub", _after_export)
    imports = typer.Typer(cls=ImportGroup, no_args_is_help=True, help=_IMPORT)
    command(
        imports,
        "import_table",
        "",
        "glint-data import table pairs.csv --out dataset --range 1,5",
        _after_import,
        "table",
    )
    command(
        imports, "import_set", "", "glint-data import tid2013 tid2013/ --out dataset", _after_import, "set"
    )
    app.add_typer(imports, name="import", rich_help_panel="Datasets")
    command(app, "label", "Labels", "glint-data label dataset --reference kadid", _after_label)
    command(app, "audit", "Labels", "glint-data audit --reference kadid --json certificate.json")
    command(app, "rate", "Labels", "glint-data rate dataset --out rate.html --samples 30")
    command(app, "references", "Labels", "glint-data references kadid")
    command(app, "train", "Networks", "glint-data train dataset --model glintiqa --out run", _after_train)
    command(app, "evaluate", "Networks", "glint-data evaluate run dataset", _after_evaluate)
    command(app, "score", "Networks", "glint-data score photos/ --run run --out scores.csv", _after_score)
    command(app, "quickstart", "Look", "glint-data quickstart --out quickstart")
    command(app, "report", "Look", "glint-data report dataset --run run")
    command(app, "explain", "Look", "glint-data explain dataset cat_10_03")
    command(app, "doctor", "Look", "glint-data doctor")


_IMPORT = (
    "Make a dataset of your own pictures (import table TABLE), or of a public scored set (import NAME ROOT)."
)


class ImportGroup(TyperGroup):
    """`import table ...`, or `import NAME ...` with the name of a scored set."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """A first word that is no command is the name of a set."""
        return super().resolve_command(ctx, args if args[0] in self.commands else ["set", *args])


def _after_synthesis(dataset: Any, words: dict[str, Any]) -> tuple[str, int]:
    out = words["out"]
    if words["shard"]:
        return _after_rendering(dataset, f"Next: the other shards, then {_typed('merge', out)}")
    return _after_rendering(dataset, f"Next: {_labelled(out)}")


def _typed(verb: str, value: object, *words: str) -> str:
    """A command that can be typed as it stands, whatever its path holds."""
    path = f"./{value}" if str(value).startswith("-") else str(value)
    return shlex.join(["glint-data", verb, path, *words])


def _labelled(out: object) -> str:
    """The command that labels a dataset, of whichever suite."""
    return _typed("label", out, "--reference", "kadid")


def _after_merge(dataset: Any, words: dict[str, Any]) -> tuple[str, int]:
    return _after_rendering(dataset, f"Next: {_labelled(words['dataset'])}")


def _after_materialize(dataset: Any, words: dict[str, Any]) -> tuple[str, int]:
    return _after_rendering(dataset, f"Next: {_typed('report', words['out'])}")


def _after_rendering(dataset: Any, following: str) -> tuple[str, int]:
    summary = dataset.result
    if summary.made + summary.kept == 0:
        return "", 1
    return following, DONE_WITH_REFUSALS if summary.refusals else 0


def _after_import(dataset: Any, words: dict[str, Any]) -> tuple[str, int]:
    out = words["out"]
    if dataset.record()["labelled"]:
        following = _typed("train", out, "--model", "glintiqa", "--out", "run")
    else:
        following = _labelled(out)
    return f"Next: {following}", DONE_WITH_REFUSALS if dataset.result.refusals else 0


def _after_label(dataset: Any, words: dict[str, Any]) -> tuple[str, int]:
    summary = dataset.result
    place = words["dataset"]
    following = f"Next: {_typed('train', place, '--model', 'glintiqa', '--out', 'run')}"
    if summary.photos < 3:  # one for each part of a split; fewer are not trained on
        following = f"Next: {_typed('report', place)}"
    code = DONE_WITH_REFUSALS if summary.labelled else 1
    return following if summary.labelled else "", code if summary.unlabelled else 0


def _after_train(run: Any, words: dict[str, Any]) -> tuple[str, int]:
    if words["repeat"]:
        return "", 0
    return f"Next: {_typed('evaluate', words['out'], *words['dataset'])}", 0


def _after_evaluate(result: Any, words: dict[str, Any]) -> tuple[str, int]:
    run, places = words["run"], words["dataset"]
    if len(places) > 1 or words["also"] or str(run).endswith((".csv", ".tsv", ".txt", ".xlsx")):
        return "", 0
    return f"Next: {_typed('report', places[0], '--run', run)}", 0


def _after_verify(findings: Any, words: dict[str, Any]) -> tuple[str, int]:
    return "", DONE_WITH_REFUSALS if findings.problems else 0


def _after_export(summary: Any, words: dict[str, Any]) -> tuple[str, int]:
    return "", DONE_WITH_REFUSALS if summary.refused else 0


def _after_score(scores: Any, words: dict[str, Any]) -> tuple[str, int]:
    refused = len(scores.refused)
    return "", 0 if not refused else DONE_WITH_REFUSALS if refused < len(scores.rows) else 1
