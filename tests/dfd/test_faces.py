import pickle
import resource
import signal
import subprocess
import sys
import time
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest

from dfd import dataset, faces, search, tables, video
from dfd.boxes import BOX
from dfd.errors import InputError


@pytest.fixture(scope="module")
def small(sample, tmp_path_factory):
    """The first source of the sample with its fakes, few faces each."""
    return replace(
        sample,
        build=tmp_path_factory.mktemp("build"),
        videos=4,
        faces_per_fake=2,
        faces_per_real=5,
        jobs=1,
    )


@pytest.fixture(scope="module")
def made(small):
    return faces.table(small)


def write_clip(file, images):
    with av.open(str(file), "w") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for image in images:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())


def test_table_has_the_faces_of_all_videos(small, made):
    assert made["face_id"].is_unique
    assert set(made["video"]) == set(dataset.table(small)["video"])
    assert list(made.columns) == faces.FACTS
    assert ((made["x1"] > made["x0"]) & (made["y1"] > made["y0"])).all()
    assert (made["score"] >= search.LOWEST_SCORE).all()
    per_video = made.groupby("label")["video"].value_counts()
    assert per_video["FAKE"].max() <= small.faces_per_fake
    assert per_video["REAL"].max() <= small.faces_per_real


def test_landmarks_are_in_image_order_within_the_box(made):
    assert (made["left_eye_x"] < made["right_eye_x"]).mean() > 0.9
    assert (made["left_eye_y"] < made["mouth_left_y"]).all()
    inside = made["nose_x"].between(made["x0"], made["x1"]) & made["nose_y"].between(made["y0"], made["y1"])
    assert inside.all()


def test_images_are_the_crops_of_the_table(small, made):
    pictures = faces.images(small, made["face_id"].tolist()[::-1])
    assert pictures.shape == (len(made), 240, 240, 3)
    crops = faces.Crops(small)
    assert np.array_equal(faces.decode(crops[made["face_id"].iloc[0]]), pictures[-1])
    face = made.iloc[0]
    file = small.data / dataset.table(small).set_index("video").loc[face["video"], "path"]
    frame = video.read_frame(file, face["frame"])
    again = faces.crop(frame.image, face[BOX].to_numpy(float), small.margin, small.face_size)
    assert np.abs(again.astype(int) - pictures[-1]).mean() < 3, "the same but for the JPEG compression"


def test_crops_are_the_bytes_of_the_shards_in_any_order(small, made, monkeypatch):
    monkeypatch.setattr(faces, "KEPT", 2)
    shards = [pd.read_parquet(shard) for shard in sorted((small.build / "faces").glob("*.parquet"))]
    stored = pd.concat(shards).set_index("face_id")["image"]
    crops = faces.Crops(small)
    for face in made["face_id"].sample(3 * len(made), replace=True, random_state=0):
        assert crops[face] == stored[face]
        assert len(crops._videos) <= 2


def test_crops_travel_to_other_processes_without_what_was_read(small, made):
    crops = faces.Crops(small)
    face = made["face_id"].iloc[0]
    expected = crops[face]
    sent = pickle.dumps(crops)
    assert len(sent) < 2000
    assert pickle.loads(sent)[face] == expected


def test_unknown_face(small, made):
    with pytest.raises(InputError, match="not in the faces table"):
        faces.images(small, [made["face_id"].iloc[0] + "9"])
    with pytest.raises(InputError, match=r"nobody\.parquet: no such table"):
        faces.images(small, ["nobody-0001-0"])


def test_what_is_made_is_not_given_to_workers_again(small, made, monkeypatch):
    faces.status_path(small).unlink()
    monkeypatch.setattr(faces, "_extract_one", None)
    pd.testing.assert_frame_equal(faces.status(small), faces_status(made, small))


def faces_status(made, small):
    """What came of the videos, told from the tables alone."""
    counts = made["video"].value_counts()
    videos = dataset.table(small)
    outcome = videos[["video", "label", "split"]].assign(faces=videos["video"].map(counts))
    most = np.where(dataset.is_fake(videos), small.faces_per_fake, small.faces_per_real)
    outcome["sampled"] = np.minimum(most, videos["frames"].to_numpy(int))
    columns = ["video", "label", "split", "sampled", "faces", "status", "reason"]
    return outcome.assign(status=videos["status"], reason=videos["reason"])[columns]


def test_killed_run_goes_on_where_it_stopped(small, made):
    shards = sorted((small.build / "faces").glob("*.parquet"))
    before = {shard: shard.stat().st_mtime_ns for shard in shards[1:]}
    for file in (faces.path(small), small.build / "faces_status.parquet", shards[0]):
        file.unlink()
    again = faces.table(small)
    assert again.equals(made)
    assert {shard: shard.stat().st_mtime_ns for shard in shards[1:]} == before


@pytest.mark.slow
def test_sigkill_in_the_middle_changes_nothing(small, made, tmp_path):
    elsewhere = replace(small, build=tmp_path / "build")
    script = tmp_path / "run.py"
    fields = {
        name: str(value) if isinstance(value, Path) else value for name, value in vars(elsewhere).items()
    }
    script.write_text(
        "from pathlib import Path\n"
        "from dfd import faces\n"
        "from dfd.run import Run\n"
        f"fields = {fields!r}\n"
        "faces.table(Run(**fields | {name: Path(fields[name]) for name in ('data', 'build')}))\n"
    )
    shards = elsewhere.build / "faces"
    with subprocess.Popen([sys.executable, str(script)]) as run:
        while run.poll() is None and not list(shards.glob("[a-z]*.parquet")):
            time.sleep(0.01)
        run.kill()
    assert run.returncode == -signal.SIGKILL, "it was killed before its end"
    done = {shard: shard.stat().st_mtime_ns for shard in shards.glob("[a-z]*.parquet")}
    assert 1 <= len(done) < made["video"].nunique()
    assert faces.table(elsewhere).equals(made)
    assert {shard: shard.stat().st_mtime_ns for shard in done} == done


