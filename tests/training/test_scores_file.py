"""Other people's scores against labels: matched by identity or file, by type and level, with yardsticks beside."""

import json
import shutil

import numpy as np
import pandas
import pytest
from scipy import stats
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from test_training import write_dataset
from typer.testing import CliRunner

import glint_data as glint
from glint_data import images, training
from glint_data.cli import app, table
from glint_data.dataset import manifest
from glint_data.errors import GlintError
from glint_data.training.judge import agreement, metrics, yardsticks
from glint_data.training.samples import read_samples


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = write_dataset(tmp_path_factory.mktemp("given") / "noise", photos=6)
    frame = manifest.read(folder)
    wobble = np.random.default_rng(3).uniform(-0.05, 0.05, len(frame)).astype(np.float32)
    manifest.write(folder, frame.assign(mos=frame["mos"] + wobble))
    return folder


@pytest.fixture(scope="module")
def scored(dataset):
    """Labels and another metric's scores of them."""
    frame = manifest.read(dataset)[["sample_id", "path", "source", "level", "mos"]]
    return frame.assign(score=50 - 40 * frame["mos"] + np.random.default_rng(0).normal(0, 6, len(frame)))


def test_numbers_are_scipys_and_intervals_are_over_photos(dataset, scored, tmp_path):
    scored.to_csv(tmp_path / "s.csv", index=False)
    evaluation = training.evaluate_scores(tmp_path / "s.csv", dataset)
    assert (evaluation["samples"], evaluation["photos"]) == (30, 6)
    assert evaluation["srocc"] == pytest.approx(stats.spearmanr(scored["score"], scored["mos"]).statistic)
    assert evaluation["krocc"] == pytest.approx(stats.kendalltau(scored["score"], scored["mos"]).statistic)
    assert evaluation["plcc"] == pytest.approx(stats.pearsonr(scored["score"], scored["mos"]).statistic)
    third = scored[scored["level"] == 3]
    expected = stats.spearmanr(third["score"], third["mos"]).statistic
    assert evaluation["by_level"]["3"]["srocc"] == pytest.approx(expected)
    assert evaluation["by_distortion"]["white_noise"]["samples"] == 30
    low, high = evaluation["intervals_95"]["srocc"]
    assert low < evaluation["srocc"] < high
    said = training.scores_text(evaluation)
    assert "if lower is better" in said and "PSNR" in said and "GMSD" in said and "by level" in said
    assert evaluation["yardsticks"]["PSNR"]["srocc"] > 0.9 and evaluation["yardsticks"]["GMSD"]["srocc"] > 0.9
    json.dumps(evaluation, allow_nan=False)


def test_under_five_photos_nothing_is_claimed(dataset, scored, tmp_path):
    scored[scored["source"].isin(("P0", "P1", "P2", "P3"))].to_csv(tmp_path / "s.csv", index=False)
    evaluation = training.evaluate_scores(tmp_path / "s.csv", dataset)
    assert evaluation["intervals_95"] == {"srocc": None, "plcc": None, "rmse": None}
    assert evaluation["without_score"] == 10
    assert "too few photos to tell" in training.scores_text(evaluation)


@pytest.mark.parametrize("column", ["sample_id", "path", "absolute", "name", "stem", "beside"])
def test_samples_are_matched_however_they_are_named(dataset, scored, tmp_path, column):
    named = {
        "sample_id": scored["sample_id"],
        "path": scored["path"],
        "absolute": [str(dataset / path) for path in scored["path"]],
        "name": [path.rpartition("/")[2] for path in scored["path"]],
        "stem": [path.rpartition("/")[2].removesuffix(".png") for path in scored["path"]],
        "beside": [f"data/{path}" for path in scored["path"]],
    }[column]
    (tmp_path / "data").symlink_to(dataset)
    key = column if column in ("sample_id", "path") else "image"
    table = pandas.DataFrame({key: named, "Score": scored["score"]})
    table.sample(frac=1, random_state=1).to_csv(
        tmp_path / "s.csv", index=False, sep="\t" if column == "path" else ";", encoding="utf-8-sig"
    )
    evaluation = training.evaluate_scores(tmp_path / "s.csv", dataset)
    assert evaluation["srocc"] == pytest.approx(stats.spearmanr(scored["score"], scored["mos"]).statistic)


