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


def workbook(file, *sheets, change=None):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets, 1):
        sheet = book.create_sheet(f"part {number}")
        for row in rows:
            sheet.append(row)
    if change:
        change(book)
    book.save(file)
    return file


HEAD = ["image", "mos"]


def test_formulas_without_their_results_are_no_empty_cells(tmp_path):
    """As programs write them that compute nothing: a spreadsheet shows numbers, the file holds none."""
    file = workbook(tmp_path / "t.xlsx", [HEAD, ["a.png", 3.5], ["b.png", "=B2+1"]])
    table = read_table(file, [("image",)], ["mos"])
    assert table.column("mos") == ["3.5", "=B2+1"]
    with pytest.raises(GlintError, match=r"line 3: mos '=B2\+1' is a formula without its result"):
        table.numbers("mos")


def test_formulas_with_their_results_are_numbers(tmp_path):
    plain, kept = workbook(tmp_path / "t.xlsx", [HEAD, ["a.png", "=1+2.5"]]), tmp_path / "kept.xlsx"
    with zipfile.ZipFile(plain) as before, zipfile.ZipFile(kept, "w") as after:
        for part in before.infolist():
            content = before.read(part).replace(b"<v></v>", b"<v>3.5</v>").replace(b"<v />", b"<v>3.5</v>")
            after.writestr(part.filename, content.replace(b"<v/>", b"<v>3.5</v>"))
    assert read_table(kept, [("image",)], ["mos"]).numbers("mos") == [3.5]


def test_merged_cells_are_refused(tmp_path):
    rows = [HEAD, ["a.png", 1], ["b.png", 2], ["c.png", 3]]
    file = workbook(tmp_path / "t.xlsx", rows, change=lambda book: book.worksheets[0].merge_cells("B2:B3"))
    with pytest.raises(GlintError, match=r"t\.xlsx: the cells B2:B3 are merged"):
        read_table(file, [("image",)])
    beside = workbook(
        tmp_path / "u.xlsx", [["notes"]], rows, change=lambda book: book.worksheets[0].merge_cells("A1:C1")
    )
    assert len(read_table(beside, [("image",)]).rows) == 3, "of another sheet"


def test_two_sheets_that_both_fit_are_refused_and_headers_alone_are_none(tmp_path):
    with pytest.raises(GlintError, match="the sheets 'part 1' and 'part 3' both hold such a table"):
        read_table(
            workbook(tmp_path / "t.xlsx", [HEAD, ["a.png", 1]], [], [HEAD, ["b.png", 2]]), [("image",)]
        )
    file = workbook(tmp_path / "u.xlsx", [HEAD], [["other"]], [HEAD, ["b.png", 2]])
    assert read_table(file, [("image",)]).column("image") == ["b.png"]


def test_a_line_cut_short_is_refused(tmp_path):
    """What is left of its last field may be another number: 2.8 of 2.89."""
    file = tmp_path / "t.csv"
    file.write_text("image,mos,type\na.png,4.1,blur\n\nb.png,2.8")
    with pytest.raises(GlintError, match="line 4 has 2 fields, its header 3; mend that line"):
        read_table(file, [("image",)], ["mos"])
    file.write_text("image,mos,type\na.png,4.1,blur\nb.png,2.89,\n")
    assert read_table(file, [("image",)], ["mos"]).numbers("mos") == [4.1, 2.89]
    kept = workbook(tmp_path / "t.xlsx", [["image", "mos", "type"], ["a.png", 4.1]])
    assert read_table(kept, [("image",)], ["mos"]).column("type") == [""]