def test_other_settings_make_other_faces(small, made):
    fewer = replace(small, faces_per_real=3)
    assert (faces.table(fewer)["label"] == "REAL").sum() <= 3
    assert faces.table(small).equals(made)


def test_bad_videos_stay_with_their_status(tiny):
    folder = tiny.data / "dfdc_train_part_0"
    few = replace(tiny, faces_per_fake=1, faces_per_real=1)
    names = dataset.table(few)["video"].tolist()
    for name in names[:4]:
        (folder / name).unlink()
    (folder / names[0]).write_text("this is no video")
    write_clip(folder / names[1], [np.full((240, 320, 3), 120, np.uint8)] * 5)
    (folder / names[2]).touch()
    outcome = faces.status(few).set_index("video")
    assert outcome.loc[names[:4], "status"].tolist() == ["unreadable", "no face", "empty", "missing"]
    assert (outcome.loc[names[:4], "reason"] != "").all()
    assert (outcome.loc[names[4:], "status"] == "ok").all()
    assert set(faces.table(few)["video"]) == set(names[4:])


def test_no_readable_video_gives_an_empty_table(tiny):
    folder = tiny.data / "dfdc_train_part_0"
    for clip in folder.glob("*.mp4"):
        clip.unlink()
    assert faces.table(tiny).empty
    assert set(faces.status(tiny)["status"]) == {"missing"}


def test_two_people_are_kept_in_equal_numbers():
    made = pd.DataFrame({"frame": np.repeat(np.arange(8), 2), "person": [0, 1] * 8})
    kept = faces._thinned(made, 8)
    assert len(kept) == 8
    assert kept["person"].value_counts().tolist() == [4, 4]
    assert len(faces._thinned(made, 16)) == 16
    assert len(faces._thinned(made[made["frame"] == 0], 1)) == 1


def test_crop_follows_the_formula():
    image = np.zeros((400, 400, 3), np.uint8)
    image[80:320, 80:320] = 255
    square = faces.crop(image, (125, 125, 275, 275), margin=0.6, size=240)
    assert square.shape == (240, 240, 3)
    assert (square == 255).all(), "150 pixels and a margin of 0.6 are 240 pixels"
    wider = faces.crop(image, (125, 125, 275, 275), margin=0.7, size=240)
    assert (wider == 0).any()


def test_crop_is_square_around_a_tall_box():
    image = np.tile(np.arange(200, dtype=np.uint8)[:, None, None], (1, 200, 3))
    square = faces.crop(image, (90, 50, 110, 150), margin=0, size=100)
    assert np.array_equal(square[:, 0, 0], np.arange(50, 150))


@pytest.mark.parametrize("box", [(-30, -30, 20, 20), (180, 90, 230, 140), (-50, -50, 250, 250)])
def test_crop_repeats_the_border(box):
    image = np.full((100, 200, 3), 90, np.uint8)
    image[:, 0], image[:, -1], image[0], image[-1] = 10, 20, 10, 20
    square = faces.crop(image, box, margin=0.6, size=64)
    assert square.shape == (64, 64, 3)
    assert square.min() >= 5, "no black border"


def test_encoding_loses_little(small, made):
    picture = faces.images(small, made["face_id"].tolist()[:1])[0]
    assert np.abs(faces.decode(faces.encode(picture)).astype(int) - picture).mean() < 2


def test_interrupted_table_is_not_read_as_whole(small, made):
    shard = small.build / "faces" / f"{made['video'].iloc[0].removesuffix('.mp4')}.parquet"
    whole = shard.read_bytes()
    shard.write_bytes(whole[: len(whole) // 2])
    assert tables.stored_fingerprint(shard) is None
    (small.build / "faces_status.parquet").unlink()
    assert faces.table(small).equals(made)
    assert len(faces.images(small, made["face_id"].tolist())) == len(made)


def test_faces_that_were_deleted_are_made_again(small, made):
    shard = sorted((small.build / "faces").glob("*.parquet"))[0]
    content = shard.read_bytes()
    shard.unlink()
    assert faces.table(small).equals(made)
    assert pd.read_parquet(shard).equals(pd.read_parquet(BytesIO(content)))


def test_a_damaged_file_of_faces_is_named_and_made_again_once_deleted(small, made):
    face_id = made["face_id"].iloc[0]
    shard = small.build / "faces" / f"{made['video'].iloc[0].removesuffix('.mp4')}.parquet"
    content = shard.read_bytes()
    image = faces.Crops(small)[face_id]
    shard.write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match=rf"{shard.name}: not a readable Parquet file"):
        faces.Crops(small)[face_id]
    shard.unlink()
    faces.table(small)
    assert faces.Crops(small)[face_id] == image


def test_a_full_disk_in_mid_file_leaves_nothing_half_written(small, made, tmp_path):
    elsewhere = replace(small, build=tmp_path / "build")
    faces.dataset.table(elsewhere)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            faces.table(elsewhere)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not list((elsewhere.build / "faces").iterdir())
    assert faces.table(elsewhere).equals(made)
