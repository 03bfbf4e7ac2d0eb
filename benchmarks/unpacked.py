"""Another commit of this repository beside the present one, for figures that compare the two."""

import io
import subprocess
import tarfile
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]


def unpacked(commit: str, folder: Path, *paths: str) -> Path:
    """What a commit holds below `paths` (all without), in `folder`, so that it imports by `folder` alone."""
    done = subprocess.run(
        ["git", "-C", str(HERE), "archive", commit, *paths], capture_output=True, check=True
    )
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as packed:
        packed.extractall(folder, filter="data")
    if (folder / "manifests").is_dir():  # which a wheel carries inside the package
        (folder / "glint_data" / "manifests").symlink_to(folder / "manifests")
    return folder
