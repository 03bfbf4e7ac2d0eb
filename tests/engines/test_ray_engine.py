"""A Ray cluster of several nodes on this machine: the contract of the local pool, the same bytes, a lost node.

The head takes no tasks; two nodes of one core each do, as two machines would.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
import skimage.data
from contents import contents
from misbehaving import behave
from waiting import HELD_RUN, wait_until

from glint_data import engines, images
from glint_data.dataset import manifest, runs
from glint_data.dataset.verify import verify
from glint_data.engines import head, ray_engine
from glint_data.engines.common_ground import NodeUnfit
from glint_data.errors import CannotWrite
from glint_data.labels import label_dataset
from glint_data.synthesis import synthesize as rendering
from glint_data.synthesis.recipes import Settings
from glint_data.synthesis.synthesize import synthesize

FEW = Settings(types=(1, 3, 11, 20), levels=(2, 5))
MORE = Settings(types=(1, 2, 10, 11, 18))
STORE = 80 * 2**20
QUICK_TO_NOTICE = {
    "health_check_initial_delay_ms": 0,
    "health_check_period_ms": 500,
    "health_check_timeout_ms": 1000,
    "health_check_failure_threshold": 2,
}


class Nodes:
    """The cluster, and what happens to machines."""

    def __init__(self, temporary: str) -> None:
        from ray.cluster_utils import Cluster

        head = {"num_cpus": 0, "object_store_memory": STORE, "temp_dir": temporary}
        options = {"include_dashboard": False, "_system_config": QUICK_TO_NOTICE}
        self._cluster = Cluster(initialize_head=True, head_node_args=head | options)
        self.address = self._cluster.address
        self.working = []

    def add(self) -> None:
        """One more node of one core."""
        self.working.append(self._cluster.add_node(num_cpus=1, object_store_memory=STORE, wait=True))

    def processes(self, node) -> list[int]:
        """The node's raylet and all that it started."""
        return _with_children(node.all_processes["raylet"][0].process.pid)

    def kill(self, node) -> None:
        """As if its power were cut."""
        for pid in self.processes(node):
            os.kill(pid, signal.SIGKILL)
        self.working.remove(node)

    def close(self) -> None:
        self._cluster.shutdown()


def _with_children(pid: int) -> list[int]:
    found = [pid]
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in (thread / "children").read_text().split():
            found += _with_children(int(child))
    return found


@pytest.fixture(scope="module")
def cluster():
    pytest.importorskip("ray", reason="NOT TESTED: ray is not installed (pip install 'glint-data[ray]')")
    if not Path("/proc/self/task").is_dir():
        pytest.skip("NOT TESTED: nodes are started and killed by way of /proc")
    patch = pytest.MonkeyPatch()
    patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    temporary = tempfile.mkdtemp(prefix="ray", dir="/tmp")  # short: sockets' paths may have 107 letters
    patch.setenv("RAY_TMPDIR", temporary)  # there Ray notes its address, not where a user's cluster has it
    (Path(temporary) / "ray").mkdir()
    from ray import cloudpickle

    for module in (sys.modules[__name__], sys.modules[behave.__module__]):
        cloudpickle.register_pickle_by_value(module)  # workers cannot import a test
    nodes = Nodes(temporary)
    nodes.add()
    nodes.add()
    yield nodes
    sys.modules["ray"].shutdown()
    nodes.close()
    patch.undo()
    shutil.rmtree(temporary, ignore_errors=True)


@pytest.fixture
def ray(cluster):
    """Opens the engine on the cluster, two nodes strong, by one connection for all tests."""
    import ray

    while len(cluster.working) < 2:
        cluster.add()
    if not ray.is_initialized():
        ray.init(address=cluster.address, log_to_driver=False, logging_level="ERROR")
    return lambda folder, places=(), writes=True: engines.opened("ray", 0, folder, places, writes)


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for number in range(6):
        images.write_png(
            folder / f"cat{number}.png", skimage.data.chelsea()[60 + number : 160, 100 + 20 * number : 260]
        )
    return folder


