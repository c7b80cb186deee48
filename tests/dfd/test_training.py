import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from dfd import evaluation, explain, faces, fitting, loading, training
from dfd.errors import InputError
from dfd.training import Recipe

QUICK = Recipe(name="quick", size=64, epochs=1, faces=16, batch=8)


def few(tiny):
    return replace(tiny, faces_per_fake=2, faces_per_real=3)


def some_faces() -> pd.DataFrame:
    rows = [
        {"source": source, "video": f"{source}{copy}", "label": "FAKE" if copy else "REAL"}
        for source in "abc"
        for copy in range(3)
        for _ in range(4)
    ]
    return pd.DataFrame([*rows, {"source": "d", "video": "d0", "label": "REAL"}])


def test_pairs_share_their_source_and_balance_the_classes():
    drawn = list(loading.Pairs(some_faces(), 30, seed=1, augmented=True))
    picked = some_faces().loc[[position for position, _ in drawn]]
    assert len(drawn) == 30
    assert picked["label"].tolist() == ["REAL", "FAKE"] * 15
    assert picked["source"].iloc[::2].tolist() == picked["source"].iloc[1::2].tolist()
    assert picked["source"].value_counts().to_dict() == {"a": 10, "b": 10, "c": 10}


def test_pairs_repeat_for_a_seed_and_change_with_the_epoch():
    pairs = loading.Pairs(some_faces(), 30, seed=1, augmented=True)
    first = list(pairs)
    assert first == list(pairs)
    pairs.set_epoch(1)
    assert first != list(pairs)


def test_precision_is_one_that_lightning_knows():
    assert fitting._precision(torch.device("cpu")) in ("bf16-mixed", "32-true")


@pytest.mark.slow
def test_training_predicts_the_held_out_faces(tiny):
    run = few(tiny)
    assert training.obstacle(run) == ""
    table = training.predictions(run, QUICK)
    held_out = faces.table(run).query("split != 'train'")
    assert sorted(table["face_id"]) == sorted(held_out["face_id"])
    assert table["p_fake"].between(0, 1).all()
    assert training.history(run, QUICK)["epoch"].tolist() == [1]
    before = training.path(run, QUICK).stat().st_mtime_ns
    training.predictions(run, QUICK)
    assert training.path(run, QUICK).stat().st_mtime_ns == before

    videos = evaluation.videos(run, table)
    assert set(videos["split"]) == {"validation", "test"}
    assert (videos["status"] == "ok").all() == videos["logit"].notna().all()

    images = faces.images(run, table["face_id"][:2].to_list())[:, ::4, ::4]
    heat = explain.heatmaps(training.train(run, QUICK), images)
    assert heat.shape == (2, 60, 60)

    for file in (training.path(run, QUICK), *(run.build / "classifier").glob("*.pt")):
        file.unlink()
    again = training.predictions(run, QUICK)
    np.testing.assert_allclose(again["logit"], table["logit"], atol=1e-6)


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
    assert evaluation.videos(run, training.predictions(run, QUICK)).empty


@pytest.mark.slow
def test_no_held_out_face_is_told_before_training(tiny, monkeypatch):
    run = few(tiny)
    for clip in faces.status(run).query("split != 'train'")["video"]:
        (run.data / "dfdc_train_part_0" / clip).unlink()
    monkeypatch.setattr(training, "train", lambda *arguments: pytest.fail("it was trained"))
    assert "No video of the validation and test splits has a face" in training.obstacle(run)
    assert training.predictions(run, QUICK).empty


@pytest.mark.slow
def test_some_videos_alone_can_be_trained_on_and_others_judged(tiny):
    run = few(tiny)
    table = training.labelled_faces(run)
    fitted, others = (
        set(table.query("split != 'test'")["video"]),
        set(table.query("split == 'test'")["video"]),
    )
    model = training.train(run, QUICK, fitted)
    judged = training.judge(
        run, QUICK, model, training.labelled_faces(run, images=True, videos=others), views=2
    )
    assert set(judged["video"]) == others
    assert judged["p_fake"].between(0, 1).all()
    before = training.path(run, QUICK, "classifier").stat().st_mtime_ns
    training.train(run, QUICK, fitted)
    assert training.path(run, QUICK, "classifier").stat().st_mtime_ns == before
    training.train(run, QUICK)
    assert training.path(run, QUICK, "classifier").stat().st_mtime_ns > before


def test_an_epoch_draws_no_more_faces_than_there_are(sample):
    dfdc = training.own_recipe(replace(sample, name="dfdc"))
    assert dfdc.faces == 40_000
    assert training.epoch_faces(dfdc, there=300) == 300
    assert training.epoch_faces(dfdc, there=301) == 300
    assert training.epoch_faces(dfdc, there=1_500_000) == 40_000
    assert training.epoch_faces(dfdc, there=1) == 2
    ours = training.own_recipe(sample)
    assert training.epoch_faces(ours, there=3_000) == ours.faces


def test_a_network_may_be_shown_only_the_middle_of_the_crops():
    crops = np.zeros((1, 240, 240, 3), np.uint8)
    crops[:, 45:195, 45:195] = 200
    assert (loading.resized(crops, 128, part=1 / 1.6) == 200).all()
    assert (loading.resized(crops, 128)[0, :20] == 0).all()
