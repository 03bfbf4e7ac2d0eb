"""Verbs for a look: quickstart, doctor."""

from typing import Annotated

from glint_data.api.options import Option, Plugins, Progress, Where
from glint_data.api.places import here
from glint_data.api.results import Answer, Result
from glint_data.api.verbs import verb


@verb
def quickstart(
    out: Annotated[Where, Option("Folder for everything it makes.", "FOLDER")] = "quickstart",
    *,
    seed: Annotated[int, Option("Seed of the whole run.", least=0)] = 0,
    progress: Progress = False,
    plugin: Plugins = (),
) -> Result:
    """The whole job on a few real photos, in minutes.

    Synthesize, label, audit, train, evaluate, score, report. Needs no network
    and no data: the photos are those that scikit-image carries.

    Returns:
        Where everything lies.

    Raises:
        GlintError: the folder cannot be used.
    """
    from glint_data.api.first_steps import quickstart as run

    folder = here(out)
    text = run(folder, seed)
    return Answer({"folder": folder}, text)


@verb
def doctor(*, progress: Progress = False, plugin: Plugins = ()) -> Result:
    """Say what this installation can do, and what would bring the rest.

    Versions, image formats, distortions, weights, optional packages. Nothing is
    fetched, written or started.

    Returns:
        The findings.

    Raises:
        GlintError: a plug-in that cannot be loaded.

    >>> import glint_data as glint
    >>> glint.doctor().record()["findings"][0]["name"]
    'glint-data'
    """
    from glint_data.installation import examine

    return examine()
