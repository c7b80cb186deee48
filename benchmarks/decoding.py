"""Measure ways to decode the wanted frames of a video: ``python benchmarks/decoding.py [PROFILE]``."""

import sys
import tempfile
from pathlib import Path

from dfd import decoding, profile, results

PACKAGES = ("av", "opencv-python-headless")
FRAMES = 300
KEY_EVERY = 250
ROUNDS = 3


def main(name: str = "sample") -> None:
    """Time all ways on a clip of DFDC's length, size and distance of key frames, and store the times.

    Parameters
    ----------
    name : str
        Profile whose benchmark clip is played forwards and backwards until it is long enough.
    """
    short = profile.load(name).data / "benchmark" / "benchmark_1080x1920.mp4"
    with tempfile.TemporaryDirectory() as scratch:
        clip = decoding.lengthened(short, Path(scratch) / "long.mp4", FRAMES, KEY_EVERY)
        frames = decoding.structure(clip)
        times = decoding.times(clip, decoding.selections(FRAMES), ROUNDS)
        apart = decoding.differences(clip, decoding.selections(FRAMES)["every 30"])
    results.store(
        "decoding",
        "seconds to deliver the wanted frames of one clip, in rounds",
        PACKAGES,
        clip={
            "size": "1080 x 1920",
            "frames": len(frames),
            "key_frames": int(frames["key"].sum()),
            "reference_frames": int(frames["reference"].sum()),
        },
        frames=times.groupby("wanted", sort=False)["frames"].first().to_dict(),
        largest_difference=dict(zip(apart["way"], apart["largest"].tolist(), strict=True)),
        seconds={
            wanted: {
                way: group["seconds"].round(4).tolist() for way, group in rows.groupby("way", sort=False)
            }
            for wanted, rows in times.groupby("wanted", sort=False)
        },
    )
    print(times.groupby(["wanted", "way"], sort=False)["seconds"].median().unstack().round(3).to_string())


if __name__ == "__main__":
    main(*sys.argv[1:2])
