"""A power cut at any moment: the next call ends with the dataset of an undisturbed run.

Every file system call that writes (opening for writing, fsync, rename, removal of the parts) is a moment.
The cut is an exception that no code of ours catches, and after it nothing more is written or cleaned up.
"""

import os
import shutil
from pathlib import Path

import pytest
import skimage.data
from contents import contents

from glint_data import images, sources
from glint_data.synthesis import synthesize
from glint_data.synthesis.recipes import Settings
from glint_data.work import Outcome

TINY = Settings(types=(1, 11), levels=(2,))


class PowerCut(BaseException):
    """Not an Exception: whatever handles errors must not handle this."""


class Mains:
    """Counts the moments and cuts the power at one of them; from then on nothing reaches the disk."""

    def __init__(self, monkeypatch) -> None:
        self.moments, self.cut_at = 0, None
        for owner, name in (
            (os, "fsync"),
            (Path, "replace"),
            (Path, "unlink"),
            (Path, "open"),
            (shutil, "rmtree"),
        ):
            monkeypatch.setattr(owner, name, self._guarded(getattr(owner, name)))

    def _guarded(self, original):
        def call(*arguments, **options):
            reads = original.__name__ == "open" and "w" not in "".join(map(str, arguments[1:2]))
            if not reads:
                self.moments += 1
                if self.cut_at is not None and self.moments >= self.cut_at:
                    raise PowerCut
            return original(*arguments, **options)

        return call

    def on(self) -> None:
        self.moments, self.cut_at = 0, None


@pytest.fixture
def mains(monkeypatch) -> Mains:
    def here(function, tasks, _workers):
        for task in tasks:
            yield Outcome(task, result=function(task))

    monkeypatch.setattr(synthesize, "run_tasks", here)
    monkeypatch.setattr(sources, "run_tasks", here)
    return Mains(monkeypatch)


def test_every_moment(tmp_path, mains):
    photos = tmp_path / "photos"
    photos.mkdir()
    images.write_png(photos / "cat.png", skimage.data.chelsea()[60:124, 100:180])
    images.write_png(photos / "cup.png", skimage.data.coffee()[100:164, 200:280])
    mains.on()
    synthesize.synthesize([photos], tmp_path / "undisturbed", TINY, workers=1)
    moments, expected = mains.moments, contents(tmp_path / "undisturbed")
    assert moments > 20, "the cuts would miss most writes"
    for moment in range(1, moments + 1):
        folder = tmp_path / f"cut{moment}"
        mains.on()
        mains.cut_at = moment
        with pytest.raises(PowerCut):
            synthesize.synthesize([photos], folder, TINY, workers=1)
        mains.on()
        summary = synthesize.synthesize([photos], folder, TINY, workers=1)
        assert summary.made + summary.kept == 4
        assert contents(folder) == expected, f"cut at moment {moment} of {moments}"
