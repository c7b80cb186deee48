import numpy as np
import pytest
from openTSNE import _tsne
from openTSNE.quad_tree import QuadTree

from dfd import repulsion


def cloud(width, count=3000):
    """Heaps of points in a cube."""
    random = np.random.default_rng(1)
    middles = random.uniform(-width / 2, width / 2, size=(count // 100, 3))
    return middles[random.integers(len(middles), size=count)] + random.normal(size=(count, 3)) * width / 40


def exact(points):
    """The same sums over all pairs, one point after the other."""
    forces, total = np.empty_like(points), 0.0
    for place, point in enumerate(points):
        apart = point - points
        kernel = 1 / (1 + (apart**2).sum(axis=1))
        forces[place] = (apart * kernel[:, None] ** 2).sum(axis=0)
        total += kernel.sum() - 1
    return forces, total


def error(forces, right):
    return np.sqrt(((forces - right) ** 2).mean() / (right**2).mean())


@pytest.mark.parametrize("width", [1e-3, 1, 10, 100])
def test_the_mesh_is_as_close_to_the_exact_sums_as_barnes_and_hut(width):
    points = cloud(width)
    right, pairs = exact(points)
    mesh = repulsion.Mesh(jobs=2)
    for _ in range(3):
        forces, total = mesh(points)
    tree = np.zeros_like(points)
    normalisation = _tsne.estimate_negative_gradient_bh(QuadTree(points), points, tree, theta=0.5, dof=1)
    barnes_hut = -tree * normalisation
    assert total == pytest.approx(pairs, rel=2e-3)
    assert error(forces, right) < 1.5 * error(barnes_hut, right)
    if width in (1, 100):
        assert error(forces, right) < error(barnes_hut, right) / 2


def test_with_a_longer_reach_the_sums_are_closer():
    points = cloud(10)
    right, pairs = exact(points)
    forces, total = repulsion.Mesh(jobs=2, reach=8)(points)
    assert total == pytest.approx(pairs, rel=2e-5) and error(forces, right) < 5e-4


def test_a_mesh_follows_a_map_that_grows():
    points, mesh = cloud(1), repulsion.Mesh()
    for size in (1e-3, 1, 30, 5):
        assert error(mesh(size * points)[0], exact(size * points)[0]) < 1.5e-2


def test_the_sums_do_not_depend_on_the_number_of_threads():
    points = cloud(20)
    one, two, many = (repulsion.Mesh(jobs)(points) for jobs in (1, 2, 500))
    assert np.array_equal(one[0], two[0]) and one[1] == two[1]
    assert np.array_equal(one[0], many[0]), "more threads than cores are as many as there are cores"


def test_points_in_one_place_do_not_push_each_other():
    forces, total = repulsion.Mesh()(np.zeros((50, 3)))
    assert np.abs(forces).max() < 1e-3 and total == pytest.approx(50 * 49, rel=1e-5)
