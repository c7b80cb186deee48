"""A folder as large as DFDC, made of the sample's clips, and the faces and vectors that go with it."""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from joblib import Parallel, delayed

from dfd import contents, dataset, embedding, faces, listing, progress, tables, video
from dfd.errors import InputError
from dfd.run import Run

LETTERS = np.array([*"abcdefghijklmnopqrstuvwxyz"])
NAME_LENGTH = 10
"""DFDC's files are named by ten letters."""

NOISE = 0.05
"""Standard deviation of what is added to a repeated vector, as a share of that of the vector's numbers, so
that no two faces lie at the same place."""

AT_A_TIME = 500
"""Videos whose faces one job writes."""

EMBEDDED = "sample, embedding"
"""What the log calls the embedding of the sample's faces by one process; the model's name follows."""


@dataclass(frozen=True)
class Size:
    """How large the folder is; by default as large as DFDC, with a fifth of its faces.

    Attributes
    ----------
    parts : int
        Folders.
    videos : int
        Videos, REAL and FAKE in DFDC's proportion.
    faces : int
        Faces of all videos, shared out as `Run.faces_per_real` and `Run.faces_per_fake` would.
    """

    parts: int = 50
    videos: int = 119_154
    faces: int = 300_000

    @property
    def real(self) -> int:
        """REAL videos: 19,154 of 119,154."""
        return round(self.videos * 19_154 / 119_154)


def plan(sample: Run, size: Size) -> pd.DataFrame:
    """Say which videos there are, and which clip of the sample each of them is.

    A fake shows the scene of its original, as far as the sample has a fake of that clip.

    Parameters
    ----------
    sample : Run
        The sample's run; what is missing of its faces is made.
    size : Size
        How large.

    Returns
    -------
    DataFrame
        video, part, label, original, clip (name of a video of the sample), path (its file, below the sample's
        folder) and faces (how many are taken), part by part.

    Raises
    ------
    InputError
        If the sample has no clip with so many faces.
    """
    random = np.random.default_rng(sample.seed)
    share = size.faces / (
        size.real * sample.faces_per_real + (size.videos - size.real) * sample.faces_per_fake
    )
    clips = _clips(sample, share)
    names = _names(random, size.videos)
    real = pd.DataFrame({"video": names[: size.real], "label": "REAL"})
    real["part"] = np.arange(size.real) * size.parts // size.real
    originals = clips.loc[clips["label"] == "REAL", "video"].to_numpy()
    real["clip"] = originals[random.integers(len(originals), size=size.real)]
    # Everybody's first fake, and then as chance has it.
    of = np.arange(size.videos - size.real)
    of = np.where(of < size.real, of, random.integers(size.real, size=len(of)))
    fake = pd.DataFrame({"video": names[size.real :], "label": "FAKE"})
    fake["original"] = real["video"].to_numpy()[of]
    fake["part"] = real["part"].to_numpy()[of]
    fake["clip"] = _fakes_of(real["clip"].to_numpy()[of], clips[clips["label"] == "FAKE"], random)
    videos = pd.concat([real.assign(original=None), fake], ignore_index=True)
    videos = videos.sort_values("part", kind="stable", ignore_index=True)
    weights = np.where(dataset.is_fake(videos), sample.faces_per_fake, sample.faces_per_real) * share
    videos["faces"] = np.diff(np.floor(weights.cumsum() + 1e-6), prepend=0).astype(int)
    return videos.merge(clips.rename(columns={"video": "clip"})[["clip", "path"]], on="clip", how="left")


def make(sample: Run, size: Size, folder: Path) -> pd.DataFrame:
    """Make the folder; parts that are there are not made again.

    Parameters
    ----------
    sample : Run
        The sample's run.
    size : Size
        How large.
    folder : Path
        Where to. Videos are hard links to the sample's, or symbolic links where it is on another disk.

    Returns
    -------
    DataFrame
        As `plan` gives it.
    """
    videos = plan(sample, size)
    parts = videos.groupby("part")
    for part, rows in progress.track(parts, "tree", parts.ngroups, "part"):
        _make_part(sample, rows, folder / f"dfdc_train_part_{part}")
    return videos


def fill_faces(sample: Run, run: Run, videos: pd.DataFrame) -> None:
    """Write the faces of all videos: those of their clips, under new names.

    Parameters
    ----------
    sample : Run
        The sample's run.
    run : Run
        That of the folder.
    videos : DataFrame
        As `make` gives it.
    """
    rows = videos.merge(dataset.table(run)[["video", "split"]], on="video").to_dict("records")
    groups = [rows[start : start + AT_A_TIME] for start in range(0, len(rows), AT_A_TIME)]
    jobs = Parallel(n_jobs=run.jobs, return_as="generator_unordered")(
        delayed(_fill_some)(sample, run, group) for group in groups
    )
    for _ in progress.track(jobs, "repeated faces", len(groups), "group"):
        pass


