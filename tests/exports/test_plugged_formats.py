"""Export formats of others: what they raise or lack is a sentence that names them, and nothing of it is kept."""

import pytest

from glint_data.errors import CannotWrite, GlintError
from glint_data.exports import FORMATS, export_dataset
from glint_data.exports.format import Format, complete, export_format
from glint_data.exports.stage import write_chunk


class Mine(Format):
    title = "mine"

    def add(self, rows):
        pass

    def finish(self, exported):
        pass


def raising(error):
    def method(*args):
        raise error

    return method


def export(monkeypatch, pair, out, **methods):
    monkeypatch.setitem(FORMATS._entries, "mine", type("Mine", (Mine,), methods))
    # workers are other processes, which know no format of this one
    monkeypatch.setattr("glint_data.exports.stage.write_chunk", FORMATS["hf"].write)
    return export_dataset(pair[0], "mine", out, 1)


@pytest.mark.parametrize(
    ("methods", "sentence"),
    [
        ({"add": raising(RuntimeError("add trouble"))}, "add raised RuntimeError: add trouble"),
        ({"finish": raising(KeyError("mos"))}, "finish raised KeyError: 'mos'"),
        ({"finish": raising(FileNotFoundError(2, "not there"))}, "finish raised FileNotFoundError"),
        ({"finish": raising(ConnectionError())}, "finish raised ConnectionError: without a word"),
        ({"__init__": raising(ValueError("x"))}, "__init__ raised ValueError: x"),
        ({"check": raising(SystemExit(0))}, "check raised SystemExit: 0"),
        ({"file_names": lambda *names: "one"}, "file_names raised ValueError"),
        ({"add": lambda self: None}, r"add raised TypeError: .*positional argument"),
    ],
)
def test_what_a_format_raises_names_it(pair, tmp_path, monkeypatch, methods, sentence):
    with pytest.raises(GlintError, match=f"^export format mine: {sentence}"):
        export(monkeypatch, pair, tmp_path / "out", **methods)
    assert not list(tmp_path.iterdir())


def test_its_own_sentences_and_a_full_disk_stay_as_they_are(pair, tmp_path, monkeypatch):
    with pytest.raises(GlintError, match=r"^my own sentence$"):
        export(monkeypatch, pair, tmp_path / "out", add=raising(GlintError("my own sentence")))
    with pytest.raises(CannotWrite, match=r"not finished \(No space left on device\)"):
        export(monkeypatch, pair, tmp_path / "out", add=raising(OSError(28, "No space left on device")))


def test_what_it_does_to_its_rows_is_its_own_affair(pair, tmp_path, monkeypatch):
    summary = export(
        monkeypatch, pair, tmp_path / "out", add=lambda self, rows: [row.clear() for row in rows]
    )
    assert summary.written == 8


def test_a_worker_s_part_is_named_too(monkeypatch):
    for written, sentence in (
        (raising(ZeroDivisionError("zero")), "write raised ZeroDivisionError: zero"),
        (lambda chunk: None, "write gave no list"),
        (lambda chunk: [], "write gave no list"),
    ):
        monkeypatch.setattr(FORMATS["hf"], "write", written)
        with pytest.raises(GlintError, match=f"^export format hf: {sentence}"):
            write_chunk(Piece())


class Piece:
    format, rows = "hf", ({"sample_id": "a"},)


def test_a_class_that_lacks_a_method_is_refused_before_any_work(pair, tmp_path, monkeypatch):
    class Half(Format):
        title = "half"

        def add(self, rows):
            pass

    monkeypatch.setitem(FORMATS._entries, "half", Half)
    with pytest.raises(GlintError, match="export format half: its class lacks finish"):
        export_dataset(pair[0], "half", tmp_path / "out", 1)
    assert not list(tmp_path.iterdir()) and complete("hf") is FORMATS["hf"]
    with pytest.raises(TypeError, match="Other: derive an export format from Format"):
        export_format(type("Other", (), {"title": "other"}))
