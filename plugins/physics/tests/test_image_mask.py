"""Coverage of pictures: read the right way up, sampled bilinearly, integrated exactly."""

from pathlib import Path

import numpy as np
import phiml_physics
import pytest
from phiml_physics.geom.image_mask import ImageError, mean_coverage, read_coverage, sample_coverage
from PIL import Image

LOWER, UPPER = (-1.0, 2.0), (6.0, 4.5)
WHALE = Path(phiml_physics.__file__).parent / "demo/data/obstacle.png"


@pytest.fixture
def coverage():
    return np.random.default_rng(0).random((7, 5))


def save(path, array, mode=None):
    Image.fromarray(np.asarray(array, np.uint8), mode).save(path)
    return path


def gray(rows=20, columns=30):
    """White, with a black block at the left of the upper half of the picture as seen."""
    picture = np.full((rows, columns), 255)
    picture[2:8, 3:9] = 0
    return picture


def test_orientation_is_x_right_and_y_up(tmp_path):
    found = read_coverage(save(tmp_path / "a.png", gray()))
    assert found.shape == (30, 20)
    expected = np.zeros((30, 20))
    expected[3:9, 12:18] = 1
    np.testing.assert_array_equal(found, expected)


def test_transparency_goes_before_darkness(tmp_path):
    picture = np.zeros((20, 30, 4))
    picture[..., 3] = 255 - gray()
    picture[4, 5, 3] = 51
    found = read_coverage(save(tmp_path / "a.png", picture))
    assert found[3, 17] == 1 and found[0, 0] == 0 and found[5, 15] == pytest.approx(0.2)


def test_opaque_alpha_channel_is_no_transparency(tmp_path):
    picture = np.stack([gray()] * 3 + [np.full((20, 30), 255)], -1)
    np.testing.assert_array_equal(
        read_coverage(save(tmp_path / "a.png", picture)), read_coverage(save(tmp_path / "b.png", gray()))
    )


@pytest.mark.parametrize(
    "suffix, mode", [("jpg", "L"), ("jpg", "RGB"), ("png", "P"), ("png", "1"), ("tif", "I;16"), ("gif", "P")]
)
def test_formats_and_modes(tmp_path, suffix, mode):
    image = Image.fromarray(gray().astype(np.uint8))
    if mode == "I;16":
        image = Image.fromarray((gray() * 100).astype(np.uint16))
    else:
        image = image.convert(mode)
    image.save(tmp_path / f"a.{suffix}", **({"quality": 60} if suffix == "jpg" else {}))
    found = read_coverage(tmp_path / f"a.{suffix}", threshold=0.5)
    np.testing.assert_array_equal(found, read_coverage(save(tmp_path / "b.png", gray())))


def test_gray_paper_is_background_and_noise_is_none(tmp_path):
    rng = np.random.default_rng(1)
    picture = np.where(gray() > 0, 205, 60) + rng.integers(-2, 3, (20, 30))
    found = read_coverage(save(tmp_path / "a.png", picture))
    np.testing.assert_allclose(found, read_coverage(save(tmp_path / "b.png", gray())), atol=1e-12)


def test_large_pictures_are_reduced(tmp_path):
    found = read_coverage(save(tmp_path / "a.png", np.kron(gray(20, 40), np.ones((100, 100)))))
    assert found.shape == (1024, 512)
    assert found.mean() == pytest.approx(36 / 800, rel=0.02)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda path: None, "There is no picture"),
        (lambda path: path.write_text("hello"), "no picture that can be read"),
        (lambda path: path.write_bytes(WHALE.read_bytes()[:1500]), "cannot be read"),
        (lambda path: path.mkdir(), "cannot be read"),
        (lambda path: save(path, np.full((9, 9), 255)), "shows no shape: nothing"),
        (lambda path: save(path, np.full((9, 9), 0)), "shows no shape: nothing"),
        (lambda path: save(path, np.zeros((9, 9, 4))), "shows no shape: nothing is opaque"),
    ],
    ids=["missing", "text", "cut", "folder", "white", "black", "transparent"],
)
def test_pictures_without_a_shape(tmp_path, make, message):
    path = tmp_path / "a.png"
    make(path)
    with pytest.raises(ImageError, match=message) as caught:
        read_coverage(path)
    assert "a.png" in str(caught.value)


