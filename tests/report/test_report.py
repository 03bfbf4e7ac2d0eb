"""The page: everything that comes from files is escaped, and what is missing is said."""

import pytest

from glint_data.errors import GlintError
from glint_data.report import write_report
from glint_data.report.page import Section, render


def test_names_from_files_are_escaped():
    page = render("<script>title</script>", [Section("a & b", [("<b>", "<img src=x>")], rows=(("<i>",),))])
    assert "<script>title" not in page and "<img src=x>" not in page and "<i>" not in page
    assert "a &amp; b" in page


def test_what_is_no_dataset_is_refused(tmp_path):
    with pytest.raises(GlintError, match="manifest"):
        write_report(tmp_path)
    assert not list(tmp_path.iterdir())
