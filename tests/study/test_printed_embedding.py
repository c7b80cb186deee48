from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from study.claims import CLAIMS
from study.experiments import printed_embedding


def of_size(size):
    """The printed numbers beside outputs of a network with this root mean square."""
    printed = np.array(printed_embedding.PRINTED)
    rows = [(printed_embedding.TABLE, np.mean(row**2), np.mean(row < 0), 2) for row in printed]
    rows += [
        (name, size**2 * factor, 0.5, 1000)
        for name in printed_embedding.KEPT.values()
        for factor in (0.9, 1, 1.1)
    ]
    return pd.DataFrame(rows, columns=["origin", "mean square", "negative", "numbers"])


@pytest.mark.parametrize(("size", "verdict"), [(1.5, "not reproduced"), (0.035, "inconclusive")])
def test_numbers_of_another_size_are_not_the_listings(size, verdict):
    rule = CLAIMS["C29"].rule
    assert rule.judge(printed_embedding.estimate(of_size(size))).verdict == verdict


def test_printed_numbers_are_as_large_as_those_of_a_unit_vector_of_512():
    estimates = printed_embedding.estimate(of_size(1))
    times = estimates["printed numbers, as a multiple of FaceNet's"]
    assert times.low < 1 < times.high
    assert estimates["negative, Table 3.19"].value == 0.6


def test_logits_that_small_would_make_all_classes_alike():
    surest = printed_embedding.estimate(of_size(1))[
        "surest of 1,000 classes, if the printed numbers were logits"
    ]
    assert 0.001 < surest.value < surest.high < 0.0013


@pytest.mark.slow
def test_outputs_of_the_runs_network_are_measured(extracted):
    run = replace(extracted, faces_per_fake=1, faces_per_real=1)
    result = printed_embedding.measure(run)
    assert result.estimates["root mean square, logits"].value > 0.2
    plt.close(printed_embedding.draw(result))
