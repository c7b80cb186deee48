import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from dfd import dataset
from study.experiments.shortcuts import crop_statistics, shortcuts


def test_shortcuts_find_a_property_that_gives_the_label_away(sample):
    videos = dataset.table(sample)
    bytes_by_label = np.where(dataset.is_fake(videos), 2000, 1000)
    properties = shortcuts(videos.assign(bytes=bytes_by_label), seed=0, repeats=50)
    areas = properties.set_index("property")["auc"]
    assert areas["bytes"] == 1
    assert areas["pixels in a frame"] == pytest.approx(0.5, abs=0.05), "fakes have their originals' sizes"
    assert (properties["low"] <= properties["auc"]).all() and (properties["auc"] <= properties["high"]).all()
    expected = roc_auc_score(dataset.is_fake(videos), videos["duration"].to_numpy(float))
    assert areas["seconds"] == pytest.approx(expected)


def test_crop_statistics_see_light_and_sharpness():
    random = np.random.default_rng(0)
    flat = np.full((32, 32, 3), 100, np.uint8)
    rough = random.integers(0, 256, size=(32, 32, 3), dtype=np.uint8)
    statistics = crop_statistics(np.stack([flat, rough]))
    assert statistics.shape == (2, 15)
    assert statistics[0, :7].tolist() == [100, 100, 100, 0, 0, 0, 0]
    assert statistics[1, 6] > statistics[0, 6]