def run_one(opened) -> None:
    with opened as engine:
        assert [outcome.result for outcome in engine.run(behave, [("fine", 0)])] == [0]


def test_a_head_lost_in_mid_run_is_said(ray, tmp_path, monkeypatch):
    requested = []
    monkeypatch.setattr(ray_engine, "_SECONDS_BETWEEN_COUNTS", -1.0)
    monkeypatch.setattr(
        head, "complaint", lambda at: requested.append(at) or (len(requested) > 1 and "refused") or None
    )
    tasks = [("fine", n) for n in range(50)]
    with (
        pytest.raises(head.HeadLost, match=r"does not answer any more \(refused\)"),
        ray(tmp_path) as engine,
    ):
        list(engine.run(behave, tasks))
    assert len(requested) == 2 and len(set(requested)) == 1


def test_a_head_that_lives_answers(ray, cluster):
    assert head.complaint(cluster.address) is None


def test_every_task_has_one_outcome_though_workers_die(ray, tmp_path):
    flag = str(tmp_path / "flag")
    tasks = [("fine", n) for n in range(40)]
    tasks[2:2] = [("die", "x"), ("refuse", 7), ("break", 8), ("die once", flag)]
    taken, most, outcomes = [], 0, {}
    with ray(tmp_path) as engine:
        for outcome in engine.run(behave, (taken.append(task) or task for task in tasks)):
            outcomes[outcome.task] = outcome
            most = max(most, len(taken) - len(outcomes))
    assert len(taken) == len(tasks) and set(outcomes) == set(tasks)
    assert [outcomes[("fine", n)].result for n in range(40)] == list(range(40))
    assert "died on it twice" in outcomes[("die", "x")].error
    assert outcomes[("refuse", 7)].error == "photo 7 refused"
    assert outcomes[("break", 8)].error == "RuntimeError: a fault of ours"
    assert outcomes[("die once", flag)].result == flag, "a worker killed from outside costs no task"
    assert outcomes[("die once", flag)].attempts == 2 and outcomes[("fine", 0)].attempts == 1
    assert most <= 6, "tasks are not piled up in memory ahead of need"
    assert list(tmp_path.iterdir()) == [tmp_path / "flag"], "the token is gone"


def test_a_full_disk_stops_the_run(ray, tmp_path):
    with pytest.raises(CannotWrite, match="disk full"), ray(tmp_path) as engine:
        list(engine.run(behave, [("full", 0), *[("fine", n) for n in range(50)]]))


