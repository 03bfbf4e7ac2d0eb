"""What a run says while it works: counts, pace and what is left, also of tasks that are under way."""

import itertools
import time
from types import SimpleNamespace

import numpy as np
import pytest

from glint_data import progress
from glint_data.progress import Meter
from glint_data.work import run_tasks


def ticking(count: int) -> int:
    """A task of so many parts, the last of which takes until its parent has seen the others."""
    for number in range(count):
        progress.tick()
        time.sleep(0.05 * (number + 1 == count))
    return count


def test_parts_of_a_task_count_before_it_is_done():
    tasks = run_tasks(ticking, [3, 4], 1)
    with Meter(7, "samples") as meter:
        first = next(tasks)
        assert meter.reached >= first.result  # not told of yet: known by its ticks
        meter.advance(first.result)
        for outcome in tasks:
            meter.advance(outcome.result)
        assert meter.reached == meter.done == 7
    with Meter(2, "photos") as after:  # what was ticked before is nothing of this one's
        assert after.reached == 0


def test_more_ticks_than_there_are_samples_are_not_believed():
    with Meter(3, "samples") as meter:
        list(run_tasks(ticking, [5], 1))
        assert meter.reached == 3


@pytest.mark.parametrize(
    ("what", "done", "seconds", "pace"),
    [
        ("samples", 20, 10, "2.0/s"),
        ("samples", 4, 10, "2.5 s/sample"),
        ("photos scanned", 1, 10, "10.0 s/photo"),
        ("validation images to features", 1, 2, "2.0 s/image"),
        ("photos embedded (descriptor-1)", 1, 2, "2.0 s/photo"),
        ("samples", 0, 10, ""),
    ],
)
def test_pace(what, done, seconds, pace, monkeypatch):
    now = iter([0.0, *[float(seconds)] * 9])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(now))
    meter = Meter(40, what)
    meter.__enter__()
    meter.done = done
    assert meter.pace() == pace
    assert not meter.left(), "the first of many says nothing of the others: it waited for processes to begin"


def test_what_is_left_goes_by_what_came_after_the_first(monkeypatch):
    seconds = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: seconds[0])
    with Meter(90, "samples") as meter:
        seconds[0] = 50.0
        meter.advance()
        assert not meter.left()
        seconds[0] = 54.0
        meter.advance(2)
        assert meter.left() == "2 min 54 s to go"
        meter.advance(87)
        assert not meter.left()


def test_work_without_a_count_is_seen_where_no_bar_is(monkeypatch, capsys):
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: True, raising=False)

    def shown() -> str:
        return progress._spinner.tasks[0].description if progress._spinner else ""

    with progress.busy():
        with progress.busy("labels fitted"):
            assert shown() == "labels fitted"
            with Meter(8, "samples"):
                assert not shown(), "two of them would write over each other"
            assert shown() == "labels fitted"
        assert shown() == "working"
        with progress.shown(False), progress.busy("in silence"):
            assert not shown()
        progress.say("a line between")
    assert not shown()
    assert "a line between" in capsys.readouterr().err


def test_a_log_is_spared_work_without_a_count(capsys):
    with progress.busy("labels fitted"):
        pass
    assert capsys.readouterr().err == ""


def test_a_log_says_nothing_of_a_rate_before_anything_is_done(capsys):
    with Meter(3, "samples") as meter:
        pass
    with Meter(3, "samples") as meter:
        meter.advance(3)
    first, second = capsys.readouterr().err.splitlines()
    assert first == "samples: 0/3" and second.startswith("samples: 3/3, ")


def test_a_bar_moves_with_the_ticks(monkeypatch, capsys):
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: True, raising=False)
    with Meter(8, "samples") as meter:
        assert meter._bar is not None
        (first,) = run_tasks(ticking, [5], 1)
        list(meter._bar.get_renderables())
        assert meter._bar.tasks[0].completed == first.result and meter.done == 0
    assert "samples" in capsys.readouterr().err


def test_validation_shows_itself_working(monkeypatch, capsys):
    from glint_data.training.run.loop import TrainingLoop

    class Three:
        mos = np.array([0.2, 0.4, 0.9], np.float32)

        def __len__(self):
            return 3

    seconds = itertools.count(0, 100)  # each look at the clock is a line's time later
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(seconds))
    loop = SimpleNamespace(
        network=SimpleNamespace(eval=lambda: None),
        parts={"val": Three()},
        group=SimpleNamespace(rank=0, world=1, collect=lambda mine: mine),
        feed=SimpleNamespace(validation_score=lambda index, amp: [0.3, 0.5, 0.8][index]),
        settings=SimpleNamespace(epochs=2),
        amp=False,
    )
    with Meter(8, "images") as meter:
        meter.advance(4)
        assert TrainingLoop.validate(loop, SimpleNamespace(epoch=0), meter)["srocc"] == pytest.approx(1)
    lines = [line.partition("; ")[2] for line in capsys.readouterr().err.splitlines()]
    assert [line for line in lines if line] == [f"epoch 1/2, validating {number}/3" for number in (1, 2, 3)]
