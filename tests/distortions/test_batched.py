"""Batches of tensors beside the pixels of `distortions.apply`, on the CPU: a GPU was not at hand."""

import numpy as np
import pytest

import distortions

torch = pytest.importorskip("torch")
from distortions import batched  # noqa: E402

RANDOM = ("white_noise", "ycbcr_noise", "impulse_noise", "multiplicative_noise", "jitter")


def photos(count=2, height=52, width=70):
    rng = np.random.default_rng(1)
    y, x = np.mgrid[0:height, 0:width]
    waves = np.stack([np.sin(x / 7) * np.cos(y / 5), np.sin((x + y) / 9), np.cos(x / 4 - y / 11)], -1)
    return [
        np.clip(128 + 100 * waves + rng.normal(0, 12, waves.shape), 9 * n, 255).astype(np.uint8)
        for n in range(count)
    ]


def numpys(field):
    """The field of the CPU's generator, in place of torch's."""

    def draw(values, drawn, *shape):
        return torch.from_numpy(np.stack([field(one["noise_seed"], shape) for one in drawn]))

    return draw


@pytest.fixture
def same_noise(monkeypatch):
    monkeypatch.setattr(
        batched,
        "normal",
        numpys(lambda seed, shape: np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)),
    )
    monkeypatch.setattr(
        batched,
        "uniform",
        numpys(lambda seed, shape: np.random.default_rng(seed).random(shape, dtype=np.float32)),
    )


def as_batch(images):
    return torch.from_numpy(np.stack(images).transpose(0, 3, 1, 2).copy())


@pytest.mark.parametrize("level", [1, 5])
@pytest.mark.parametrize("name", batched.names())
def test_pixels_are_those_of_apply_but_for_rounding(name, level, same_noise):
    images = photos()
    made = batched.render(as_batch(images), name, level, seeds=[3, 4]).numpy().transpose(0, 2, 3, 1)
    for image, one, seed in zip(images, made, (3, 4), strict=True):
        expected = distortions.apply(image, name, level, seed=seed)
        rim = 16 if name == "jitter" else 0
        inside = (slice(rim, image.shape[0] - rim), slice(rim, image.shape[1] - rim))
        apart = np.abs(one[inside].astype(int) - expected[inside])
        assert apart.max() <= 1, name
        assert (apart > 0).mean() <= 0.02, name


@pytest.mark.parametrize("name", RANDOM)
def test_torchs_own_noise_is_as_strong_and_keyed_by_the_seed(name):
    images = photos(1, 96, 96) * 2
    made = batched.render(as_batch(images), name, 4, seeds=[3, 5]).numpy()
    assert not np.array_equal(made[0], made[1])
    assert np.array_equal(made, batched.render(as_batch(images), name, 4, seeds=[3, 5]).numpy())
    expected = distortions.apply(images[0], name, 4, seed=3)
    change = (made[0].transpose(1, 2, 0).astype(float) - images[0]).std()
    assert change == pytest.approx((expected.astype(float) - images[0]).std(), rel=0.1)


def test_constant_photos_stay_and_other_suites_are_not_stretched():
    flat = torch.full((2, 3, 20, 24), 77, dtype=torch.uint8)
    assert (batched.render(flat, "gaussian_blur", 5) == 77).all()
    image = photos(1)[0] // 2 + 40
    one = batched.render(as_batch([image]), "gaussian_blur", 3, "tid2013")[0].numpy().transpose(1, 2, 0)
    assert np.abs(one.astype(int) - distortions.apply(image, "gaussian_blur", 3, "tid2013")).max() <= 1


def test_what_cannot_be_batched_is_said():
    batch = as_batch(photos())
    with pytest.raises(ValueError, match="jpeg has no batched form"):
        batched.render(batch, "jpeg", 1)
    with pytest.raises(ValueError, match="a suite of regions, has no batched form"):
        batched.render(
            batch, "white_noise", 1, suite=distortions.regional(distortions.suite("kadid10k"), count=1)
        )
    with pytest.raises(ValueError, match="1 seeds for 2 photos"):
        batched.render(batch, "white_noise", 1, seeds=[1])
    with pytest.raises(ValueError, match="N x 3 x H x W uint8"):
        batched.render(batch.float(), "white_noise", 1)
    with pytest.raises(ValueError, match=r"photos are one tensor, .* got list: stack them"):
        batched.render(photos(), "white_noise", 1)
    for seeds, said in (
        (3, "seeds are 3: give a list"),
        ("34", "seeds are '34': give a list"),
        ([1, 1.5], "seed is 1.5: give a whole number"),
        (np.array([-1, 2]), "seed is -1: give a whole number"),
        ([True, 1], "seed is True"),
    ):
        with pytest.raises(ValueError, match=said):
            batched.render(batch, "white_noise", 1, seeds=seeds)


def test_seeds_may_be_an_array_or_a_tensor():
    batch = as_batch(photos())
    expected = batched.render(batch, "white_noise", 3, seeds=[3, 4])
    for seeds in ((3, 4), range(3, 5), np.array([3, 4]), torch.tensor([3, 4]), list(torch.tensor([3, 4]))):
        assert torch.equal(batched.render(batch, "white_noise", 3, seeds=seeds), expected)
