"""The benchmark for a GPU runs on a CPU too; a part that fails is told, and the others keep their numbers."""

import json
import subprocess
import sys

import pytest

from benchmarks import gpu


def broken(setting):
    """A part that fails after its first number."""
    yield {"what": "half", "seconds": float("nan")}
    raise RuntimeError("no such device\nand a page of advice")


def test_a_part_that_fails_is_told(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(gpu, "PARTS", (broken, gpu.agreement))
    monkeypatch.setattr(sys, "argv", ["gpu", "--device", "cpu", "--out", str(tmp_path / "gpu.json")])
    assert gpu.main() == 1
    record = json.loads((tmp_path / "gpu.json").read_text())
    assert (
        record["broken"] == [{"what": "half", "seconds": None}]
        and "no such device" in record["failed"]["broken"]
    )
    assert {row["what"] for row in record["agreement"]} == {
        f"{name}, {kind}" for name in ("glintiqa", "ahiq") for kind in ("float16", "bfloat16")
    }
    assert all(row["apart / spread"] < 1 for row in record["agreement"])
    assert "FAILED" in capsys.readouterr().out


def test_no_time_left_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(gpu, "PARTS", (broken,))
    found = gpu.run(gpu.choose_device("cpu"), minutes=0)
    assert found["failed"] == {"broken": "no time left"} and "broken" not in found


@pytest.mark.slow
def test_training_steps_are_compared(monkeypatch, tmp_path):
    setting = gpu.Setting(gpu.choose_device("cpu"), tmp_path, 5)
    rows = list(gpu.steps(setting))
    assert len(rows) == 6 and all(row["images/s"] > 0 for row in rows)


def test_two_processes_that_run_out_of_time_are_ended(monkeypatch, tmp_path):
    ended = []

    class Stuck:
        def __init__(self, *words, **options):
            pass

        def communicate(self, timeout):
            raise subprocess.TimeoutExpired("train", timeout)

        def kill(self):
            ended.append(self)

    monkeypatch.setattr(gpu, "write_noise", lambda folder: None)
    monkeypatch.setattr(gpu.subprocess, "Popen", Stuck)
    with pytest.raises(subprocess.TimeoutExpired):
        list(gpu.two_processes(gpu.Setting(gpu.choose_device("cpu"), tmp_path, 5)))
    assert len(ended) == 2
