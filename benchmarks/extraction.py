"""Measure what finding the faces of a video costs: ``python benchmarks/extraction.py [PROFILE]``."""

import json
import resource
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
import torch

from dfd import dataset, faces, profile, results, video

PACKAGES = ("torch", "facenet-pytorch", "av", "opencv-python-headless")


def core_seconds() -> float:
    """Say how much processor time this process has used.

    Returns
    -------
    float
        Seconds, summed over cores.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main(name: str = "dfdc", videos: int = 20) -> None:
    """Extract the faces of some videos, one by one, and store the mean cost for each label.

    Processor time is what counts without a GPU, since it depends less than time on the clock on the number
    of cores and on what else the machine does; with a GPU the time on the clock counts, and the result goes
    to a file of its own.

    Parameters
    ----------
    name : str
        Profile whose videos are used.
    videos : int
        Largest number of videos of each label.
    """
    torch.set_num_threads(1)
    run = profile.load(name)
    with tempfile.TemporaryDirectory() as scratch:
        known = dataset.table(replace(run, build=Path(scratch)))
        known = known[known["status"] == "ok"].groupby("label").head(videos)
        costs = {
            label: _cost(_only(run, group, Path(scratch) / label)) for label, group in known.groupby("label")
        }
    results.store(
        "extraction_gpu" if torch.cuda.is_available() else "extraction",
        "finding, cropping and storing the faces of a video: core-seconds, faces and bytes stored",
        PACKAGES,
        profile=name,
        costs=costs,
    )
    name = "extraction_gpu" if torch.cuda.is_available() else "extraction"
    print(json.dumps(costs, indent=1))


def _only(run: profile.Profile, videos: pd.DataFrame, folder: Path) -> profile.Profile:
    """Make a data folder of some of a run's videos, and a run on it."""
    part = folder / "data" / "dfdc_train_part_0"
    part.mkdir(parents=True)
    listed = {}
    for facts in videos.to_dict("records"):
        listed[facts["video"]] = {"label": facts["label"], "split": "train"}
        if facts["label"] == "FAKE":
            listed[facts["video"]]["original"] = facts["original"]
        (part / facts["video"]).symlink_to(run.data / facts["path"])
    (part / "metadata.json").write_text(json.dumps(listed))
    return replace(run, data=part.parent, build=folder / "build", parts=None, videos=None, jobs=1)


def _cost(run: profile.Profile) -> dict:
    videos = dataset.table(run)
    used, started = core_seconds(), time.perf_counter()
    found = faces.table(run, images=True)
    seconds, used = time.perf_counter() - started, core_seconds() - used
    decoding = core_seconds()
    for facts in videos.to_dict("records"):
        wanted = run.faces_per_fake if facts["label"] == "FAKE" else run.faces_per_real
        for _ in video.sample_frames(run.data / facts["path"], wanted):
            pass
    decoding, count = core_seconds() - decoding, len(videos)
    return {
        "videos": count,
        "core_seconds_per_video": round(used / count, 3),
        "decoding_core_seconds_per_video": round(decoding / count, 3),
        "seconds_per_video": round(seconds / count, 3),
        "faces_per_video": round(len(found) / count, 2),
        "bytes_per_face": round(found["image"].map(len).mean()),
    }


if __name__ == "__main__":
    main(*sys.argv[1:2])
