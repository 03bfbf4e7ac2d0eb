"""Tables of people: bounded, and refused where they may mean two things."""

import io
import subprocess
import sys
import zipfile

import pytest

from glint_data.errors import GlintError
from glint_data.tables import numbers, read_table


@pytest.mark.slow
def test_a_cell_far_below_takes_no_gigabytes(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (["image", "mos"], ["a.png", 3.5]):
        book.active.append(row)
    plain, far = io.BytesIO(), tmp_path / "far.xlsx"
    book.save(plain)
    with zipfile.ZipFile(plain) as before, zipfile.ZipFile(far, "w", zipfile.ZIP_DEFLATED) as after:
        for part in before.infolist():
            last = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
            after.writestr(part.filename, before.read(part).replace(b"</sheetData>", last))
    script = (
        "import re, sys, pathlib; from glint_data.tables import read_table; "
        "rows = len(read_table(pathlib.Path(sys.argv[1]), [('image',)]).rows); "
        # of this program alone: getrusage would count what its parent had held when it was started
        "peak = re.search(r'VmHWM:\\s*(\\d+)', pathlib.Path('/proc/self/status').read_text()); "
        "print(rows, int(peak[1]) // 1024)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script, str(far)], capture_output=True, text=True, check=True
    )
    rows, megabytes = map(int, answer.stdout.split())
    assert rows == 1 and megabytes < 300


def test_what_unpacks_to_more_than_a_table_is_not_opened(tmp_path):
    file = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as parts, parts.open("xl/a.xml", "w") as stream:
        for _ in range(101):
            stream.write(bytes(1_000_000))
    assert file.stat().st_size < 200_000
    with pytest.raises(GlintError, match=r"bomb\.xlsx: 101,000,000 bytes are more than a score table has"):
        read_table(file)


@pytest.mark.parametrize(
    ("text", "decimal", "number"),
    [
        ("3.5", False, 3.5),
        (" 3,5 ", False, 3.5),
        ("4,57", True, 4.57),
        ("1,234", True, 1.234),
        ("-0,5", False, -0.5),
        ("\u22122.5", False, -2.5),
        ("1e-3", False, 0.001),
        (".5", False, 0.5),
        ("", False, None),
        ("n/a", False, None),
        ("NaN", False, None),
    ],
)
def test_numbers_as_people_write_them(text, decimal, number):
    assert numbers([text], ["here"], commas_are_decimal=decimal) == [number]


@pytest.mark.parametrize("text", ["1,234", "1.234,5", "85%", "four", "1 2", "0x10", "inf", "1,2,3"])
def test_what_is_no_one_number_is_refused(text):
    with pytest.raises(GlintError, match=r"^here "):
        numbers([text], ["here"], commas_are_decimal=False)
