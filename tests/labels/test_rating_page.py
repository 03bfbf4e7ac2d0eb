"""The page on which people rate: which samples it shows, and in a browser what it saves."""

import json
import re
import shutil
import subprocess

import numpy as np
import pytest
from small_sets import CELLS, crops, rated
from test_label_stage import plan

import glint_data as glint
from glint_data.dataset.dataset import Dataset
from glint_data.errors import GlintError
from glint_data.labels.rating_page import chosen, spread, write_page

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PROBE = """<script>
for (const key of ["4", "2", "ArrowLeft", "5", "1"]) document.dispatchEvent(new KeyboardEvent("keydown", {key}));
document.body.dataset.found = JSON.stringify({csv: csv(), where: by("where").textContent,
  natural: by("picture").naturalWidth, overflow: document.documentElement.scrollWidth - innerWidth});
</script></html>"""


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    """A dataset with made-up labels: half of them with wide intervals."""
    dataset = Dataset(rated(tmp_path_factory.mktemp("rate") / "mine", crops(4), method="any"))
    table = dataset.table(["sample_id", "mos"])
    wide = np.where(np.arange(len(table)) % 2, 0.3, 0.1)
    table["mos_low"], table["mos_high"] = (table["mos"] - wide).clip(0), (table["mos"] + wide).clip(upper=1)
    dataset.rewrite(table)
    return dataset


def test_samples_are_spread_and_none_comes_twice(labelled):
    rows = chosen(labelled, 20)
    mos = labelled.columns("mos")["mos"]
    assert len(set(rows.tolist())) == 20
    assert mos[rows].min() < np.quantile(mos, 0.2) and mos[rows].max() > np.quantile(mos, 0.9)
    sources = labelled.columns("source")["source"][rows]
    assert set(sources) == {"p00", "p01", "p02", "p03"}
    assert len(chosen(labelled, 1000)) == 4 * len(CELLS)


def test_labels_that_may_be_far_off_are_not_asked_for():
    """One from each third of the labels, of another photo each time, the narrower interval, next to the middle."""
    mos, width = np.array([0.15, 0.2, 0.3, 0.5, 0.5, 0.52, 0.7, 0.8, 0.9]), np.full(9, 0.1)
    source = np.array(list("abcabcabc"))
    assert spread(mos, width, source, 3).tolist() == [1, 3, 8]
    width[[1, 3]] = 0.3, np.inf  # wide, and without an interval
    assert spread(mos, width, source, 3).tolist() == [0, 4, 8]


def test_page_holds_the_pictures_and_nothing_from_elsewhere(labelled, tmp_path):
    page = write_page(labelled, tmp_path / "rate.html", samples=5)
    text = (tmp_path / "rate.html").read_text()
    items = json.loads(re.search(r"const items = (\[.*\]), words", text)[1])
    assert [item["id"] for item in items] == list(page.samples) and len(items) == 5
    assert all(item["picture"].startswith("data:image/png;base64,") and item["photo"] for item in items)
    assert "http" not in text and "5 samples to rate" in page.text()


def test_pictures_that_cannot_be_shown_are_named(tmp_path):
    dataset = Dataset(rated(tmp_path / "mine", crops(1), method="any"))
    gone = next(sample for sample in dataset if sample.type == 1)
    (dataset.folder / gone.path).unlink()
    page = write_page(dataset, tmp_path / "rate.html", samples=len(dataset))
    assert len(page.samples) == len(dataset) - 1 and gone.id not in page.samples
    assert f"1 more cannot be shown ({gone.id}: " in page.text() and gone.id in page.record()["refused"]


def test_what_has_no_labels_is_refused(tmp_path):
    with pytest.raises(GlintError, match="has no labels"):
        write_page(rated(tmp_path / "new", crops(1), method=None), tmp_path / "rate.html")


@pytest.mark.browser
@pytest.mark.skipif(BROWSER is None, reason="no Chromium found: apt-get install chromium")
@pytest.mark.parametrize("width", [390, 1280])
def test_in_a_browser(labelled, tmp_path, width):
    page = tmp_path / "rate.html"
    samples = write_page(labelled, page, samples=4).samples
    page.write_text(page.read_text().replace("</html>", PROBE))
    command = [
        *(BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
        f"--user-data-dir={tmp_path / 'profile'}",
        *(f"--window-size={width},900", "--virtual-time-budget=8000", "--dump-dom", page.as_uri()),
    ]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    record = json.loads(re.search(r'data-found="([^"]*)"', shown)[1].replace("&quot;", '"'))
    lines = record["csv"].splitlines()
    assert lines[0] == "sample_id,score,rater" and len(lines) == 4
    assert lines[1:] == [
        f'"{name}",{score},"rater1"' for name, score in zip(samples, (4, 5, 1), strict=False)
    ]
    assert record["where"] == "picture 4 of 4, 3 rated" and record["overflow"] <= 0


@pytest.mark.slow
def test_from_the_page_to_labels_on_the_raters_scale(tmp_path, monkeypatch):
    """`rate`, the CSV as the page saves it, `label --ratings`: harsh raters draw all labels down, in their order."""
    monkeypatch.setenv("GLINT_DATA_CACHE", str(tmp_path / "cache"))
    cells = [(number, level) for number in (1, 10, 11) for level in (2, 3, 4, 5)]
    dataset = plan(tmp_path / "d", crops(2, size=(160, 120)), cells)
    before = glint.label(dataset, method="content", workers=1).table(["sample_id", "mos"])
    page = glint.rate(dataset, tmp_path / "rate.html", samples=12)
    said = dict(zip(before["sample_id"], 1 + 4 * before["mos"].to_numpy() ** 2.5, strict=True))
    lines = [f'"{name}",{max(1, round(said[name]))},"ann"' for name in page.record()["samples"]]
    (tmp_path / "ann.csv").write_text("\n".join(["sample_id,score,rater", *lines]) + "\n")
    dataset = glint.label(dataset, method="content", ratings=tmp_path / "ann.csv", workers=1)
    after = dataset.table(["sample_id", "mos", "mos_low", "mos_high"])
    assert "12 ratings of 12 samples by 1 raters" in dataset.text()
    order = np.argsort(before["mos"].to_numpy())
    assert (np.diff(after["mos"].to_numpy()[order]) >= -1e-6).all()
    truth = np.array([(said[name] - 1) / 4 for name in after["sample_id"]])
    assert np.abs(after["mos"] - truth).mean() < 0.6 * np.abs(before["mos"] - truth).mean()
    assert ((after["mos_low"] <= after["mos"]) & (after["mos"] <= after["mos_high"])).all()
