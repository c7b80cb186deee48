import numpy as np
import pytest

from dfd import dataset, video
from dfd.errors import InputError
from study import clips


@pytest.fixture(scope="module")
def long_clip(sample, tmp_path_factory):
    clip = sample.data / dataset.table(sample)["path"].iloc[0]
    return clips.lengthened(clip, tmp_path_factory.mktemp("long") / "long.mp4", frames=100, key_every=30)


def test_structure_tells_where_decoding_can_start_and_what_can_be_skipped(long_clip):
    frames = clips.structure(long_clip)
    assert len(frames) == 100
    assert np.flatnonzero(frames["key"]).tolist() == [0, 30, 60, 90]
    assert frames.loc[frames["key"], "reference"].all()
    assert 0.2 < frames["reference"].mean() < 0.8
    assert frames["time"].is_monotonic_increasing


def test_structure_of_what_is_no_video_is_an_error(tmp_path):
    text = tmp_path / "text.mp4"
    text.write_bytes(b"this is no video\n" * 100)
    with pytest.raises(InputError, match=r"text\.mp4.*not a readable video"):
        clips.structure(text)


def test_a_beginning_has_the_first_frames_as_they_are(long_clip, tmp_path):
    short = clips.beginning(long_clip, tmp_path / "short.mp4", 20)
    original = [frame.image for frame in video.every(long_clip, 1)]
    copied = [frame.image for frame in video.every(short, 1)]
    assert 15 <= len(copied) <= 20
    assert all(np.array_equal(image, original[place]) for place, image in enumerate(copied[:15]))


def test_a_file_that_is_no_video_has_no_beginning(tmp_path):
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(InputError, match="not a readable video"):
        clips.beginning(tmp_path / "text.mp4", tmp_path / "short.mp4", 20)
    assert [path.name for path in tmp_path.iterdir()] == ["text.mp4"]
