"""Maps on a GPU; what can be tried without one."""

import pytest
import torch

from dfd.errors import InputError
from study import large_map_views, results
from study.experiments import gpu_maps, large_maps


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_nothing_is_placed(sample):
    with pytest.raises(InputError, match="torch finds no GPU on this machine"):
        gpu_maps.measure(sample)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_maps_are_placed_on_the_gpu(few, monkeypatch, tmp_path):
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    plan = large_maps.Plan({large_maps.ON_GPU: {200: 1}, large_maps.EXACT: {200: 1}}, 100)
    rows = large_map_views.table(gpu_maps.measure(few, plan))
    assert set(rows["method"]) == set(plan.sizes) and (rows["divergence"] < 1).all()


def test_single_precision_gives_the_gradient(sample, monkeypatch):
    monkeypatch.setattr(gpu_maps, "POINTS", 300)
    assert 0 < gpu_maps.gradient_off(sample) < 1e-4
