"""What an installation can do: what is there is named with its version, what is missing with its command."""

import importlib.util
import json

from glint_data.installation import examine


def test_everything_is_looked_at():
    findings = {finding.name: finding for finding in examine().findings}
    assert {"glint-data", "torch", "JPEG", "HEIC", "kadid10k", "tf_efficientnet_lite0", "GPU", "Ray"} <= set(
        findings
    )
    assert findings["tf_efficientnet_lite0"].present and findings["kadid10k"].present
    json.dumps(examine().record(), allow_nan=False)


def test_what_is_missing_says_what_brings_it(monkeypatch):
    real = importlib.util.find_spec
    gone = ("pillow_heif", "ray", "av", "numba")
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name in gone else real(name, *rest)
    )
    text = examine().text()
    assert "pip install 'glint-data[formats]'" in text and "pip install 'glint-data[ray]'" in text
    findings = {finding.name: finding for finding in examine().findings}
    assert not findings["HEIC"].present and not findings["Ray"].present
    assert not findings["video"].present and "av" in findings["video"].fix
    assert not findings["kadid10k"].present and "numba" in findings["kadid10k"].fix
