"""The page: everything that comes from files is escaped, and what is missing is said."""

import json

import pytest
import skimage.data

from glint_data import images
from glint_data.errors import GlintError
from glint_data.reports import write_report
from glint_data.reports.page import Section, render
from glint_data.synthesis.recipes import Settings
from glint_data.synthesis.synthesize import synthesize


def test_names_from_files_are_escaped():
    page = render("<script>title</script>", [Section("a & b", [("<b>", "<img src=x>")], rows=(("<i>",),))])
    assert "<script>title" not in page and "<img src=x>" not in page and "<i>" not in page
    assert "a &amp; b" in page


def test_what_is_no_dataset_is_refused(tmp_path):
    with pytest.raises(GlintError, match="manifest"):
        write_report(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_dataset_is_no_run(tmp_path):
    images.write_png(tmp_path / "cat.png", skimage.data.chelsea()[60:124, 100:180])
    synthesize(
        [tmp_path / "cat.png"], tmp_path / "d", Settings(types=(1,), levels=(1,), virtual=True), workers=1
    )
    with pytest.raises(GlintError, match="holds no training run"):
        write_report(tmp_path / "d", run=tmp_path / "d")


def test_a_run_without_correlations_and_with_a_broken_history_has_its_sections(tmp_path):
    from glint_data.reports.run import run_sections

    (tmp_path / "run.json").write_text('{"verb": "train", "settings": {"model": "glintiqa"}}')
    line = '{"epoch": 1, "train_loss": 0.5, "val_srocc": null, "val_plcc": null, "val_rmse": 0.1}\n'
    (tmp_path / "history.jsonl").write_text(line + '{"epoch": 2, "train_lo\n')
    numbers = (
        '{"srocc": null, "krocc": null, "plcc": null, "rmse": 0.25, "samples": 5, "baseline": {"srocc": 0.5}}'
    )
    (tmp_path / "evaluation_a_test.json").write_text(numbers)
    curve, evaluation = run_sections(tmp_path)
    assert curve.title == "Training"
    assert ("SROCC", "–") in evaluation.facts and ("RMSE", "0.250") in evaluation.facts
    assert ("SROCC of a frozen network beside it", "0.500") in evaluation.facts
    assert not evaluation.figures and evaluation.title == "Evaluation on photos it never saw"
    (tmp_path / "evaluation_a_test.json").write_text('{"srocc": 0.5, "split": "all"}')
    lines = tmp_path / "predictions_a_test.csv"
    lines.write_text("sample_id,mos,mos_std,score\na,0.5,0.1,0.4\nb,0.7,,0.6\n")
    *_, evaluation = run_sections(tmp_path)
    assert evaluation.title == "Evaluation on all photos"
    ((caption, picture),) = evaluation.figures
    assert "Scores over labels" in caption and picture.startswith("data:image/png")
    assert not list(run_sections(tmp_path, alone=False))[-1].figures
    lines.write_text("sample_id,score\n")
    with pytest.raises(GlintError, match="run 'glint-data evaluate' again"):
        list(run_sections(tmp_path))
    lines.unlink()
    (tmp_path / "evaluation_a_test.json").write_text("[")
    with pytest.raises(GlintError, match="cannot be read"):
        list(run_sections(tmp_path))


def test_an_evaluation_says_of_how_many_photos_and_by_distortion(tmp_path):
    from glint_data.reports.run import run_sections

    (tmp_path / "run.json").write_text('{"verb": "train", "settings": {"model": "glintiqa"}}')
    each = {"samples": 4, "photos": 2, "srocc": None, "krocc": None, "plcc": None, "rmse": 0.125}
    numbers = {"srocc": 0.5, "krocc": None, "plcc": None, "rmse": 0.25, "samples": 8, "photos": 2}
    file = tmp_path / "evaluation_a_test.json"
    file.write_text(json.dumps(numbers | {"by_distortion": {"white_noise": each}}))
    (section,) = run_sections(tmp_path)
    assert section.text.startswith("8 samples of 2 photos. What so few photos say")
    assert section.rows[1] == ("white noise", "4", "2", "–", "0.125")
    file.write_text(json.dumps(numbers | {"by_distortion": ["<b>"], "photos": 9}))
    (section,) = run_sections(tmp_path)
    assert section.rows == () and section.text == "8 samples of 9 photos."
