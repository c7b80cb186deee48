"""Methods compared on the same people, faces and videos: fitted, judged, calibrated and scored alike."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dfd import dataset, progress, tables, training
from dfd.run import Run
from study import crossfit, dependencies, plots, rotations, truth
from study.crossfit import Fold
from study.methods import networks
from study.methods.method import FACES, Method, some_faces
from study.records import Depth, Result
from study.rotations import Statistic
from study.statistics import Interval

MEASURES = {
    "AUC": rotations.auc,
    "equal error rate": rotations.equal_error_rate,
    "log loss": rotations.log_loss,
}
MOST_SOURCES = {"train": 2000, "calibration": 250, "judged": 500}
"""Source videos that methods learn from, are calibrated on and judge, at most, with all their fakes."""

LOOKS: dict[Depth, int] = {"quick": 3, "full": FACES}
"""Faces of every video that methods learn from and judge, of originals and fakes alike."""

KEYS = ["training", "rotation", "video", "unit", "label"]

Change = Callable[[pd.DataFrame, Fold], pd.DataFrame]
"""Takes videos as `divide` gives them, and the training; gives what is learned from and judged instead."""


def folds(run: Run, depth: Depth, rotations: int) -> list[Fold]:
    """List the trainings of a method.

    Parameters
    ----------
    run : Run
        The run.
    depth : str
        ``"quick"`` for one, ``"full"`` for one for each split held out and each rotation.
    rotations : int
        How often every video is judged at full depth, by a network of another seed.

    Returns
    -------
    list of Fold
    """
    return [fold for fold in crossfit.folds(run, depth) if fold.rotation < rotations]


def collect(
    run: Run, depth: Depth, methods: Sequence[Method], experiment: str, rotations: int = 1
) -> pd.DataFrame:
    """Fit methods and let them judge.

    Parameters
    ----------
    run : Run
        The run.
    depth : str
        ``"quick"`` or ``"full"``.
    methods : sequence of Method
        Of different names.
    experiment : str
        ``__name__`` of the experiment; what a killed measurement had is kept under its name.
    rotations : int
        As for `folds`.

    Returns
    -------
    DataFrame
        As `judged` gives it, for each method and training.
    """
    tasks = [(method, fold) for fold in folds(run, depth, rotations) for method in methods]
    tracked = progress.track(tasks, "comparing methods", len(tasks), "training")
    return pd.concat(
        [judged(run, method, fold, depth, experiment) for method, fold in tracked], ignore_index=True
    )


def trained(
    run: Run, depth: Depth, methods: Sequence[Method], experiment: str, rotations: int = 1
) -> pd.DataFrame:
    """Train networks, briefly at quick depth, and let them judge.

    Parameters
    ----------
    run, depth, experiment, rotations : Run, str, str and int
        As for `collect`.
    methods : sequence of Method
        As `study.methods.networks.at_depth` takes them.

    Returns
    -------
    DataFrame
        As `collect` gives it, but for the time that a video takes.
    """
    briefly = networks.at_depth(methods, depth)
    return collect(run, depth, briefly, experiment, rotations).drop(columns="seconds")


def judged(
    run: Run,
    method: Method,
    fold: Fold,
    depth: Depth,
    experiment: str,
    variant: str = "",
    change: Change | None = None,
) -> pd.DataFrame:
    """Fit a method and let it judge, or take what a killed measurement has left.

    Parameters
    ----------
    run : Run
        The run.
    method : Method
        The method.
    fold : Fold
        What is held out.
    depth : str
        ``"quick"`` or ``"full"``.
    experiment : str
        ``__name__`` of the experiment.
    variant : str
        What `change` is called; empty for none.
    change : callable, optional
        Alters what is learned from and judged.

    Returns
    -------
    DataFrame
        Of each video that calibrates or is judged `study.crossfit.FACTS`, method, forgery, logit; and of the
        method start, parameters and seconds (for each video, on this machine).
    """

    def anew() -> pd.DataFrame:
        videos = divide(run, fold, depth)
        changed = change(videos, fold) if change else videos
        return _fit_and_judge(run, method, changed, fold.seed, LOOKS[depth])

    code = dependencies.code_hash(experiment, start="collect")
    settings = (method.name, fold.name, fold.seed, depth, variant)
    fingerprint = tables.fingerprint(code, crossfit.inputs(run), *settings)
    name = "-".join(filter(None, [method.name, fold.name, variant])).replace(" ", "-").replace(",", "")
    path = run.build / "results" / depth / Path(experiment.replace(".", "/")).name / f"{name}.parquet"
    return tables.reuse_or_make(path, fingerprint, anew)


def divide(run: Run, fold: Fold, depth: Depth) -> pd.DataFrame:
    """Say what each video is for, and how it was forged.

    Parameters
    ----------
    run : Run
        The run.
    fold : Fold
        What is held out.
    depth : str
        ``"quick"`` or ``"full"``.

    Returns
    -------
    DataFrame
        As `study.crossfit.divide` gives it, `MOST_SOURCES` of each part, with forgery.
    """
    videos = crossfit.divide(run, fold, depth, MOST_SOURCES)
    return videos.assign(forgery=forgeries(run, videos["video"]).to_numpy())


def forgeries(run: Run, videos: Sequence[str] | pd.Series) -> pd.Series:
    """Say how videos were forged.

    Parameters
    ----------
    run : Run
        The run.
    videos : sequence of str
        Their names.

    Returns
    -------
    Series of str
        In the same order: the method of the truth tables, ``"original"``, or ``"fake"`` where the data say
        no more.
    """
    names = pd.Series(list(videos))
    made = truth.videos(run)
    if made is None:
        labels = dataset.table(run).set_index("video")["label"]
        return names.map(labels).map({"FAKE": "fake", "REAL": "original"})
    return names.map(made.set_index("video")["method"]).fillna("original")


def estimate(table: pd.DataFrame, compared: Mapping[str, tuple[str, str]]) -> dict[str, Interval]:
    """Score methods on the videos that all of them judge, and compare some.

    Parameters
    ----------
    table : DataFrame
        As `collect` gives it.
    compared : dict of str to tuple of str
        As `scores` takes it.

    Returns
    -------
    dict of str to Interval
        As `scores` gives it.
    """
    wide = calibrated(table)
    return scores(wide, [name for name in table["method"].unique() if name in wide], compared)


def scores(
    wide: pd.DataFrame, names: Sequence[str], compared: Mapping[str, tuple[str, str]]
) -> dict[str, Interval]:
    """Score columns of probabilities, and compare some.

    Parameters
    ----------
    wide : DataFrame
        As `calibrated` gives it.
    names : sequence of str
        The columns.
    compared : dict of str to tuple of str
        Names of differences of AUC, each of the first column less the second: one family. Those of columns
        that are not there are left out.

    Returns
    -------
    dict of str to Interval
        `MEASURES` of each column, and the differences by their names.
    """
    statistics_of = {
        (measure, name): rotations.mean(wide, name, compute)
        for measure, compute in MEASURES.items()
        for name in names
    }
    wanted = {f"{measure}: {name}": statistic for (measure, name), statistic in statistics_of.items()}
    differences: dict[str, Statistic] = {
        title: rotations.difference(statistics_of["AUC", first], statistics_of["AUC", second])
        for title, (first, second) in compared.items()
        if {first, second} <= set(names)
    }
    estimates = rotations.intervals(wide, wanted)
    return estimates | (rotations.family(wide, differences) if differences else {})


def calibrated(table: pd.DataFrame) -> pd.DataFrame:
    """Put the calibrated probabilities of all methods beside each other.

    Parameters
    ----------
    table : DataFrame
        As `collect` gives it.

    Returns
    -------
    DataFrame
        training, rotation, video, unit, label, and a column of probabilities for each method; only videos
        that all of them have judged.
    """
    parts = [crossfit.calibrated(rows, "logit") for _, rows in table.groupby("method", sort=False)]
    wide = pd.concat(parts).pivot_table(index=KEYS, columns="method", values="p_fake")
    return wide.dropna().reset_index().rename_axis(columns=None)


def ranked(table: pd.DataFrame, ways: list[str]) -> tuple[pd.DataFrame, dict[tuple, Statistic]]:
    """Prepare the area under the ROC curve of logits that are not calibrated, in several ways.

    The logits of different trainings are not of one scale, so videos are ranked within their training.

    Parameters
    ----------
    table : DataFrame
        `KEYS`, logit and `ways`.
    ways : list of str
        Columns whose values, together, say which way a video was judged.

    Returns
    -------
    rows : DataFrame
        `KEYS`; what `study.rotations.intervals` weighs.
    areas : dict of tuple to callable
        By the values of `ways`, the statistic of the videos that were judged that way.
    """
    rank = table.groupby([*ways, "training"])["logit"].rank(pct=True)
    wide = table.assign(rank=rank).pivot_table(index=KEYS, columns=ways, values="rank")
    rows = wide.index.to_frame(index=False)
    areas = {}
    for way in wide.columns:
        values = wide[way].to_numpy()
        scored = rows.assign(score=np.nan_to_num(values))
        areas[way] = rotations.mean(scored, "score", rotations.auc, ~np.isnan(values))
    return rows, areas


def overview(result: Result) -> pd.DataFrame | Result:
    """Put all that is measured of each method into one table.

    Parameters
    ----------
    result : Result
        Of an experiment whose table `collect` made.

    Returns
    -------
    DataFrame or Result
        By method: start, parameters, the `MEASURES`, milliseconds for each video; where there is none the
        result itself, which says why.
    """
    if result.obstacle:
        return result
    by_method = result.table.groupby("method", sort=False)
    table = by_method[["start", "parameters"]].first()
    table["parameters"] = table["parameters"].map("{:,}".format)
    for measure in MEASURES:
        table[measure] = [str(result.estimates[f"{measure}: {name}"]) for name in table.index]
    table["ms a video"] = (1000 * by_method["seconds"].median()).round().astype(int)
    return table


def draw(result: Result) -> Figure:
    """Draw the area under the ROC curve of each method, the largest above.

    Parameters
    ----------
    result : Result
        Of an experiment whose table `collect` made.

    Returns
    -------
    Figure
    """
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    areas = {
        name: i for name, i in result.estimates.items() if name.startswith("AUC: ") and " less " not in name
    }
    best = dict(sorted(areas.items(), key=lambda item: -item[1].value))
    return plots.intervals(best, "AUC: ", "AUC (video level)", line=0.5)


def _fit_and_judge(run: Run, method: Method, videos: pd.DataFrame, seed: int, looks: int) -> pd.DataFrame:
    rows = some_faces(training.labelled_faces(run, set(videos["video"])), looks)
    rows = truth.with_unit(run, rows)
    # The labels that are learned are those of `videos`, which need not be the true ones.
    labels = videos[videos["part"] == "train"].set_index("video")["label"]
    learned = rows[rows["video"].isin(labels.index)].reset_index(drop=True)
    fitted = method.fit(run, learned.assign(label=learned["video"].map(labels)), seed)
    shown = videos[videos["part"] != "train"]
    others = rows[rows["video"].isin(shown["video"])].reset_index(drop=True)
    begun = time.perf_counter()
    logits = fitted.judge(others)
    seconds = (time.perf_counter() - begun) / max(others["video"].nunique(), 1)
    scored = shown.assign(logit=shown["video"].map(logits)).dropna(subset=["logit"])
    return scored.assign(
        method=method.name, start=method.start, parameters=fitted.parameters, seconds=seconds
    )
