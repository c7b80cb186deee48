import numpy as np
import pytest

from dfd import faces
from study.experiments import crop_costs


def test_larger_crops_cost_more_and_leave_the_frame_more_often(few):
    costs = crop_costs.table(few)
    assert len(costs) == len(crop_costs.PICTURES) * faces.table(few)["video"].nunique()
    by_size = costs[costs["margin"] == 0.6].groupby("size")["bytes"].mean()
    assert by_size.is_monotonic_increasing
    by_margin = costs[costs["size"] == 240].groupby("margin")[["outside", "scale"]].mean()
    assert by_margin["outside"][1] > by_margin["outside"][0] and by_margin["scale"].is_monotonic_decreasing
    assert costs["outside"].between(0, 1).all()


def test_cost_of_a_crop_that_leaves_the_frame():
    image = np.zeros((100, 200, 3), np.uint8)
    cost = crop_costs.cost(image, np.array([0.0, 20, 60, 80]), 1.0, 240)
    # The square has 120 pixels and its centre at (30, 50): 30 are left of the frame, 10 above and 10 below.
    assert cost["outside"] == pytest.approx(1 - 90 * 100 / 120**2)
    assert cost["scale"] == 2
