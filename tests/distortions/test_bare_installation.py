"""The engine with NumPy, OpenCV and Pillow alone: what works does, what needs more says so before it starts."""

import json
import subprocess
import sys

BLOCKED = ("numba", "torch", "safetensors", "scipy", "skimage", "pandas", "pillow_jxl", "pillow_heif", "av")

SCRIPT = """
import importlib.abc, json, sys

class Blocked(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {blocked}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
        return None

sys.meta_path.insert(0, Blocked())
import numpy as np, distortions

image = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
said = {{}}
for suite in distortions.suites():
    for number, entry in distortions.suite(suite).types.items():
        try:
            distortions.apply(image, number, 1, suite)
        except ValueError as error:
            said[entry.distortion] = str(error)
        assert (entry.distortion in said) != distortions.distortion_named(entry.distortion).available
    assert distortions.sheet(image, suite=suite).dtype == np.uint8
print(json.dumps(said))
"""


def test_types_that_need_more_name_their_packages_and_the_others_work():
    script = SCRIPT.format(blocked=set(BLOCKED))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert {"color_quantization", "quantization", "jitter", "denoised_noise"} <= set(said)
    for name in ("color_quantization", "quantization", "jitter"):
        assert said[name] == f"{name} needs the package numba, which is not installed: pip install numba"
    assert said["denoised_noise"].endswith("pip install torch safetensors")
    assert said["heic"].endswith("pip install pillow-heif")
    for name, sentence in said.items():
        assert sentence.startswith(f"{name} needs the package") and "\n" not in sentence
