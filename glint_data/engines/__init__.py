"""Where tasks run: processes here ("local") or a Ray cluster ("ray"). The steps do not know.

A step passes `workers` on to `work.run_tasks`; it is a number of processes, or an engine opened here. Whatever
runs the tasks, the dataset is the same: nothing about the engine is written into it.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from glint_data.errors import GlintError
from glint_data.storage.places import Place
from glint_data.work import Workers, default_workers

ENGINES = ("local", "ray")


@contextmanager
def opened(
    name: str, workers: int, folder: str | Place, places: Iterable[str | Place] = (), writes: bool = True
) -> Iterator[Workers]:
    """The engine of that name, as the `workers` that steps take; closed when the block ends.

    Args:
        name: one of `ENGINES`.
        workers: tasks at a time; 0 is one a core, of this machine or of the cluster.
        folder: the dataset; every node of a cluster has to see it.
        places: photos' folders and files, which the nodes have to see as well.
        writes: whether tasks write into `folder` (then a token is left there while they do).

    Raises:
        GlintError: no such engine, its package is not installed, or the cluster cannot be joined.
    """
    if name not in ENGINES:
        raise GlintError(f"--engine {name}: no such engine; choose {' or '.join(ENGINES)}")
    if name == "local":
        yield workers or default_workers()
        return
    from glint_data.engines import cluster
    from glint_data.engines.common_ground import CommonGround
    from glint_data.engines.ray_engine import RayEngine

    cluster.require_ray()
    with RayEngine(workers, CommonGround(folder, places, writes)) as engine:
        yield engine
