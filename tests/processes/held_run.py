"""The command line, held when its first photo is rendered: `held_run.py FLAG synthesize PHOTOS --out FOLDER ...`.

It then touches FLAG and waits to be stopped, with the rest of its photos still to do.
"""

import sys
import threading
import time
from pathlib import Path

from glint_data import cli
from glint_data.dataset import manifest
from glint_data.storage.files import listing
from glint_data.storage.places import place
from glint_data.synthesis import synthesize

run_tasks = synthesize.run_tasks


def held(tasks):
    """The first task; asked for the next, wait until that is committed, and then for ever."""
    yield tasks[0]
    while f"{tasks[0].source.name}.parquet" not in listing(place(tasks[0].folder) / manifest.PARTS):
        time.sleep(0.01)
    Path(flag).touch()
    while True:
        threading.Event().wait(1)


if __name__ == "__main__":
    flag = sys.argv.pop(1)
    synthesize.run_tasks = lambda function, tasks, workers: run_tasks(function, held(tasks), workers)
    cli.main()
