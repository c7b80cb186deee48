from dataclasses import replace

import pandas as pd
import pytest
from matplotlib import pyplot as plt

from study.experiments import listing_drift


def test_estimates_are_means_over_the_repeats():
    cosines = [(name, -1, 0.1 * seed, seed) for seed in (1, 2, 3) for name in listing_drift.MEASURED]
    layers = [("layer", layer, 0.1 * layer, seed) for seed in (1, 2, 3) for layer in range(3)]
    table = pd.DataFrame(cosines + layers, columns=["what", "layer", "value", "unit"])
    estimates = listing_drift.estimate(table)
    assert estimates["cosine, the same face twice"].value == pytest.approx(0.2)
    assert estimates["cosine, the same face twice"].low < 0.2
    assert estimates["change of the stored means, median layer"].value == pytest.approx(0.1)


@pytest.mark.slow
def test_training_mode_gives_other_vectors_and_another_network(extracted, monkeypatch):
    run = replace(extracted, faces_per_fake=1, faces_per_real=1)
    monkeypatch.setattr(listing_drift, "FACES", 3)
    monkeypatch.setattr(listing_drift, "REPEATS", {"quick": 2})
    result = listing_drift.measure(run)
    assert result.estimates["cosine, the same face twice"].value < 0.99
    assert result.estimates["change of the stored means, first layer"].value > 0
    plt.close(listing_drift.draw(result))
