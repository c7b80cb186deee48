"""Timing MTCNN with batches and smallest faces of several sizes."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from dfd.run import Run
from study import timing
from study.experiments import detector_batches
from study.records import Result


def test_first_layer_grows_with_the_batch_and_shrinks_with_the_square_of_the_smallest_face() -> None:
    # A frame of 30 x 42 pixels is shrunk to 12 / 20 of that and one more, 19 x 26; the layer takes two off.
    assert detector_batches.first_layer("30x42", 20, 1) == 10 * 17 * 24 * 4 / 2**20
    one = detector_batches.first_layer("540x960", 20, 1)
    assert detector_batches.first_layer("540x960", 20, 16) == 16 * one
    assert detector_batches.first_layer("540x960", 80, 1) == pytest.approx(one / 16, rel=0.05)
    assert detector_batches.first_layers().shape == (2, 3)


@pytest.mark.parametrize("depth", ["quick", "full"])
def test_the_smallest_batch_of_a_curve_comes_first(sample: Run, depth) -> None:
    *curves, sizes = detector_batches.trials(timing.clips(sample), depth)
    assert len(curves) == len(detector_batches.BATCH_FACE_SIZES)
    for curve in curves:
        assert [trial.batch_size for trial in curve] == sorted(detector_batches.BATCH_SIZES[depth])
        assert len({trial.min_face_size for trial in curve}) == 1
    assert [trial.min_face_size for trial in sizes] == list(detector_batches.MIN_FACE_SIZES)


def test_batches_are_compared_with_single_frames() -> None:
    speed = {(80, 1): 10, (80, 4): 20, (20, 1): 10, (20, 4): 5}
    batched = [
        {"detector": detector_batches.BATCHED, "min_face_size": side, "batch_size": batch, "seconds": 1 / fps}
        for (side, batch), fps in speed.items()
    ]
    single = [
        {"detector": detector_batches.ONE_BY_ONE, "min_face_size": side, "batch_size": 8, "seconds": 1 / side}
        for side in detector_batches.MIN_FACE_SIZES
    ]
    rows = [
        row | {"unit": repeat, "memory": 9.0, "load": 1.0} for row in batched + single for repeat in range(3)
    ]
    table = pd.DataFrame(rows, columns=timing.COLUMNS)
    estimates = detector_batches.estimate(table)
    assert estimates["a batch of 4 to one by one, faces from 80 px"].value == pytest.approx(2)
    assert estimates["a batch of 4 to one by one, faces from 20 px"].value == pytest.approx(0.5)
    assert estimates["looking for faces from 80 px to 20 px"].value == pytest.approx(4)
    plt.close(detector_batches.draw(Result("detector_batches", "quick", table, estimates, "repeats", 3)))
