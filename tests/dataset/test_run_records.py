"""A damaged run.json is a sentence, wherever it is read; nothing is written by what it says."""

import json
import random

import pytest

from glint_data.dataset import runs
from glint_data.dataset.dataset import Dataset
from glint_data.dataset.pixels import rendered_format
from glint_data.dataset.verify import _versions
from glint_data.errors import GlintError
from glint_data.synthesis.recipes import Settings

ODD = [None, 5, -1, 1e400, "x", "", "../..", [], [1], [[]], {}, {"a": []}, True, "kadid10k", "2", "\x1b[2J"]


def test_records_with_odd_values(own):
    record, chance, refused = runs.read(own), random.Random(3), 0
    for _ in range(300):
        changed = json.loads(json.dumps(record))
        target = changed if chance.random() < 0.3 else changed["settings"]
        target[chance.choice([*target, "suite_record", "result"])] = chance.choice(ODD)
        (own / runs.FILE).write_text(json.dumps(changed))
        try:
            Settings.recorded(runs.read(own), own)
            rendered_format(own)
            Dataset(own).record()
            list(_versions(own))
        except GlintError as refusal:
            assert "\x1b" not in str(refusal), refusal
            refused += 1
    assert 30 < refused < 300


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{", b"[" * 100_000, b"\xff\xfe", b'{"settings": 3}', b'{"verb": []}']
)
def test_files_that_are_no_record(own, content):
    (own / runs.FILE).write_bytes(content)
    with pytest.raises(GlintError, match=r"run\.json"):
        runs.read(own)
    with pytest.raises(GlintError, match=r"run\.json"):
        Dataset(own).record()


def test_a_format_that_leads_elsewhere_is_refused(own):
    record = runs.read(own)
    runs.write(own, record | {"settings": record["settings"] | {"format": "../../x"}})
    with pytest.raises(GlintError, match=r"run\.json: names the format '\.\./\.\./x', known are"):
        rendered_format(own)
