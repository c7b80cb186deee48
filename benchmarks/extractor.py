"""Compare the extractor with the report's loop on one clip: ``python benchmarks/extractor.py [CLIP]``."""

import json
import sys
import tempfile
import time
from functools import lru_cache
from pathlib import Path

import av
import cv2
import numpy as np
import pandas as pd
import torch
from torchvision.ops import box_iou
from tqdm import tqdm

from dfd import dataset, detectors, faces, profile, results, tracking, video
from dfd.detectors import Detections
from dfd.profile import Profile

PACKAGES = ("torch", "facenet-pytorch", "av", "opencv-python-headless")
SHORT_CLIP = "benchmark_1080x1920.mp4"
FRAMES, STEP = 300, 10
TRUE_EVERY = 4
LOWEST_SCORE = 0.95
SMALLEST_SIDE = 0.05
SAME_FACE = 0.5
SAME_BOX = 0.99
REPEATS = 3

Found = dict[int, Detections]


def report_loop(clip: Path, margin: float, size: int) -> Found:
    """Extract faces as the report does: read every frame, and give every tenth whole to a default MTCNN.

    Parameters
    ----------
    clip : Path
        The video.
    margin, size : float and int
        For the crops.

    Returns
    -------
    dict of int to Detections
        Faces of each frame looked at.

    References
    ----------
    Report, sections 2.2.1 and 3.2.2.3.
    """
    capture, found = cv2.VideoCapture(str(clip)), {}
    for index in range(FRAMES):
        _, image = capture.read()
        image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        if index % STEP == 0:
            found[index] = _default_detector().detect([image])[0]
            for box in found[index].boxes:
                faces.crop(image, box, margin, size)
    capture.release()
    return found


def extractor(clip: Path, margin: float, size: int) -> Found:
    """Extract faces as `dfd.faces` does; arguments and result are those of `report_loop`."""
    found = {}
    for frame, detections in tracking.find(video.every(clip, STEP)):
        found[frame.index] = detections
        for box in detections.boxes:
            faces.crop(frame.image, box, margin, size)
    return found


def compare(reference: Found, ours: Found, long_side: int) -> dict[str, float]:
    """Look for the faces of one way among those of the other.

    Parameters
    ----------
    reference, ours : dict of int to Detections
        Faces of each frame.
    long_side : int
        Of the frames, in pixels; faces with sides below `SMALLEST_SIDE` of it do not count.

    Returns
    -------
    dict of str to float
        faces (of the reference that count), found (share of them that ours has with an IoU of `SAME_FACE`)
        and landmarks (median of the distance in interocular distances over faces and landmarks).
    """
    found, distances = [], []
    for index, theirs in reference.items():
        theirs, mine = _sure(theirs, SMALLEST_SIDE * long_side), ours[index]
        found += list(_matched(theirs.boxes, mine.boxes))
        overlap = _overlaps(theirs.boxes, mine.boxes)
        for face in np.flatnonzero(_matched(theirs.boxes, mine.boxes)):
            apart = np.linalg.norm(theirs.landmarks[face] - mine.landmarks[overlap[face].argmax()], axis=1)
            scale = np.linalg.norm(theirs.landmarks[face, 1] - theirs.landmarks[face, 0])
            distances += list(apart / scale)
    return {
        "faces": len(found),
        "found": float(np.mean(found)),
        "landmarks": float(np.median(distances)),
    }


def false_positives(found: Found, true_boxes: dict[int, np.ndarray], long_side: int) -> int:
    """Count faces where there is none.

    Parameters
    ----------
    found : dict of int to Detections
        Faces of each frame.
    true_boxes : dict of int to ndarray, shape (n, 4)
        Boxes of the true faces of each frame.
    long_side : int
        Of the frames, in pixels; faces with sides below `SMALLEST_SIDE` of it do not count.

    Returns
    -------
    int
    """
    return sum(
        int((~_matched(_sure(each, SMALLEST_SIDE * long_side).boxes, true_boxes[index])).sum())
        for index, each in found.items()
    )


def accuracy(run: Profile) -> dict[str, dict[str, float]]:
    """Compare what the loop's detector, the same in half precision, and the extractor find with the truth.

    Parameters
    ----------
    run : Profile
        The sample; every fourth frame of its REAL clips is looked at.

    Returns
    -------
    dict of str to dict
        For ``"loop"``, ``"loop in half precision"`` and ``"extractor"``: faces (of the truth), recall and
        mean_iou (of those found), both at an IoU of `SAME_FACE`, false_positives; of the second also
        boxes_moved, the share of the loop's boxes that it has not again with an IoU of `SAME_BOX`.
    """
    truth = pd.read_parquet(run.truth / "frames.parquet")
    loop, half = _default_detector(), detectors.make("facenet-pytorch", _default_detector().device, half=True)
    found: dict[str, list[Detections]] = {"loop": [], "loop in half precision": [], "extractor": []}
    boxes = []
    for clip in tqdm(dataset.table(run).query("label == 'REAL'").to_dict("records"), unit="clip"):
        frames = list(video.every(run.data / clip["path"], TRUE_EVERY))
        faces_of = truth[truth["video"] == clip["video"]]
        boxes += [faces_of.loc[faces_of["frame"] == frame.index, faces.BOX].to_numpy() for frame in frames]
        found["loop"] += [loop.detect([frame.image])[0] for frame in frames]
        found["loop in half precision"] += [half.detect([frame.image])[0] for frame in frames]
        found["extractor"] += [detections for _, detections in tracking.find(iter(frames))]
    figures = {name: _against(boxes, detections) for name, detections in found.items()}
    again = [
        _overlaps(_sure(one).boxes, other.boxes).max(axis=1, initial=0) >= SAME_BOX
        for one, other in zip(found["loop"], found["loop in half precision"], strict=True)
    ]
    figures["loop in half precision"]["boxes_moved"] = 1 - float(np.concatenate(again).mean())
    return figures