def fill_vectors(sample: Run, run: Run, videos: pd.DataFrame, model: str, computed: int) -> int:
    """Write the vectors of all faces but the first: those of the sample's same pictures, slightly changed.

    Parameters
    ----------
    sample : Run
        The sample's run.
    run : Run
        That of the folder, whose faces are there.
    videos : DataFrame
        As `make` gives it.
    model : str
        One of `dfd.embedding.MODELS`.
    computed : int
        Faces at the beginning that are left for the stage to embed.

    Returns
    -------
    int
        Faces whose vectors are repeated.
    """
    pieces = embedding.pieces(run, model)
    repeated = [piece for number, piece in enumerate(pieces) if number * embedding.SHARD >= computed]
    clip_of = dict(zip(videos["video"], videos["clip"], strict=True))
    copied = {face: _face_of_clip(face, clip_of) for piece in repeated for face in piece.face_ids}
    own = _vectors(sample, run, model, sorted(set(copied.values())))
    places, vectors = {face: place for place, face in enumerate(own["face_id"])}, embedding.vectors(own)
    noise = NOISE * vectors.std() if len(own) else 0.0
    for number, piece in progress.track(enumerate(repeated), "repeated vectors", len(repeated), "shard"):
        if tables.stored_fingerprint(piece.shard) == piece.fingerprint:
            continue
        random = np.random.default_rng([run.seed, number])
        changed = vectors[[places[copied[face]] for face in piece.face_ids]]
        changed = changed + noise * random.standard_normal(changed.shape, np.float32)
        table = pd.DataFrame({"face_id": piece.face_ids, "model": model, "vector": list(changed)})
        tables.write(table, piece.shard, piece.fingerprint)
    return len(copied)


def _vectors(sample: Run, run: Run, model: str, face_ids: list[str]) -> pd.DataFrame:
    """Embed faces of the sample."""
    fingerprint = tables.fingerprint(tables.stored_fingerprint(faces.path(sample)), model, face_ids)
    groups = [face_ids[start : start + embedding.SHARD] for start in range(0, len(face_ids), embedding.SHARD)]

    def embed() -> pd.DataFrame:
        embedder = embedding.embedder(sample, model)
        vectors = (vector for group in groups for vector in embedder(faces.images(sample, group)))
        # The log keeps how long it takes, which is how fast the embedding is.
        tracked = progress.track(vectors, f"{EMBEDDED} {model}", len(face_ids), "face", run.build)
        return pd.DataFrame({"face_id": face_ids, "vector": list(tracked)})

    return tables.reuse_or_make(run.build / f"drill_{model}.parquet", fingerprint, embed)


def _face_of_clip(face_id: str, clip_of: dict[str, str]) -> str:
    name, frame, person = face_id.rsplit("-", maxsplit=2)
    return f"{Path(clip_of[f'{name}.mp4']).stem}-{frame}-{person}"


def _clips(sample: Run, share: float) -> pd.DataFrame:
    """List the sample's videos that have as many faces as are taken of one."""
    status = faces.status(sample)
    videos = dataset.table(sample).assign(there=status["faces"])
    most = np.where(dataset.is_fake(videos), sample.faces_per_fake, sample.faces_per_real)
    clips = videos[(videos["status"] == "ok") & (videos["there"] >= np.ceil(share * most))]
    if missing := set(dataset.LABELS) - set(clips["label"]):
        raise InputError("drill", f"no {missing.pop()} clip of the sample has so many faces")
    return clips


def _fakes_of(clips: np.ndarray, fakes: pd.DataFrame, random: np.random.Generator) -> np.ndarray:
    """Draw a fake of each of these clips, or any where the sample has none of it."""
    everything = fakes["video"].to_numpy()
    by_original = {clip: group.to_numpy() for clip, group in fakes.groupby("original")["video"]}
    draws = random.random(len(clips))
    candidates = [by_original.get(clip, everything) for clip in clips]
    return np.array([own[int(draw * len(own))] for own, draw in zip(candidates, draws, strict=True)])


def _names(random: np.random.Generator, count: int) -> list[str]:
    """Draw names of which none is there twice."""
    names: dict[str, None] = {}
    while len(names) < count:
        letters = random.choice(LETTERS, (count - len(names), NAME_LENGTH))
        names |= dict.fromkeys(f"{''.join(row)}.mp4" for row in letters)
    return list(names)


def _make_part(sample: Run, rows: pd.DataFrame, folder: Path) -> None:
    metadata = folder / listing.METADATA
    # It is written when all videos of the part are there.
    if metadata.is_file():
        return
    folder.mkdir(parents=True, exist_ok=True)
    entries = {}
    for row in rows.sort_values("video").to_dict("records"):
        _link(sample.data / row["path"], folder / row["video"])
        original = {"original": row["original"]} if row["label"] == "FAKE" else {}
        entries[row["video"]] = {"label": row["label"], "split": "train"} | original
    with tables.replacing(metadata) as aside:
        aside.write_text(json.dumps(entries))


def _link(clip: Path, file: Path) -> None:
    file.unlink(missing_ok=True)
    try:
        os.link(clip, file)
    except OSError:
        file.symlink_to(clip)


def _fill_some(sample: Run, run: Run, rows: Iterable[dict]) -> None:
    for row in rows:
        clip, stem = Path(row["path"]), Path(row["video"]).stem
        shard = faces.shard_folder(run) / f"{stem}.parquet"
        digest = contents.sha256(sample.data / clip)
        fingerprint = faces.shard_fingerprint(run, row["label"], row["split"], digest)
        if tables.stored_fingerprint(shard) == fingerprint:
            continue
        there = _faces_of(faces.shard_folder(sample) / f"{clip.stem}.parquet")
        some = there.take(video.spread(len(there), row["faces"]))
        new = {
            "face_id": [f"{stem}{name.removeprefix(clip.stem)}" for name in some["face_id"].to_pylist()],
            "video": [row["video"]] * len(some),
            "split": [row["split"]] * len(some),
        }
        for name, values in new.items():
            place = some.schema.get_field_index(name)
            some = some.set_column(place, name, pa.array(values, some.schema.field(name).type))
        tables.join([some], shard, fingerprint)


@cache
def _faces_of(shard: Path) -> pa.Table:
    return tables.read_arrow(shard, [*faces.FACTS, "image"])
