import inspect

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib import pyplot as plt

from dfd import training
from study import comparing, truth
from study.experiments import methods
from study.methods import attention, frozen, meso, networks, self_blended, sequences, xception
from study.methods.method import of_videos, some_faces
from study.records import Result

ACTORS = 30


def made_up(strengths: dict[str, float]) -> pd.DataFrame:
    """Thirty actors in three trainings, an original and three fakes each; a strength shifts the fakes."""
    random = np.random.default_rng(0)
    actors = np.repeat(np.arange(ACTORS), 4)
    rows = pd.DataFrame({"unit": actors, "label": ["REAL", *["FAKE"] * 3] * ACTORS})
    rows = rows.assign(video=np.arange(len(rows)).astype(str), source=actors, rotation=0, forgery="swap")
    rows["training"] = "split " + (actors % 3).astype(str)
    parts = []
    for name, strength in strengths.items():
        logit = random.normal(size=len(rows)) + strength * (rows["label"] == "FAKE")
        about = {"method": name, "start": "random", "parameters": 7, "seconds": 0.01}
        parts += [rows.assign(part=part, logit=logit, **about) for part in ("calibration", "judged")]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def faces(sample) -> pd.DataFrame:
    """Faces of two sources, an original and its fakes each, with their actors."""
    rows = some_faces(training.labelled_faces(sample))
    sources = rows.groupby("source")["label"].nunique().loc[lambda counts: counts == 2].index[:3]
    return truth.with_unit(sample, rows[rows["source"].isin(sources)].reset_index(drop=True))


def test_a_better_method_is_told_from_the_crop_statistics():
    strong, weak = meso.MESO4.name, xception.XCEPTION.name
    table = made_up({methods.SIMPLE: 0.5, strong: 3.0, weak: 0.5})
    estimates = methods.estimate(table)
    assert estimates[f"AUC: {strong} less {methods.SIMPLE}"].low > 0
    alike = estimates[f"AUC: {weak} less {methods.SIMPLE}"]
    assert alike.low < 0 < alike.high
    assert estimates[f"equal error rate: {strong}"].high < estimates[f"equal error rate: {weak}"].low
    result = Result("methods", "quick", table, estimates, "actors", ACTORS)
    shown = comparing.overview(result)
    assert list(shown.index) == [methods.SIMPLE, strong, weak] and shown["parameters"].eq("7").all()
    plt.close(methods.draw(result))


def test_names_are_told_apart():
    names = [method.name for method in methods.METHODS]
    assert len(names) == len(set(names)) >= 10
    assert set(methods.QUICK) < set(methods.METHODS)


def test_a_videos_logit_is_the_mean_of_its_faces():
    rows = pd.DataFrame({"video": ["a", "b", "a"]})
    assert of_videos(rows, np.array([1.0, 5.0, 3.0])).to_dict() == {"a": 2.0, "b": 5.0}


@pytest.mark.parametrize(("layers", "parameters"), [(meso.meso4, 9_000), (meso.mesoinception, 10_000)])
def test_meso_is_small(sample, layers, parameters):
    network, count = layers(sample)
    assert network(torch.zeros(2, 3, networks.SIZE, networks.SIZE)).shape == (2, count)
    assert sum(weights.numel() for weights in network.parameters()) < 4 * parameters


def test_xception_has_its_36_convolutions(sample):
    network, count = xception.layers(sample)
    convolutions = [
        m for m in network.modules() if isinstance(m, torch.nn.Conv2d) and m.kernel_size == (3, 3)
    ]
    assert len(convolutions) == 36
    assert sum(weights.numel() for weights in network.parameters()) == pytest.approx(20.8e6, rel=0.01)
    with torch.inference_mode():
        assert network.eval()(torch.zeros(1, 3, 64, 64)).shape == (1, count)


def test_the_map_starts_open_and_has_a_place_for_each_eighth_of_a_pixel(sample):
    backbone, _ = attention.layers(sample)
    images = np.random.default_rng(0).integers(0, 255, (2, 128, 128, 3)).astype(np.uint8)
    maps = attention.maps(backbone, images)
    assert maps.shape == (2, 16, 16)
    assert maps == pytest.approx(1 / (1 + np.exp(-attention.OPEN)), abs=1e-5)


def test_frames_are_read_in_order_and_weights_sum_to_one():
    torch.manual_seed(0)
    frames = torch.randn(3, 8, 20)
    recurrent, weighed = sequences.Recurrent(20).eval(), sequences.FrameAttention(20).eval()
    assert not torch.allclose(recurrent(frames), recurrent(frames.flip(1)))
    assert torch.allclose(weighed(frames), weighed(frames.flip(1)), atol=1e-6)
    assert weighed.weights(frames).sum(dim=1).flatten().tolist() == pytest.approx([1.0] * 3)


def test_a_blend_mixes_inside_the_face_alone():
    marks = 40 + 80 * self_blended.alignment.TEMPLATE
    masks = [self_blended.mask(marks, 160, np.random.default_rng(seed)) for seed in range(8)]
    assert all(mask[80, 80] > 0.9 and mask[:20].max() < 0.01 and mask[:, :20].max() < 0.01 for mask in masks)
    assert not np.array_equal(masks[0], masks[1])


def test_the_same_chance_gives_the_same_blend():
    image = np.random.default_rng(1).integers(0, 255, (160, 160, 3)).astype(np.uint8)
    marks = 40 + 80 * self_blended.alignment.TEMPLATE
    one, again, other = (self_blended.blend(image, marks, np.random.default_rng(seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, again)
    assert one.shape == image.shape and not np.array_equal(one, other)


@pytest.mark.slow
@pytest.mark.parametrize("method", methods.METHODS, ids=lambda method: method.name)
def test_every_method_learns_and_judges_every_video(sample, faces, method, monkeypatch):
    monkeypatch.setattr(sequences, "EPOCHS", 2)
    briefly = {"shown": 32} if "shown" in inspect.signature(method.fit).parameters else {}
    fitted = method.fit(sample, faces, 0, **briefly)
    judged = fitted.judge(faces)
    assert set(judged.index) == set(faces["video"]) and np.isfinite(judged).all()
    assert fitted.parameters > 0


@pytest.mark.parametrize("method", [frozen.LOGISTIC, frozen.SVM], ids=lambda method: method.name)
def test_one_actor_is_enough_for_a_regression(sample, faces, method):
    alone = faces[faces["unit"] == faces["unit"].iloc[0]].reset_index(drop=True)
    assert alone["label"].nunique() == 2
    assert np.isfinite(method.fit(sample, alone, 0).judge(faces)).all()
