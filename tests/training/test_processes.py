"""Two processes under torchrun compute what one does for the same global batch."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from test_training import FAST, write_dataset

from glint_data import training
from glint_data.training.run import checkpoints
from glint_data.training.run.train import build_network
from glint_data.training.settings import settings_from

# Frozen backbones: batch norms that learn from half a batch each would differ.
TOGETHER = FAST | {
    "model_options": {
        "input_size": 32,
        "freeze_backbones": True,
        "frozen_cnn_stages": 3,
        "attention_dropout": 0.3,
        "head_dropout": 0.3,
    },
    "learning_rate": 1e-3,
    "epochs": 2,
    "epoch_samples": 32,
    "loss": "huber+plcc+rank",
}
SCRIPT = """
import sys, torch
torch.set_num_threads(1)
from glint_data import training
from test_processes import TOGETHER
training.train([sys.argv[1]], "glintiqa", sys.argv[2], **TOGETHER)
"""


def test_two_processes_reach_what_one_reaches(tmp_path):
    dataset = write_dataset(tmp_path / "a")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "PYTHONPATH": str(Path(__file__).parent),
        "WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }
    both = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(dataset), str(tmp_path / "two")],
            env=environment | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    alone = training.train([dataset], "glintiqa", tmp_path / "one", **TOGETHER)
    torch.set_num_threads(threads)
    for process in both:
        said = process.communicate()[1]
        assert process.returncode == 0, said
    one, two = (checkpoints.read_tensors(tmp_path / name / checkpoints.CHECKPOINT) for name in ("one", "two"))
    begun = build_network(
        settings_from({"model": "glintiqa", **{k: v for k, v in TOGETHER.items() if k != "baseline"}})
    )
    # Sums over half a batch round otherwise, and Adam's first steps turn a gradient that is zero but for rounding
    # into a full step: single tensors of such weights may differ more than all of them together.
    state = {name: value for name, value in begun.state_dict().items() if value.dtype.is_floating_point}
    a, b = ([tensors[f"network/{name}"] for name in state] for tensors in (one[0], two[0]))
    moved = [(x - value).norm() for x, value in zip(a, state.values(), strict=True)]
    apart = [(x - y).norm() for x, y in zip(a, b, strict=True)]
    assert torch.stack(apart).norm() <= 0.1 * torch.stack(moved).norm()
    assert all(d <= 0.3 * m + 1e-6 for d, m in zip(apart, moved, strict=True))
    lost = [
        [json.loads(line)["train_loss"] for line in (tmp_path / name / "history.jsonl").open()]
        for name in ("one", "two")
    ]
    assert lost[0][0] == pytest.approx(lost[1][0], rel=1e-4)
    assert lost[0] == pytest.approx(lost[1], rel=2e-2)
    assert two[1]["best_srocc"] == pytest.approx(one[1]["best_srocc"], abs=0.02)
    assert alone.samples["train"] == 30
