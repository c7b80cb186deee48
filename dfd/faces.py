"""The faces table, and beside it the crops of the faces in sampled frames of every video."""

from collections import OrderedDict
from collections.abc import Collection, Iterator
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pyarrow as pa

from dfd import contents, dataset, parallel, progress, search, tables, video
from dfd.boxes import BOX, LANDMARK_COLUMNS
from dfd.errors import InputError
from dfd.run import Run

VERSION = 2
"""Raised when the code of this stage makes other tables than before."""

JPEG_QUALITY = 95
KEPT = 32
"""Videos whose crops a reader keeps in memory: 0.2 MB each on average, and 0.6 MB of a REAL one."""

FACTS = ["face_id", "video", "frame", "time", *BOX, "score", *LANDMARK_COLUMNS, "label", "split"]


def path(run: Run) -> Path:
    """Where a run keeps its faces table (without the images, which are in the shards beside it).

    Returns
    -------
    Path
    """
    return run.build / "faces.parquet"


def table(run: Run, videos: Collection[str] | None = None) -> pd.DataFrame:
    """Make or reuse the faces table: one row for each face crop (report, sections 2.2.1 to 2.2.4).

    From a FAKE video `run.faces_per_fake` frames are sampled and from a REAL one
    `run.faces_per_real`, and at most so many faces kept. All faces of a frame are kept, for the
    metadata do not say which one was changed: a face's label is its video's, as the report assumes.

    Parameters
    ----------
    videos : collection of str, optional
        Videos whose faces are read; all by default.

    Returns
    -------
    DataFrame
        face_id, video, frame, time (s), x0, y0, x1, y1 (pixels in the frame), score, the landmarks
        (left_eye_x, left_eye_y, ... as in `detectors.LANDMARKS`), label and split. The crops themselves are
        read by `Crops` and `images`.
    """
    outcome = status(run)
    names = outcome.loc[outcome["faces"] > 0, "video"]
    fingerprint = tables.fingerprint(tables.stored_fingerprint(status_path(run)))
    if names.empty:
        return tables.reuse_or_make(path(run), fingerprint, lambda: pd.DataFrame(columns=FACTS))
    everything = tables.reuse_or_join(path(run), fingerprint, lambda: _facts(run, names))
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
    fingerprint = expected_fingerprint(run)
    if tables.stored_fingerprint(status_path(run)) == fingerprint and not _are_whole(run):
        status_path(run).unlink()
    return tables.reuse_or_make(status_path(run), fingerprint, lambda: _extract(run, videos))


def status_path(run: Run) -> Path:
    """Where a run keeps what came of each video.

    Returns
    -------
    Path
    """
    return run.build / "faces_status.parquet"


def shard_folder(run: Run) -> Path:
    """Where a run keeps the faces of each video, with their images.

    Returns
    -------
    Path
    """
    return run.build / "faces"


def expected_fingerprint(run: Run, version: int = VERSION) -> str:
    """Say what `status` would be made from now, with the videos table as it is.

    Parameters
    ----------
    version : int
        Version of the stage.

    Returns
    -------
    str
        As `dfd.tables.fingerprint` gives it.
    """
    return tables.fingerprint(version, tables.stored_fingerprint(dataset.path(run)), _settings(run))


def shard_fingerprint(run: Run, label: str, split: str, digest: str) -> str:
    """Say what the faces of a video would be made from.

    Parameters
    ----------
    label, split : str
        Of the video.
    digest : str
        SHA-256 of its file.

    Returns
    -------
    str
        As `dfd.tables.fingerprint` gives it.
    """
    return tables.fingerprint(VERSION, label, split, digest, _settings(run))


