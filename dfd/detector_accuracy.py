"""Accuracy of the face detectors: what they find in chosen frames, held against the truth and each other."""

import math
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

import cv2
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from scipy.stats import bootstrap
from sklearn.metrics import average_precision_score
from torchvision.ops import box_iou

from dfd import dataset, detectors, tables, video
from dfd.detectors import Detections, Detector
from dfd.errors import InputError
from dfd.profile import Profile

IOU = 0.5
"""Intersection over union from which a box counts as having found a face."""

FRAMES_PER_VIDEO = 1
FACELESS_PER_VIDEO = 4
VIDEOS_WITHOUT_TRUTH = 12
FRAMES_WITHOUT_TRUTH = 4

SCALES = (1.0, 0.5, 0.25)
"""Scales at which frames with truth are searched, to see how small a face may be."""

SOME = [-math.inf, 0, math.inf], ["none", "some"]
SLICES = {
    "width": ("width of the face in pixels", [0, 30, 45, 60, 90, 120, math.inf], None),
    "yaw": ("head turned by", [0, 10, 25, math.inf], ["under 10°", "10 to 25°", "over 25°"]),
    "light": ("light of the frame", None, None),
    "shade": ("brightness of the face", None, None),
    "focus": ("sharpness of the face", None, None),
    "blur": ("blur added", *SOME),
    "covered": ("covered share of the face", [0, 0.1, 0.25, 1], ["under 10%", "10 to 25%", "over 25%"]),
    "crf": ("H.264 rate factor", [0, 20, 22, 51], ["up to 20", "21 and 22", "over 22"]),
    "jpeg": ("JPEG compression added", *SOME),
    "noise": ("noise added", *SOME),
    "monk": ("skin tone (Monk scale)", [0, 3, 6, 10], ["1 to 3", "4 to 6", "7 to 10"]),
    "ancestry": ("ancestry", None, None),
    "gender": ("gender", None, None),
}
"""Properties by which the truth is sliced: column, words for it, and for numbers the bins and their names."""

THIRDS = {
    "light": ("exposure", ["darkest third", "middle", "brightest third"]),
    "shade": ("brightness", ["darkest third", "middle", "brightest third"]),
    "focus": ("sharpness", ["softest third", "middle", "sharpest third"]),
}
"""Properties without natural bins: the column of `appearance` that is cut in three, and the thirds' names."""

SKIN_DISTANCE = 12.0
"""Distance in CIE L*a*b* (lightness counted half) from the skin's colour beyond which a pixel is no skin."""

COVERED_COLOUR = (204, 121, 167)

STRESSES = {
    "darker": ([0.3, 0.1, 0.03], "share of the light left"),
    "blurred": ([0.03, 0.06, 0.12], "standard deviation of the blur, in face widths"),
    "compressed": ([30, 10, 3], "JPEG quality"),
    "covered": ([0.25, 0.5, 0.75], "share of the face covered, from below"),
}
"""What `stressed` does to a picture: amounts from mild to strong, and words for the amount."""

STRESS_VIDEOS = 4
STRESS_MARGIN = 0.4

BOX = ["x0", "y0", "x1", "y1"]
LANDMARKS = [f"{name}_{axis}" for name in detectors.LANDMARKS for axis in "xy"]


def frames(profile: Profile) -> pd.DataFrame:
    """Choose the frames on which accuracy and agreement are measured.

    Parameters
    ----------
    profile : Profile
        The run.

    Returns
    -------
    DataFrame
        video, path, frame, face (whether the truth has a face in it; missing without truth). With truth:
        from every REAL video `FRAMES_PER_VIDEO` frames with a face, and up to `FACELESS_PER_VIDEO` without.
        Without truth: `FRAMES_WITHOUT_TRUTH` frames of the first `VIDEOS_WITHOUT_TRUTH` readable videos.
    """
    videos = dataset.table(profile).query("status == 'ok'")
    truth = truth_faces(profile)
    if truth is None:
        videos, has_face = videos.head(VIDEOS_WITHOUT_TRUTH), {}
    else:
        videos = videos[videos["label"] == "REAL"]
        has_face = truth.groupby("video")["frame"].agg(set).to_dict()
    rows = []
    for each in videos.itertuples():
        indices = np.arange(each.frames)
        known = np.isin(indices, list(has_face.get(each.video, ())))
        choices = [(True, indices[known], FRAMES_PER_VIDEO), (False, indices[~known], FACELESS_PER_VIDEO)]
        if truth is None:
            choices = [(pd.NA, indices, FRAMES_WITHOUT_TRUTH)]
        for face, choice, wanted in choices:
            count = min(wanted, len(choice))
            rows += [(each.video, each.path, i, face) for i in choice[video.spread(len(choice), count)]]
    table = pd.DataFrame(rows, columns=["video", "path", "frame", "face"])
    return table.astype({"face": "boolean", "frame": "int64"})


