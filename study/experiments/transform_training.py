"""Whether the report's transform tackles overfitting: pairs of networks trained with and without it (C37)."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.special import expit

from dfd import dataset, tables, training
from dfd.run import Run
from study import crossfit, dependencies, measuring, plots, rotations, truth
from study.crossfit import Fold
from study.records import Depth, Result
from study.statistics import Interval

UNIT = truth.ACTORS
LONG = True
TRAINED = {"without": "none", "with": "report"}
"""Trained without or with the transform, by the name that `dfd.Recipe` has for it."""

EPOCHS, SIZE = 2, 128
FACES: dict[Depth, int] = {"quick": 240, "full": 480}
"""A training so small that two fit into a reader's minute, and in which there is overfitting to tackle."""

VIEWS = 4
"""Looks at each face where they are averaged: the crop as it is, and three that the transform has changed."""

AVERAGED = 2
"""Rotations in which looks are averaged, which takes as long as all other predictions together."""

MOST = {"train": 240, "calibration": 120, "judged": 240}
"""Source videos of each part at most; the sample has fewer."""

FAKES: dict[Depth, dict[str, int]] = {
    "quick": {"train": 1, "calibration": 2, "judged": 2},
    "full": {"train": 1, "calibration": 2, "judged": 3},
}
"""Fakes of each source at most, by the part: of what was trained on, one is enough to measure its loss; of
what is judged, three of five save time."""

JUDGED: dict[Depth, int] = {"quick": 2, "full": training.JUDGED}
"""Faces of every video that are judged."""

AVERAGING = f"gain in log loss of averaging {VIEWS} looks at test time"

SCORES: dict[str, tuple[str, rotations.Measure]] = {
    "log loss": ("raw", rotations.log_loss),
    "log loss, calibrated": ("calibrated", rotations.log_loss),
    "AUC": ("calibrated", rotations.auc),
}
"""Scores of held-out videos: the probability that they are computed from, and the measure."""


measure = measuring.of(__name__)
inputs = crossfit.inputs
obstacle = crossfit.obstacle


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Train pairs of networks: one row for each training, way (without, with) and video, with its logits."""
    table = pd.concat([_pair(run, fold, depth) for fold in crossfit.folds(run, depth)], ignore_index=True)
    return table.assign(unit=table["unit"].where(table["part"] != "calibration"))


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Compare the log losses of held-out actors, and how far they lie above those of what was trained on.

    The gains and the narrowing of the gap are one family.
    """
    rows = compared(table)
    held_out = (rows["part"] == "judged").to_numpy()
    score = {
        (name, way): rotations.mean(rows, f"{column} {way}", measure_of, held_out)
        for way in TRAINED
        for name, (column, measure_of) in SCORES.items()
    }
    looked = held_out & rows["averaged with"].notna().to_numpy()
    once = rotations.mean(rows, "raw with", rotations.log_loss, looked)
    averaged = rotations.mean(rows, "averaged with", rotations.log_loss, looked)
    gap = {
        way: rotations.difference(
            score["log loss", way], rotations.mean(rows, f"raw {way}", rotations.log_loss, ~held_out)
        )
        for way in TRAINED
    }
    levels = {f"{way} the transform: log loss, held-out": score["log loss", way] for way in TRAINED}
    levels |= {f"{way} the transform: gap to what was trained on": gap[way] for way in TRAINED}
    effects = {
        f"gain in {name}": rotations.difference(score[name, "without"], score[name, "with"])
        for name in ("log loss", "log loss, calibrated")
    }
    effects["gain in AUC"] = rotations.difference(score["AUC", "with"], score["AUC", "without"])
    effects["narrowing of the gap"] = rotations.difference(gap["without"], gap["with"])
    effects[AVERAGING] = rotations.difference(once, averaged)
    return rotations.intervals(rows, levels) | rotations.family(rows, effects)


