from dataclasses import replace

import pandas as pd
import pytest
from matplotlib import pyplot as plt

from study.experiments import neighbours


def test_shares_count_only_faces_that_have_such_a_neighbour():
    same, alike = neighbours.SHOWN
    table = pd.DataFrame(
        {
            "embedding": ["pooled features"] * 4 + ["dlib"] * 4,
            "unit": list("abcd") * 2,
            same: [0, 1, None, None, 1, 1, None, None],
            alike: [1, 1, 1, 0, 1, 1, 1, 1],
            f"chance of {same}": 0.1,
            f"chance of {alike}": 0.5,
        }
    )
    estimates = neighbours.estimate(table)
    assert estimates[f"nearest shows {same}, pooled features"].value == 0.5
    assert estimates[f"nearest shows {same}, dlib"].value == 1
    assert estimates[f"nearest shows {alike}, a face drawn at random"].value == 0.5


@pytest.mark.slow
def test_neighbours_are_of_other_videos(extracted):
    run = replace(extracted, faces_per_fake=1, faces_per_real=3)
    result = neighbours.measure(run)
    assert set(result.table["embedding"]) == set(neighbours.MODELS)
    for row in result.table.itertuples():
        assert 0 < len(row.nearest) <= neighbours.NEAREST
        assert not any(name.startswith(row.video) for name in row.nearest)
    plt.close(neighbours.draw(result))
    plt.close(neighbours.gallery(run, result, rows=2))
