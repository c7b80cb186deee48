import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from dfd import evaluation, explain, faces, training
from dfd.errors import InputError
from dfd.training import Recipe

QUICK = Recipe(name="quick", size=64, epochs=1, faces=16, batch=8)


def few(tiny):
    return replace(tiny, faces_per_fake=2, faces_per_real=3)


def table() -> pd.DataFrame:
    rows = [
        {"source": source, "video": f"{source}{copy}", "label": "FAKE" if copy else "REAL"}
        for source in "abc"
        for copy in range(3)
        for _ in range(4)
    ]
    return pd.DataFrame([*rows, {"source": "d", "video": "d0", "label": "REAL"}])


def test_pairs_share_their_source_and_balance_the_classes():
    drawn = list(training.Pairs(table(), 30, seed=1, augmented=True))
    picked = table().loc[[position for position, _ in drawn]]
    assert len(drawn) == 30
    assert picked["label"].tolist() == ["REAL", "FAKE"] * 15
    assert picked["source"].iloc[::2].tolist() == picked["source"].iloc[1::2].tolist()
    assert picked["source"].value_counts().to_dict() == {"a": 10, "b": 10, "c": 10}


def test_pairs_repeat_for_a_seed_and_change_with_the_epoch():
    pairs = training.Pairs(table(), 30, seed=1, augmented=True)
    first = list(pairs)
    assert first == list(pairs)
    pairs.set_epoch(1)
    assert first != list(pairs)


def test_precision_is_one_that_lightning_knows():
    assert training.precision(torch.device("cpu")) in ("bf16-mixed", "32-true")


@pytest.mark.slow
def test_training_predicts_the_held_out_faces(tiny):
    run = few(tiny)
    assert training.obstacle(run) == ""
    found = training.predictions(run, QUICK)
    held_out = faces.table(run).query("split != 'train'")
    assert sorted(found["face_id"]) == sorted(held_out["face_id"])
    assert found["p_fake"].between(0, 1).all()
    assert training.history(run, QUICK)["epoch"].tolist() == [1]
    before = training.path(run, QUICK).stat().st_mtime_ns
    training.predictions(run, QUICK)
    assert training.path(run, QUICK).stat().st_mtime_ns == before

    videos = evaluation.videos(run, found)
    assert set(videos["split"]) == {"validation", "test"}
    assert (videos["status"] == "ok").all() == videos["logit"].notna().all()

    images = faces.images(run, found["face_id"][:2].to_list())[:, ::4, ::4]
    heat = explain.heatmaps(training.train(run, QUICK), images)
    assert heat.shape == (2, 60, 60)
    assert (
        (explain.share_inside(heat, run.margin) >= 0) & (explain.share_inside(heat, run.margin) <= 1)
    ).all()

    for file in (training.path(run, QUICK), *(run.build / "classifier").glob("*.pt")):
        file.unlink()
    again = training.predictions(run, QUICK)
    np.testing.assert_allclose(again["logit"], found["logit"], atol=1e-6)


@pytest.mark.slow
def test_one_class_is_told_and_not_trained(tiny):
    run = few(tiny)
    listed = next(run.data.glob("*/metadata.json"))
    entries = json.loads(listed.read_text())
    listed.write_text(json.dumps({name: e for name, e in entries.items() if e["label"] == "FAKE"}))
    assert "FAKE faces only" in training.obstacle(run)
    assert training.predictions(run, QUICK).empty
    with pytest.raises(InputError, match="FAKE faces only"):
        training.train(run, QUICK)
    videos = evaluation.videos(run, training.predictions(run, QUICK))
    assert videos.empty
    assert np.isnan(evaluation.scores(videos)["AUC"].value)


def test_sharing_out_heat():
    heat = np.zeros((2, 64, 64))
    heat[0, 30:34, 30:34] = 1
    heat[1, :4] = 1
    assert explain.share_inside(heat, 0.6).tolist() == [1, 0]
    flat = explain.share_inside(np.ones((1, 64, 64)), 0.6)[0]
    assert flat == pytest.approx(1 / 1.6**2, abs=0.03)
