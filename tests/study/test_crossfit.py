import numpy as np
import pandas as pd
import pytest

from dfd import dataset, evaluation, faces
from study import crossfit, truth
from study.crossfit import Fold


@pytest.mark.parametrize("fold", [Fold("test", 0, 1), Fold("validation", 2, 7), Fold("train", 1, 3)])
def test_nobody_who_calibrates_or_is_judged_is_trained_on(sample, fold):
    videos = crossfit.divide(sample, fold, "full")
    made = truth.videos(sample).set_index("video")
    parts = {part: made.loc[rows["video"]] for part, rows in videos.groupby("part")}
    assert set(parts) == {"train", "calibration", "judged"}
    assert set(parts["judged"]["split"]) == {fold.held_out}
    trained_on = set(parts["train"][["actor", "second_actor", "donor"]].stack().dropna())
    assert not trained_on & set(parts["calibration"]["actor"])
    assert not trained_on & set(parts["judged"][["actor", "second_actor", "donor"]].stack().dropna())
    assert videos.groupby("part")["label"].nunique().eq(2).all()


def test_full_depth_judges_every_video_once_in_each_rotation(sample):
    folds = crossfit.folds(sample, "full")
    judged = pd.concat([crossfit.divide(sample, fold, "full").query("part == 'judged'") for fold in folds])
    assert len(judged) == crossfit.ROTATIONS * 288
    assert judged.groupby("rotation")["video"].nunique().eq(288).all()
    assert len({fold.seed for fold in folds}) >= 10


def test_quick_depth_divides_as_the_splits_do(sample):
    (fold,) = crossfit.folds(sample, "quick")
    parts = crossfit.divide(sample, fold, "quick").groupby("part")["unit"].nunique()
    assert parts.to_dict() == {"train": 12, "calibration": 6, "judged": 12}


def test_fewer_sources_and_fewer_fakes_of_each(sample):
    (fold,) = crossfit.folds(sample, "quick")
    videos = crossfit.divide(sample, fold, "quick", {"train": 3})
    assert videos.query("part == 'train'")["source"].nunique() == 3
    assert videos.query("part == 'judged'")["source"].nunique() == 18
    few = crossfit.fewer(videos, "judged", 2, seed=1)
    assert few.query("part == 'judged'")["label"].value_counts().to_dict() == {"FAKE": 36, "REAL": 18}
    assert len(few) == len(videos) - 54


def test_no_person_is_in_two_splits_of_the_sample(sample, monkeypatch):
    assert crossfit.overlaps(sample)["in more than one split"].tolist() == [0, 0]
    monkeypatch.setattr(truth, "videos", lambda run: None)
    monkeypatch.setattr(dataset, "people", lambda run, listed: None)
    unknown = crossfit.overlaps(sample)
    assert unknown["in all"].tolist() == [48, "not known"]
    videos = dataset.table(sample)
    sources = videos["source"].drop_duplicates()
    everybody = pd.DataFrame({"source": sources, "person": 0})
    monkeypatch.setattr(dataset, "people", lambda run, listed: everybody)
    assert crossfit.overlaps(sample).iloc[1].to_list() == ["people, as their faces were recognised", 1, 1]


def test_a_split_without_a_class_is_named(extracted, monkeypatch):
    assert crossfit.one_sided(extracted) == ""
    table = faces.table(extracted)
    fakes = table["label"] == "FAKE"
    monkeypatch.setattr(faces, "table", lambda *arguments: table[(table["split"] != "test") | fakes])
    assert crossfit.one_sided(extracted) == "The test split has FAKE faces only"
    monkeypatch.setattr(faces, "table", lambda *arguments: table[table["split"] != "validation"])
    assert crossfit.obstacle(extracted) == (
        "The validation split has no face, so no network can be calibrated and judged."
    )


def some_videos(shift: float = 0.0, seed: int = 0) -> pd.DataFrame:
    """Two trainings that calibrate on 80 videos and judge 160, with logits that are four times too large."""
    random = np.random.default_rng(seed)
    rows = [
        (
            training,
            0,
            "calibration" if number % 3 == 0 else "judged",
            f"{training} {number}",
            "FAKE" if number % 2 else "REAL",
        )
        for training in ("a", "b")
        for number in range(240)
    ]
    table = pd.DataFrame(rows, columns=["training", "rotation", "part", "video", "label"])
    evidence = random.normal(np.where(table["label"] == "FAKE", 1.0, -1.0), 1.0)
    return table.assign(source=table["video"], unit=table["video"], **{crossfit.POLICY: 8 * evidence + shift})


def test_calibration_comes_from_the_calibration_videos_of_the_same_training():
    table = some_videos()
    judged = crossfit.calibrated(table)
    assert set(judged["part"]) == {"judged"} and len(judged) == 320
    assert judged.groupby("training")["scale"].nunique().eq(1).all()
    assert judged["scale"].between(0.1, 0.5).all()
    spoilt = table.assign(label=table["label"].where(table["part"] == "calibration", "FAKE"))
    pd.testing.assert_series_equal(crossfit.calibrated(spoilt)["p_fake"], judged["p_fake"])
    fake = (judged["label"] == "FAKE").to_numpy()
    assert evaluation.log_loss(fake, judged["p_fake"]) < evaluation.log_loss(fake, judged["raw"])


def test_threshold_follows_a_shift_of_all_logits():
    usual, shifted = crossfit.calibrated(some_videos()), crossfit.calibrated(some_videos(shift=3.0))
    right = [
        ((rows["p_fake"] > rows["cut"]) == (rows["label"] == "FAKE")).mean() for rows in (usual, shifted)
    ]
    assert right[0] == pytest.approx(right[1], abs=0.02)
    assert min(right) > 0.75


def test_videos_get_a_logit_for_each_policy_and_none_without_a_face():
    videos = pd.DataFrame({"video": ["a.mp4", "b.mp4", "c.mp4"]})
    predictions = pd.DataFrame(
        {
            "face_id": ["a-0000-0", "a-0001-0", "b-0000-0", "b-0000-1"],
            "video": ["a.mp4", "a.mp4", "b.mp4", "b.mp4"],
            "logit": [1.0, 3.0, -2.0, 4.0],
        }
    )
    table = crossfit.of_videos(videos, predictions, ("mean logit", "most suspicious person", crossfit.FIRST))
    assert table["mean logit"].tolist()[:2] == [2.0, 1.0]
    assert table["most suspicious person"].tolist()[:2] == [2.0, 4.0]
    assert table[crossfit.FIRST].tolist()[:2] == [1.0, -2.0]
    assert table.loc[2, ["mean logit", crossfit.FIRST]].isna().all()
