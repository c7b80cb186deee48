import struct

import av
import cv2
import numpy as np
import pytest

from dfd import dataset, packets, video
from dfd.errors import InputError


@pytest.fixture(scope="module")
def clip(sample):
    return sample.data / dataset.table(sample)["path"].iloc[0]


@pytest.fixture(scope="module")
def all_frames(clip):
    with av.open(str(clip)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def turned_on_its_side(clip, folder):
    """A copy of a clip whose header asks players to turn it by a quarter, clockwise."""
    content = bytearray(clip.read_bytes())
    one = 1 << 16
    matrix = struct.pack(">9i", 0, one, 0, -one, 0, 0, 0, 0, 1 << 30)
    start = content.index(b"tkhd") + 44
    content[start : start + len(matrix)] = matrix
    copy = folder / "turned.mp4"
    copy.write_bytes(content)
    return copy


@pytest.mark.parametrize("count", [1, 2, 8, 10_000])
def test_sampled_frames_are_the_right_ones(clip, all_frames, count):
    frames = list(video.sample_frames(clip, count))
    expected = video.spread(len(all_frames), min(count, len(all_frames)))
    assert [frame.index for frame in frames] == expected.tolist()
    for frame in frames:
        assert np.array_equal(frame.image, all_frames[frame.index])


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_every_gives_the_right_ones(clip, all_frames, step):
    frames = list(video.every(clip, step))
    assert [frame.index for frame in frames] == list(range(0, len(all_frames), step))
    assert all(np.array_equal(frame.image, all_frames[frame.index]) for frame in frames)


def test_one_frame_by_its_index(clip, all_frames):
    last = len(all_frames) - 1
    assert np.array_equal(video.read_frame(clip, last).image, all_frames[last])
    for index in (-1, last + 1):
        with pytest.raises(InputError, match="no frame"):
            video.read_frame(clip, index)


def test_times_follow_the_frame_rate(clip, sample):
    facts = dataset.table(sample).iloc[0]
    times = [frame.time for frame in video.every(clip, 1)]
    assert times[0] == 0
    assert np.allclose(np.diff(times), 1 / facts["fps"], atol=1e-3)


@pytest.mark.parametrize(("length", "count"), [(300, 8), (48, 40), (5, 5), (1, 1)])
def test_spread_is_even_and_without_repeats(length, count):
    places = video.spread(length, count)
    assert len(np.unique(places)) == count
    assert places[0] >= 0
    assert places[-1] < length
    assert np.ptp(np.diff(places)) <= 1 if count > 1 else True


def test_rotation_is_respected(clip, all_frames, tmp_path):
    turned = turned_on_its_side(clip, tmp_path)
    frame = next(video.sample_frames(turned, 1))
    assert np.array_equal(frame.image, np.rot90(all_frames[frame.index], -1))
    facts = dataset.probe(turned)
    assert (facts["height"], facts["width"]) == frame.image.shape[:2]
    assert facts["rotation"] == -90


def test_frames_are_upright_rgb_of_bytes(clip):
    image = next(video.every(clip, 10)).image
    assert image.dtype == np.uint8
    assert image.flags["C_CONTIGUOUS"]
    assert cv2.cvtColor(image, cv2.COLOR_RGB2BGR).shape == image.shape


@pytest.mark.parametrize("function", [video.sample_frames, video.every])
@pytest.mark.parametrize("number", [0, -1])
def test_senseless_numbers(clip, function, number):
    with pytest.raises(InputError, match="1 or more"):
        list(function(clip, number))


def test_bad_files_are_named_with_the_reason(clip, tmp_path):
    content = clip.read_bytes()
    for name, data, reason in [
        ("empty.mp4", b"", "not a readable video"),
        ("text.mp4", b"this is no video\n" * 100, "not a readable video"),
        ("half.mp4", content[: len(content) // 2], "may be truncated"),
        ("most.mp4", content[:-100], "may be truncated"),
        ("missing.mp4", None, "no such file"),
    ]:
        file = tmp_path / name
        if data is not None:
            file.write_bytes(data)
        with pytest.raises(InputError, match=reason) as caught:
            list(video.sample_frames(file, 1))
        assert name in str(caught.value)


def test_a_clip_that_ends_early_is_an_error_not_a_shorter_clip(clip, tmp_path):
    whole = tmp_path / "whole.mp4"
    with av.open(str(clip)) as old, av.open(str(whole), "w", options={"movflags": "faststart"}) as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                new.mux(packet)
    content = whole.read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(content[: len(content) * 3 // 4])
    with pytest.raises(InputError, match=r"cut\.mp4"):
        list(video.every(cut, 1))


@pytest.mark.parametrize("open_groups", [0, 1])
def test_groups_without_a_wanted_frame_are_passed_over(sample, tmp_path, open_groups):
    images = [frame.image for frame in video.every(sample.data / "benchmark" / "benchmark_540x960.mp4", 1)]
    short_groups = tmp_path / "short_groups.mp4"
    with av.open(short_groups, "w") as container:
        options = {"x264-params": f"keyint=6:min-keyint=6:open-gop={open_groups}:bframes=3:scenecut=0"}
        stream = container.add_stream("libx264", rate=30, options=options)
        stream.height, stream.width = images[0].shape[:2]
        for image in images:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image)))
        container.mux(stream.encode(None))
    with av.open(short_groups) as container:
        expected = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    for frames in (video.sample_frames(short_groups, 3), video.every(short_groups, 7)):
        for frame in frames:
            assert np.array_equal(frame.image, expected[frame.index])
    clip = video.Video(short_groups)
    assert len(packets.needed(clip._packets, [clip._stamps[24]])) <= 12
