"""Files as people have them: two of each kind of fault that other readers, and this one, have fallen over."""

import os
import struct
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from dfd import dataset, video
from dfd.errors import InputError
from dfd.run import Run

ONE = 1 << 16
SMALL = (180, 320)
"""Width and height of the clips that are made here."""


@pytest.fixture(scope="module")
def pictures(sample: Run) -> list[np.ndarray]:
    """Frames of the benchmark clip, forth and back: 90 pictures, each like no other next to it."""
    frames = video.every(sample.data / "benchmark" / "benchmark_540x960.mp4", 1)
    images = [cv2.resize(frame.image, SMALL, interpolation=cv2.INTER_AREA) for frame in frames]
    numbered = [*images, *images[::-1]][:90]
    for number, image in enumerate(numbered):
        image = numbered[number] = image.copy()
        cv2.rectangle(image, (2 * number, 0), (2 * number + 20, 20), (255, 255, 255), -1)
    return numbered


def write(
    path: Path,
    images: list[np.ndarray],
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    pts: list[int] | None = None,
    rate: int = 30,
    pix_fmt: str = "yuv420p",
    **settings: object,
) -> Path:
    """Write a clip; a frame is shown at its pts in frames of the rate."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, options=options or {})
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = pix_fmt
        for name, value in settings.items():
            setattr(stream.codec_context, name, value)
        for number, image in enumerate(images):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts = pts[number] if pts else number
            frame.time_base = Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def remuxed(
    path: Path, source: Path, keep=lambda number, packet: True, times: int = 1, later: int = 0, **options
) -> Path:
    """Copy packets of a clip into another container, so many units of time later."""
    with av.open(str(path), "w", **options) as new:
        stream = None
        for turn in range(times):
            with av.open(str(source)) as old:
                length = old.streams.video[0].duration or 0
                stream = stream or new.add_stream_from_template(old.streams.video[0])
                for number, packet in enumerate(old.demux(video=0)):
                    if packet.dts is not None and keep(number, packet):
                        packet.stream = stream
                        packet.pts += turn * length + later
                        packet.dts += turn * length + later
                        new.mux(packet)
    return path


def decoded(path: Path) -> list[np.ndarray]:
    """What plain decoding gives."""
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def same(path: Path, count: int) -> None:
    """Every way of reading gives the pictures of plain decoding, and check passes what is read."""
    expected = decoded(path)
    assert len(expected) == count
    frames = list(video.every(path, 1))
    assert [frame.index for frame in frames] == list(range(count))
    assert all(np.array_equal(frame.image, expected[frame.index]) for frame in frames)
    for frame in (*video.sample_frames(path, 5), video.read_frame(path, count - 1)):
        assert np.array_equal(frame.image, expected[frame.index])
    facts = dataset.probe(path)
    assert facts["status"] == "ok" and facts["frames"] == count


@pytest.mark.parametrize(
    ("name", "codec", "options", "pix_fmt"),
    [
        ("av1.mp4", "libsvtav1", {"preset": "12"}, "yuv420p"),
        ("av1.mkv", "libsvtav1", {"preset": "12"}, "yuv420p10le"),
        ("vp9.webm", "libvpx-vp9", {"deadline": "realtime", "cpu-used": "8"}, "yuv420p"),
        (
            "vp8.webm",
            "libvpx",
            {"auto-alt-ref": "1", "lag-in-frames": "16", "deadline": "realtime"},
            "yuv420p",
        ),
    ],
)
def test_k1_decoders_that_cannot_be_told_to_skip(pictures, tmp_path, name, codec, options, pix_fmt):
    same(write(tmp_path / name, pictures, codec, options, pix_fmt=pix_fmt), 90)


def with_matrix(clip: Path, path: Path, matrix: tuple[int, int, int, int]) -> Path:
    """A copy of a clip whose header asks for a turn or a mirror image."""
    content = bytearray(clip.read_bytes())
    a, b, c, d = (ONE * part for part in matrix)
    start = content.index(b"tkhd") + 44
    content[start : start + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(content)
    return path


ORIENTATIONS = [(a, 0, 0, d) for a in (1, -1) for d in (1, -1)]
ORIENTATIONS += [(0, b, c, 0) for b in (1, -1) for c in (1, -1)]


@pytest.mark.parametrize("matrix", ORIENTATIONS)
def test_k2_every_orientation_comes_upright(pictures, tmp_path, matrix):
    plain = write(tmp_path / "plain.mp4", pictures[:12])
    image = decoded(plain)[0]
    a, b, c, d = matrix
    height, width = image.shape[:2]
    # The picture by the definition of the matrix: x' = ax + cy, y' = bx + dy.
    y, x = np.mgrid[:height, :width]
    across, down = a * x + c * y, b * x + d * y
    expected = np.empty((np.ptp(down) + 1, np.ptp(across) + 1, 3), np.uint8)
    expected[down - down.min(), across - across.min()] = image
    shown = video.read_frame(with_matrix(plain, tmp_path / "turned.mp4", matrix), 0).image
    assert np.array_equal(shown, expected)


def test_k3_dropped_frames_of_an_avi_are_no_missing_frames(pictures, tmp_path):
    dropped = write(tmp_path / "dropped.avi", pictures[:40], "mpeg4", pts=list(range(0, 120, 3)))
    same(dropped, 40)
    content = dropped.read_bytes()
    cut = tmp_path / "cut.avi"
    cut.write_bytes(content[: len(content) * 2 // 3])
    with pytest.raises(InputError, match="may be truncated"):
        list(video.sample_frames(cut, 3))
    assert dataset.probe(cut)["status"] == "unreadable"


def test_k4_groups_without_a_clean_start(pictures, tmp_path):
    refreshed = {"x264-params": "intra-refresh=1:keyint=24:bframes=0"}
    same(write(tmp_path / "refresh.mp4", pictures, options=refreshed), 90)
    backward = {"x264-params": "keyint=10:min-keyint=10:open-gop=1:bframes=5:b-adapt=0:scenecut=0"}
    same(write(tmp_path / "open.mkv", pictures, options=backward), 90)


@pytest.mark.parametrize(
    ("codec", "options"),
    [
        ("libx265", {"x265-params": "keyint=15:min-keyint=15:open-gop=1:bframes=4:log-level=error"}),
        (
            "libx264",
            {"x264-params": "keyint=15:min-keyint=15:open-gop=1:bframes=4:scenecut=0:repeat-headers=1"},
        ),
    ],
)
def test_k5_a_stream_that_begins_inside_a_group(pictures, tmp_path, codec, options):
    whole = write(tmp_path / "whole.ts", pictures[:45], codec, options)
    with av.open(str(whole)) as container:
        keys = [n for n, packet in enumerate(container.demux(video=0)) if packet.is_keyframe]
    later = remuxed(tmp_path / "later.ts", whole, lambda number, _: number >= keys[1])
    frames = list(video.every(later, 1))
    assert len(frames) == dataset.probe(later)["frames"] >= 45 - keys[1] - 4
    last, shown = decoded(whole)[-1], frames[-1].image
    assert np.abs(last.astype(int) - shown).mean() < 1
    without_key = remuxed(tmp_path / "without.ts", whole, lambda number, _: number > keys[1])
    frames = list(video.every(without_key, 1))
    assert 0 < len(frames) == dataset.probe(without_key)["frames"]


def peak(path: Path) -> float:
    """Megabytes that a process needs at most to count the frames of a file."""
    code = "import resource, sys; from dfd import video; print(video.Video(sys.argv[1]).frames, "
    code += "resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    return float(done.stdout.split()[1])


def test_k7_memory_does_not_grow_with_the_file(pictures, tmp_path):
    clip = write(tmp_path / "clip.mov", pictures[:40], "qtrle", pix_fmt="rgb24")
    long = remuxed(tmp_path / "long.mov", clip, times=20)
    assert long.stat().st_size > 50e6 and video.Video(long).frames == 800
    assert peak(long) < peak(clip) + 15


def test_k9_a_cover_is_no_track(pictures, tmp_path):
    cover = tmp_path / "cover.png"
    cv2.imwrite(str(cover), pictures[0])
    clip = write(tmp_path / "clip.mp4", pictures[:30])
    both, sound = tmp_path / "both.mp4", tmp_path / "sound.mp4"
    for path, with_track in ((both, True), (sound, False)):
        with av.open(str(path), "w") as new, av.open(str(clip)) as old, av.open(str(cover)) as picture:
            attached = new.add_stream_from_template(picture.streams.video[0])
            attached.disposition = av.stream.Disposition.attached_pic
            track = new.add_stream_from_template(old.streams.video[0]) if with_track else None
            for packet in picture.demux(video=0):
                if packet.dts is not None:
                    packet.stream = attached
                    new.mux(packet)
            for packet in old.demux(video=0):
                if track and packet.dts is not None:
                    packet.stream = track
                    new.mux(packet)
    assert [frame.index for frame in video.every(both, 10)] == [0, 10, 20]
    assert dataset.probe(both)["frames"] == 30
    with pytest.raises(InputError, match="no video stream"):
        video.Video(sound)
    assert dataset.probe(sound)["status"] == "no video stream"


def test_k10_facts_are_those_of_the_frames(pictures, tmp_path):
    pts = [*range(0, 45), *range(45, 45 + 45 * 6, 6)]
    uneven = write(tmp_path / "uneven.webm", pictures, "libvpx", {"deadline": "realtime"}, pts)
    facts = dataset.probe(uneven)
    assert facts["frames"] == len(list(video.every(uneven, 1))) == 90
    assert facts["duration"] == pytest.approx((45 + 45 * 6) / 30, abs=0.25)
    frames = list(video.every(uneven, 1))
    assert frames[-1].time == pytest.approx(pts[-1] / 30, abs=0.05)


def test_k10_frames_before_the_edit_list_begins_are_not_there(pictures, tmp_path):
    whole = write(tmp_path / "whole.mp4", pictures, rate=30)
    with av.open(str(whole)) as container:
        frame = container.streams.video[0].duration // 90
    # The muxer puts what is before zero outside of the edit list.
    for container, cut in (("mp4", 41), ("mov", 20)):
        path = remuxed(tmp_path / f"cut.{container}", whole, later=-cut * frame)
        same(path, 90 - cut)
        assert dataset.probe(path)["duration"] == pytest.approx((90 - cut) / 30, abs=1 / 30)


def test_k12_time_stamps_that_repeat(pictures, tmp_path):
    once = write(tmp_path / "once.ts", pictures)
    joined = tmp_path / "joined.ts"
    joined.write_bytes(once.read_bytes() * 2)
    same(joined, 180)
    raw = tmp_path / "raw.h264"
    remuxed(raw, once, format="h264")
    same(raw, 90)
    assert dataset.probe(raw)["duration"] > 0


@pytest.mark.parametrize(("ratio", "size"), [(Fraction(2), (640, 180)), (Fraction(1, 2), (320, 360))])
def test_k14_pixels_become_square(pictures, tmp_path, ratio, size):
    turned = [image.transpose(1, 0, 2).copy() for image in pictures[:12]]
    path = write(tmp_path / "narrow.mp4", turned, sample_aspect_ratio=ratio)
    image = video.read_frame(path, 3).image
    assert image.shape[1::-1] == size
    facts = dataset.probe(path)
    assert (facts["width"], facts["height"]) == size


def test_k15_pictures_are_no_videos_and_odd_angles_are_said(pictures, tmp_path):
    still = tmp_path / "still.jpg"
    cv2.imwrite(str(still), pictures[0])
    with pytest.raises(InputError, match="a picture, not a video"):
        video.Video(still)
    clip = write(tmp_path / "clip.mp4", pictures[:12])
    content = bytearray(clip.read_bytes())
    start = content.index(b"tkhd") + 44
    diagonal = round(ONE * 2**-0.5)
    matrix = struct.pack(">9i", diagonal, diagonal, 0, -diagonal, diagonal, 0, 0, 0, 1 << 30)
    content[start : start + 36] = matrix
    (tmp_path / "askew.mp4").write_bytes(content)
    with pytest.raises(InputError, match="multiple of 90"):
        video.read_frame(tmp_path / "askew.mp4", 0)


def test_k8_names_that_are_no_utf_8(pictures, tmp_path):
    clip = write(tmp_path / "clip.mp4", pictures[:12])
    name = tmp_path / os.fsdecode(b"caf\xe9.mp4")
    name.write_bytes(clip.read_bytes())
    assert len(list(video.sample_frames(name, 3))) == 3


def damaged(clip: Path, path: Path, packets: list[int]) -> Path:
    """A copy of a clip with some packets' bytes flipped."""
    content = bytearray(clip.read_bytes())
    with av.open(str(clip)) as container:
        found = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
    for number in packets:
        start, size = found[number]
        for place in range(start + 5, start + size):
            content[place] ^= 0xFF
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
def test_k16_a_damaged_packet_costs_its_frame(pictures, tmp_path, codec):
    clip = write(tmp_path / "clip.mp4", pictures, codec, {"g": "10", "bf": "0"})
    one = video.Video(damaged(clip, tmp_path / "one.mp4", [45]))
    frames = list(one.read(range(one.frames)))
    assert 1 <= one.lost <= 4 and len(frames) == one.frames - one.lost
    expected = decoded(clip)
    right = [np.array_equal(frame.image, expected[frame.index]) for frame in frames]
    assert np.mean(right) > 0.9
    many = damaged(clip, tmp_path / "many.mp4", list(range(1, 90, 3)))
    with pytest.raises(InputError, match="can be decoded"):
        list(video.every(many, 1))
