import json
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from dfd import classifier, evaluation, explain, faces, fitting, loading, resuming, training
from dfd.errors import InputError
from dfd.recipe import Recipe

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
    judged = training.judge(run, QUICK, model, training.labelled_faces(run, others), views=2)
    assert set(judged["video"]) == others
    assert judged["p_fake"].between(0, 1).all()
    before = training.path(run, QUICK, "classifier").stat().st_mtime_ns
    training.train(run, QUICK, fitted)
    assert training.path(run, QUICK, "classifier").stat().st_mtime_ns == before
    training.train(run, QUICK)
    assert training.path(run, QUICK, "classifier").stat().st_mtime_ns > before


def test_a_network_may_be_shown_only_the_middle_of_the_crops():
    crops = np.zeros((1, 240, 240, 3), np.uint8)
    crops[:, 45:195, 45:195] = 200
    assert (loading.resized(crops, 128, part=1 / 1.6) == 200).all()
    assert (loading.resized(crops, 128)[0, :20] == 0).all()


SEVERAL = Recipe(
    name="several", size=64, epochs=3, faces=24, batch=8, layer_decay=0.8, clip=1.0, smoothing=0.1
)

TRAIN = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from lightning.pytorch.callbacks import Callback
import dfd.run
from dfd import fitting, resuming, training
from dfd.recipe import Recipe

resuming.SECONDS = 0.0
fitting.LOG_EVERY = 1
steps = 0

class Killer(fitting.Log):
    def on_train_batch_start(self, trainer, *rest):
        super().on_train_batch_start(trainer, *rest)
        if trainer.global_step == {kill_at}:
            os.kill(os.getpid(), signal.SIGKILL)

fitting.Log = Killer
run = replace(dfd.run.load("sample"), data=Path({data!r}), build=Path({build!r}), jobs=1,
              faces_per_fake=6, faces_per_real=6, devices={devices})
training.train(run, {recipe!r})
"""


def trained_apart(run, recipe, kill_at=-1, devices=1, fails=False):
    """Train in a process of its own, which perhaps is killed before some step; gives what is kept."""
    script = TRAIN.format(
        data=str(run.data), build=str(run.build), kill_at=kill_at, devices=devices, recipe=recipe
    )
    file = run.build / "train.py"
    file.write_text(script)
    done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True)
    assert (done.returncode == -signal.SIGKILL) if fails else not done.returncode, done.stderr
    kept = training.path(run, recipe, "classifier")
    return None if fails else torch.load(kept, weights_only=True)


@pytest.mark.slow
def test_a_training_killed_within_an_epoch_ends_as_if_undisturbed(tiny):
    run = replace(tiny, faces_per_fake=6, faces_per_real=6)
    recipe = replace(SEVERAL, averaging=0.9, patience=5)
    faces.table(run)
    expected = trained_apart(run, recipe)
    training.path(run, recipe, "classifier").unlink()
    trained_apart(run, recipe, kill_at=4, fails=True)
    assert training.unfinished_path(run, recipe).is_file()
    resumed = trained_apart(run, recipe)
    for row, same in zip(resumed["history"], expected["history"], strict=True):
        assert row["loss"] == pytest.approx(same["loss"], abs=1e-7)
        assert row["validation loss"] == same["validation loss"]
    assert all((resumed["weights"][name] == value).all() for name, value in expected["weights"].items())
    assert not training.unfinished_path(run, recipe).is_file()


@pytest.mark.slow
def test_two_processes_train_as_one_on_the_same_faces(tiny):
    run = replace(tiny, faces_per_fake=6, faces_per_real=6)
    recipe = replace(SEVERAL, epochs=1, batch=12, dropout=0.0, augmentation="none", patience=0)
    faces.table(run)
    losses = {}
    for devices in (1, 2):
        trained_apart(run, replace(recipe, name=f"on {devices}"), devices=devices)
        log = training.unfinished_path(run, replace(recipe, name=f"on {devices}")).with_name("metrics.csv")
        losses[devices] = pd.read_csv(log)["loss"].dropna().to_list()
    assert len(losses[1]) == len(losses[2]) == 2
    # Each process normalises its own half of a batch by that half's mean, so losses are not quite the same.
    assert losses[2] == pytest.approx(losses[1], abs=0.1)


@pytest.mark.parametrize(("processes", "drawn"), [(1, 30), (2, 28), (4, 24)])
def test_processes_share_the_pairs_and_each_sees_both_classes(monkeypatch, processes, drawn):
    def of(process):
        monkeypatch.setattr(loading, "_processes", lambda: (process, processes))
        return list(loading.Pairs(some_faces(), 30, seed=1, augmented=True))

    shares = [of(process) for process in range(processes)]
    alone = [draw for start in range(0, len(shares[0]), 2) for share in shares for draw in share[start:][:2]]
    monkeypatch.setattr(loading, "_processes", lambda: (0, 1))
    assert alone == list(loading.Pairs(some_faces(), 30, seed=1, augmented=True))[:drawn]
    for share in shares:
        labels = some_faces().loc[[position for position, _ in share], "label"]
        assert labels.value_counts().to_dict() == {"REAL": len(share) / 2, "FAKE": len(share) / 2}


def test_pairs_go_on_where_they_were(monkeypatch):
    whole, rest = (loading.Pairs(some_faces(), 30, seed=1, augmented=True) for _ in range(2))
    whole.set_epoch(2)
    rest.begin_at(2, 10)
    assert list(rest) == list(whole)[10:]
    assert len(rest) == 30
    rest.set_epoch(3)
    assert len(list(rest)) == 30


@pytest.mark.parametrize(
    ("kept", "reason"),
    [
        (b"no checkpoint", "no checkpoint of a training"),
        ({"callbacks": {"Unfinished": {"made_from": "another"}}}, "another recipe or of other faces"),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_named(tmp_path, kept, reason):
    path = tmp_path / "unfinished.ckpt"
    assert resuming.checkpoint(path, "this") is None
    path.write_bytes(kept) if isinstance(kept, bytes) else torch.save(kept, path)
    with pytest.raises(InputError, match=rf"unfinished.ckpt.*{reason}"):
        resuming.checkpoint(path, "this")
    torch.save({"callbacks": {"Unfinished": {"made_from": "this"}}}, path)
    assert resuming.checkpoint(path, "this") == path


def test_lower_blocks_learn_more_slowly(sample):
    model = classifier.make(sample)
    heights = classifier.by_height(model)
    assert sum(map(len, heights.values())) == len(list(model.parameters()))
    assert sorted(heights) == list(range(len(model.backbone.network._blocks) + 2))
    assert any(parameter is model.head.weight for parameter in heights[0])
    assert any(parameter is model.backbone.network._conv_stem.weight for parameter in heights[max(heights)])


@pytest.mark.parametrize("head", ["softmax", "sigmoid"])
def test_smoothing_leaves_the_loss_lowest_at_its_own_share(head):
    def loss(logit):
        logits = torch.tensor([[logit]] if head == "sigmoid" else [[0.0, logit]])
        return float(classifier.loss(logits, torch.tensor([1]), smoothing=0.2))

    sure = np.log(0.9 / 0.1)
    assert loss(sure) < min(loss(sure - 0.5), loss(sure + 0.5))


def test_devices_take_whole_pairs(sample):
    with pytest.raises(InputError, match="batch is 10; 2 devices need whole pairs, a multiple of 4"):
        training._batch(replace(sample, devices=2), replace(QUICK, batch=10))
    assert training._batch(replace(sample, devices=2, nodes=2), QUICK) == 2
