"""The faces table: crops of the faces in sampled frames of every video."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from dfd import cluster, dataset, detectors, tables, tracking, video
from dfd.errors import InputError
from dfd.profile import Profile

JPEG_QUALITY = 95
BOX = ["x0", "y0", "x1", "y1"]
LANDMARKS = [f"{name}_{axis}" for name in detectors.LANDMARKS for axis in "xy"]
FACTS = ["face_id", "video", "frame", "time", *BOX, "score", *LANDMARKS, "label", "split"]


def path(profile: Profile) -> Path:
    """Where a run keeps its faces table (without the images, which are in the shards beside it).

    Parameters
    ----------
    profile : Profile
        The run.

    Returns
    -------
    Path
    """
    return profile.build / "faces.parquet"


def table(profile: Profile, images: bool = False) -> pd.DataFrame:
    """Make or reuse the faces table: one row for each face crop (report, sections 2.2.1 to 2.2.4).

    From a FAKE video `profile.faces_per_fake` frames are sampled and from a REAL one
    `profile.faces_per_real`, and at most so many faces kept. All faces of a frame are kept, for the
    metadata do not say which one was changed: a face's label is its video's, as the report assumes.

    Parameters
    ----------
    profile : Profile
        The run.
    images : bool
        Whether to read the encoded crops too; some 15 kB a face.

    Returns
    -------
    DataFrame
        face_id, video, frame, time (s), x0, y0, x1, y1 (pixels in the frame), score, the landmarks
        (left_eye_x, left_eye_y, ... as in `detectors.LANDMARKS`), label, split, and if wanted image (the
        bytes of a JPEG file that `decode` turns into pixels).
    """
    outcome = status(profile)
    columns = [*FACTS, "image"] if images else FACTS
    shards = [_shard(profile, name) for name in outcome.loc[outcome["faces"] > 0, "video"]]
    if images:
        return _joined(shards, columns)
    made_of = tables.fingerprint(tables.made_from(_status_path(profile)))
    return tables.reuse_or_make(path(profile), made_of, lambda: _joined(shards, columns))


def status(profile: Profile) -> pd.DataFrame:
    """Tell what came of each video; makes the faces where they are missing.

    Parameters
    ----------
    profile : Profile
        The run.

    Returns
    -------
    DataFrame
        video, label, split, sampled (frames looked at), faces (kept), status and reason. The status is
        ``"ok"``, ``"no face"``, ``"unreadable"``, or what the videos table said.
    """
    videos = dataset.table(profile)
    made_of = tables.fingerprint(tables.made_from(dataset.path(profile)), _settings(profile), code=_code())
    return tables.reuse_or_make(_status_path(profile), made_of, lambda: _extract(profile, videos))


def images(profile: Profile, face_ids: list[str]) -> np.ndarray:
    """Read face crops.

    Parameters
    ----------
    profile : Profile
        The run.
    face_ids : list of str
        Faces of the faces table.

    Returns
    -------
    ndarray of uint8, shape (n, size, size, 3)
        RGB, in the order of `face_ids`.

    Raises
    ------
    InputError
        If a face is not in the faces table.
    """
    wanted = pd.Series(list(face_ids), dtype="str")
    pictures = np.empty((len(wanted), profile.face_size, profile.face_size, 3), np.uint8)
    for name, group in wanted.groupby(wanted.str.rsplit("-", n=2).str[0]):
        shard = tables.read(_shard(profile, name), columns=["face_id", "image"]).set_index("face_id")["image"]
        for position, face_id in group.items():
            if face_id not in shard.index:
                raise InputError(f"face {face_id!r}", "not in the faces table")
            pictures[position] = decode(shard[face_id])
    return pictures


def crop(image: np.ndarray, box: np.ndarray, margin: float, size: int) -> np.ndarray:
    """Cut out a face with a margin, as a square.

    The report's ``new_width = width * (1 + margin)`` is applied to the longer side of the box and the square
    put around the box's centre, so that no face is stretched. Where the square leaves the frame, the
    frame's last pixels are repeated.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        The frame, RGB.
    box : array_like of float, shape (4,)
        Left, top, right and bottom of the face in pixels.
    margin : float
        Share of the face's side added to it; 0.6 makes 240 pixels of 150.
    size : int
        Side of the result in pixels.

    Returns
    -------
    ndarray of uint8, shape (size, size, 3)
        RGB.

    References
    ----------
    Report, section 2.2.4.
    """
    height, width = image.shape[:2]
    left, top, right, bottom = np.asarray(box, dtype=float)
    side = max(round(max(right - left, bottom - top) * (1 + margin)), 1)
    x, y = round((left + right - side) / 2), round((top + bottom - side) / 2)
    square = image[max(y, 0) : y + side, max(x, 0) : x + side]
    beyond = max(-y, 0), max(y + side - height, 0), max(-x, 0), max(x + side - width, 0)
    if any(beyond):
        square = cv2.copyMakeBorder(square, *beyond, cv2.BORDER_REPLICATE)
    return cv2.resize(square, (size, size), interpolation=cv2.INTER_AREA if side > size else cv2.INTER_CUBIC)


def encode(image: np.ndarray) -> bytes:
    """Compress a face crop: JPEG of quality 95 without chroma subsampling.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB.

    Returns
    -------
    bytes
        A JPEG file.
    """
    settings = [
        *(cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY),
        *(cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444),
    ]
    return cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), settings)[1].tobytes()


def decode(image: bytes) -> np.ndarray:
    """Decompress a face crop.

    Parameters
    ----------
    image : bytes
        A JPEG file, as the image column holds it.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        RGB.
    """
    return cv2.cvtColor(cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def _status_path(profile: Profile) -> Path:
    return profile.build / "faces_status.parquet"


def _shard(profile: Profile, name: str) -> Path:
    return profile.build / "faces" / f"{Path(name).stem}.parquet"


def _settings(profile: Profile) -> list:
    return [profile.faces_per_fake, profile.faces_per_real, profile.margin, profile.face_size]


def _code() -> list:
    return [sys.modules[__name__], video, tracking, detectors]


def _joined(shards: list[Path], columns: list[str]) -> pd.DataFrame:
    if not shards:
        return pd.DataFrame(columns=columns)
    return pd.concat([tables.read(shard, columns=columns) for shard in shards], ignore_index=True)


def _extract(profile: Profile, videos: pd.DataFrame) -> pd.DataFrame:
    columns = ["video", "label", "split", "status", "reason"]
    outcome = videos[columns].assign(sampled=0, faces=0)
    readable = videos[videos["status"] == "ok"]
    for place, result in cluster.each(profile, _extract_one, readable.to_dict("records"), _lost, "video"):
        outcome.loc[readable.index[place], list(result)] = list(result.values())
    return outcome[["video", "label", "split", "sampled", "faces", "status", "reason"]]


def _extract_one(profile: Profile, facts: dict) -> dict:
    file = profile.data / facts["path"]
    shard = _shard(profile, facts["video"])
    count = profile.faces_per_fake if facts["label"] == "FAKE" else profile.faces_per_real
    try:
        made_of = tables.fingerprint(
            *(facts["label"], facts["split"], file.stat().st_mtime_ns, file.stat().st_size),
            _settings(profile),
            code=_code(),
        )
        found = tables.reuse_or_make(shard, made_of, lambda: _faces(profile, facts, count))
    except FileNotFoundError:
        return {"status": "missing", "reason": "was there when the videos were listed, and is gone"}
    except InputError as error:
        return {"status": "unreadable", "reason": error.reason}
    result = {"sampled": min(count, facts["frames"]), "faces": len(found)}
    if found.empty:
        result |= {"status": "no face", "reason": f"no face in the {result['sampled']} frames looked at"}
    return result


def _lost(reason: str) -> dict:
    return {"status": "unreadable", "reason": reason}


def _faces(profile: Profile, facts: dict, count: int) -> pd.DataFrame:
    rows = []
    for frame, found in tracking.find(video.sample_frames(profile.data / facts["path"], count)):
        for person in range(len(found)):
            rows.append(
                {
                    "face_id": f"{Path(facts['video']).stem}-{frame.index:04d}-{person}",
                    "frame": frame.index,
                    "time": frame.time,
                    **dict(zip(BOX, found.boxes[person], strict=True)),
                    "score": found.scores[person],
                    **dict(zip(LANDMARKS, found.landmarks[person].ravel(), strict=True)),
                    "image": encode(
                        crop(frame.image, found.boxes[person], profile.margin, profile.face_size)
                    ),
                }
            )
    faces = pd.DataFrame(rows, columns=[*FACTS, "image"])
    return _thinned(faces.assign(video=facts["video"], label=facts["label"], split=facts["split"]), count)


def _thinned(faces: pd.DataFrame, count: int) -> pd.DataFrame:
    # Whole frames go, so that of two people in a video neither is kept more often.
    frames = faces["frame"].unique()
    for keep in range(len(frames), 0, -1):
        kept = faces[faces["frame"].isin(frames[video.spread(len(frames), keep)])]
        if len(kept) <= count:
            return kept
    return faces.head(count)
