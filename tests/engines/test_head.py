"""An engine that cannot be had, and a head that does not answer: said in a sentence, before any work."""

import importlib.util
import os
import socket
import subprocess
import sys
import threading

import pytest
from misbehaving import behave

from glint_data import engines
from glint_data.engines import cluster as joining
from glint_data.engines import head
from glint_data.errors import GlintError


def test_unknown_engine():
    with pytest.raises(GlintError, match="--engine dask: no such engine; choose local or ray"):
        engines.opened("dask", 1, ".").__enter__()


def test_missing_package_is_named_with_the_command(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(GlintError, match=r"ray is not installed: pip install 'glint-data\[ray\]'"):
        engines.opened("ray", 1, ".").__enter__()


def test_a_cluster_that_is_not_there(tmp_path, monkeypatch):
    pytest.importorskip("ray")
    monkeypatch.setenv("RAY_ADDRESS", "no address at all")
    with pytest.raises(GlintError, match=r"RAY_ADDRESS=no address at all cannot be joined"):
        list(engines.opened("ray", 1, tmp_path).__enter__().run(behave, [("fine", 0)]))


def test_a_head_that_does_not_listen_is_said_at_once(tmp_path):
    pytest.importorskip("ray")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound, so that nobody else listens there
        address = f"127.0.0.1:{closed.getsockname()[1]}"
        answer = subprocess.run(
            [
                sys.executable,
                "-m",
                "glint_data",
                "synthesize",
                ".",
                "--out",
                tmp_path / "d",
                "--engine",
                "ray",
            ],
            env=os.environ | {"RAY_ADDRESS": address},
            capture_output=True,
            text=True,
            check=False,
        )
    assert answer.returncode == 1 and "Traceback" not in answer.stderr, answer.stderr
    assert (
        f"RAY_ADDRESS={address} cannot be joined (no head answers there: Connection refused)" in answer.stderr
    )
    assert [path.name for path in (tmp_path / "d").iterdir()] == [".lock"], (
        "nothing was made, nothing binds the next"
    )


@pytest.fixture
def listening():
    """Takes connections on a port of this machine and says what it is told to say, or nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server, f"127.0.0.1:{server.getsockname()[1]}"


def test_a_head_that_hangs_is_given_up(listening, monkeypatch):
    """The kernel takes connections for a process that is stopped: that is no answer."""
    ray = pytest.importorskip("ray")
    monkeypatch.setattr(head, "SECONDS", 0.2)
    monkeypatch.setenv("RAY_ADDRESS", listening[1])
    with pytest.raises(GlintError, match=r"cannot be joined \(no head answers there: something listens, and"):
        joining._connect(ray, 1)  # other tests of this module have joined a cluster already
    with pytest.raises(
        head.HeadLost, match=r"does not answer any more \(something listens, and says nothing"
    ):
        head.require(listening[1])


def test_what_is_no_head_is_known_by_its_answer(listening):
    def answer():
        for said in (b"HTTP/1.1 400 Bad Request\r\n", b"", b"HTTP/1.1 400 Bad"):
            connection = listening[0].accept()[0]
            connection.recv(100)
            connection.sendall(said)
            connection.close()

    server = threading.Thread(target=answer)
    server.start()
    assert head.complaint(listening[1]) == "something else listens there, no head of Ray"
    server.join()
    listening[0].close()
    assert head.complaint(listening[1]) == "Connection refused"
    for other in ("auto", "local", "no address at all", "host:99999", ""):
        assert head.complaint(other) is None, "not ours to judge"
