"""Networks judged on people whom they have not seen: who trains, who calibrates and who is judged."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from dfd import dataset, embedding, evaluation, faces, tables, training
from dfd.run import Run
from study import truth
from study.records import Depth

ROTATIONS = 4
"""How often every video is judged at full depth, each time by a network of another seed."""

CALIBRATED_ON = 0.25
"""Share of the actors outside the judged split who calibrate and are not trained on."""

PARTS = {"train": "train", "validation": "calibration", "test": "judged"}
"""What each split is for at quick depth."""

FIRST = "first face only"
POLICY = "mean logit"
"""How a video's faces give its score unless something else is said."""

FACTS = ["training", "rotation", "part", "video", "source", "unit", "label"]
"""What is told of each video beside its score."""


@dataclass(frozen=True)
class Fold:
    """One training: what is held out for it, and its seed.

    Attributes
    ----------
    held_out : str
        The split whose videos are judged.
    rotation : int
        Counts how often the split has been held out before.
    seed : int
        Of the training, and of the choice of the actors who calibrate.
    """

    held_out: str
    rotation: int
    seed: int

    @property
    def name(self) -> str:
        """Tells trainings apart."""
        return f"{self.held_out} {self.rotation}"


def inputs(run: Run) -> list:
    """List what trainings depend on besides code: tables, backbone and seed.

    Parameters
    ----------
    run : Run
        The run, whose faces are made if they are not there.

    Returns
    -------
    list
    """
    faces.table(run)
    return [
        tables.stored_fingerprint(faces.path(run)),
        tables.stored_fingerprint(dataset.path(run)),
        run.backbone,
        run.seed,
    ]


def folds(run: Run, depth: Depth) -> list[Fold]:
    """List the trainings.

    Parameters
    ----------
    run : Run
        The run.
    depth : str
        ``"quick"`` for one training that judges the test split; ``"full"`` for `ROTATIONS` times three, so
        that every video is judged.

    Returns
    -------
    list of Fold
    """
    if depth == "quick":
        return [Fold("test", 0, run.seed)]
    held_out = [(rotation, split) for rotation in range(ROTATIONS) for split in dataset.SPLITS]
    return [Fold(split, rotation, run.seed + place) for place, (rotation, split) in enumerate(held_out)]


def obstacle(run: Run) -> str:
    """Say why this run cannot train, calibrate and judge networks.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    str
        One sentence; empty if it can.
    """
    if reason := training.obstacle(run) or one_sided(run):
        return reason if reason.endswith(".") else f"{reason}, so no network can be calibrated and judged."
    return ""


def one_sided(run: Run) -> str:
    """Say which split has not faces of both classes.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    str
        A clause about the first such split; empty if there is none.
    """
    labels = faces.table(run).groupby("split")["label"].unique()
    for split in dataset.SPLITS:
        there = list(labels.get(split, []))
        if len(there) < len(dataset.LABELS):
            return f"The {split} split has {f'{there[0]} faces only' if there else 'no face'}"
    return ""


def divide(run: Run, fold: Fold, depth: Depth, most: Mapping[str, int] | None = None) -> pd.DataFrame:
    """Say what each video is for.

    At quick depth the splits say it. At full depth the held-out split is judged, and of the actors of the two
    others a share of `CALIBRATED_ON`, drawn at random, calibrates: a video that shows one of them, be it as
    the donor of a fake's face, is not trained on.

    Parameters
    ----------
    run : Run
        The run.
    fold : Fold
        One of `folds`.
    depth : str
        ``"quick"`` or ``"full"``.
    most : dict of str to int, optional
        Largest number of source videos of each part, drawn at random; all by default.

    Returns
    -------
    DataFrame
        One row for each readable video with a part: `FACTS`; part is ``"train"``, ``"calibration"`` or
        ``"judged"``.
    """
    videos = dataset.table(run)
    videos = truth.with_unit(run, videos[videos["status"] == "ok"]).reset_index(drop=True)
    random = np.random.default_rng(fold.seed)
    part = videos["split"].map(PARTS) if depth == "quick" else _parts(run, videos, fold, random)
    videos = videos.assign(training=fold.name, rotation=fold.rotation, part=part)
    for name, count in (most or {}).items():
        rows = videos["part"] == name
        sources = np.sort(videos.loc[rows, "source"].unique())
        kept = random.permutation(sources)[:count]
        videos = videos[~rows | videos["source"].isin(kept)]
    return videos.loc[videos["part"].notna(), FACTS].reset_index(drop=True)


def fewer(videos: pd.DataFrame, part: str, fakes: int, seed: int) -> pd.DataFrame:
    """Keep of one part the originals, and of each source some fakes, drawn at random.

    Parameters
    ----------
    videos : DataFrame
        As `divide` gives it.
    part : str
        ``"train"``, ``"calibration"`` or ``"judged"``; the others stay as they are.
    fakes : int
        Fakes of each source at most.
    seed : int
        Other seeds draw others.

    Returns
    -------
    DataFrame
    """
    own = videos[(videos["part"] == part) & (videos["label"] == "FAKE")]
    kept = own.sample(frac=1, random_state=seed).groupby("source").head(fakes)
    return videos.drop(index=own.index.difference(kept.index)).reset_index(drop=True)


