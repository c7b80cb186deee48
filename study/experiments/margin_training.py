"""Whether a trained network needs the margin that frozen features do better without (beside C04)."""

from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure
from scipy.special import expit

from dfd import tables, training
from dfd.run import Run
from study import crossfit, dependencies, measuring, plots, rotations, truth
from study.crossfit import Fold
from study.records import Depth, Result
from study.statistics import Interval

UNIT = truth.ACTORS
LONG = True

EPOCHS = 2
FACES: dict[Depth, int] = {"quick": 48, "full": 480}
"""Short trainings, as in `transform_training`."""

ROTATIONS = 2
"""How often every video is judged: half as often as by `fine_tuning`, for three networks take three times as
long."""

JUDGED: dict[Depth, int] = {"quick": 2, "full": training.JUDGED}
"""Faces of every video that are judged."""

MOST = {"train": 240, "calibration": 20, "judged": 240}
"""Source videos of each part at most; nothing is calibrated, so few are left for it."""

FAKES: dict[Depth, int] = {"quick": 1, "full": 3}
"""Fakes of each judged source at most."""


@dataclass(frozen=True)
class Picture:
    """What a network is shown of a face.

    Attributes
    ----------
    margin : float
        Share of the face's side added around it.
    size : int
        Side of the picture in pixels.
    """

    margin: float
    size: int


STANDARD, CLOSE, SMALL = "margin 0.6", "margin 0", "margin 0, face as small"
PICTURES = {STANDARD: Picture(0.6, 128), CLOSE: Picture(0.0, 128), SMALL: Picture(0.0, 80)}
"""With the margin, a face of 80 pixels lies in a picture of 128; without, it fills it, or keeps its size."""

GAINS = {
    "gain: margin 0.6 over 0, picture of 128 px": (STANDARD, CLOSE),
    "gain: margin 0.6 over 0, face of 80 px": (STANDARD, SMALL),
}
"""Differences of areas under the ROC curve that are looked at, one family."""


measure = measuring.of(__name__)
inputs = crossfit.inputs
obstacle = crossfit.obstacle


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Train a network on each picture, and judge: one row for each training, picture and judged video."""
    folds = [fold for fold in crossfit.folds(run, depth) if fold.rotation < ROTATIONS]
    return pd.concat([_trio(run, fold, depth) for fold in folds], ignore_index=True)


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Compute the area under the ROC curve with each picture, and what the margin is worth."""
    keys = ["training", "rotation", "video", "unit", "label"]
    wide = table.pivot(index=keys, columns="picture", values="p_fake").dropna().reset_index()
    areas = {name: rotations.mean(wide, name, rotations.auc) for name in PICTURES}
    gains = {
        name: rotations.difference(areas[first], areas[second]) for name, (first, second) in GAINS.items()
    }
    levels = {f"AUC: trained, {name}": area for name, area in areas.items()}
    return rotations.intervals(wide, levels) | rotations.family(wide, gains)


def draw(result: Result) -> Figure:
    """Show the area under the ROC curve with each picture."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    label = "AUC of trained networks (video level)"
    return plots.intervals(result.estimates, "AUC: trained, ", label, line=0.5)


def _trio(run: Run, fold: Fold, depth: Depth) -> pd.DataFrame:
    # What each trio of trainings gave is kept, so that a killed measurement goes on where it was.
    code = dependencies.code_hash(__name__, start="_train_trio")
    fingerprint = tables.fingerprint(code, inputs(run), fold.seed, depth)
    path = run.build / "results" / depth / "margin_training" / f"{fold.name.replace(' ', '-')}.parquet"
    return tables.reuse_or_make(path, fingerprint, lambda: _train_trio(run, fold, depth))


def _train_trio(run: Run, fold: Fold, depth: Depth) -> pd.DataFrame:
    videos = crossfit.divide(run, fold, depth, MOST)
    trained_on = videos.loc[videos["part"] == "train", "video"]
    judged = crossfit.fewer(videos[videos["part"] == "judged"], "judged", FAKES[depth], fold.seed)
    shown = crossfit.faces_of(run, judged, JUDGED[depth])
    parts = []
    for name, picture in PICTURES.items():
        part = (1 + picture.margin) / (1 + run.margin)
        changes = {"epochs": EPOCHS, "faces": FACES[depth], "size": picture.size, "part": part}
        recipe = training.own_recipe(run, name=f"{name} {fold.name}", seed=fold.seed, **changes)
        model = training.train(run, recipe, trained_on)
        training.path(run, recipe, "classifier").unlink()
        predictions = training.judge(run, recipe, model, shown)
        rows = crossfit.of_videos(judged, predictions, (crossfit.POLICY,))
        p_fake = expit(rows[crossfit.POLICY].astype(float))
        parts.append(rows[crossfit.FACTS].assign(picture=name, p_fake=p_fake))
    return pd.concat(parts, ignore_index=True)