def draw(result: Result) -> Figure:
    """Draw the log loss of what was trained on and of held-out actors, a line for each training."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    rows = compared(result.table)
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.6), sharey=True)
    for panel, way in zip(axes, TRAINED, strict=True):
        for _, of_rotation in rows.groupby("rotation"):
            of_part = of_rotation.groupby("part")[["label", f"raw {way}"]]
            losses = of_part.apply(_loss)[["train", "judged"]]
            panel.plot([0, 1], losses, "o-", color=plots.COLOURS[0], alpha=0.7)
        panel.axhline(0.693, color="0.6", lw=1, ls="--")
        panel.set(title=f"trained {way} the transform", xlim=(-0.3, 1.3), xticks=[0, 1])
        panel.set_xticklabels(["videos trained on", "held-out actors"])
    axes[0].set_ylabel("log loss (nats)")
    return figure


def compared(table: pd.DataFrame) -> pd.DataFrame:
    """Put both ways of training beside each other.

    Parameters
    ----------
    table : DataFrame
        As `collect` gives it.

    Returns
    -------
    DataFrame
        One row for each rotation and video that was trained on or judged: `study.crossfit.FACTS`, and for
        each way the probability ``raw`` and ``calibrated``, such as ``"raw with"``; ``"averaged with"`` is
        that of the mean of several looks. Only raw ones are there for videos that were trained on.
    """
    keys = ["training", "video"]
    joined = table[table["part"] != "calibration"].drop_duplicates(keys)[crossfit.FACTS].set_index(keys)
    for way in TRAINED:
        own = table[table["way"] == way].set_index(keys)
        judged = crossfit.calibrated(own.reset_index()).set_index(keys)
        joined[f"raw {way}"] = expit(own[crossfit.POLICY].astype(float))
        joined[f"calibrated {way}"] = judged["p_fake"]
        joined[f"averaged {way}"] = expit(own["averaged"].astype(float))
    return joined.dropna(subset=["raw with", "raw without"]).reset_index()


def _pair(run: Run, fold: Fold, depth: Depth) -> pd.DataFrame:
    # What each pair of trainings gave is kept, so that a killed measurement goes on where it was.
    code = dependencies.code_hash(__name__, start="_train_pair")
    fingerprint = tables.fingerprint(code, inputs(run), fold.seed, depth)
    path = run.build / "results" / depth / "transform_training" / f"{fold.name.replace(' ', '-')}.parquet"
    return tables.reuse_or_make(path, fingerprint, lambda: _train_pair(run, fold, depth))


def _train_pair(run: Run, fold: Fold, depth: Depth) -> pd.DataFrame:
    videos = crossfit.divide(run, fold, depth, MOST)
    shown = videos
    for part, fakes in FAKES[depth].items():
        shown = crossfit.fewer(shown, part, fakes, fold.seed)
    faces = crossfit.faces_of(run, shown, JUDGED[depth])
    is_judged = faces["video"].isin(shown.loc[shown["part"] == "judged", "video"])
    parts = []
    for way, augmentation in TRAINED.items():
        recipe = training.own_recipe(
            run,
            name=f"short {way} {fold.name}",
            augmentation=augmentation,
            epochs=EPOCHS,
            faces=FACES[depth],
            size=min(SIZE, run.face_size),
            seed=fold.seed,
        )
        model = training.train(run, recipe, videos.loc[videos["part"] == "train", "video"])
        training.path(run, recipe, "classifier").unlink()
        rows = crossfit.of_videos(shown, training.judge(run, recipe, model, faces), (crossfit.POLICY,))
        averaged = pd.Series(dtype=float)
        if way == "with" and fold.rotation < AVERAGED:
            looks = training.judge(run, recipe, model, faces[is_judged], VIEWS)
            averaged = looks.groupby("video")["logit"].mean()
        parts.append(rows.assign(way=way, averaged=rows["video"].map(averaged).astype("float32")))
    return pd.concat(parts, ignore_index=True)


def _loss(rows: pd.DataFrame) -> float:
    return rotations.log_loss(dataset.is_fake(rows), rows.iloc[:, 1].to_numpy())(np.ones((1, len(rows))))[0]
