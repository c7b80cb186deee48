"""What it costs to find, cut out and store the faces of a DFDC video."""

import json
import resource
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
import torch

from dfd import dataset, faces, video
from dfd.errors import InputError
from dfd.run import Run
from study import results

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


def measure(run: Run, videos: int = 20) -> dict:
    """Extract the faces of some videos, one by one, and store and print the mean cost for each label.

    Processor time is what counts, since it depends less than time on the clock on the number of cores and on
    what else the machine does; a GPU has no part in it.

    Parameters
    ----------
    run : Run
        The run whose videos are used; of DFDC, for the pages scale the result up to all of DFDC.
    videos : int
        Largest number of videos of each label.

    Returns
    -------
    dict
        As stored under ``"extraction_cost"``: profile, and for each label under costs: videos,
        core_seconds_per_video, decoding_core_seconds_per_video, seconds_per_video, faces_per_video and
        bytes_per_face.

    Raises
    ------
    InputError
        If the run is of other videos than DFDC's.
    """
    if run.name != "dfdc":
        raise InputError(f"run {run.name!r}", "what DFDC's videos cost shows only on them: use the run dfdc")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            table = dataset.table(replace(run, build=Path(scratch)))
            some = table[table["status"] == "ok"].groupby("label").head(videos)
            costs = {
                str(label): _cost(_only(run, group, Path(scratch) / str(label)))
                for label, group in some.groupby("label")
            }
    finally:
        torch.set_num_threads(threads)
    result = results.store(
        "extraction_cost",
        "finding, cropping and storing the faces of a video: core-seconds, faces and bytes stored",
        PACKAGES,
        profile=run.name,
        costs=costs,
    )
    print(json.dumps(costs, indent=1))
    return result


def _only(run: Run, videos: pd.DataFrame, folder: Path) -> Run:
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


def _cost(run: Run) -> dict:
    """Measure what extracting the faces of all videos of a run costs, and what of it is decoding."""
    videos = dataset.table(run)
    used, started = core_seconds(), time.perf_counter()
    table = faces.table(run)
    seconds, used = time.perf_counter() - started, core_seconds() - used
    decoding = core_seconds()
    for facts in videos.to_dict("records"):
        count = run.faces_per_fake if facts["label"] == "FAKE" else run.faces_per_real
        for _ in video.sample_frames(run.data / facts["path"], count):
            pass
    decoding, crops = core_seconds() - decoding, faces.Crops(run)
    stored = sum(len(crops[face]) for face in table["face_id"].to_list())
    return {
        "videos": len(videos),
        "core_seconds_per_video": round(used / len(videos), 3),
        "decoding_core_seconds_per_video": round(decoding / len(videos), 3),
        "seconds_per_video": round(seconds / len(videos), 3),
        "faces_per_video": round(len(table) / len(videos), 2),
        "bytes_per_face": round(stored / len(table)),
    }
