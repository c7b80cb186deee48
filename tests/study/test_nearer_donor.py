from dataclasses import replace

import pandas as pd
import pytest
from matplotlib import pyplot as plt

from study.experiments import nearer_donor


def test_videos_are_counted_by_method():
    table = pd.DataFrame(
        {
            "method": ["swap"] * 4 + ["blend"] * 4,
            "unit": list("aabb") * 2,
            "to donor": [0.2, 0.3, 0.2, 0.9] + [0.9] * 4,
            "to actor": [0.8] * 4 + [0.4, 0.5, 0.4, 0.5],
        }
    )
    estimates = nearer_donor.estimate(table)
    assert estimates["nearer the donor, swap"].value == 0.75
    assert estimates["nearer the donor, blend"].value == 0
    assert estimates["nearer the donor, blend"].high > 0
    assert estimates["nearer by, blend"].high < 0


@pytest.mark.slow
@pytest.mark.parametrize("depth", ["quick", "full"])
def test_fakes_are_compared_with_donor_and_actor(extracted, depth):
    run = replace(extracted, faces_per_fake=2, faces_per_real=3)
    result = nearer_donor.measure(run, depth)
    assert {"video", "method", "unit", "to donor", "to actor"} <= set(result.table)
    assert (result.table[["to donor", "to actor"]] > 0).all(axis=None)


def test_without_truth_tables_it_says_what_is_missing(tiny):
    (tiny.data / "truth").unlink()
    result = nearer_donor.measure(tiny)
    assert "not published" in result.obstacle
    plt.close(nearer_donor.draw(result))
