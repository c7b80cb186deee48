"""What a GPU does; its parts run on a CPU too."""

from dataclasses import replace

import pytest
import torch

from dfd.errors import InputError
from study import results, timing
from study.experiments import gpu_speed

SHORT = gpu_speed.Plan(timing.Pace(1, 0.0), (1, 2), (1, 2), 0.01, batch=2, steps=2, warm_up=1)


@pytest.fixture(autouse=True)
def _small_network_alone(monkeypatch):
    network = {"efficientnet-lite0": gpu_speed.NETWORKS["efficientnet-lite0"]}
    monkeypatch.setattr(gpu_speed, "NETWORKS", network)
    monkeypatch.setattr(gpu_speed, "PRECISIONS", {"float32": gpu_speed.PRECISIONS["float32"]})


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_nothing_is_measured(sample):
    with pytest.raises(InputError, match="torch finds no GPU on this machine"):
        gpu_speed.measure(sample)


def test_every_batch_of_the_embedding_is_timed(sample):
    speeds = gpu_speed.embeddings(replace(sample, face_size=64), SHORT)
    assert list(speeds) == [f"efficientnet-lite0, float32, batches of {batch}" for batch in SHORT.batches]
    for speed in speeds.values():
        value, low, high = speed["faces_per_second"]
        assert 0 < low <= value <= high


@pytest.mark.slow
def test_a_training_is_fed_from_memory_and_by_loaders(few):
    speeds = gpu_speed.trainings(replace(few, face_size=64, jobs=1), SHORT)
    step = speeds["steps"]["efficientnet-lite0, float32"]
    assert min(speeds["loaded_per_second"], *step.values()) > 0


def test_what_is_stored_has_every_setting_of_the_plan():
    stored, plan = results.read("gpu_speed"), gpu_speed.Plan()
    assert stored is not None
    assert len(stored["detector"]) == len(timing.SIZES) * len(plan.frames)
    assert len(stored["embeddings"]) == 2 * 3 * len(plan.batches)
    assert len(stored["trainings"]["steps"]) == 2 * 3