def overlaps(run: Run) -> pd.DataFrame:
    """Count what is in more than one split, and so would be seen in training and judged later.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    DataFrame
        what, in all, in more than one split: source videos, and people (filmed or as donors), who cannot be
        counted where the data have no truth tables.
    """
    videos = dataset.table(run)
    made = truth.videos(run)
    leaks = dataset.leaks(videos)["source"].nunique()
    rows: list[tuple] = [("source videos", videos["source"].nunique(), leaks)]
    if made is None and (people := dataset.people(run, videos)) is not None:
        splits = people.merge(videos[["source", "split"]].drop_duplicates(), on="source")
        splits = splits.groupby("person")["split"].nunique()
        rows.append(("people, as their faces were recognised", len(splits), int((splits > 1).sum())))
    elif made is None:
        rows.append(("people", "not known", "not known"))
    else:
        made = made.drop(columns="split").merge(videos[["video", "split"]], on="video")
        people = made.melt("split", ["actor", "second_actor", "donor"], value_name="name")
        splits = people.dropna().groupby("name")["split"].nunique()
        rows.append(("people, filmed or as donors", len(splits), int((splits > 1).sum())))
    return pd.DataFrame(rows, columns=["what", "in all", "in more than one split"])


def faces_of(run: Run, videos: pd.DataFrame, count: int = training.JUDGED) -> pd.DataFrame:
    """Read the faces of videos that a network shall judge.

    Parameters
    ----------
    run : Run
        The run.
    videos : DataFrame
        With the column video.
    count : int
        Faces of every video at most.

    Returns
    -------
    DataFrame
        As `dfd.training.labelled_faces` gives them: so many of every video, spread over it.
    """
    table = training.labelled_faces(run, set(videos["video"]))
    return embedding.spread_faces(table, dict.fromkeys(dataset.LABELS, count))


def of_videos(videos: pd.DataFrame, predictions: pd.DataFrame, policies: tuple[str, ...]) -> pd.DataFrame:
    """Turn what a network says of faces into one logit for each video.

    Parameters
    ----------
    videos : DataFrame
        As `divide` gives it.
    predictions : DataFrame
        As `dfd.training.judge` gives it.
    policies : tuple of str
        Names of `dfd.evaluation.POLICIES`, or `FIRST`.

    Returns
    -------
    DataFrame
        The columns of `videos` and one for each policy: the logit, or NaN where a video has no face.
    """
    people = predictions["face_id"].str.rsplit("-", n=1).str[1]
    logits = predictions["logit"]
    for policy in policies:
        if policy == FIRST:
            of_video = predictions.groupby("video")["logit"].first()
        else:
            of_video = evaluation.aggregate(logits, predictions["video"], policy, people)
        videos = videos.assign(**{policy: videos["video"].map(of_video).astype("float32")})
    return videos


def calibrated(table: pd.DataFrame, policy: str = POLICY) -> pd.DataFrame:
    """Calibrate the judged videos of each training on its own calibration videos, and choose its threshold.

    Parameters
    ----------
    table : DataFrame
        As `of_videos` gives it, of one or several trainings.
    policy : str
        The column with the logit.

    Returns
    -------
    DataFrame
        The judged rows with raw (probability as the network gives it), p_fake (calibrated for classes of the
        same size), cut (the probability above which a video is called FAKE), scale (of the logit, under 1
        where the network is too sure) and fakes (their share among the calibration videos).
    """
    parts = []
    for _, rows in table.groupby("training", sort=False):
        inside, judged = rows[rows["part"] == "calibration"], rows[rows["part"] == "judged"]
        fake, logits = dataset.is_fake(inside), inside[policy].to_numpy(float)
        line = evaluation.calibrate(fake, logits)
        parts.append(
            judged.assign(
                raw=expit(judged[policy].astype(float)),
                p_fake=expit(line(judged[policy])),
                cut=evaluation.threshold(fake, expit(line(logits))),
                scale=line.scale,
                fakes=fake.mean(),
            )
        )
    return pd.concat(parts, ignore_index=True)


def _parts(run: Run, videos: pd.DataFrame, fold: Fold, random: np.random.Generator) -> pd.Series:
    judged = videos["split"] == fold.held_out
    units = np.sort(videos.loc[~judged, "unit"].unique())
    count = max(round(len(units) * CALIBRATED_ON), 1)
    left_out = set(random.permutation(units)[:count])
    calibrates = videos["unit"].isin(left_out) & ~judged
    shows = calibrates.copy()
    made = truth.videos(run)
    if made is not None:
        people = made.set_index("video")[["actor", "second_actor", "donor"]].loc[videos["video"]]
        shows |= people.isin(left_out).any(axis=1).to_numpy()
    part = pd.Series(None, videos.index, dtype=object)
    part[~judged & ~shows] = "train"
    part[calibrates] = "calibration"
    part[judged] = "judged"
    return part
