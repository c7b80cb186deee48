import numpy as np
import pytest

from dfd import unlike


def test_what_lies_elsewhere_is_unlike_and_what_is_usual_is_not():
    random = np.random.default_rng(0)
    learned, held_out = random.normal(size=(200, 10)), random.normal(size=(100, 10))
    reference = unlike.fit(learned, held_out)
    called = [reference.is_unlike(response) for response in random.normal(size=(500, 10))]
    assert np.mean(called) < 0.06
    assert reference.is_unlike(np.full(10, 4.0))
    assert np.mean([reference.is_unlike(response) for response in held_out]) <= unlike.ALLOWED


def test_a_direction_that_never_varies_counts_most():
    random = np.random.default_rng(0)
    learned = random.normal(size=(300, 3)) * [10, 1, 0.01]
    reference = unlike.fit(learned, learned)
    assert reference.distance(np.array([0, 0, 1.0])) > reference.distance(np.array([5.0, 0, 0])) * 5


@pytest.mark.slow
def test_faces_respond_alike_and_noise_does_not(model_folder, clip):
    from dfd import judging, model

    made = model.load(model_folder)
    judged = judging.judge(made, clip)
    noise = np.random.default_rng(0).integers(256, size=(4, 240, 240, 3), dtype=np.uint8)
    assert judged.distance * 3 < made.reference.distance(made.responses(noise).mean(axis=0))
