"""Whether the discriminator of a GAN is a deepfake detector, as section 1.3.2 of the report says."""

from functools import lru_cache

import pandas as pd
import torch
from matplotlib.figure import Figure

from dfd import dataset, embedding, progress, sampling, tables, training
from dfd.run import Run
from study import alignment, crossfit, dependencies, gan, kept, measuring, plots, rotations, truth
from study.crossfit import Fold
from study.gan import SIDE
from study.kept import Trained
from study.records import Depth, Result
from study.statistics import Interval

UNIT = truth.ACTORS
LONG = True
STEPS = 500
JUDGED = 8
"""Faces of a video that are judged; as many drawings stand for a video that the generator made."""

MOST = 4000
"""Faces that are learned from, at most."""

MOST_SOURCES = 500
"""Source videos that are judged, at most, with their fakes."""

ROTATIONS = 2
"""How often every video is judged at full depth."""

OWN = "its own generator's drawings"
DETECTORS = {
    "discriminator": "discriminator, on the fakes",
    "untrained": "before any training, on the fakes",
    "supervised": "trained on labels, on the fakes",
}
"""What judges the fakes, by the column of its score, and what it is called."""


measure = measuring.of(__name__)
inputs = crossfit.inputs
obstacle = crossfit.obstacle


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Train and judge: one row for each training and video, with a score for FAKE from each detector."""
    folds = [fold for fold in crossfit.folds(run, depth) if fold.rotation < ROTATIONS]
    tracked = progress.track(folds, "training GANs", len(folds), "fold")
    return pd.concat([_judged(run, fold, depth) for fold in tracked], ignore_index=True)


@lru_cache(maxsize=1)
def train(run: Run, fold: Fold, depth: Depth) -> gan.Training:
    """Train a GAN on REAL faces, or load it: the chapter and the measurement share it.

    Parameters
    ----------
    run : Run
        The run.
    fold : Fold
        What is held out: no face of that split is learned from.
    depth : str
        ``"quick"`` or ``"full"``.

    Returns
    -------
    Training
    """

    def anew() -> Trained:
        rows = learned_from(run, fold, depth)
        real = rows[~dataset.is_fake(rows)]
        return gan.train(alignment.aligned(run, real, SIDE), STEPS, fold.seed).pack()

    code = dependencies.code_hash(gan.__name__, start="train")
    made_from = tables.fingerprint(code, inputs(run), fold.seed, depth, STEPS)
    name = f"gan {fold.name} {depth}".replace(" ", "-")
    return gan.Training.unpack(kept.reuse_or_train(run, name, made_from, anew))


def draw_training(run: Run) -> Figure:
    """Show the training of the GAN that knows no face of the test split, as `study.gan.draw` does.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    Figure
        Or why there is no training.
    """
    if reason := obstacle(run):
        return plots.obstacle_figure(reason)
    return gan.draw(train(run, crossfit.folds(run, "quick")[0], "quick"))


def learned_from(run: Run, fold: Fold, depth: Depth) -> pd.DataFrame:
    """List the faces that a fold learns from.

    Parameters
    ----------
    run, fold, depth : Run, Fold and str
        As for `train`.

    Returns
    -------
    DataFrame
        Rows of the faces table, REAL and FAKE.
    """
    videos = crossfit.divide(run, fold, depth)
    names = set(videos.loc[videos["part"] == "train", "video"])
    return sampling.some_videos(training.labelled_faces(run, names), MOST, fold.seed)


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Compute each detector's area under the ROC curve, and what labels would add to the discriminator."""
    areas = {
        name: rotations.mean(table.fillna({name: 0.0}), name, rotations.auc, table[name].notna().to_numpy())
        for name in (*DETECTORS, OWN)
    }
    wanted = {f"AUC: discriminator, on {OWN}": areas[OWN]}
    wanted |= {f"AUC: {called}": areas[name] for name, called in DETECTORS.items()}
    more = rotations.difference(areas["supervised"], areas["discriminator"])
    return rotations.intervals(table, wanted | {"AUC: labels less discriminator": more})


def draw(result: Result) -> Figure:
    """Draw the area under the ROC curve of the discriminator and of what it is compared with."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    shown = {name: i for name, i in result.estimates.items() if "less" not in name}
    return plots.intervals(shown, "AUC: ", "AUC", line=0.5)


def _judged(run: Run, fold: Fold, depth: Depth) -> pd.DataFrame:
    videos = crossfit.divide(run, fold, depth, {"judged": MOST_SOURCES}).query("part == 'judged'")
    rows = embedding.spread_faces(
        training.labelled_faces(run, set(videos["video"])), dict.fromkeys(dataset.LABELS, JUDGED)
    )
    images = alignment.aligned(run, rows, SIDE)
    networks = _networks(run, fold, depth)
    scores = {name: -gan.logits(network, images) for name, network in networks.items()}
    of_videos = rows[["video"]].assign(**scores).groupby("video").mean()
    judged = videos.merge(of_videos, left_on="video", right_index=True)
    originals = judged[~dataset.is_fake(judged)]
    judged.loc[originals.index, OWN] = originals["discriminator"]
    return pd.concat([judged, _drawings(train(run, fold, depth), fold, originals["unit"])], ignore_index=True)


def _networks(run: Run, fold: Fold, depth: Depth) -> dict[str, gan.Discriminator]:
    rows = learned_from(run, fold, depth)
    images, fake = alignment.aligned(run, rows, SIDE), dataset.is_fake(rows)
    torch.manual_seed(fold.seed)
    return {
        "discriminator": train(run, fold, depth).discriminator,
        "untrained": gan.Discriminator().eval(),
        "supervised": gan.supervised(images, fake, STEPS, fold.seed),
    }


def _drawings(trained: gan.Training, fold: Fold, units: pd.Series) -> pd.DataFrame:
    """Judge what the generator draws: of each original's unit as many drawings as faces of it are judged."""
    count = len(units)
    noise = torch.randn(count * JUDGED, gan.NOISE, generator=torch.Generator().manual_seed(fold.seed))
    scores = -gan.logits(trained.discriminator, gan.sample(trained.generator, noise))
    names = [f"drawing {number}" for number in range(count)]
    facts = {"training": fold.name, "rotation": fold.rotation, "part": "judged", "label": "FAKE"}
    return pd.DataFrame(
        facts
        | {"video": names, "source": names, "unit": names, OWN: scores.reshape(count, JUDGED).mean(axis=1)}
    )