def test_other_datasets_files_of_the_same_names_are_strangers(dataset, scored, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(dataset, elsewhere)  # the very pictures, as an export has them
    table = scored.assign(path=[str(elsewhere / path) for path in scored["path"]])[["path", "score"]]
    table.to_csv(tmp_path / "s.csv", index=False)
    assert training.evaluate_scores(tmp_path / "s.csv", dataset)["samples"] == 30
    for file in list((elsewhere / "images").rglob("*.png"))[:4]:
        images.write_png(file, 255 - images.read_rgb(file))
    evaluation = training.evaluate_scores(tmp_path / "s.csv", dataset)
    assert (evaluation["samples"], evaluation["rows_of_no_sample"]) == (26, 4)
    shutil.rmtree(elsewhere)  # as paths of another machine: the name is all there is
    assert training.evaluate_scores(tmp_path / "s.csv", dataset)["samples"] == 30


def test_scores_as_a_spreadsheet_saves_them(dataset, scored, tmp_path):
    expected = stats.spearmanr(scored["score"], scored["mos"]).statistic
    commas = scored.assign(score=[f"{score:.6f}".replace(".", ",") for score in scored["score"]])
    commas[["sample_id", "score"]].to_csv(tmp_path / "s.csv", index=False, sep=";", encoding="utf-16")
    scored[["sample_id", "score"]].to_excel(tmp_path / "s.xlsx", index=False)
    for name in ("s.csv", "s.xlsx"):
        assert glint.evaluate(tmp_path / name, dataset).record()["srocc"] == pytest.approx(expected)


def test_paths_as_windows_writes_them(dataset, scored, tmp_path):
    turned = scored.assign(path=scored["path"].str.replace("/", "\\"))
    turned[["path", "score"]].to_csv(tmp_path / "s.csv", index=False)
    assert training.evaluate_scores(tmp_path / "s.csv", dataset)["samples"] == 30


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"split": "test"}, "leave out --split test"),
        ({"also": "run"}, "leave out --also"),
        ({"also": "other.csv"}, "--also .*other.csv: takes runs; evaluate a table of scores by itself"),
    ],
)
def test_what_a_table_of_scores_cannot_have_is_named(dataset, scored, tmp_path, options, said):
    scored[["sample_id", "score"]].to_csv(tmp_path / "s.csv", index=False)
    with pytest.raises(GlintError, match=said):
        glint.evaluate(tmp_path / "s.csv", dataset, **options)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "lacks the column sample_id or path .*; score; its first line holds nothing"),
        ("a,b\n1,2\n", "lacks the column sample_id or path .*; score; its first line holds a, b"),
        ("sample_id,score\nP0_11_01,0.5\nP0_11_01,0.6\n", "line 3: P0_11_01 has a score already"),
        ("sample_id,score\nP0_11_01,good\n", "line 2: score 'good' is no number"),
        ("sample_id,score\nP0_11_01,inf\n", "'inf' is no number"),
        ("sample_id,score\nP0_11_01,1e400\n", "'1e400' is no number"),
        ('sample_id,score\nP0_11_01,"1,500"\n', r"may be 1\.500 or 1500"),
        ("sample_id,score\nelsewhere,1\n", "none of its 1 rows"),
        ("sample_id,score\n", "none of its 0 rows"),
        ("sample_id,score\nP0_11_01,\n", "none of its 1 rows"),
        ("sample_id,score\nP0_11_01\n", "line 2 has 1 fields, its header 2; mend that line"),
    ],
)
def test_tables_that_say_nothing_are_refused(dataset, tmp_path, content, said):
    (tmp_path / "s.csv").write_text(content)
    with pytest.raises(GlintError, match=said):
        training.evaluate_scores(tmp_path / "s.csv", dataset)


def test_strangers_and_gaps_are_counted(dataset, scored, tmp_path):
    rows = [*zip(scored["sample_id"], scored["score"].round(3).astype(str), strict=True)]
    rows[0], rows[1] = ("stranger", "1"), (rows[1][0], "nan")
    (tmp_path / "s.csv").write_text("sample_id,score\n" + "".join(f"{key},{value}\n" for key, value in rows))
    evaluation = training.evaluate_scores(tmp_path / "s.csv", dataset)
    assert (evaluation["samples"], evaluation["without_score"], evaluation["rows_of_no_sample"]) == (28, 2, 1)


