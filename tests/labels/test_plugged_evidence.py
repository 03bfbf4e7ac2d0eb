"""Evidence and a method of a plug-in label a dataset, end to end: both are computed again here, from pixels."""

import subprocess
import sys

import numpy as np
import pytest
from small_sets import crops, rated

from glint_data.dataset.dataset import Dataset

CELLS = [(1, 1), (1, 5), (10, 5)]
PLUGIN = '''
import numpy as np
from glint_data.labels.evidence.source import EVIDENCE, PairEvidence
from glint_data.labels.method import Prediction, method


def compare(photo, sample):
    return [np.abs(sample.astype(float) - photo).mean()]


EVIDENCE.add("pairs/gap-1", PairEvidence("pairs/gap-1", ("mean_gap",), np.asarray, compare))


@method(needs={"pairs/gap-1"})
def by_gap(scored):
    """a line through the mean absolute difference"""
    return Line(scored)


class Line:
    def __init__(self, scored):
        self.photos = scored.photos
        gap = scored.photos.blocks["pairs/gap-1"][..., 0]
        self.slope, self.start = np.polyfit(gap.ravel(), scored.mos.ravel(), 1)

    def predict(self, photos):
        mos = self.start + self.slope * photos.blocks["pairs/gap-1"][..., 0]
        return Prediction(mos, np.ones(mos.shape))

    def left_out(self):
        return self.predict(self.photos)
'''


@pytest.mark.slow
def test_evidence_of_a_plug_in_is_what_its_method_labels_by(tmp_path):
    photos = crops(5, (64, 48))
    ours = rated(tmp_path / "ours", dict(list(photos.items())[:4]), CELLS)
    new = rated(tmp_path / "new", dict(list(photos.items())[4:]), CELLS, method=None)
    (tmp_path / "gap.py").write_text(PLUGIN)
    command = [
        sys.executable,
        "-m",
        "glint_data",
        "label",
        "new",
        "--reference",
        "ours",
        "--method",
        "by_gap",
    ]
    command += ["--plugin", "gap.py", "--workers", "1"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    known, wanted = [
        [(np.abs(s.pixels().astype(float) - s.pristine()).mean(), s.label) for s in Dataset(folder)]
        for folder in (ours, new)
    ]
    slope, start = np.polyfit([gap for gap, _ in known], [label.mos for _, label in known], 1)
    assert {label.method for _, label in wanted} == {"by_gap"}
    assert [label.mos for _, label in wanted] == pytest.approx(
        np.clip([start + slope * gap for gap, _ in wanted], 0, 1), abs=1e-4
    )