def truth_faces(profile: Profile) -> pd.DataFrame | None:
    """Read where the faces are, which only the sample's truth tables know.

    Parameters
    ----------
    profile : Profile
        The run.

    Returns
    -------
    DataFrame or None
        The truth's rows with what is known of each actor and how each video was degraded beside them;
        ``None`` if there is no truth.
    """
    if not profile.truth.is_dir():
        return None
    table = tables.read(profile.truth / "frames.parquet")
    actors = tables.read(profile.truth / "actors.parquet").drop(columns="split")
    videos = tables.read(profile.truth / "videos.parquet")
    videos = videos[["video", *({"blur", "noise", "jpeg", "crf"} & set(videos.columns))]]
    table = table.merge(actors, on="actor", how="left", validate="many_to_one")
    return table.merge(videos, on="video", how="left", validate="many_to_one")


def appearance(profile: Profile, chosen: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Measure in the pixels what the truth tables do not say: light, sharpness and what covers a face.

    Parameters
    ----------
    profile : Profile
        The run.
    chosen : DataFrame
        The frames, as `frames` gives them.
    truth : DataFrame
        As `truth_faces` gives it.

    Returns
    -------
    DataFrame
        The truth's rows of these frames with path, width (of the box, in pixels), exposure (mean lightness
        L* of the frame, 0 to 100), and as `measured` gives them brightness, sharpness and covered; and light,
        shade and focus: the third of the faces (`THIRDS`) that each belongs to.
    """
    table = chosen[["video", "frame", "path"]].merge(truth, on=["video", "frame"])
    rows = {}
    for (path, frame), faces in table.groupby(["path", "frame"], sort=False):
        image = video.read_frame(profile.data / path, frame).image
        exposure = float(_lab(image)[..., 0].mean())
        for row, box, points in zip(faces.index, faces[BOX].to_numpy(float), _points(faces), strict=True):
            rows[row] = {"exposure": exposure} | measured(image, box, points)
    table = table.join(pd.DataFrame.from_dict(rows, orient="index"))
    table["width"] = table["x1"] - table["x0"]
    for column, (source, labels) in THIRDS.items():
        ranks = table[source].rank(method="first")
        enough = len(table) >= len(labels)
        table[column] = pd.qcut(ranks, len(labels), labels=labels) if enough else labels[1]
    return table


def measured(image: np.ndarray, box: np.ndarray, points: np.ndarray) -> dict[str, float]:
    """Measure one face in the pixels.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB.
    box : ndarray, shape (4,)
        The face: x0, y0, x1, y1; may reach beyond the picture.
    points : ndarray, shape (5, 2)
        Its landmarks, in the order of `dfd.detectors.LANDMARKS`.

    Returns
    -------
    dict
        brightness : median lightness L* (0 to 100) of the oval in the box.
        sharpness : logarithm of the variance of the Laplacian of the box at a width of 112 pixels; noise
        counts as sharpness too.
        covered : share of the oval that shows no bare skin, as `covered` finds it.
    """
    crop, _ = _cut_out(image, box)
    small = cv2.resize(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), (112, 112 * crop.shape[0] // crop.shape[1]))
    oval = _oval(crop.shape[:2])
    return {
        "brightness": float(np.median(_lab(crop)[oval, 0])),
        "sharpness": float(np.log(cv2.Laplacian(small, cv2.CV_64F).var() + 1e-6)),
        "covered": float(covered(image, box, points)[oval].mean()),
    }


def covered(image: np.ndarray, box: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Find the pixels of a face that are not bare skin: glasses, beard, hair, cap, another head, frame edge.

    The colour of this face's skin is the median of three discs: on the cheeks half way between eye and
    corner of the mouth, and on the nose. A pixel in the oval of the box is covered if its colour is further
    than `SKIN_DISTANCE` from that, or if it lies outside the picture. Eyes, brows and lips are not skin
    either, and so is a deep shadow: an open face has a few percent covered. On dark skin a dark beard stands
    out less, so the shares of light and dark skins compare only roughly.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
    box : ndarray, shape (4,)
    points : ndarray, shape (5, 2)
        As in `measured`.

    Returns
    -------
    ndarray of bool, shape (height, width)
        Of the box.
    """
    crop, inside = _cut_out(image, box)
    colours = _lab(crop) * [0.5, 1, 1]
    corner, width = np.floor(box[:2]), crop.shape[1]
    eyes, nose, mouth = points[:2], points[2:3], points[3:]
    discs = np.zeros(crop.shape[:2], np.uint8)
    for x, y in np.concatenate([(eyes + mouth) / 2, nose]) - corner:
        cv2.circle(discs, (round(x), round(y)), max(2, round(0.06 * width)), 1, -1)
    skin = np.median(colours[(discs > 0) & inside], axis=0)
    far = np.linalg.norm(colours - skin, axis=-1) > SKIN_DISTANCE
    return (far | ~inside) & _oval(crop.shape[:2])


