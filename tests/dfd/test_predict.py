"""Videos judged: a row for each person, and one for what cannot be judged."""

import os
import shutil

import cv2
import numpy as np
import pytest

from dfd import model, predict, video
from dfd.errors import InputError

pytestmark = pytest.mark.slow


@pytest.fixture
def score(model_folder, coverage):
    def judge(files, source=model_folder, **options):
        return predict.score(source, files, **{"coverage": coverage, "jobs": 1} | options)

    return judge


def test_one_person(score, clip):
    scored = score([clip])
    (row,) = scored.to_dict("records")
    assert row["status"] == "ok" and row["person"] == 1 and row["faces"] <= row["frames"] <= 32
    assert row["low"] <= row["p_fake"] <= row["high"]
    assert row["verdict"] in ("fake", "real", "cannot tell") and row["lost"] == 0
    assert list(scored.columns) == list(predict.COLUMNS)


def test_a_prior_moves_the_probability_and_not_the_verdict(score, clip):
    half, few = (score([clip], prior=prior).iloc[0] for prior in (0.5, 0.01))
    odds = (row["p_fake"] / (1 - row["p_fake"]) for row in (half, few))
    assert next(odds) / next(odds) == pytest.approx(99, rel=1e-3)
    assert half["verdict"] == few["verdict"]


@pytest.fixture
def two_people(clip, tmp_path):
    """Two copies of a clip side by side."""
    import av

    path = tmp_path / "two.mp4"
    images = [np.hstack([frame.image] * 2) for frame in video.every(clip, 4)]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=8)
        stream.height, stream.width = (side // 2 * 2 for side in images[0].shape[:2])
        for image in images:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image[: stream.height, : stream.width]))
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_two_people_have_two_rows_and_the_video_that_of_one(score, two_people):
    scored = score([two_people])
    assert scored["person"].to_list() == [1, 2]
    first = predict.verdicts(scored)
    assert len(first) == 1 and first["p_fake"].iloc[0] == scored["p_fake"].max()


def test_bad_files_have_rows_and_do_not_stop_the_rest(score, clip, tmp_path):
    text, empty = tmp_path / "text.mp4", tmp_path / "empty.mp4"
    text.write_text("no video")
    empty.touch()
    odd = tmp_path / os.fsdecode(b"caf\xe9.mp4")
    shutil.copyfile(clip, odd)
    still = tmp_path / "still.png"
    cv2.imwrite(str(still), np.zeros((40, 40, 3), np.uint8))
    scored = score([text, odd, empty, still, tmp_path / "absent.mp4"])
    status = ["unreadable", "ok", "unreadable", "unreadable", "unreadable"]
    assert scored["status"].to_list() == status
    assert scored.loc[scored["status"] != "ok", "reason"].str.len().min() > 5


def test_nobody_in_it(score, tmp_path):
    import av

    path = tmp_path / "grey.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=8)
        stream.height, stream.width = 240, 320
        for _ in range(10):
            frame = av.VideoFrame.from_ndarray(np.full((240, 320, 3), 90, np.uint8))
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    (row,) = score([path]).to_dict("records")
    assert (row["status"], row["verdict"]) == ("no face", "no face")


def test_many_processes_judge_the_same(score, clip, two_people):
    one, two = (score([clip, two_people], jobs=jobs) for jobs in (1, 2))
    assert np.allclose(one["p_fake"], two["p_fake"], atol=1e-4)


def test_folders_addresses_and_devices(clip, tmp_path):
    assert predict.videos_in([clip.parent, clip]).count(clip) == 1
    for path, reason in [
        (tmp_path, "no video in this folder"),
        (predict.Path("https://example.org/a.mp4"), "an address"),
        (predict.Path("/dev/null"), "neither a file nor a folder"),
    ]:
        with pytest.raises(InputError, match=reason):
            predict.videos_in([path])


@pytest.mark.parametrize(
    ("options", "reason"), [({"prior": 1.0}, "prior 1"), ({"coverage": 0.99}, "too few")]
)
def test_senseless_shares(score, clip, options, reason):
    with pytest.raises(InputError, match=reason):
        score([clip], **options)


def test_nothing_is_made_without_a_model(score, tmp_path, clip):
    with pytest.raises(InputError, match="no model in it"):
        score([clip], tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_the_reference_is_used(score, model_folder, clip, monkeypatch):
    made = model.load(model_folder)
    monkeypatch.setattr(type(made.reference), "distance", lambda self, response: self.threshold + 1)
    assert score([clip])["unlike"].to_list() == [True]
