"""The one reader of the sample's truth tables: who was filmed, where each face is, how a fake was made."""

from pathlib import Path

import pandas as pd

from dfd import dataset, tables
from dfd.boxes import BOX, iou
from dfd.run import Run

LOWEST_IOU = 0.3
"""Intersection over union from which a detected face is taken for a true one."""

WHO = ["person", "actor", "gender", "ancestry"]
"""What `identities` tells of a face."""

ACTORS = "actors"
"""What is drawn with replacement where it is known who was filmed."""

RECOGNISED = "recognised people"
"""What is drawn where nobody knows who was filmed, but faces tell who is the same."""

DEGRADATIONS = ("blur", "noise", "jpeg", "crf")
"""What a video may have suffered on purpose; each a column of the videos' truth."""


def folder(run: Run) -> Path:
    """Say where the truth tables lie.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    Path
        A folder beside the videos, which only the sample has.
    """
    return run.data / "truth"


def videos(run: Run) -> pd.DataFrame | None:
    """Read how each video was made.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    DataFrame or None
        One row for each video: video, label, split, actor, second_actor, donor, method and more; ``None``
        where the data have no truth tables.
    """
    return _read(run, "videos")


def actors(run: Run) -> pd.DataFrame | None:
    """Read who the actors are.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    DataFrame or None
        One row for each actor: actor, split, gender, ancestry, age, monk (skin tone, 1 to 10) and more;
        ``None`` where the data have no truth tables.
    """
    return _read(run, "actors")


def frames(run: Run) -> pd.DataFrame | None:
    """Read where each face is.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    DataFrame or None
        One row for each face in each frame: video, frame, person (0 or 1), actor, x0 y0 x1 y1 and the
        landmarks (pixels of the frame), yaw, pitch and roll (degrees); ``None`` where the data have no truth
        tables.
    """
    return _read(run, "frames")


def faces(run: Run) -> pd.DataFrame | None:
    """Read where each face is, whose it is, and what its video has suffered.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    DataFrame or None
        The rows of `frames` with what is known of each actor and the `DEGRADATIONS` of each video beside
        them; ``None`` where the data have no truth tables.
    """
    made, people, true_faces = videos(run), actors(run), frames(run)
    if made is None or people is None or true_faces is None:
        return None
    made = made[["video", *(name for name in DEGRADATIONS if name in made)]]
    people = people.drop(columns="split")
    with_actor = true_faces.merge(people, on="actor", how="left", validate="many_to_one")
    return with_actor.merge(made, on="video", how="left", validate="many_to_one")


def overview(run: Run) -> pd.DataFrame:
    """Count the videos of each method and the actors of each group, by split.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    DataFrame
        what (``"videos"`` or ``"actors"``), kind, and a column for each split; without rows where the data
        have no truth tables.
    """
    made, people = videos(run), actors(run)
    if made is None or people is None:
        return pd.DataFrame(columns=["what", "kind", *dataset.SPLITS])
    kinds = {
        "videos": made.assign(kind=made["method"].fillna("original")),
        "actors": people.assign(kind=people["ancestry"] + " " + people["gender"]),
    }
    counts = [
        pd.crosstab(rows["kind"], rows["split"]).reindex(columns=list(dataset.SPLITS), fill_value=0)
        for rows in kinds.values()
    ]
    return pd.concat(counts, keys=list(kinds), names=["what", "kind"]).rename_axis(columns=None).reset_index()


def changes(run: Run) -> pd.DataFrame | None:
    """Read what was changed in each frame of a fake.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    DataFrame or None
        One row for each changed face: video, frame, person (0 or 1), x0 y0 x1 y1 and polygon (x and y by
        turns, in pixels of the frame); ``None`` where the data have no truth tables.
    """
    return _read(run, "changes")


