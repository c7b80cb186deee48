"""Timing MTCNN with batches and smallest faces of several sizes."""

import pytest

from dfd.run import Run
from study import timing
from study.experiments import detector_batches


def test_first_layer_grows_with_the_batch_and_shrinks_with_the_square_of_the_smallest_face() -> None:
    # A frame of 30 x 42 pixels is shrunk to 12 / 20 of that and one more, 19 x 26; the layer takes two off.
    assert detector_batches.first_layer("30x42", 20, 1) == 10 * 17 * 24 * 4 / 2**20
    one = detector_batches.first_layer("540x960", 20, 1)
    assert detector_batches.first_layer("540x960", 20, 16) == 16 * one
    assert detector_batches.first_layer("540x960", 80, 1) == pytest.approx(one / 16, rel=0.05)


def test_the_smallest_batch_of_a_curve_comes_first(tiny: Run) -> None:
    curves = detector_batches.batch_trials(timing.clips(tiny))
    assert len(curves) == len(detector_batches.BATCH_FACE_SIZES)
    for curve in curves:
        assert [trial.batch_size for trial in curve] == sorted(detector_batches.BATCH_SIZES)
        assert len({trial.min_face_size for trial in curve}) == 1