def test_a_node_that_sees_another_folder_is_refused(ray, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    own = Path("/proc/self/cwd")  # every process sees another folder there
    with pytest.raises(NodeUnfit, match=r"node .* does not see /proc/self/cwd as it is here; put it on"):
        run_one(ray(own))
    with (tmp_path / "open").open("wb") as held:
        place = f"/proc/self/fd/{os.dup2(held.fileno(), 200)}"
        with pytest.raises(NodeUnfit, match=f"does not see the photos in {place}"):
            run_one(ray(tmp_path, [place]))
        os.close(200)


def test_a_node_with_other_versions_is_refused(ray, tmp_path, monkeypatch):
    here = runs.versions()
    monkeypatch.setattr(runs, "versions", lambda: here | {"numpy": "0.9"})
    with pytest.raises(NodeUnfit, match=r"node .* has numpy .* \(here 0\.9\); pixels could differ"):
        run_one(ray(tmp_path))


def held_rendering(task):
    """Renders when there is a file `go`; says before that it is at work."""
    from glint_data.synthesis.synthesize import render_source

    folder = Path(task.folder).parent
    (folder / f"at-work-{os.getpid()}").touch()
    while not (folder / "go").exists():
        time.sleep(0.01)
    return render_source(task)


def test_a_node_lost_in_mid_run_costs_only_its_tasks(ray, cluster, photos, tmp_path, capsys, monkeypatch):
    victim = cluster.working[0]

    def cut_the_power():
        wait_until(lambda: len(list(tmp_path.glob("at-work-*"))) == 2)  # one task on each node
        cluster.kill(victim)
        (tmp_path / "go").touch()

    watcher = threading.Thread(target=cut_the_power)
    watcher.start()
    monkeypatch.setattr(rendering, "render_source", held_rendering)
    with ray(tmp_path / "d", [photos]) as engine:
        summary = synthesize([photos], tmp_path / "d", MORE, engine)
    watcher.join()
    monkeypatch.undo()
    assert "a node was lost under a task, which is tried again" in capsys.readouterr().err
    assert (summary.made, summary.refusals) == (6 * 25, [])
    synthesize([photos], tmp_path / "local", MORE, workers=2)
    assert contents(tmp_path / "d") == contents(tmp_path / "local")


def test_labels_and_verification_are_those_of_a_local_run(ray, photos, tmp_path):
    for name in ("local", "there"):
        synthesize([photos], tmp_path / name, FEW, workers=2, limit=2)
    with ray(tmp_path / "there", [photos], writes=False) as engine:
        summary = label_dataset(
            tmp_path / "there", method="pair", cache=tmp_path / "cache there", workers=engine
        )
        assert verify(tmp_path / "there", engine).problems == []
    label_dataset(tmp_path / "local", method="pair", cache=tmp_path / "cache", workers=2)
    assert summary.labelled == 16
    assert contents(tmp_path / "there") == contents(tmp_path / "local")
    assert contents(tmp_path / "cache there") == contents(tmp_path / "cache"), "vectors and measurements"


def test_stopped_by_hand_it_goes_on(ray, cluster, photos, tmp_path, monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", cluster.address)
    arguments = ["synthesize", str(photos), "--out", "d", "--engine", "ray", "--types", "1,2,10,11,18"]
    arguments += ["--workers", "1"]
    command = [sys.executable, HELD_RUN, str(tmp_path / "flag"), *arguments]
    run = subprocess.Popen(
        command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    wait_until((tmp_path / "flag").exists, run)
    run.send_signal(signal.SIGINT)
    said = run.communicate()[1]
    assert run.returncode == 130 and "the same command resumes there" in said
    assert "joined" in said and "Traceback" not in said
    assert not (tmp_path / "d" / manifest.FILE).exists()
    assert not list((tmp_path / "d").rglob("*.partial")), "a token or half a file is left"
    command = [sys.executable, "-m", "glint_data", *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "150 samples of 6 photos" in done.stdout and "kept from before" in done.stdout


PLUGIN = """
import os, pathlib
import distortions

pathlib.Path({seen!r}, str(os.getpid())).touch()


@distortions.distortion(distortions.Range(0, 1, "share"))
def darker(photo, share):
    "Less light."
    return photo.single * (1 - share)
"""


def test_a_plug_in_travels_to_nodes_that_never_heard_of_it(ray, cluster, photos, tmp_path, monkeypatch):
    """The nodes were started before the file was written, and the file lies where they do not look."""
    monkeypatch.setenv("RAY_ADDRESS", cluster.address)
    (tmp_path / "seen").mkdir()
    (tmp_path / "lab.py").write_text(PLUGIN.format(seen=str(tmp_path / "seen")))
    arguments = ["synthesize", str(photos), "--types", "darker", "--strengths", "0.25,0.5", "--limit", "2"]
    command = [sys.executable, "-m", "glint_data", *arguments, "--plugin", "lab.py", "--out"]
    for out, engine in (("d", ("--engine", "ray")), ("local", ("--workers", "1"))):
        done = subprocess.run(
            [*command, out, *engine], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        if out == "d":
            in_workers = {int(file.name) for file in (tmp_path / "seen").iterdir()}
            assert len(in_workers) >= 2, "the command itself, and a node's worker"
    assert contents(tmp_path / "d") == contents(tmp_path / "local")
    assert len(manifest.read(tmp_path / "d")) == 4
