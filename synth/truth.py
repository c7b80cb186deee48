"""The truth tables: who, by whom, how and where, for every clip and frame."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from .clips import Fake, Real
from .dataset import LANDMARKS
from .files import replacing
from .footage import Footage
from .plan import Plan


def frame_rows(plan: Plan, clip: Real, footage: Footage) -> pd.DataFrame:
    """List the faces in a clip.

    Parameters
    ----------
    plan : Plan
        The data set's plan.
    clip : Real
        The clip.
    footage : Footage
        Its frames.

    Returns
    -------
    DataFrame
        A row for each frame and person whose face can be seen.
    """
    tables = []
    for person, track in enumerate(footage.people):
        frames = np.flatnonzero(track.visible)
        columns = {
            "video": clip.video,
            "frame": frames.astype(np.int16),
            "person": np.int8(person),
            "actor": plan.cast[track.actor].name,
        }
        columns |= {name: track.boxes[frames, index] for index, name in enumerate(("x0", "y0", "x1", "y1"))}
        for index, name in enumerate(LANDMARKS):
            columns |= {f"{name}_{axis}": track.landmarks[frames, index, i] for i, axis in enumerate("xy")}
        columns |= {name: track.pose[frames, index] for index, name in enumerate(("yaw", "pitch", "roll"))}
        tables.append(pd.DataFrame(columns))
    table = pd.concat(tables).sort_values(["frame", "person"], ignore_index=True)
    decimal = table.select_dtypes("float32").columns
    # A tenth of a pixel or degree is finer than the truth needs, and packs well.
    return table.assign(**table[decimal].round(1))


def change_rows(fake: Fake, outlines: list[np.ndarray | None]) -> pd.DataFrame:
    """List where a fake was changed.

    Parameters
    ----------
    fake : Fake
        The clip.
    outlines : list of (ndarray of int16, shape (k, 2)) or None
        As `blend.blend` gives them.

    Returns
    -------
    DataFrame
        A row for each changed frame: bounding box and polygon (x and y by turns, in pixels).
    """
    rows = [
        {
            "video": fake.video,
            "frame": frame,
            "person": fake.person,
            "x0": polygon[:, 0].min(),
            "y0": polygon[:, 1].min(),
            "x1": polygon[:, 0].max() + 1,
            "y1": polygon[:, 1].max() + 1,
            "polygon": polygon.ravel(),
        }
        for frame, polygon in enumerate(outlines)
        if polygon is not None
    ]
    columns = ["video", "frame", "person", "x0", "y0", "x1", "y1", "polygon"]
    types = {
        "frame": np.int16,
        "person": np.int8,
        "x0": np.int16,
        "y0": np.int16,
        "x1": np.int16,
        "y1": np.int16,
    }
    return pd.DataFrame(rows, columns=columns).astype(types)


def videos(plan: Plan) -> pd.DataFrame:
    """List the clips of the parts.

    Parameters
    ----------
    plan : Plan
        The data set's plan.

    Returns
    -------
    DataFrame
        A row for each; what only fakes have is empty for REAL clips.
    """
    rows = [_common(plan, clip, clip) for clip in plan.real]
    for fake in plan.fake:
        rows.append(
            _common(plan, fake, fake.original)
            | {
                "actor": plan.cast[fake.target].name,
                "donor": plan.cast[fake.donor].name,
                "original": fake.original.video,
                "person": fake.person,
                "method": fake.method,
                "generator": fake.generator,
                "region": fake.region,
                "strength": fake.strength,
            }
        )
    columns = {
        "donor": None,
        "original": None,
        "method": None,
        "generator": None,
        "region": None,
        "strength": None,
    }
    table = pd.DataFrame(rows)
    return table.reindex(columns=[*table.columns, *(name for name in columns if name not in table)])


def _common(plan: Plan, clip: Real | Fake, filmed: Real) -> dict[str, object]:
    take, degradation, encoding = filmed.take, clip.degradation, clip.encoding
    return {
        "video": clip.video,
        "label": "FAKE" if isinstance(clip, Fake) else "REAL",
        "part": filmed.part,
        "split": filmed.split,
        "actor": plan.cast[take.actors[0]].name,
        "people": len(take.actors),
        "second_actor": plan.cast[take.actors[1]].name if len(take.actors) > 1 else None,
        "person": 0,
        "take_seed": take.seed,
        "look": take.look,
        "width": take.size[0],
        "height": take.size[1],
        "faceless_frames": take.faceless[1] - take.faceless[0] if take.faceless else 0,
        "quarter_turn": encoding.quarter_turn,
        "crf": encoding.crf,
        "degradation": degradation.words,
        "blur": degradation.blur,
        "rescaling": degradation.scale,
        "jpeg": degradation.jpeg,
        "noise": degradation.noise,
        "face_smoothing": degradation.beauty,
    }


def actors(plan: Plan) -> pd.DataFrame:
    """List the cast.

    Parameters
    ----------
    plan : Plan
        The data set's plan.

    Returns
    -------
    DataFrame
        A row for each actor: split, group, traits and number of REAL clips.
    """
    rows = []
    for actor, split in zip(plan.cast, plan.splits, strict=True):
        rows.append(
            {
                "actor": actor.name,
                "split": split,
                "gender": actor.gender,
                "ancestry": actor.ancestry,
                "age": actor.age,
                "monk": actor.monk,
                "eyes": actor.eyes,
                "hair": actor.hair,
                "beard": actor.beard,
                "clips": sum(actor.index in clip.take.actors for clip in plan.real),
            }
        )
    return pd.DataFrame(rows)


def metadata(plan: Plan, part: int) -> dict[str, dict[str, str]]:
    """Describe the clips of a part as the DFDC does.

    Parameters
    ----------
    plan : Plan
        The data set's plan.
    part : int
        Number of the part.

    Returns
    -------
    dict
        Label, split and, for a FAKE, original of each file.
    """
    entries = {clip.video: {"label": "REAL", "split": clip.split} for clip in plan.real if clip.part == part}
    for fake in plan.fake:
        if fake.original.part == part:
            entries[fake.video] = {
                "label": "FAKE",
                "split": fake.original.split,
                "original": fake.original.video,
            }
    return dict(sorted(entries.items()))


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table as Parquet, whole or not at all.

    Parameters
    ----------
    table : DataFrame
        The table; its index is not kept.
    path : Path
        The file.
    """
    with replacing(path) as aside:
        pq.write_table(
            pa.Table.from_pandas(table, preserve_index=False), aside, compression="zstd", compression_level=15
        )


def write_json(content: object, path: Path) -> None:
    """Write JSON, whole or not at all.

    Parameters
    ----------
    content : object
        What to write.
    path : Path
        The file.
    """
    with replacing(path) as aside:
        aside.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
