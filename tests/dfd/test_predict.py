"""Scores of single videos, with the classifier and the predictions as they are stored."""

import os
import shutil
from dataclasses import replace

import pytest

from dfd import faces, predict, training
from dfd.errors import InputError

QUICK = training.Recipe(size=64, epochs=1, faces=16, batch=8)


def state(folder):
    """Every file of a folder with its time of change."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


@pytest.fixture
def trained(tiny, monkeypatch):
    """A run that has trained a classifier, after a fashion."""
    monkeypatch.setattr(training, "own_recipe", lambda run, **changes: QUICK)
    run = replace(tiny, faces_per_fake=2, faces_per_real=3)
    training.predictions(run)
    return run


@pytest.fixture(autouse=True)
def no_model_of_another_test():
    predict._model.cache_clear()


@pytest.mark.slow
def test_a_copied_run_scores_the_same_and_writes_and_makes_nothing(trained, tmp_path, monkeypatch):
    clip = next(trained.data.glob("dfdc_train_part_0/*.mp4"))
    before = predict.score(trained, [clip])
    assert before["status"].tolist() == ["ok"]
    moved = replace(trained, data=tmp_path / "moved" / "data", build=tmp_path / "moved" / "build")
    shutil.copytree(trained.data, moved.data)
    shutil.copytree(trained.build, moved.build, copy_function=shutil.copyfile)
    for path in moved.data.rglob("*"):
        os.utime(path, (1, 1))
    monkeypatch.setattr(faces, "table", lambda *arguments, **named: pytest.fail("faces were made"))
    monkeypatch.setattr(training, "train", lambda *arguments: pytest.fail("it was trained"))
    files = state(moved.build)
    again = predict.score(moved, [moved.data / "dfdc_train_part_0" / clip.name, moved.data / "absent.mp4"])
    assert again["p_fake"].iloc[0] == pytest.approx(before["p_fake"].iloc[0])
    assert again["status"].tolist() == ["ok", "unreadable"]
    assert state(moved.build) == files


@pytest.mark.slow
def test_the_calibration_is_that_of_the_evaluation(trained):
    from dfd import dataset, evaluation

    table = training.predictions(trained)
    validation = evaluation.videos(trained, table[table["split"] == "validation"])
    line = evaluation.calibrate(dataset.is_fake(validation), validation["logit"])
    assert predict._calibration(trained).scale == pytest.approx(line.scale)
    assert predict._calibration(trained).shift == pytest.approx(line.shift)


def test_without_a_classifier_it_says_what_to_do(tiny):
    with pytest.raises(InputError, match=r"no classifier has been trained yet; dfd train does it"):
        predict.score(tiny, [tiny.data / "a.mp4"])


@pytest.mark.slow
def test_a_damaged_classifier_is_named(trained):
    training.path(trained, kept="classifier").write_bytes(b"no weights")
    clip = next(trained.data.glob("dfdc_train_part_0/*.mp4"))
    with pytest.raises(InputError, match=r"fine-tuned\.pt: no classifier of this run"):
        predict.score(trained, [clip])