def close_up(
    image: np.ndarray, box: np.ndarray, margin: float = STRESS_MARGIN
) -> tuple[np.ndarray, np.ndarray]:
    """Cut a face and some of its surroundings out of a picture.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB.
    box : ndarray, shape (4,)
        The face: x0, y0, x1, y1.
    margin : float
        Added on each side, as a share of the box's width; no further than the picture reaches.

    Returns
    -------
    image : ndarray of uint8, shape (height, width, 3)
    box : ndarray of float, shape (4,)
        Of the face in it.
    """
    grown = box + margin * (box[2] - box[0]) * np.array([-1, -1, 1, 1])
    x0, y0, x1, y1 = np.round(grown).astype(int).clip(0)
    return np.ascontiguousarray(image[y0:y1, x0:x1]), box - [x0, y0, x0, y0]


def detections(profile: Profile, names: tuple[str, ...] | None = None) -> pd.DataFrame:
    """Run detectors over the frames that `frames` chooses.

    Parameters
    ----------
    profile : Profile
        The run.
    names : tuple of str, optional
        The detectors; by default all but the batched one, whose boxes are those of the other, and without
        truth only the two MTCNNs, whose agreement can still be measured.

    Returns
    -------
    DataFrame
        One row for each detection: detector, scale, video, frame, x0 y0 x1 y1 (pixels of the frame, at any
        scale), score, the landmarks, reason. With truth the frames are searched at each of `SCALES`. A
        detector that cannot be had is there once, with the reason and no box.
    """
    chosen = frames(profile)
    has_truth = chosen["face"].notna().any()
    scales = SCALES if has_truth else SCALES[:1]
    if names is None:
        everything = tuple(name for name in detectors.NAMES if name != "facenet-pytorch-batched")
        names = everything if has_truth else ("facenet-pytorch", "tensorflow-mtcnn")
    code = [sys.modules[__name__], detectors, video]
    wanted = chosen[["video", "frame"]].values.tolist()
    made_of = tables.fingerprint(_sizes(profile, chosen), wanted, names, scales, code=code)

    def make() -> pd.DataFrame:
        rows = _each_in_process(profile.jobs, names, _search, profile.data, chosen, scales)
        columns = ["detector", "scale", "video", "frame", *BOX, "score", *LANDMARKS, "reason"]
        return pd.DataFrame(rows, columns=columns)

    return tables.reuse_or_make(profile.build / "detector_detections.parquet", made_of, make)


def stress(profile: Profile, names: tuple[str, ...] | None = None) -> pd.DataFrame:
    """Damage pictures of faces step by step and see when each detector loses them.

    The sample's films are mild, and what is rare in them cannot be measured by slicing. Here one face each
    of `STRESS_VIDEOS` videos, with `STRESS_MARGIN` of its width around it, is searched as it is and in each
    way and amount of `STRESSES`, so that nothing else differs.

    Parameters
    ----------
    profile : Profile
        The run; it must have truth tables.
    names : tuple of str, optional
        The detectors; by default all but the batched one, whose boxes are those of the other.

    Returns
    -------
    DataFrame
        One row for each detector and picture: detector, video, stress (``"none"`` for the picture as it is),
        amount, found, reason. A detector that cannot be had is there once, with the reason.

    Raises
    ------
    InputError
        If there are no truth tables.
    """
    truth = truth_faces(profile)
    if truth is None:
        raise InputError(profile.truth, "no such folder; without truth nobody knows where the faces are")
    chosen = frames(profile).merge(truth, on=["video", "frame"]).drop_duplicates("video")
    chosen = chosen.iloc[video.spread(len(chosen), min(STRESS_VIDEOS, len(chosen)))]
    chosen = chosen[["video", "path", "frame", *BOX]]
    names = names or tuple(name for name in detectors.NAMES if name != "facenet-pytorch-batched")
    code = [sys.modules[__name__], detectors, video]
    made_of = tables.fingerprint(_sizes(profile, chosen), chosen.values.tolist(), names, code=code)

    def make() -> pd.DataFrame:
        rows = _each_in_process(profile.jobs, names, _search_stressed, profile.data, chosen)
        columns = ["detector", "video", "stress", "amount", "found", "reason"]
        return pd.DataFrame(rows, columns=columns).astype({"found": "boolean"})

    return tables.reuse_or_make(profile.build / "detector_stress.parquet", made_of, make)


def stressed(image: np.ndarray, box: np.ndarray, kind: str, amount: float) -> np.ndarray:
    """Damage a picture of a face.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB.
    box : ndarray, shape (4,)
        The face: x0, y0, x1, y1.
    kind : str
        One of `STRESSES`, or ``"none"``.
    amount : float
        How much, in the words of `STRESSES`.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)

    Raises
    ------
    InputError
        If there is no such kind.
    """
    x0, y0, x1, y1 = np.round(box).astype(int).clip(0)
    match kind:
        case "none":
            return image
        case "darker":
            # Pixel values are about the light to the power of 1 / 2.2.
            return np.round(image * amount ** (1 / 2.2)).astype(np.uint8)
        case "blurred":
            return cv2.GaussianBlur(image, None, amount * (x1 - x0))
        case "compressed":
            _, stored = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, int(amount)])
            return np.ascontiguousarray(cv2.imdecode(stored, cv2.IMREAD_COLOR)[..., ::-1])
        case "covered":
            image = image.copy()
            image[round(y1 - amount * (y1 - y0)) : y1, x0:x1] = 128
            return image
    raise InputError(f"stress {kind!r}", f"no such stress; there are {', '.join(STRESSES)}")


