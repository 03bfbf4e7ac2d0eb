"""Faults of a store that pass: nothing differs afterwards; those that stay are said with the place and a way on."""

import os
from urllib.parse import urlsplit

import pytest
from faults import failing
from test_addresses import ARGUMENTS, contents, glint, here, photos, stored_photos  # noqa: F401  (fixtures)

from glint_data.storage import places


@pytest.fixture
def moto(server) -> str:
    """host:port of the S3 server."""
    return urlsplit(os.environ["AWS_ENDPOINT_URL"]).netloc


def once(method: str, ending: str, status: int):
    """A fault that the first such request meets."""
    met = []

    def fault(requested: str, path: str) -> int | None:
        if requested == method and urlsplit(path).path.endswith(ending) and not met:
            met.append(path)
            return status
        return None

    return fault


@pytest.mark.slow
def test_a_photo_refused_for_a_moment_takes_its_own_place_later(moto, stored_photos, tmp_path):  # noqa: F811
    command = ("synthesize", stored_photos, *ARGUMENTS, "--workers", "1", "--out")
    with failing(
        moto, lambda method, path: 403 if method == "GET" and path.endswith("cat.png") else None
    ) as at:
        answer = glint(*command, tmp_path / "d", AWS_ENDPOINT_URL=at)
    assert answer.returncode == 3 and "cat.png: access was refused" in answer.stdout, (
        answer.stdout + answer.stderr
    )
    for folder in ("d", "undisturbed"):
        answer = glint(*command, tmp_path / folder)
        assert answer.returncode == 3 and "8 samples of 2 photos" in answer.stdout, answer.stderr
    assert contents(tmp_path / "d") == contents(tmp_path / "undisturbed")


@pytest.mark.slow
@pytest.mark.parametrize("status", [-500, 503])
def test_a_lock_that_was_written_though_the_store_said_no_is_ours(moto, photos, status):  # noqa: F811
    out = f"s3://glint/answered{status}"
    with failing(moto, once("PUT", "/.lock", status)) as at:
        answer = glint("synthesize", photos, "--out", out, *ARGUMENTS, "--workers", "1", AWS_ENDPOINT_URL=at)
    assert answer.returncode == 3 and "8 samples of 2 photos" in answer.stdout, answer.stderr
    assert not (places.place(out) / ".lock").exists()


@pytest.mark.slow
def test_what_stays_broken_is_said_with_its_place(moto, stored_photos, photos, tmp_path):  # noqa: F811
    with failing(moto, lambda method, path: 503) as at:
        for arguments in (
            ("synthesize", photos, "--out", "s3://glint/broken"),
            ("synthesize", "s3://glint/photos", "--out", tmp_path / "d"),
            ("verify", "s3://glint/photos"),
        ):
            answer = glint(*arguments, AWS_ENDPOINT_URL=at)
            assert answer.returncode == 1 and "Errno" not in answer.stderr, answer.stderr
            assert "s3://glint/" in answer.stderr and "run the same command again" in answer.stderr
            assert len(answer.stderr.splitlines()) == 1, answer.stderr
    with failing(moto, lambda method, path: 500 if method == "PUT" and "/images/" in path else None) as at:
        answer = glint("synthesize", photos, "--out", "s3://glint/broken", *ARGUMENTS, AWS_ENDPOINT_URL=at)
    assert answer.returncode == 1 and "cannot be written: its server failed" in answer.stderr, answer.stderr
    assert "s3://glint/broken/images/" in answer.stderr and "Traceback" not in answer.stderr


def test_an_endpoint_without_a_scheme(moto, tmp_path):
    answer = glint("synthesize", "s3://glint/photos", "--out", tmp_path / "d", AWS_ENDPOINT_URL=moto)
    assert answer.returncode == 1 and len(answer.stderr.splitlines()) == 1, answer.stderr
    assert f"s3://glint/photos: Invalid endpoint: {moto}; check AWS_ENDPOINT_URL" in answer.stderr
    assert "https://" in answer.stderr