def identities(run: Run, faces: pd.DataFrame) -> pd.DataFrame:
    """Look up who each detected face is.

    Parameters
    ----------
    run : Run
        The run.
    faces : DataFrame
        Rows of the faces table (`dfd.faces`).

    Returns
    -------
    DataFrame
        `faces` with the columns person (0 or 1, whose face of the frame it is), actor (who was filmed, also
        in a FAKE), gender, ancestry: null where the data have no truth tables or no true face is there.
    """
    true_faces, people = frames(run), actors(run)
    if true_faces is None or people is None:
        return faces.assign(**dict.fromkeys(WHO))
    rows, true_rows = _overlapping(faces, true_faces)
    who = true_faces[["person", "actor"]].iloc[true_rows].assign(face_id=faces["face_id"].to_numpy()[rows])
    who = who.merge(people[["actor", "gender", "ancestry"]], on="actor", how="left")
    return faces.merge(who, on="face_id", how="left")


def of_videos(run: Run, scored: pd.DataFrame) -> pd.DataFrame | None:
    """Join what the truth tables know of each video.

    Parameters
    ----------
    run : Run
        The run.
    scored : DataFrame
        With the column video, as `dfd.evaluation.videos` gives it.

    Returns
    -------
    DataFrame or None
        `scored` with actor, donor, method, strength, and of the actor who was filmed gender, ancestry and
        monk (skin tone, 1 to 10); ``None`` where the data have no truth tables.
    """
    made, people = videos(run), actors(run)
    if made is None or people is None:
        return None
    made = made[["video", "actor", "donor", "method", "strength"]]
    people = people[["actor", "gender", "ancestry", "monk"]]
    return scored.merge(made, on="video", how="left").merge(people, on="actor", how="left")


def unit(run: Run) -> str:
    """Say what is drawn with replacement to see how far chance goes.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    str
        ``"actors"`` where the truth tables name them; otherwise ``"recognised people"`` where
        `dfd.identities` has looked for them, and ``"source videos"`` where it has not.
    """
    if folder(run).is_dir():
        return ACTORS
    return RECOGNISED if dataset.people_path(run).is_file() else "source videos"


def with_unit(run: Run, table: pd.DataFrame) -> pd.DataFrame:
    """Add to rows about videos the unit that is drawn with replacement.

    Videos of one actor are alike, and so are an original and its fakes; a fake belongs to the actor who was
    filmed, and not to the donor of the face.

    Parameters
    ----------
    run : Run
        The run.
    table : DataFrame
        With the columns video and source.

    Returns
    -------
    DataFrame
        The same rows in the same order with the column unit: an actor; without truth tables the person who
        was recognised in the source, the first of several, and the source itself where nobody was.
    """
    made = videos(run)
    if made is None:
        people = dataset.people(run, table)
        first = {} if people is None else people.groupby("source")["person"].first().map("person {}".format)
        names = [first.get(source, source) for source in table["source"]]
        return table.assign(unit=pd.Series(names, table.index, dtype=object))
    return table.assign(unit=table["video"].map(made.set_index("video")["actor"]))


def _read(run: Run, name: str) -> pd.DataFrame | None:
    return tables.read(folder(run) / f"{name}.parquet") if folder(run).is_dir() else None


def _overlapping(faces: pd.DataFrame, true_faces: pd.DataFrame) -> tuple[list[int], list[int]]:
    """Match each face with the true face of its frame that it overlaps most, if it overlaps one enough.

    Returns places of rows in both tables.
    """
    boxes, true_boxes = (table[BOX].to_numpy(float, copy=True) for table in (faces, true_faces))
    true_places = true_faces.groupby(["video", "frame"]).indices
    rows, true_rows = [], []
    for frame, places in faces.groupby(["video", "frame"]).indices.items():
        if frame in true_places:
            overlaps = iou(boxes[places], true_boxes[true_places[frame]])
            near = overlaps.max(axis=1) >= LOWEST_IOU
            rows += places[near].tolist()
            true_rows += true_places[frame][overlaps.argmax(axis=1)[near]].tolist()
    return rows, true_rows
