import av
import numpy as np
import pytest

from dfd import dataset
from dfd.errors import InputError
from study import clips, decoders


@pytest.fixture(scope="module")
def clip(sample):
    return sample.data / dataset.table(sample)["path"].iloc[0]


@pytest.fixture(scope="module")
def long_clip(clip, tmp_path_factory):
    return clips.lengthened(clip, tmp_path_factory.mktemp("long") / "long.mp4", frames=100, key_every=30)


def all_frames(path):
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


@pytest.mark.parametrize("way", decoders.WAYS)
@pytest.mark.parametrize("wanted", ["every 1", "every 10", "8 in all"])
def test_every_way_delivers_the_wanted_frames(long_clip, way, wanted):
    expected = all_frames(long_clip)
    indices = decoders.selections(len(expected))[wanted]
    images = list(decoders.WAYS[way](long_clip, indices))
    assert len(images) == len(indices)
    # Conversions to RGB may round differently, by far less than two frames differ.
    assert all(
        np.abs(image.astype(int) - expected[index]).mean() < 1
        for index, image in zip(indices, images, strict=True)
    )


def test_opencv_goes_on_to_the_end_of_a_range_without_one(clip):
    frames = len(clips.structure(clip))
    for convert_all in (False, True):
        images = list(decoders.opencv(clip, range(0, 10**9, 20), convert_all))
        assert len(images) == len(range(0, frames, 20))


@pytest.mark.parametrize("way", decoders.WAYS)
def test_rotation_is_respected(sample, way):
    videos = dataset.table(sample)
    turned = sample.data / videos.loc[videos["rotation"] == -90, "path"].iloc[0]
    upright = np.rot90(all_frames(turned)[0], -1)
    image = next(decoders.WAYS[way](turned, range(1)))
    assert np.abs(image.astype(int) - upright).mean() < 1


def test_selections_fit_the_video():
    assert list(decoders.selections(48)) == ["8 in all", "15 in all", "40 in all", "every 10", "every 1"]
    assert list(decoders.selections(15)) == ["8 in all", "every 10", "every 1"]
    assert decoders.selections(3)["8 in all"] == [0, 1, 2]


def test_differences_notice_other_frames(clip, monkeypatch):
    same = decoders.differences(clip, range(0, 48, 20)).set_index("way")
    assert same["frames"].eq(3).all() and same["mean"].lt(1).all()
    late = {"late": lambda path, _: decoders.opencv(path, [1, 21, 41])}
    monkeypatch.setattr(decoders, "WAYS", {**decoders.WAYS, **late})
    assert decoders.differences(clip, range(0, 48, 20)).set_index("way").loc["late", "largest"] > 10


@pytest.mark.parametrize("way", decoders.WAYS)
def test_what_is_no_video_is_an_error(tmp_path, way):
    text = tmp_path / "text.mp4"
    text.write_bytes(b"this is no video\n" * 100)
    with pytest.raises(InputError, match=r"text\.mp4.*not a readable video"):
        list(decoders.WAYS[way](text, range(0, 10, 5)))


@pytest.mark.parametrize("decode", [decoders.pyav, decoders.seeking])
def test_frames_beyond_the_end_are_an_error(clip, decode):
    frames = len(clips.structure(clip))
    with pytest.raises(InputError, match=f"no frame {frames}; it has {frames}"):
        list(decode(clip, [0, frames]))
