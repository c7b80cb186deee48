"""The faces table: crops of the faces in sampled frames of every video."""

from collections.abc import Collection
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from dfd import contents, dataset, parallel, search, tables, video
from dfd.boxes import BOX, LANDMARK_COLUMNS
from dfd.errors import InputError
from dfd.run import Run

VERSION = 2
"""Raised when the code of this stage makes other tables than before."""

JPEG_QUALITY = 95
FACTS = ["face_id", "video", "frame", "time", *BOX, "score", *LANDMARK_COLUMNS, "label", "split"]


def path(run: Run) -> Path:
    """Where a run keeps its faces table (without the images, which are in the shards beside it).

    Returns
    -------
    Path
    """
    return run.build / "faces.parquet"


def table(run: Run, images: bool = False, videos: Collection[str] | None = None) -> pd.DataFrame:
    """Make or reuse the faces table: one row for each face crop (report, sections 2.2.1 to 2.2.4).

    From a FAKE video `run.faces_per_fake` frames are sampled and from a REAL one
    `run.faces_per_real`, and at most so many faces kept. All faces of a frame are kept, for the
    metadata do not say which one was changed: a face's label is its video's, as the report assumes.

    Parameters
    ----------
    images : bool
        Whether to read the encoded crops too; some 15 kB a face.
    videos : collection of str, optional
        Videos whose faces are read; all by default.

    Returns
    -------
    DataFrame
        face_id, video, frame, time (s), x0, y0, x1, y1 (pixels in the frame), score, the landmarks
        (left_eye_x, left_eye_y, ... as in `detectors.LANDMARKS`), label, split, and if wanted image (the
        bytes of a JPEG file that `decode` turns into pixels).
    """
    outcome = status(run)
    names = outcome.loc[outcome["faces"] > 0, "video"]
    if images:
        wanted = names if videos is None else names[names.isin(videos)]
        return _joined([_shard(run, name) for name in wanted], [*FACTS, "image"])
    fingerprint = tables.fingerprint(tables.stored_fingerprint(_status_path(run)))
    everything = tables.reuse_or_make(
        path(run), fingerprint, lambda: _joined([_shard(run, name) for name in names], FACTS)
    )
    return everything if videos is None else everything[everything["video"].isin(videos)]


def status(run: Run) -> pd.DataFrame:
    """Tell what came of each video; makes the faces where they are missing.

    Returns
    -------
    DataFrame
        video, label, split, sampled (frames looked at), faces (kept), status and reason. The status is
        ``"ok"``, ``"no face"``, ``"unreadable"``, or what the videos table said.
    """
    videos = dataset.table(run)
    fingerprint = tables.fingerprint(VERSION, tables.stored_fingerprint(dataset.path(run)), _settings(run))
    return tables.reuse_or_make(_status_path(run), fingerprint, lambda: _extract(run, videos))


def images(run: Run, face_ids: list[str]) -> np.ndarray:
    """Read face crops.

    Parameters
    ----------
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
    pictures = np.empty((len(wanted), run.face_size, run.face_size, 3), np.uint8)
    for name, group in wanted.groupby(wanted.str.rsplit("-", n=2).str[0]):
        shard = tables.read(_shard(run, name), columns=["face_id", "image"]).set_index("face_id")["image"]
        for position, face_id in zip(group.index.to_numpy(), group, strict=True):
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

    Examples
    --------
    >>> import numpy as np
    >>> from dfd import faces
    >>> frame = np.zeros((480, 640, 3), np.uint8)
    >>> faces.crop(frame, [200, 100, 300, 250], margin=0.6, size=240).shape
    (240, 240, 3)
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

    Raises
    ------
    InputError
        If the bytes are no picture.
    """
    decoded = cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_COLOR)
    if decoded is None:
        raise InputError("face crop", "its bytes are no picture")
    return cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB)


def _status_path(run: Run) -> Path:
    return run.build / "faces_status.parquet"


def _shard(run: Run, name: str) -> Path:
    return run.build / "faces" / f"{Path(name).stem}.parquet"


def _settings(run: Run) -> list:
    return [run.faces_per_fake, run.faces_per_real, run.margin, run.face_size]


def _joined(shards: list[Path], columns: list[str]) -> pd.DataFrame:
    if not shards:
        return pd.DataFrame(columns=columns)
    return pd.concat([tables.read(shard, columns=columns) for shard in shards], ignore_index=True)


def _extract(run: Run, videos: pd.DataFrame) -> pd.DataFrame:
    columns = ["video", "label", "split", "status", "reason"]
    outcome = videos[columns].assign(sampled=0, faces=0)
    readable = videos[videos["status"] == "ok"]
    for place, result in parallel.map_unordered(
        run, _extract_one, readable.to_dict("records"), _lost, "video", on_gpu=False
    ):
        outcome.loc[readable.index[place], list(result)] = list(result.values())
    return outcome[["video", "label", "split", "sampled", "faces", "status", "reason"]]


def _extract_one(run: Run, facts: dict) -> dict:
    file = run.data / facts["path"]
    count = run.faces_per_fake if facts["label"] == "FAKE" else run.faces_per_real
    try:
        fingerprint = tables.fingerprint(
            VERSION, facts["label"], facts["split"], contents.sha256(file), _settings(run)
        )
        shard = tables.reuse_or_make(
            _shard(run, facts["video"]), fingerprint, lambda: _faces(run, facts, count)
        )
    except FileNotFoundError:
        return {"status": "missing", "reason": "was there when the videos were listed, and is gone"}
    except InputError as error:
        return {"status": "unreadable", "reason": error.reason}
    result = {"sampled": min(count, facts["frames"]), "faces": len(shard)}
    if shard.empty:
        result |= {"status": "no face", "reason": f"no face in the {result['sampled']} frames looked at"}
    return result


def _lost(reason: str) -> dict:
    return {"status": "unreadable", "reason": reason}


def _faces(run: Run, facts: dict, count: int) -> pd.DataFrame:
    rows = []
    for frame, detections in search.find(video.sample_frames(run.data / facts["path"], count)):
        for person in range(len(detections)):
            box = detections.boxes[person]
            rows.append(
                {
                    "face_id": f"{Path(facts['video']).stem}-{frame.index:04d}-{person}",
                    "frame": frame.index,
                    "time": frame.time,
                    **dict(zip(BOX, box, strict=True)),
                    "score": detections.scores[person],
                    **dict(zip(LANDMARK_COLUMNS, detections.landmarks[person].ravel(), strict=True)),
                    "image": encode(crop(frame.image, box, run.margin, run.face_size)),
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
