"""A run that goes on with other versions than it was begun with: do they render the same pixels?"""

from glint_data import images
from glint_data.dataset import runs
from glint_data.dataset.pixels import Pictures
from glint_data.dataset.sample import Sample
from glint_data.dataset.status import Status
from glint_data.errors import GlintError, ImageRefused
from glint_data.progress import say
from glint_data.storage.places import Place
from glint_data.synthesis import parts


def check(out: Place, others_at_it: bool = False) -> None:
    """Where versions differ from those in `run.json`, render one finished photo's types again and compare.

    Any finished photo of the dataset will do, also one that this run was not given. `others_at_it`: other machines
    render into it too (shards), so that a dataset of which nothing can be compared is not known to be of one piece.

    Raises:
        GlintError: they come out otherwise, or cannot be compared: the dataset would be of two pieces.
    """
    other = runs.other_versions(runs.read(out))
    if not other:
        return
    difference = ", ".join(other)
    rendered = 0
    for _, rows in parts.finished(out, parts.names(out)):
        by_type = {row["type"]: row for row in rows.to_pylist() if row["status"] == Status.OK}
        for row in by_type.values():
            sample = Sample.from_row(
                row | {"status": Status.PLANNED, "image_hash": None, "parameters": None}, Pictures(out)
            )
            try:
                seen = images.pixel_hash(sample.pixels())
            except ImageRefused:  # its photo is gone, say
                continue
            rendered += 1
            if seen != row["image_hash"]:
                raise GlintError(
                    f"{out}: was begun with {difference}, and {sample.id} renders to other pixels now; install those "
                    "versions to go on with it, or choose another --out"
                )
        if rendered:
            break
    if not rendered and others_at_it:
        raise GlintError(
            f"{out}: was begun with {difference}, and none of its samples can be rendered again yet to compare them; "
            "install those versions, or begin this shard when another has finished a photo"
        )
    runs.note_versions(out)
    shown = (
        f"{rendered} of its samples rendered again are the same"
        if rendered
        else "none could be rendered again"
    )
    say(f"{out}: was begun with {difference}; {shown}, going on")