@pytest.mark.parametrize("constant", ["score", "one"])
def test_too_few_and_constant_scores_give_no_nan(dataset, scored, tmp_path, constant, recwarn):
    table = scored.assign(score=0.5) if constant == "score" else scored[:1]
    table.to_csv(tmp_path / "s.csv", index=False)
    evaluation = training.evaluate_scores(tmp_path / "s.csv", dataset)
    json.dumps(evaluation, allow_nan=False)
    assert evaluation["srocc"] is None and evaluation["rmse"] is not None
    assert (evaluation["rmse_logistic"] is None) == (constant == "one")  # four parameters meet any one value
    said = training.scores_text(evaluation)
    assert "no correlation can be had" in said and "too few photos" not in said
    assert not [warning for warning in recwarn if "Constant" in str(warning.category)]


def test_the_hardest_type_of_a_metric_where_lower_is_better():
    types = {"flip": 0.5, "blur": -0.99, "noise": -0.2}
    found = dict.fromkeys(metrics.NAMES, -0.9) | {"intervals_95": {"srocc": None}}
    found["by_distortion"] = {name: {"srocc": value} for name, value in types.items()}
    assert "hardest: flip 0.50, noise -0.20, blur -0.99" in agreement.text(found)[3]


def test_as_typed(dataset, scored, tmp_path):
    table.register(app)
    scored.to_csv(tmp_path / "s.csv", index=False)
    words = ["evaluate", tmp_path / "s.csv", dataset, "--json", tmp_path / "n.json"]
    ran = CliRunner().invoke(app, list(map(str, words)), catch_exceptions=False)
    assert ran.exit_code == 0 and "30 samples of 6 photos" in ran.output
    assert json.loads((tmp_path / "n.json").read_text())["samples"] == 30
    with pytest.raises(GlintError, match="judged on one dataset"):
        CliRunner().invoke(app, [*map(str, words), "--split", "test"], catch_exceptions=False)


def test_yardsticks_are_what_they_are_called(dataset):
    """PSNR and SSIM as scikit-image has them; GMSD as its definition, written out."""
    sample = next(one for one in read_samples([dataset]) if one.level == 2)
    import cv2

    image, pristine = (
        cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float64)
        for pixels in (sample.pixels(), sample.pristine())
    )
    found = {name: values[0] for name, values in yardsticks.measured([sample]).items()}
    assert found["PSNR"] == pytest.approx(peak_signal_noise_ratio(pristine, image, data_range=255))
    window = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    expected = structural_similarity(pristine, image, data_range=255, **window)
    assert found["SSIM"] == pytest.approx(expected, abs=1e-6)
    assert yardsticks.gmsd(image, image) == 0 and -found["GMSD"] > 0.01
    flat, stripes = np.full((40, 40), 90.0), np.tile(np.repeat([80.0, 160.0], 4), (40, 5))
    assert yardsticks.gmsd(flat, stripes) > 0.1
    assert yardsticks.psnr(image, image) == 100 and yardsticks.ssim(image, image) == pytest.approx(1)


def test_an_id_and_a_path_of_two_samples_are_refused(dataset, scored, tmp_path):
    """Whose score it is cannot be known; a path that leads nowhere is no contradiction."""
    table = scored[["sample_id", "path", "score"]].copy()
    table.to_csv(tmp_path / "s.csv", index=False)
    assert training.evaluate_scores(tmp_path / "s.csv", dataset)["samples"] == 30
    table.assign(path="elsewhere/x.png").to_csv(tmp_path / "s.csv", index=False)
    assert training.evaluate_scores(tmp_path / "s.csv", dataset)["samples"] == 30
    table.loc[3, "path"] = table.loc[4, "path"]
    table.to_csv(tmp_path / "s.csv", index=False)
    with pytest.raises(GlintError, match=r"line 5: P0_11_04 and images/P0_11_05.png are two samples"):
        training.evaluate_scores(tmp_path / "s.csv", dataset)