def in_process(detector: str, work: Callable[..., list[dict]], *arguments: object) -> list[dict]:
    """Run work in a fresh process: packages fight over threads and memory when they share one.

    Parameters
    ----------
    detector : str
        Whose work it is.
    work : callable
        A function of a module; called with `arguments`.
    *arguments : object
        What it is called with.

    Returns
    -------
    list of dict
        What it returns; if the process dies, a single row with the detector and the reason.
    """
    # Forked from a server that has imported this module, and done nothing else, a process is there at once.
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__])
    try:
        with ProcessPoolExecutor(1, context) as pool:
            return pool.submit(work, *arguments).result()
    except BrokenProcessPool:
        return [{"detector": detector, "reason": "its process died, perhaps for want of memory"}]


def match(
    boxes: np.ndarray, scores: np.ndarray, truth: np.ndarray, iou: float = IOU
) -> tuple[np.ndarray, np.ndarray]:
    """Give each detection in an image the true face that it found.

    The best score chooses first, and takes the free true face that it overlaps most; a face can be found
    only once, so a second box on it is a false positive.

    Parameters
    ----------
    boxes : ndarray, shape (n, 4)
        Detections: x0, y0, x1, y1.
    scores : ndarray, shape (n,)
        Their scores.
    truth : ndarray, shape (m, 4)
        True faces.
    iou : float
        Intersection over union from which a face counts as found.

    Returns
    -------
    faces : ndarray of int, shape (n,)
        Row of the true face, -1 for a false positive.
    overlaps : ndarray of float, shape (n,)
        Intersection over union with it; of a false positive the largest with any true face, 0 if none.

    References
    ----------
    Everingham and others, The PASCAL Visual Object Classes challenge, IJCV 2010.
    """
    matched, overlaps = np.full(len(boxes), -1), np.zeros(len(boxes))
    if len(boxes) == 0 or len(truth) == 0:
        return matched, overlaps
    overlap = box_iou(torch.tensor(boxes, dtype=float), torch.tensor(truth, dtype=float)).numpy()
    free = np.ones(len(truth), dtype=bool)
    for row in np.argsort(-np.asarray(scores), kind="stable"):
        best = int(np.argmax(np.where(free, overlap[row], -1)))
        if free[best] and overlap[row, best] >= iou:
            matched[row], overlaps[row], free[best] = best, overlap[row, best], False
        else:
            overlaps[row] = overlap[row].max()
    return matched, overlaps


