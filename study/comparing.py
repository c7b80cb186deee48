"""Methods compared on the same people, faces and videos: fitted, judged, calibrated and scored alike."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from dfd import dataset, progress, tables, training
from dfd.run import Run
from study import crossfit, dependencies, plots, rotations, truth
from study.crossfit import Fold
from study.methods.method import Method, some_faces
from study.records import Depth, Result
from study.rotations import Statistic
from study.statistics import Interval

MEASURES = {
    "AUC": rotations.auc,
    "equal error rate": rotations.equal_error_rate,
    "log loss": rotations.log_loss,
}
KEYS = ["training", "rotation", "video", "unit", "label"]


def folds(run: Run, depth: Depth) -> list[Fold]:
    """List the trainings of a method: one at quick depth, and at full depth one for each split held out.

    Parameters
    ----------
    run : Run
        The run.
    depth : str
        ``"quick"`` or ``"full"``.

    Returns
    -------
    list of Fold
    """
    return [fold for fold in crossfit.folds(run, depth) if fold.rotation == 0]


def collect(run: Run, depth: Depth, methods: Sequence[Method], experiment: str) -> pd.DataFrame:
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

    Returns
    -------
    DataFrame
        As `judged` gives it, for each method and training.
    """
    tasks = [(method, fold) for fold in folds(run, depth) for method in methods]
    tracked = progress.track(tasks, "comparing methods", len(tasks), "training")
    return pd.concat(
        [judged(run, method, fold, depth, experiment) for method, fold in tracked], ignore_index=True
    )


def judged(
    run: Run, method: Method, fold: Fold, depth: Depth, experiment: str, left_out: str = ""
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
    left_out : str
        A way of forging whose fakes are not learned from; empty for none.

    Returns
    -------
    DataFrame
        Of each video that calibrates or is judged `study.crossfit.FACTS`, method, forgery, logit; and of the
        method start, parameters and seconds (for each video, on this machine).
    """
    code = dependencies.code_hash(experiment, start="collect")
    settings = (method.name, fold.name, fold.seed, depth, left_out)
    fingerprint = tables.fingerprint(code, crossfit.inputs(run), *settings)
    name = "-".join(filter(None, [method.name, fold.name, left_out])).replace(" ", "-").replace(",", "")
    path = run.build / "results" / depth / Path(experiment.replace(".", "/")).name / f"{name}.parquet"
    return tables.reuse_or_make(path, fingerprint, lambda: _fit_and_judge(run, method, fold, depth, left_out))


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
        Names of differences of AUC, each of the first method less the second: one family. Those of methods
        that are not in the table are left out.

    Returns
    -------
    dict of str to Interval
        `MEASURES` of each method, and the differences by their names.
    """
    wide = calibrated(table)
    names = [name for name in table["method"].unique() if name in wide]
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


def overview(result: Result) -> pd.DataFrame:
    """Put all that is measured of each method into one table.

    Parameters
    ----------
    result : Result
        Of an experiment whose table `collect` made.

    Returns
    -------
    DataFrame
        By method: start, parameters, the `MEASURES`, milliseconds for each video; or why there is none.
    """
    if result.obstacle:
        return pd.DataFrame({"not compared": [result.obstacle]})
    by_method = result.table.groupby("method", sort=False)
    table = by_method[["start", "parameters"]].first()
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


def _fit_and_judge(run: Run, method: Method, fold: Fold, depth: Depth, left_out: str) -> pd.DataFrame:
    videos = crossfit.divide(run, fold, depth)
    videos = videos.assign(forgery=forgeries(run, videos["video"]).to_numpy())
    rows = some_faces(training.labelled_faces(run, set(videos["video"])))
    rows = truth.with_unit(run, rows)
    learned = videos.loc[(videos["part"] == "train") & (videos["forgery"] != left_out), "video"]
    fitted = method.fit(run, rows[rows["video"].isin(learned)].reset_index(drop=True), fold.seed)
    shown = videos[videos["part"] != "train"]
    others = rows[rows["video"].isin(shown["video"])].reset_index(drop=True)
    begun = time.perf_counter()
    logits = fitted.judge(others)
    seconds = (time.perf_counter() - begun) / max(others["video"].nunique(), 1)
    scored = shown.assign(logit=shown["video"].map(logits)).dropna(subset=["logit"])
    return scored.assign(
        method=method.name, start=method.start, parameters=fitted.parameters, seconds=seconds
    )
