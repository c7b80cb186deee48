"""What does balancing do to a classifier, and do more frames replace more people? (shown beside C03)."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dfd import dataset, embedding, faces, tables
from dfd.run import Run
from study import linear_probe, measuring, plots, scores, statistics, truth
from study.records import Depth, Result
from study.statistics import Interval

UNIT = truth.ACTORS
JUDGED = 8
"""Faces of each video that are judged, whatever was fitted to."""

SOURCES: dict[Depth, int] = {"quick": 24, "full": 600}
"""Source videos at most; each comes with all its fakes, for their number is the question."""

PARTS = 5
"""Parts of the REAL videos that are fitted to one at a time, to see what fewer people cost."""


@dataclass(frozen=True)
class Sampling:
    """Which faces a classifier is fitted to.

    Attributes
    ----------
    many : bool
        Whether all faces that the run keeps of a REAL video are fitted to, 40 as a rule, or 8 as of a FAKE.
    weighted : bool
        Whether REAL and FAKE are given the same weight in sum.
    parts : int
        Into how many parts the REAL videos are divided, of which one is fitted to at a time.
    """

    many: bool = False
    weighted: bool = False
    parts: int = 1


EQUAL = "8 faces of every video"
REPORT = "8 of a FAKE, 40 of a REAL video"
WEIGHTED = "8 faces of every video, classes weighted"
FEWER_PEOPLE = "8 of a FAKE, 40 of a fifth of the REAL videos, weighted"
SAMPLINGS = {
    EQUAL: Sampling(),
    REPORT: Sampling(many=True),
    WEIGHTED: Sampling(weighted=True),
    FEWER_PEOPLE: Sampling(many=True, weighted=True, parts=PARTS),
}
"""Samplings compared; the last has as many REAL faces as the first, of a fifth of the people."""


measure = measuring.of(__name__)


def inputs(run: Run) -> list:
    """List what the table depends on besides code."""
    embedding.table(run, "backbone")
    return [
        tables.stored_fingerprint(faces.path(run)),
        tables.stored_fingerprint(embedding.path(run, "backbone")),
        run.seed,
    ]


def obstacle(run: Run) -> str:
    """Say why this run cannot compare samplings; empty if it can."""
    return linear_probe.obstacle(run)


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Fit to each of `SAMPLINGS`: one row for each sampling, part of the REAL videos, and video."""
    embedded = faces.table(run).merge(embedding.table(run, "backbone")[["face_id", "vector"]], on="face_id")
    rows = truth.with_unit(run, linear_probe.some_sources(run, embedded, SOURCES[depth]))
    vectors, fake = embedding.vectors(rows), dataset.is_fake(rows)
    equal = rows.index.isin(embedding.spread_faces(rows, dict.fromkeys(dataset.LABELS, JUDGED)).index)
    parts = []
    for name, sampling in SAMPLINGS.items():
        usable = equal | ~fake if sampling.many else equal
        for number in range(sampling.parts):
            fitted = usable & (fake | (_part(run, rows, sampling.parts) == number))
            # Calibration would move the line between the classes, which is what is looked at.
            weighted = sampling.weighted
            videos = linear_probe.judge(rows, vectors, fitted, equal, weighted, calibrated=False)
            counts = {"real": int((fitted & ~fake).sum()), "fake": int((fitted & fake).sum())}
            parts.append(videos.assign(sampling=name, part=number, **counts))
    return pd.concat(parts, ignore_index=True)


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Count what is judged rightly at a probability of one half, which shows the balance; score the order."""
    estimates = {}
    whole = table[table["sampling"] != FEWER_PEOPLE]
    for name, rows in whole.groupby("sampling", sort=False):
        estimates |= {f"{share}: {name}": interval for share, interval in _recalls(rows).items()}
    for name, rows in whole.groupby("sampling", sort=False):
        estimates[f"AUC: {name}"] = scores.of(rows)
    people = {"gain: all people with 8 faces over a fifth of them with 40": (WEIGHTED, FEWER_PEOPLE)}
    balance = {"gain: 40 of a REAL video over 8": (REPORT, EQUAL)}
    estimates |= scores.differences(table, "sampling", people)
    return estimates | scores.differences(table, "sampling", balance)


def draw(result: Result) -> Figure:
    """Show the difference of the two recalls for each sampling of all people."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    label = "share judged rightly, FAKE less REAL"
    return plots.intervals(result.estimates, "FAKE less REAL: ", label, line=0.0)


def _part(run: Run, rows: pd.DataFrame, parts: int) -> np.ndarray:
    """Divide people into parts, those of a split evenly, and give the number of the part of each face."""
    people = rows.loc[~dataset.is_fake(rows), ["split", "unit"]].drop_duplicates()
    people = people.sample(frac=1, random_state=run.seed).sort_values("split", kind="stable")
    numbers = dict(zip(people["unit"], np.arange(len(people)) % parts, strict=True))
    return rows["unit"].map(numbers).fillna(0).to_numpy()


def _recalls(rows: pd.DataFrame) -> dict[str, Interval]:
    """Compute the shares of REAL and of FAKE videos that are judged rightly, and how far they are apart."""
    videos = rows.dropna(subset=["p_fake"])
    fake = dataset.is_fake(videos)
    right = (videos["p_fake"] > 0.5).to_numpy() == fake

    def share(weights: np.ndarray) -> float:
        return float(weights @ right / weights.sum()) if weights.sum() else np.nan

    names = ("REAL judged rightly", "FAKE judged rightly", "FAKE less REAL")
    if videos["label"].nunique() < 2:
        return dict.fromkeys(names, statistics.NOT_COMPUTABLE)
    real, true = (_share(right[of], videos["unit"][of]) for of in (~fake, fake))
    apart = statistics.bootstrap(lambda w: share(w * fake) - share(w * ~fake), videos["unit"])
    if apart.low == apart.high:
        apart = Interval(apart.value, true.low - real.high, true.high - real.low)
    return dict(zip(names, (real, true, apart), strict=True))


def _share(right: np.ndarray, units: pd.Series) -> Interval:
    """Compute a share with its interval over units; Wilson's interval where none or all are right."""
    interval = statistics.bootstrap(lambda weights: float(weights @ right / weights.sum()), units)
    if interval.low < interval.high:
        return interval
    count = units.nunique()
    return statistics.proportion(round(interval.value * count), count)