def test_threshold_out_of_range():
    with pytest.raises(ImageError, match="threshold=2"):
        read_coverage(WHALE, threshold=2)


def test_samples_are_bilinear(coverage):
    h = (np.array(UPPER) - LOWER) / coverage.shape
    centers = np.stack(np.meshgrid(*[np.arange(n) + 0.5 for n in coverage.shape], indexing="ij"), -1) * h + LOWER
    np.testing.assert_allclose(sample_coverage(coverage, centers, LOWER, UPPER), coverage, atol=1e-9)
    between = (centers[1:, 1:] + centers[:-1, :-1]) / 2
    expected = (coverage[1:, 1:] + coverage[1:, :-1] + coverage[:-1, 1:] + coverage[:-1, :-1]) / 4
    np.testing.assert_allclose(sample_coverage(coverage, between, LOWER, UPPER), expected, atol=1e-9)
    outside = [[-1.6, 3], [6.6, 3], [0, 1.7], [0, 4.8], [1e9, -1e9]]
    np.testing.assert_array_equal(sample_coverage(coverage, outside, LOWER, UPPER), 0)


def integrated(coverage, low, high, points=601):
    """The mean over a box by the midpoint rule, the error of which is of order points⁻²."""
    axes = [a + (np.arange(points) + 0.5) / points * (b - a) for a, b in zip(low, high)]
    return sample_coverage(coverage, np.stack(np.meshgrid(*axes, indexing="ij"), -1), LOWER, UPPER).mean()


@pytest.mark.parametrize(
    "low, high",
    [
        ((0.3, 2.2), (3.9, 3.7)),  # many pixels
        ((1.1, 2.6), (1.3, 2.7)),  # within one pixel
        ((2.0, 2.1), (2.0, 4.1)),  # a face
        ((0.3, 3.3), (5.5, 3.3)),  # the other face
        ((-3.0, 1.0), (0.5, 5.0)),  # across the rim
    ],
)
def test_means_equal_integrals(coverage, low, high):
    assert mean_coverage(coverage, low, high, LOWER, UPPER) == pytest.approx(integrated(coverage, low, high), abs=2e-5)


def test_cells_add_up_to_the_whole(coverage):
    x, y = np.linspace(-3, 8, 24), np.linspace(1, 6, 12)
    low = np.stack(np.meshgrid(x[:-1], y[:-1], indexing="ij"), -1)
    high = np.stack(np.meshgrid(x[1:], y[1:], indexing="ij"), -1)
    area = np.prod(high - low, -1)
    pixel = np.prod((np.array(UPPER) - LOWER) / coverage.shape)
    total = (mean_coverage(coverage, low, high, LOWER, UPPER) * area).sum()
    assert total == pytest.approx(coverage.sum() * pixel, rel=1e-9)


def test_small_cells_of_a_large_picture_keep_their_precision():
    full = np.ones((1024, 1024))
    low = np.random.default_rng(2).random((1000, 2)) * 1000 + 5
    np.testing.assert_allclose(mean_coverage(full, low, low + 1e-3, (0, 0), (1024, 1024)), 1, atol=1e-11)


def test_the_example_is_one_soft_shape_inside_its_picture():
    found = read_coverage(WHALE)
    assert found.shape == (256, 256) and WHALE.stat().st_size < 10_000
    assert 0.15 < found.mean() < 0.5 and ((found > 0.1) & (found < 0.9)).sum() > 200
    rim = np.concatenate([found[0], found[-1], found[:, 0], found[:, -1]])
    assert (rim == 0).all()
    # The head is at the left and bulkier than the fluke at the right, which is above the middle.
    assert found[:128].sum() > found[128:].sum() and found[200:, 128:].sum() > 3 * found[200:, :128].sum()
