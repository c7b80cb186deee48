import numpy as np
import pytest

from study.experiments import heat


def test_sharing_out_heat():
    heatmaps = np.zeros((2, 64, 64))
    heatmaps[0, 30:34, 30:34] = 1
    heatmaps[1, :4] = 1
    assert heat.share_inside(heatmaps, 0.6).tolist() == [1, 0]
    flat = heat.share_inside(np.ones((1, 64, 64)), 0.6)[0]
    assert flat == pytest.approx(1 / 1.6**2, abs=0.03)
