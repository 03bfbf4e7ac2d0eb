"""Labels are taken apart where a test asks for it: that loads a network and fits a method."""

import pytest

from glint_data.reports import evidence


@pytest.fixture(autouse=True)
def few_parts(monkeypatch):
    """No label is taken apart; a test that wants some sets `evidence.A_LIST` itself."""
    monkeypatch.setattr(evidence, "A_LIST", 0)
