import pandas as pd
import pytest
from matplotlib import pyplot as plt

from study.experiments import network_speed


def test_ratio_is_taken_repeat_by_repeat():
    times = {network_speed.B7: (4.0, 8.0, 12.0), network_speed.SMALL: (1.0, 2.0, 3.0)}
    rows = [(name, unit, value) for name, values in times.items() for unit, value in enumerate(values)]
    estimates = network_speed.estimate(pd.DataFrame(rows, columns=["network", "unit", "seconds"]))
    ratio = estimates["efficientnet-b7's time as a multiple of efficientnet-lite0's"]
    assert ratio.low == ratio.value == ratio.high == 4
    assert estimates["seconds a picture, efficientnet-b7"].value == 8


@pytest.mark.slow
def test_both_networks_are_timed(extracted, monkeypatch):
    monkeypatch.setattr(network_speed, "REPEATS", {"quick": 1})
    result = network_speed.measure(extracted)
    assert len(result.table) == 2 and (result.table["seconds"] > 0).all()
    plt.close(network_speed.draw(result))