class Crops:
    """The crops of a run, read from the disk when they are asked for: ``Crops(run)[face_id]``.

    All of DFDC's crops are 23 GB. They stay in their shards, one Parquet file for each video; those of the
    last `KEPT` videos are kept in memory. A crop takes 0.5 ms to read and 2 to 4 ms to decode and augment, so
    a second format would not pay (Arrow's files: 0.15 ms). The object can be given to other processes.

    Parameters
    ----------
    run : Run
        The run, whose faces table is there.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self._videos: OrderedDict[str, dict[str, pa.Scalar]] = OrderedDict()

    def __getitem__(self, face_id: str) -> bytes:
        """Read a crop: a JPEG file, which `decode` turns into pixels; a wrong name is an `InputError`."""
        name = face_id.rsplit("-", maxsplit=2)[0]
        if name not in self._videos:
            rows = tables.read_arrow(_shard(self.run, name), ["face_id", "image"])
            self._videos[name] = dict(zip(rows["face_id"].to_pylist(), rows["image"], strict=True))
            if len(self._videos) > KEPT:
                self._videos.popitem(last=False)
        if face_id not in self._videos[name]:
            raise InputError(f"face {face_id!r}", "not in the faces table")
        return self._videos[name][face_id].as_py()

    def __reduce__(self) -> tuple:
        """Leave behind what is remembered when the object goes to another process."""
        return Crops, (self.run,)


def images(run: Run, face_ids: list[str]) -> np.ndarray:
    """Read and decode face crops; some thousands fill a gigabyte, so more are read in batches.

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
    crops = Crops(run)
    pictures = np.empty((len(face_ids), run.face_size, run.face_size, 3), np.uint8)
    # Faces of a video together, so that its shard is read once.
    for place in sorted(range(len(face_ids)), key=face_ids.__getitem__):
        pictures[place] = decode(crops[face_ids[place]])
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
    whole_colours = cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444
    settings = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY, *whole_colours]
    return cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), settings)[1].tobytes()


def decode(image: bytes) -> np.ndarray:
    """Decompress a face crop.

    Parameters
    ----------
    image : bytes
        A JPEG file, as `Crops` reads it.

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


def _shard(run: Run, name: str) -> Path:
    return shard_folder(run) / f"{Path(name).stem}.parquet"


def _are_whole(run: Run) -> bool:
    """Tell whether the faces of every video are there: somebody may have deleted some."""
    names = tables.read(status_path(run)).query("sampled > 0")["video"]
    return {_shard(run, name).name for name in names} <= contents.files_in(shard_folder(run))


def _settings(run: Run) -> list:
    return [run.faces_per_fake, run.faces_per_real, run.margin, run.face_size]


def _facts(run: Run, names: pd.Series) -> Iterator[pa.Table]:
    parts = (tables.read_arrow(_shard(run, name), FACTS) for name in names)
    return progress.track(parts, "joining faces", len(names), "video")


def _extract(run: Run, videos: pd.DataFrame) -> pd.DataFrame:
    columns = ["video", "label", "split", "status", "reason"]
    outcome = videos[columns].assign(sampled=0, faces=0)
    readable = videos[videos["status"] == "ok"]
    made = _made(run, readable)
    left = readable[~readable["video"].isin(made)]
    results = dict(zip(readable.index[readable["video"].isin(made)], made.values(), strict=True))
    for place, result in parallel.map_unordered(
        *(run, _extract_one, left.to_dict("records"), _lost, "video"),
        on_gpu=False,
        stage="faces",
        files=[_shard(run, name) for name in left["video"]],
    ):
        results[left.index[place]] = result
    # All at once, since setting one row of a table takes as long as reading a shard.
    outcome.update(pd.DataFrame.from_dict(results, orient="index"))
    outcome = outcome.astype({"sampled": "int64", "faces": "int64"})
    return outcome[["video", "label", "split", "sampled", "faces", "status", "reason"]]


def _made(run: Run, readable: pd.DataFrame) -> dict[str, dict]:
    """Say what came of the videos whose faces are there, without reading a video again."""
    digests = dataset.hashes(run, readable["path"])
    made = {}
    for facts in progress.track(readable.to_dict("records"), "faces at hand", len(readable), "video"):
        shard = _shard(run, facts["video"])
        if digest := digests.get(facts["path"]):
            fingerprint, count = tables.stored(shard)
            if fingerprint == shard_fingerprint(run, facts["label"], facts["split"], digest):
                made[facts["video"]] = _outcome(run, facts, count)
    return made


def _extract_one(run: Run, facts: dict) -> dict:
    file, count = run.data / facts["path"], _most(run, facts)
    try:
        fingerprint = shard_fingerprint(run, facts["label"], facts["split"], contents.sha256(file))
        shard = _shard(run, facts["video"])
        tables.make_if_stale(shard, fingerprint, lambda: _faces(run, facts, count))
    except FileNotFoundError:
        return {"status": "missing", "reason": "was there when the videos were listed, and is gone"}
    except InputError as error:
        return {"status": "unreadable", "reason": error.reason}
    return _outcome(run, facts, tables.count(shard))


def _most(run: Run, facts: dict) -> int:
    """Frames that are looked at in a video, and faces that are kept of it, at most."""
    return run.faces_per_fake if facts["label"] == "FAKE" else run.faces_per_real


def _outcome(run: Run, facts: dict, count: int) -> dict:
    result = {"sampled": min(_most(run, facts), facts["frames"]), "faces": count}
    if not count:
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
