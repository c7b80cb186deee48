"""How many faces of a video a classifier should be fitted to, and how the classes should be balanced."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from dfd import dataset, embedding, faces, tables
from dfd.run import Run
from study import results, statistics
from study.experiments import linear_probe
from study.statistics import Interval

JUDGED = 8
"""Faces of a video that the probe judges, whatever it was fitted to."""


@dataclass(frozen=True)
class Sampling:
    """Which faces a classifier is fitted to.

    Attributes
    ----------
    fake, real : int
        Largest number of faces of a FAKE and of a REAL video.
    weighted : bool
        Whether REAL and FAKE faces are given the same weight in sum.
    sources : float
        Share of the REAL videos that are used, drawn at random.
    """

    fake: int = 8
    real: int = 8
    weighted: bool = True
    sources: float = 1.0


SAMPLINGS = {
    "1 face a video": Sampling(1, 1),
    "2 faces a video": Sampling(2, 2),
    "4 faces a video": Sampling(4, 4),
    "8 faces a video": Sampling(),
    "8 faces a video, no weights": Sampling(weighted=False),
    "8 and 40 faces, no weights": Sampling(real=40, weighted=False),
    "8 and 40 faces, a fifth of the real videos": Sampling(real=40, sources=0.2),
}
"""Samplings compared. The last has as many REAL faces as 8 of each video would give, of fewer people."""


def table(run: Run) -> pd.DataFrame:
    """Make or reuse what a linear probe says of the videos when it was fitted to each of `SAMPLINGS`.

    Whatever it was fitted to, it judges the same `JUDGED` faces of each video, so that only the fit differs.

    Parameters
    ----------
    run : Run
        The run; some source videos and their fakes are taken (`linear_probe.some_sources`).

    Returns
    -------
    DataFrame
        sampling, video, source, label, split, real and fake (faces fitted to, over all folds), p_fake (out of
        fold, mean over the video's faces; NaN where a class is missing).
    """
    embedded = embedding.table(run).merge(faces.table(run), on="face_id")
    rows = linear_probe.some_sources(run, embedded)
    inputs = [tables.stored_fingerprint(embedding.path(run)), run.seed]
    return results.keep(run, "samplings", __name__, inputs, lambda: _measure(run, rows))


def recall_gap(judged: pd.DataFrame) -> tuple[Interval, Interval, Interval]:
    """Count the videos judged rightly at a probability of 0.5, which is where imbalance shows.

    Parameters
    ----------
    judged : DataFrame
        video, source, label, p_fake: one row a video, as `table` gives them for one sampling.

    Returns
    -------
    real, fake, gap : Interval
        Share of the REAL videos judged rightly, that of the FAKE ones, and the second less the first; with
        intervals over source videos.
    """
    judged = judged.dropna(subset=["p_fake"])
    if judged.empty:
        nothing = Interval(np.nan, np.nan, np.nan)
        return nothing, nothing, nothing
    fake, sources = dataset.is_fake(judged), judged["source"].to_numpy()
    right = (judged["p_fake"] > 0.5).to_numpy() == fake

    def share(weights: np.ndarray) -> float:
        return float(weights @ right / weights.sum()) if weights.sum() else np.nan

    return (
        statistics.bootstrap(lambda weights: share(weights * ~fake), sources),
        statistics.bootstrap(lambda weights: share(weights * fake), sources),
        statistics.bootstrap(lambda weights: share(weights * fake) - share(weights * ~fake), sources),
    )


def _measure(run: Run, rows: pd.DataFrame) -> pd.DataFrame:
    vectors, fake, folds = embedding.vectors(rows), dataset.is_fake(rows), rows["split"].to_numpy()
    judged = rows.index.isin(embedding.spread_faces(rows, {"REAL": JUDGED, "FAKE": JUDGED}).index)
    real_videos = rows.loc[~fake, "video"].drop_duplicates()
    answers = []
    for name, sampling in SAMPLINGS.items():
        used = real_videos.sample(frac=sampling.sources, random_state=run.seed)
        usable = rows[fake | rows["video"].isin(used)]
        spread = embedding.spread_faces(usable, {"REAL": sampling.real, "FAKE": sampling.fake})
        fitted = rows.index.isin(spread.index)
        p_fake = linear_probe.linear(vectors, fake, folds, fitted, sampling.weighted)
        by_video = rows.assign(p_fake=p_fake)[judged].groupby(["video", "source", "label", "split"])["p_fake"]
        counts = {"real": int((fitted & ~fake).sum()), "fake": int((fitted & fake).sum())}
        answers.append(by_video.mean().reset_index().assign(sampling=name, **counts))
    return pd.concat(answers, ignore_index=True)