def compare(
    chosen: pd.DataFrame, found: pd.DataFrame, truth: pd.DataFrame, iou: float = IOU
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Hold detections against the truth.

    Parameters
    ----------
    chosen : DataFrame
        The frames looked at, as `frames` gives them.
    found : DataFrame
        As `detections` gives them, of one scale.
    truth : DataFrame
        As `truth_faces` gives it.
    iou : float
        As in `match`.

    Returns
    -------
    true_faces : DataFrame
        One row for each detector and true face: detector, the truth's columns, found, score, iou,
        landmark_error (mean distance of eyes and nose, the three that all give, in inter-ocular distances)
        and landmark_error_5 (of all five). Missing where the face was not found.
    boxes : DataFrame
        One row for each detection: detector, video, frame, score, iou, correct.

    Raises
    ------
    InputError
        If no detector could be used, with their reasons.
    """
    truth = chosen[["video", "frame"]].merge(truth, on=["video", "frame"])
    if found["score"].isna().all():
        raise InputError("detectors", f"none could be used: {'; '.join(found['reason'].dropna())}")
    found = found.dropna(subset="score").reset_index(drop=True)
    by_frame = {key: rows.reset_index(drop=True) for key, rows in truth.groupby(["video", "frame"])}
    face_rows, box_rows = [], []
    for name, own in found.groupby("detector", sort=False):
        in_frame = dict(list(own.groupby(["video", "frame"])))
        for key in zip(chosen["video"], chosen["frame"], strict=True):
            real, boxes = by_frame.get(key, truth.iloc[:0]), in_frame.get(key, own.iloc[:0])
            whose, overlaps = match(
                boxes[BOX].to_numpy(), boxes["score"].to_numpy(), real[BOX].to_numpy(), iou
            )
            box_rows.append(
                boxes[["detector", "video", "frame", "score"]].assign(iou=overlaps, correct=whose >= 0)
            )
            face_rows.append(_true_faces(name, real, boxes, whose, overlaps))
    return pd.concat(face_rows, ignore_index=True), pd.concat(box_rows, ignore_index=True)


def compare_at_scales(chosen: pd.DataFrame, found: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Hold the detections at each scale against the truth.

    Parameters
    ----------
    chosen, found, truth : DataFrame
        As in `compare`.

    Returns
    -------
    DataFrame
        The first table of `compare` for all scales, with scale and width (of the true face, in pixels of
        the image that was searched).
    """
    tables_at = []
    for scale, own in found.groupby("scale"):
        true_faces, _ = compare(chosen, own, truth)
        width = (true_faces["x1"] - true_faces["x0"]) * scale
        tables_at.append(true_faces.assign(scale=scale, width=width))
    return pd.concat(tables_at, ignore_index=True)


def share(table: pd.DataFrame, column: str, confidence: float = 0.95, seed: int = 0) -> pd.Series:
    """Mean of a column with a bootstrap interval over videos, since frames of one video are alike.

    Parameters
    ----------
    table : DataFrame
        With `column` (numbers or true and false) and video.
    column : str
        The column; rows where it is missing do not count.
    confidence : float
        Of the interval.
    seed : int
        Of the draws.

    Returns
    -------
    Series
        mean, low, high, count (rows), videos. The interval is missing where fewer than two videos are.
    """
    sums = table.dropna(subset=column).groupby("video")[column].agg(["sum", "size"]).astype(float)
    low = high = math.nan
    mean = sums["sum"].sum() / sums["size"].sum() if len(sums) else math.nan
    if len(sums) > 1:
        drawn = bootstrap(
            (sums["sum"].to_numpy(), sums["size"].to_numpy()),
            lambda total, size, axis: total.sum(axis=axis) / size.sum(axis=axis),
            n_resamples=1000,
            paired=True,
            confidence_level=confidence,
            method="percentile",
            rng=np.random.default_rng(seed),
        )
        low, high = drawn.confidence_interval
    counts = {"count": int(sums["size"].sum()), "videos": len(sums)}
    return pd.Series({"mean": mean, "low": low, "high": high} | counts, dtype=object)


def slices(true_faces: pd.DataFrame, column: str) -> pd.DataFrame:
    """Take the share of a column apart by what the truth knows of each face.

    Parameters
    ----------
    true_faces : DataFrame
        As `compare` gives them.
    column : str
        Column to average, such as found or landmark_error.

    Returns
    -------
    DataFrame
        One row for each detector, property of `SLICES` that the truth has, and value of it: detector,
        property, value, and what `share` gives.
    """
    rows = []
    for key, (name, edges, labels) in SLICES.items():
        if key not in true_faces:
            continue
        values = true_faces[key]
        if edges is not None:
            labels = labels or _ranges(edges)
            values = pd.cut(values.abs(), edges, labels=labels, include_lowest=True)
        # Values first, so that they keep the order of their bins in every detector's rows.
        for (value, detector), group in true_faces.groupby([values, "detector"], observed=True):
            facts = {"detector": detector, "property": name, "value": value}
            rows.append(facts | share(group, column).to_dict())
    return pd.DataFrame(rows)


def precision_recall(boxes: pd.DataFrame, faces_there: int) -> pd.DataFrame:
    """Follow precision and recall as the lowest accepted score falls.

    Parameters
    ----------
    boxes : DataFrame
        One detector's detections with score and correct, as `compare` gives them.
    faces_there : int
        True faces in the frames.

    Returns
    -------
    DataFrame
        score, precision, recall; from the highest score down, one row for each score.
    """
    ordered = boxes.sort_values("score", ascending=False, kind="stable")
    correct = ordered["correct"].cumsum().to_numpy()
    table = pd.DataFrame(
        {
            "score": ordered["score"].to_numpy(),
            "precision": correct / np.arange(1, len(ordered) + 1),
            "recall": correct / faces_there,
        }
    )
    # Boxes of one score are accepted together.
    return table.drop_duplicates("score", keep="last").reset_index(drop=True)


def average_precision(
    boxes: pd.DataFrame,
    true_faces: pd.DataFrame,
    confidence: float = 0.95,
    resamples: int = 500,
    seed: int = 0,
) -> pd.Series:
    """Area under the steps of precision against recall, with a bootstrap interval over videos.

    Parameters
    ----------
    boxes, true_faces : DataFrame
        Of one detector, as `compare` gives them.
    confidence : float
        Of the interval.
    resamples : int
        Draws of the bootstrap.
    seed : int
        Of the draws.

    Returns
    -------
    Series
        mean, low, high, count (true faces), videos, as `share` names them. A face that no box found lowers
        the area, since recall then ends below one.

    References
    ----------
    Everingham and others, The PASCAL Visual Object Classes challenge, IJCV 2010.
    """
    videos = pd.Index(true_faces["video"].unique()).union(boxes["video"].unique())
    of_boxes, of_faces = (videos.get_indexer(table["video"]) for table in (boxes, true_faces))
    correct, scores = boxes["correct"].to_numpy(bool), boxes["score"].to_numpy()

    def area(drawn: np.ndarray) -> float:
        times = np.bincount(drawn.astype(int), minlength=len(videos))
        weights, there = times[of_boxes], times[of_faces].sum()
        hits = (weights * correct).sum()
        if there == 0:
            return math.nan
        if hits == 0:
            return 0.0
        return average_precision_score(correct, scores, sample_weight=weights) * hits / there

    everything, low, high = np.arange(len(videos)), math.nan, math.nan
    if len(videos) > 1:
        generator = np.random.default_rng(seed)
        draws = [area(generator.choice(everything, len(everything))) for _ in range(resamples)]
        low, high = np.nanquantile(draws, [(1 - confidence) / 2, (1 + confidence) / 2])
    facts = {"mean": area(everything), "low": low, "high": high}
    return pd.Series(facts | {"count": len(true_faces), "videos": len(videos)}, dtype=object)


def false_alarms(chosen: pd.DataFrame, boxes: pd.DataFrame) -> pd.DataFrame:
    """Count what detectors find in frames that are known to have no face.

    Parameters
    ----------
    chosen : DataFrame
        As `frames` gives it.
    boxes : DataFrame
        As `compare` gives them.

    Returns
    -------
    DataFrame
        For each detector: detector, boxes (in those frames), best_score (missing without a box), and of the
        share of these frames with a box what `share` gives. No rows without such frames.
    """
    faceless = chosen.loc[chosen["face"].eq(False), ["video", "frame"]]
    rows = []
    for name, own in boxes.groupby("detector", sort=False) if len(faceless) else ():
        inside = own.merge(faceless, on=["video", "frame"])
        alarms = faceless.merge(inside.drop_duplicates(["video", "frame"]), how="left")
        facts = {"detector": name, "boxes": len(inside), "best_score": inside["score"].max()}
        rows.append(facts | share(alarms.assign(alarm=alarms["score"].notna()), "alarm").to_dict())
    return pd.DataFrame(rows)


def beside_faces(boxes: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Give each box the properties of the largest true face in its frame, so that precision can be sliced.

    Parameters
    ----------
    boxes : DataFrame
        As `compare` gives them.
    truth : DataFrame
        As `appearance` or `truth_faces` gives it.

    Returns
    -------
    DataFrame
        The boxes in frames with a face, with the columns of `SLICES` that the truth has.
    """
    sizes = truth.assign(width=truth["x1"] - truth["x0"]).sort_values("width", ascending=False)
    largest = sizes.drop_duplicates(["video", "frame"])
    known = [column for column in SLICES if column in largest]
    return boxes.merge(largest[["video", "frame", *known]], on=["video", "frame"], validate="many_to_one")


def agreement(found: pd.DataFrame, one: str, other: str) -> pd.DataFrame:
    """Compare what two detectors found in the same frames.

    Parameters
    ----------
    found : DataFrame
        As `detections` gives them, of one scale.
    one, other : str
        The detectors; the boxes of `one` play the part of the truth.

    Returns
    -------
    DataFrame
        One row for each face that either found: video, frame, found_by (``"both"`` or the detector), both
        (whether both did), width and score (those of `one` where both found it), iou, score_difference
        (absolute), wider (width of the box of `other`, as a share of that of `one`), the distance of each
        landmark in inter-ocular distances of `one`, such as nose_difference, and their mean
        landmark_difference.
    """
    found = found.dropna(subset="score")
    groups = {
        name: dict(list(found[found["detector"] == name].groupby(["video", "frame"])))
        for name in (one, other)
    }
    rows = []
    for key in sorted(set(groups[one]) | set(groups[other])):
        first, second = (groups[name].get(key, found.iloc[:0]) for name in (one, other))
        mates, overlaps = match(second[BOX].to_numpy(), second["score"].to_numpy(), first[BOX].to_numpy())
        paired = mates >= 0
        left, right = first.iloc[mates[paired]], second[paired]
        alone = first.drop(left.index)
        rows += [
            _differences(left, right, overlaps[paired]),
            *(_alone(boxes) for boxes in (alone, second[~paired])),
        ]
    points = [f"{name}_difference" for name in detectors.LANDMARKS]
    columns = ["video", "frame", "found_by", "both", "width", "score", "iou", "score_difference", "wider"]
    columns += [*points, "landmark_difference"]
    rows = [each for each in rows if len(each)]
    table = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=columns)
    return table.reindex(columns=columns).astype({"both": bool, "frame": int})


def portrait(profile: Profile, face: pd.Series, coloured: bool = False) -> np.ndarray:
    """Cut a face out of its frame, and colour what covers it if asked to.

    Parameters
    ----------
    profile : Profile
        The run.
    face : Series
        A row that `appearance` gives.
    coloured : bool
        Whether the pixels that `covered` finds are coloured.

    Returns
    -------
    ndarray of uint8, shape (150, 120, 3)
        RGB.
    """
    image = video.read_frame(profile.data / face["path"], face["frame"]).image
    box = face[BOX].to_numpy(float)
    crop, _ = _cut_out(image, box)
    if coloured:
        points = face[LANDMARKS].to_numpy(float).reshape(-1, 2)
        crop[covered(image, box, points)] = COVERED_COLOUR
    return cv2.resize(crop, (120, 150), interpolation=cv2.INTER_AREA)


def drawn(image: np.ndarray, boxes: pd.DataFrame, colours: dict[str, str], width: int = 300) -> np.ndarray:
    """Draw boxes and landmarks of detectors into a close-up.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB.
    boxes : DataFrame
        Of this image, as `detections` gives them; one at least.
    colours : dict of str to str
        Of each detector.
    width : int
        Of the result, in pixels.

    Returns
    -------
    ndarray of uint8, shape (height, `width`, 3)
    """
    edges = np.concatenate([boxes[BOX[:2]].min(), boxes[BOX[2:]].max()])
    picture, inside = close_up(image, edges, 0.1)
    scale = width / picture.shape[1]
    picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
    corner = np.tile(edges[:2] - inside[:2], 2)
    for box in boxes.itertuples():
        colour = [round(255 * part) for part in to_rgb(colours[box.detector])]
        x0, y0, x1, y1 = np.round(scale * (np.array([box.x0, box.y0, box.x1, box.y1]) - corner)).astype(int)
        cv2.rectangle(picture, (x0, y0), (x1, y1), colour, 2)
        for name in detectors.LANDMARKS:
            point = scale * (np.array([getattr(box, f"{name}_{axis}") for axis in "xy"]) - corner[:2])
            if np.isfinite(point).all():
                cv2.circle(picture, tuple(np.round(point).astype(int).tolist()), 4, colour, 2)
    return picture


def draw_slices(
    sliced: pd.DataFrame, colours: dict[str, str], titles: dict[str, str], label: str, columns: int = 3
) -> Figure:
    """Draw slices as points with intervals, one panel for each property and one colour for each detector.

    Parameters
    ----------
    sliced : DataFrame
        As `slices` gives it.
    colours, titles : dict of str to str
        Of each detector.
    label : str
        What was averaged.
    columns : int
        Panels beside each other.

    Returns
    -------
    Figure
    """
    properties = {name: part for name, part in sliced.groupby("property", sort=False)}
    lines = math.ceil(len(properties) / columns)
    most = sliced.groupby("property")["value"].nunique().max()
    size = 3.4 * columns, (0.75 + 0.36 * most) * lines + 0.5
    figure, axes = plt.subplots(lines, columns, figsize=size, squeeze=False, sharex=True)
    for ax in axes.flat[len(properties) :]:
        ax.remove()
    for ax, (name, part) in zip(axes.flat, properties.items(), strict=False):
        values = list(part["value"].unique())
        names = [each for each in titles if each in set(part["detector"])]
        for place, detector in enumerate(names):
            own = part[part["detector"] == detector].set_index("value").reindex(values)
            height = np.arange(len(values)) + 0.14 * (place - (len(names) - 1) / 2)
            mean, low, high = (own[column].astype(float) for column in ("mean", "low", "high"))
            ax.hlines(height, low, high, color=colours[detector])
            ax.plot(mean, height, "o", color=colours[detector], markersize=4, label=titles[detector])
        counts = part.groupby("value", observed=True)["count"].max()
        ax.set(yticks=range(len(values)), ylim=(len(values) - 0.5, -0.5), title=name)
        ax.set_yticklabels([f"{value} ({counts[value]})" for value in values], fontsize=9)
        ax.tick_params(axis="x", labelbottom=True)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    # As the legend's title, since a label of the figure would lie below the legend.
    figure.legend(handles, labels, title=label, loc="outside lower center", ncols=len(labels), fontsize=9)
    return figure


def _lab(image: np.ndarray) -> np.ndarray:
    """CIE L*a*b*, lightness from 0 to 100."""
    return cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)


def _cut_out(image: np.ndarray, box: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut a box out, black where it reaches beyond the picture, and say which pixels are inside of it."""
    x0, y0, x1, y1 = np.concatenate([np.floor(box[:2]), np.ceil(box[2:])]).astype(int)
    height, width = image.shape[:2]
    rows, columns = np.arange(y0, y1), np.arange(x0, x1)
    inside = np.outer((rows >= 0) & (rows < height), (columns >= 0) & (columns < width))
    crop = image[np.clip(rows, 0, height - 1)][:, np.clip(columns, 0, width - 1)]
    return np.where(inside[..., None], crop, 0).astype(np.uint8), inside


def _oval(shape: tuple[int, int]) -> np.ndarray:
    y, x = (2 * (np.arange(side) + 0.5) / side - 1 for side in shape)
    return y[:, None] ** 2 + x**2 <= 1


def _ranges(edges: list[float]) -> list[str]:
    inner = [f"{low:g} to {high:g}" for low, high in pairwise(edges[1:-1])]
    return [f"under {edges[1]:g}", *inner, f"over {edges[-2]:g}"]


def _sizes(profile: Profile, chosen: pd.DataFrame) -> list[tuple[str, int]]:
    return [(path, (profile.data / path).stat().st_size) for path in chosen["path"].unique()]


def _each_in_process(
    jobs: int, names: tuple[str, ...], search: Callable[..., Iterator[dict]], *arguments: object
) -> list[dict]:
    """Let each detector search in a process of its own; `jobs` processes at a time."""
    # The slowest first, so that the processes end at about the same time.
    order = sorted(names, key=lambda name: name != "dlib-cnn")
    with ThreadPoolExecutor(jobs) as pool:
        running = [pool.submit(in_process, name, _with_detector, name, search, *arguments) for name in order]
        return [row for each in running for row in each.result()]


def _with_detector(name: str, search: Callable[..., Iterator[dict]], *arguments: object) -> list[dict]:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    try:
        detector = detectors.make(name)
    except InputError as error:
        return [{"detector": name, "reason": str(error)}]
    rows = [{"detector": name} | row for row in search(detector, *arguments)]
    return rows or [{"detector": name, "reason": "found no face in any frame"}]


def _search(
    detector: Detector, data: Path, chosen: pd.DataFrame, scales: tuple[float, ...]
) -> Iterator[dict]:
    for each in chosen.itertuples():
        image = video.read_frame(data / each.path, each.frame).image
        for scale in scales:
            small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            facts = {"scale": scale, "video": each.video, "frame": each.frame}
            yield from (facts | row for row in _rows(detector.detect([small])[0], scale))


def _search_stressed(detector: Detector, data: Path, chosen: pd.DataFrame) -> Iterator[dict]:
    settings = [("none", math.nan), *((kind, a) for kind, (amounts, _) in STRESSES.items() for a in amounts)]
    for each in chosen.itertuples():
        image, box = close_up(video.read_frame(data / each.path, each.frame).image, np.array(each[-4:]))
        for kind, amount in settings:
            found = detector.detect([stressed(image, box, kind, amount)])[0]
            whose, _ = match(found.boxes, found.scores, box[None])
            facts = {"video": each.video, "stress": kind, "amount": amount}
            yield facts | {"found": bool((whose >= 0).any())}


def _rows(found: Detections, scale: float) -> list[dict]:
    return [
        dict(zip(BOX, (box / scale).tolist(), strict=True))
        | {"score": float(score)}
        | dict(zip(LANDMARKS, (points / scale).ravel().tolist(), strict=True))
        for box, score, points in zip(found.boxes, found.scores, found.landmarks, strict=True)
    ]


def _true_faces(
    name: str, real: pd.DataFrame, boxes: pd.DataFrame, whose: np.ndarray, overlaps: np.ndarray
) -> pd.DataFrame:
    """Rows of `compare` for one detector and frame."""
    result = real.assign(
        detector=name, found=False, score=np.nan, iou=np.nan, landmark_error=np.nan, landmark_error_5=np.nan
    )
    hits = np.flatnonzero(whose >= 0)
    rows = whose[hits]
    here, there = _points(boxes.iloc[hits]), _points(real.iloc[rows])
    measured = {
        "found": True,
        "score": boxes["score"].to_numpy()[hits],
        "iou": overlaps[hits],
        "landmark_error": _landmark_error(here, there, points=3),
        "landmark_error_5": _landmark_error(here, there),
    }
    for column, values in measured.items():
        result.loc[rows, column] = values
    return result


def _differences(left: pd.DataFrame, right: pd.DataFrame, overlaps: np.ndarray) -> pd.DataFrame:
    """Rows of `agreement` for boxes that belong together."""
    points, others = _points(left), _points(right)
    between_eyes = np.linalg.norm(points[:, 0] - points[:, 1], axis=-1)[:, None]
    apart = np.linalg.norm(others - points, axis=-1) / between_eyes
    measures = {
        "iou": overlaps,
        "score_difference": np.abs(left["score"].to_numpy() - right["score"].to_numpy()),
        "wider": (right["x1"] - right["x0"]).to_numpy() / (left["x1"] - left["x0"]).to_numpy(),
        "landmark_difference": _landmark_error(others, points),
    }
    by_point = dict(zip((f"{name}_difference" for name in detectors.LANDMARKS), apart.T, strict=True))
    return _alone(left).assign(found_by="both", both=True, **measures, **by_point)


def _alone(boxes: pd.DataFrame) -> pd.DataFrame:
    """Rows of `agreement` for boxes that only one detector found."""
    kept = boxes[["video", "frame", "score"]]
    return kept.assign(found_by=boxes["detector"], both=False, width=boxes["x1"] - boxes["x0"])


def _points(table: pd.DataFrame) -> np.ndarray:
    return table[LANDMARKS].to_numpy(dtype=float).reshape(-1, len(detectors.LANDMARKS), 2)


def _landmark_error(points_found: np.ndarray, points_true: np.ndarray, points: int = 5) -> np.ndarray:
    between_eyes = np.linalg.norm(points_true[:, 0] - points_true[:, 1], axis=-1)
    distances = np.linalg.norm(points_found[:, :points] - points_true[:, :points], axis=-1)
    return distances.mean(axis=-1) / between_eyes
