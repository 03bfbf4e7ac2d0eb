"""Small tables as people and spreadsheets write them: read, or refused with what was found."""

import random

import pytest

from glint_data.dataset import failures
from glint_data.dataset.failures import Refusal
from glint_data.dataset.split import read_parts, read_split
from glint_data.errors import GlintError

WANTED = {"cat": "train", "cup": "val", "face": "test", "fox": "unused"}
PLAIN = "source,part\ncat,train\ncup,val\nface,test\nfox,unused\n"


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.encode(),
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("utf-16"),
        PLAIN.replace(",", ";").encode("utf-8-sig"),
        PLAIN.replace(",", "\t").replace("\n", "\r\n").encode(),
        PLAIN.replace("source,part", "Source , PART").replace("val", "Validation").encode(),
        b"source_hash,source,part\n"
        + b"".join(b"x," + line.encode() + b"\n" for line in PLAIN.splitlines()[1:]),
        (PLAIN + "\ncat,train\n\n").encode(),
    ],
)
def test_split_tables(tmp_path, content):
    (tmp_path / "split.csv").write_bytes(content)
    assert read_parts(tmp_path / "split.csv") == WANTED


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"source,part\n" * 2, "part 'part'"),
        (b"source,part\ncat,exam\n", "part 'exam'"),
        (b"name,part\ncat,train\n", "has name, part, lacks source"),
        (PLAIN.encode() + b"cat,test\n", "cat is in train and in test"),
        (PLAIN.encode() + b"dog\n", "line 6 has 1 fields"),
        (PLAIN.encode("utf-16")[:-1], "not a CSV"),
        (b'source,part\n"' + b"x" * 200_000, "not a CSV"),
    ],
)
def test_tables_that_are_none(tmp_path, content, sentence):
    (tmp_path / "split.csv").write_bytes(content)
    with pytest.raises(GlintError, match=sentence):
        read_parts(tmp_path / "split.csv")


def test_a_table_that_is_not_there(tmp_path):
    with pytest.raises(GlintError, match="No such file"):
        read_parts(tmp_path / "split.csv")
    with pytest.raises(GlintError, match="train again"):
        read_split(tmp_path)


def test_failures_come_back(tmp_path):
    refusals = [
        Refusal("/photos/a,b.png", 'a "quoted"\nerror', "scan"),
        Refusal("/p/\udcff.png", "é", "render"),
    ]
    failures.write(tmp_path, refusals)
    assert failures.read(tmp_path) == refusals
    failures.write(tmp_path, [])
    assert failures.read(tmp_path) == [] and not list(tmp_path.iterdir())


def test_mutated_tables_are_read_or_refused(tmp_path):
    chance, file, refused = random.Random(5), tmp_path / "split.csv", 0
    for _ in range(400):
        content = bytearray(
            chance.choice((PLAIN.encode(), PLAIN.encode("utf-16"), PLAIN.encode("utf-8-sig")))
        )
        for _ in range(chance.randint(1, 6)):
            content[chance.randrange(len(content))] = chance.choice(b'\x00",;\n\r\xffx')
        file.write_bytes(content[: chance.randint(0, len(content))])
        try:
            assert set(read_parts(file).values()) <= {"train", "val", "test", "unused"}
        except GlintError as refusal:
            assert "split.csv" in str(refusal)
            refused += 1
    assert refused > 40
