import json

import av
import numpy as np
import pytest

from dfd import dataset
from dfd.errors import InputError
from study import clips, results
from study.experiments import decoding


@pytest.fixture(scope="module")
def clip(sample):
    return sample.data / dataset.table(sample)["path"].iloc[0]


@pytest.fixture(scope="module")
def long_clip(clip, tmp_path_factory):
    return clips.lengthened(clip, tmp_path_factory.mktemp("long") / "long.mp4", frames=100, key_every=30)


def all_frames(path):
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


@pytest.mark.parametrize("way", decoding.WAYS)
@pytest.mark.parametrize("wanted", ["every 1", "every 30", "8 in all"])
def test_every_way_delivers_the_wanted_frames(long_clip, way, wanted):
    expected = all_frames(long_clip)
    indices = decoding.selections(len(expected))[wanted]
    images = list(decoding.WAYS[way](long_clip, indices))
    assert len(images) == len(indices)
    # Conversions to RGB may round differently, by far less than two frames differ.
    assert all(
        np.abs(image.astype(int) - expected[index]).mean() < 1
        for index, image in zip(indices, images, strict=True)
    )


def test_opencv_goes_on_to_the_end_of_a_range_without_one(clip):
    frames = len(clips.structure(clip))
    for convert_all in (False, True):
        images = list(decoding.opencv(clip, range(0, 10**9, 20), convert_all))
        assert len(images) == len(range(0, frames, 20))


@pytest.mark.parametrize("way", decoding.WAYS)
def test_rotation_is_respected(sample, way):
    videos = dataset.table(sample)
    turned = sample.data / videos.loc[videos["rotation"] == -90, "path"].iloc[0]
    upright = np.rot90(all_frames(turned)[0], -1)
    image = next(decoding.WAYS[way](turned, range(1)))
    assert np.abs(image.astype(int) - upright).mean() < 1


def test_selections_fit_the_video():
    assert list(decoding.selections(48)) == [
        "every 1",
        "every 2",
        "every 5",
        "every 10",
        "every 30",
        "8 in all",
    ]
    assert decoding.selections(3)["8 in all"] == [0, 1, 2]


def test_times_compare_like_with_like(clip):
    wanted = {"three": range(0, 48, 20), "eight": decoding.selections(48)["8 in all"]}
    times = decoding.times(clip, wanted, repeats=2)
    assert len(times) == 2 * 2 * len(decoding.WAYS)
    assert times.groupby("wanted")["frames"].agg(set).to_dict() == {"eight": {8}, "three": {3}}
    assert (times["seconds"] > 0).all()


def test_times_are_kept_for_a_video_of_the_same_content(few, clip, tmp_path, monkeypatch):
    wanted = {"three": range(0, 48, 20)}
    first = decoding.times_of(few, clip, wanted, repeats=1)
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(clip.read_bytes())
    monkeypatch.setattr(decoding, "times", lambda *arguments: first.assign(seconds=-1.0))
    assert decoding.times_of(few, copy, wanted, repeats=1).equals(first)
    assert decoding.times_of(few, copy, wanted, repeats=2)["seconds"].eq(-1).all()


def test_saved_time_is_paired_by_round():
    half = decoding.saved(np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0]))
    assert (half.value, half.low, half.high) == (0.5, 0.5, 0.5)
    assert decoding.saved(np.array([3.0, 2.0]), np.array([2.0, 2.0])).value == -0.25


@pytest.mark.slow
def test_measurement_is_stored_for_all_ways_and_selections(sample, tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    monkeypatch.setattr(decoding, "FRAMES", 40)
    monkeypatch.setattr(decoding, "ROUNDS", 1)
    result = decoding.measure(sample)
    assert json.loads((tmp_path / "decoding.json").read_text()) == result
    assert result["clip"]["frames"] == result["frames"]["every 1"] == 40
    assert all(list(ways) == list(decoding.WAYS) for ways in result["seconds"].values())
    assert set(result["largest_difference"]) == set(decoding.WAYS)


def test_differences_notice_other_frames(clip, monkeypatch):
    same = decoding.differences(clip, range(0, 48, 20)).set_index("way")
    assert same["frames"].eq(3).all() and same["mean"].lt(1).all()
    late = {"late": lambda path, _: decoding.opencv(path, [1, 21, 41])}
    monkeypatch.setattr(decoding, "WAYS", {**decoding.WAYS, **late})
    assert decoding.differences(clip, range(0, 48, 20)).set_index("way").loc["late", "largest"] > 10


@pytest.mark.parametrize("way", decoding.WAYS)
def test_what_is_no_video_is_an_error(tmp_path, way):
    text = tmp_path / "text.mp4"
    text.write_bytes(b"this is no video\n" * 100)
    with pytest.raises(InputError, match=r"text\.mp4.*not a readable video"):
        list(decoding.WAYS[way](text, range(0, 10, 5)))


@pytest.mark.parametrize("decode", [decoding.pyav, decoding.seeking])
def test_frames_beyond_the_end_are_an_error(clip, decode):
    frames = len(clips.structure(clip))
    with pytest.raises(InputError, match=f"no frame {frames}; it has {frames}"):
        list(decode(clip, [0, frames]))
