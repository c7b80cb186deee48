import numpy as np
import pytest
import torch
from openTSNE.tsne import kl_divergence_bh
from scipy import sparse

from dfd import gradients


@pytest.fixture(scope="module")
def problem():
    """Points in three dimensions, and affinities of each to some others."""
    random = np.random.default_rng(0)
    weights = sparse.random(300, 300, density=0.1, random_state=0)
    weights = (weights + weights.T).tocsr()
    weights.setdiag(0)
    weights.eliminate_zeros()
    return random.normal(size=(300, 3)) * 4, sparse.csr_matrix(weights / weights.sum())


def opentsne(points, affinities):
    """The gradient of openTSNE, whose tree is opened down to the points."""
    return kl_divergence_bh(points, affinities, 1, {"theta": 0.0}, should_eval_error=True)


@pytest.mark.parametrize(("dtype", "error"), [(torch.float64, 1e-9), (torch.float32, 1e-4)])
def test_gradient_and_divergence_are_those_of_opentsne(problem, dtype, error):
    divergence, gradient = gradients.AllPairs("cpu", dtype)(*problem, should_eval_error=True)
    right, slope = opentsne(*problem)
    assert divergence == pytest.approx(right, rel=error)
    assert np.allclose(gradient, slope, atol=error * np.abs(slope).max())


def test_exaggerated_affinities_count_as_they_are(problem):
    points, affinities = problem
    objective = gradients.AllPairs("cpu", torch.float64)
    plain = objective(points, affinities)[1]
    affinities = affinities.copy()
    _, gradient = objective(points, affinities)
    affinities *= 12
    _, exaggerated = objective(points, affinities)
    assert np.allclose(gradient, plain)
    assert np.allclose(exaggerated, opentsne(points, affinities)[1])


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_pairs_are_summed_in_tiles(problem, monkeypatch, dtype):
    divergence, whole = gradients.AllPairs("cpu", dtype)(*problem, should_eval_error=True)
    monkeypatch.setitem(gradients.TILES, "cpu", (20, 80))
    total, tiled = gradients.AllPairs("cpu", dtype)(*problem, should_eval_error=True)
    assert np.allclose(tiled, whole, atol=1e-7) and total == pytest.approx(divergence, rel=1e-5)
