"""Makes the model of a run from its tables: trains, calibrates on held-out videos, and measures limits."""

from dataclasses import replace
from datetime import UTC, datetime
from importlib import metadata

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from dfd import conformal, dataset, evaluation, faces, model, tables, training, unlike
from dfd.conformal import Conformal
from dfd.errors import InputError
from dfd.model import Model
from dfd.run import Run
from dfd.unlike import Reference

VERSION = 1
"""Raised when the code of this module makes other models than before."""

POLICY = "most suspicious person"
"""A video's score is that of the person who looks most like a fake."""

COVERAGE = 0.8
"""The promise at which the limits are measured."""

LEARNED, FACES = 1000, 4
"""Videos of each split at most, and faces of each, by which is said what is usual."""

PACKAGES = ("dfd", "torch", "facenet-pytorch", "opencv-python-headless", "av")

SETTINGS = ("head", "augmentation", "size", "epochs", "faces", "seed")
"""What the card tells of the recipe."""

DATA = {
    "sample": (
        "**Drawn people only.** The model has never seen a real face: all videos of the sample are "
        "synthetic, and its score of a real video says nothing."
    ),
    "dfdc": "Videos of the Deepfake Detection Challenge: paid actors, filmed in 2019, and fakes of then.",
}


def obstacle(run: Run) -> str:
    """Say why this run cannot have a model.

    Returns
    -------
    str
        Empty if it can; otherwise one sentence.
    """
    if reason := training.obstacle(run):
        return reason
    status = faces.status(run)
    if not (status.loc[status["split"] == "validation", "faces"] > 0).any():
        return "No video of the validation split has a face, so there is nothing to calibrate a model on."
    return ""


def make(run: Run) -> Model:
    """Make the model of a run; whatever of it is missing is trained.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    Model

    Raises
    ------
    InputError
        If the run cannot have one; see `obstacle`.
    """
    if reason := obstacle(run):
        raise InputError(run.data, reason)
    recipe = training.own_recipe(run)
    network = training.train(run)
    judged = training.predictions(run)
    validation, test = (_videos(run, judged, split) for split in ("validation", "test"))
    fake, logits = dataset.is_fake(validation), validation["logit"].to_numpy()
    scores = Conformal(real=sorted(logits[~fake]), fake=sorted(logits[fake]))
    unfinished = Model(
        network=network,
        backbone=run.backbone,
        head=recipe.head,
        size=recipe.size,
        face_size=run.face_size,
        margin=run.margin,
        part=recipe.part,
        calibration=evaluation.calibrate(fake, logits),
        conformal=scores,
        reference=Reference(np.zeros(0), np.zeros((0, 0)), np.inf),
    )
    learned, held_out, tested = (_responses(run, unfinished, s) for s in ("train", "validation", "test"))
    reference = unlike.fit(learned, held_out)
    about = _about(run, unfinished, test, reference, tested)
    return replace(unfinished, reference=reference, about=about)


def make_folder(run: Run) -> str:
    """Make the model of a run and write its folder, unless the one there was made of the same predictions.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    str
        What is not in the folder and why; empty if all is.
    """
    target = model.folder(run.build)
    if model.made_from(target) != _made_from(run):
        model.save(make(run), target)
    return model.left_out(target)


def expected_fingerprint(run: Run, version: int = VERSION) -> str:
    """Say what a run's model would be made from now, with the predictions table as it is.

    Parameters
    ----------
    run : Run
        The run.
    version : int
        Version of the stage.

    Returns
    -------
    str
        As `dfd.tables.fingerprint` gives it.
    """
    return tables.fingerprint(version, tables.stored_fingerprint(training.path(run)))


def _made_from(run: Run) -> str:
    training.predictions(run)
    return expected_fingerprint(run)


def _videos(run: Run, judged: pd.DataFrame, split: str) -> pd.DataFrame:
    scored = evaluation.videos(run, judged[judged["split"] == split], POLICY)
    return scored[scored["status"] == "ok"]


def _responses(run: Run, unfinished: Model, split: str) -> np.ndarray:
    """Mean responses of some videos of a split, of which a small run's test split may have none."""
    status = faces.status(run)
    names = status.loc[(status["split"] == split) & (status["faces"] > 0), "video"]
    names = names.sample(min(LEARNED, len(names)), random_state=run.seed).to_list()
    table = faces.table(run, names)
    means = [
        unfinished.responses(faces.images(run, own["face_id"].head(FACES).to_list())).mean(axis=0)
        for _, own in table.groupby("video")
    ]
    return np.stack(means) if means else np.zeros((0, 0))


def _about(run: Run, made: Model, test: pd.DataFrame, reference: Reference, tested: np.ndarray) -> dict:
    videos = dataset.table(run)
    train = videos[(videos["split"] == "train") & (videos["status"] == "ok")]
    recipe = training.own_recipe(run)
    calibrated_on = len(made.conformal.real) + len(made.conformal.fake)
    return {
        "profile": run.name,
        "made": datetime.now(UTC).date().isoformat(),
        "data": DATA[run.name],
        "videos": (
            f"{len(train):,} videos to learn from, {calibrated_on:,} others to calibrate on, {len(test):,} "
            "to test on; none shares a source video with another part"
        ),
        "prior": float(dataset.is_fake(train).mean()),
        "recipe": {
            **{
                name: getattr(recipe, name)
                for name in ("head", "augmentation", "size", "epochs", "faces", "seed")
            },
            "backbone": run.backbone,
        },
        "limits": _limits(made, test, reference, tested),
        "made_from": _made_from(run),
        "versions": {package: metadata.version(package) for package in PACKAGES},
    }


def _limits(made: Model, test: pd.DataFrame, reference: Reference, tested: np.ndarray) -> dict[str, str]:
    """Measure the model on the test split, in words."""
    if test.empty:
        return {"videos of the test split": "none"}
    fake, logits = dataset.is_fake(test), test["logit"].to_numpy()
    verdicts = np.array([made.conformal.verdict(logit, COVERAGE) for logit in logits])
    wrong = np.where(fake, verdicts == conformal.REAL, verdicts == conformal.FAKE)
    limits = {"videos": f"{len(test):,}, {fake.mean():.0%} of them fakes"}
    if len(np.unique(fake)) == 2:
        limits["area under the ROC curve"] = f"{roc_auc_score(fake, logits):.3f}"
        p_fake, weights = evaluation.expit(made.calibration(logits)), evaluation.balanced_weights(fake)
        limits["log loss, half of the videos fakes"] = f"{evaluation.log_loss(fake, p_fake, weights):.3f}"
    return limits | {
        f"verdicts that are not wrong, promised {COVERAGE:.0%}": f"{1 - wrong.mean():.0%}",
        "no verdict (cannot tell)": f"{(verdicts == conformal.UNSURE).mean():.0%}",
        "called unlike": f"{np.mean([reference.is_unlike(response) for response in tested]):.0%}",
    }