def _against(boxes: list[np.ndarray], found: list[Detections]) -> dict[str, float]:
    sure = [_sure(each).boxes for each in found]
    best = np.concatenate([_overlaps(*pair).max(axis=1, initial=0) for pair in zip(boxes, sure, strict=True)])
    return {
        "faces": len(best),
        "recall": float((best >= SAME_FACE).mean()),
        "mean_iou": float(best[best >= SAME_FACE].mean()),
        "false_positives": sum(
            int((~_matched(mine, true)).sum()) for true, mine in zip(boxes, sure, strict=True)
        ),
    }


def main(clip: str | None = None) -> None:
    """Time both ways in turn, compare what they find, and store the result.

    Parameters
    ----------
    clip : str, optional
        A video of `FRAMES` frames. By default the sample's largest benchmark clip, played forth and back
        until it is long enough.
    """
    run = profile.load("sample")
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(clip) if clip else Path(scratch) / "long.mp4"
        places = [] if clip else _long_clip(run.data / "benchmark" / SHORT_CLIP, path)
        seconds: dict[str, list[float]] = {name: [] for name in WAYS}
        found: dict[str, Found] = {}
        for repeat in range(REPEATS + 1):
            for name, way in WAYS.items():
                started = time.perf_counter()
                found[name] = way(path, run.margin, run.face_size)
                # The first round loads libraries and fills caches.
                if repeat:
                    seconds[name].append(time.perf_counter() - started)
        height, width = video.read_frame(path, 0).image.shape[:2]
    loop, ours = found["loop"], found["extractor"]
    if clip:
        # Nobody knows the truth, so what the other way does not see counts as false.
        truths = [{index: each.boxes for index, each in other.items()} for other in (ours, loop)]
    else:
        truths = [_truth(run, places)] * 2
    false = [
        false_positives(each, truth, max(height, width))
        for each, truth in zip((loop, ours), truths, strict=True)
    ]
    ratios = [a / b for a, b in zip(seconds["loop"], seconds["extractor"], strict=True)]
    result = results.store(
        "extractor_given_clip" if clip else "extractor",
        f"faces of every {STEP}th of {FRAMES} frames: the report's loop against dfd.tracking",
        PACKAGES,
        clip=f"{'given' if clip else SHORT_CLIP + ', forth and back'}, {width}x{height}",
        seconds={name: [round(each, 3) for each in times] for name, times in seconds.items()},
        speedup=float(np.median(ratios)),
        **compare(loop, ours, max(height, width)),
        false_positives={"extractor": false[1], "loop": false[0]},
        **({} if clip else {"accuracy": accuracy(run)}),
    )
    print(json.dumps(result, indent=1))
    print(
        f"speedup {result['speedup']:.1f}x, faces found {result['found']:.1%}, "
        f"false positives {false[1]} vs {false[0]}"
    )


@lru_cache(maxsize=1)
def _default_detector() -> detectors.Detector:
    return detectors.make("facenet-pytorch", device="cuda" if torch.cuda.is_available() else "cpu")


def _sure(found: Detections, smallest_side: float = 0) -> Detections:
    sides = (found.boxes[:, 2:] - found.boxes[:, :2]).max(axis=1, initial=0)
    kept = (found.scores >= LOWEST_SCORE) & (sides >= smallest_side)
    return Detections(found.boxes[kept], found.scores[kept], found.landmarks[kept])


def _overlaps(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    return box_iou(torch.tensor(boxes, dtype=float), torch.tensor(others, dtype=float)).numpy()


def _matched(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    return _overlaps(boxes, others).max(axis=1, initial=0) >= SAME_FACE


def _truth(run: Profile, places: list[int]) -> dict[int, np.ndarray]:
    table = pd.read_parquet(run.truth / "frames.parquet")
    table = table[table["video"] == SHORT_CLIP]
    return {
        index: table.loc[table["frame"] == places[index], faces.BOX].to_numpy()
        for index in range(0, FRAMES, STEP)
    }


def _long_clip(short: Path, path: Path) -> list[int]:
    """Write a clip of `FRAMES` frames, and return which frame of the short one each is."""
    images = [frame.image for frame in video.every(short, 1)]
    turns = [*range(len(images)), *range(len(images) - 2, 0, -1)]
    places = [turns[index % len(turns)] for index in range(FRAMES)]
    height, width = images[0].shape[:2]
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for index, place in enumerate(places):
            frame = av.VideoFrame.from_ndarray(images[place])
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return places


WAYS = {"loop": report_loop, "extractor": extractor}

if __name__ == "__main__":
    main(*sys.argv[1:2])
