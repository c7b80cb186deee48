"""Scores of videos outside the data set: one file in, one probability out."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy.special import expit

from dfd import (
    augment,
    classifier,
    dataset,
    evaluation,
    faces,
    loading,
    parallel,
    search,
    tables,
    training,
    video,
)
from dfd.errors import InputError
from dfd.run import Run

FRAMES = 32
UNSCORED = {"faces": 0, "logit": np.nan}


def score(run: Run, files: list[Path]) -> pd.DataFrame:
    """Say of each video how likely it is to be a fake, with the classifier that a run has trained.

    Faces are found and cropped as for training, in `FRAMES` frames spread over the video; their mean logit
    is calibrated on the validation split. The classifier and the predictions are taken as they are stored:
    nothing is made or written.

    Parameters
    ----------
    run : Run
        The run that trained.
    files : list of Path
        Videos.

    Returns
    -------
    DataFrame
        video (the file), faces, p_fake, status (``"ok"``, ``"unreadable"`` or ``"no face"``), reason. A video
        that cannot be scored has no p_fake, and does not keep the others from being scored.

    Raises
    ------
    InputError
        If the run has not trained a classifier.
    """
    calibration = _calibration(run)
    rows = dict(parallel.map_unordered(run, _score, [file.resolve() for file in files], _lost, "video"))
    scored = pd.DataFrame([rows[place] | {"video": str(file)} for place, file in enumerate(files)])
    scored["p_fake"] = expit(calibration(scored["logit"]))
    return scored[["video", "faces", "p_fake", "status", "reason"]]


def _calibration(run: Run) -> evaluation.Calibration:
    if not training.path(run).is_file():
        raise InputError(
            training.path(run), "no classifier has been trained yet; dfd train does it, and so does make book"
        )
    table = tables.read(training.path(run))
    validation = table[table["split"] == "validation"]
    logits = evaluation.aggregate(validation["logit"], validation["video"])
    labels = validation.drop_duplicates("video").set_index("video").loc[logits.index]
    return evaluation.calibrate(dataset.is_fake(labels), logits.to_numpy())


def _score(run: Run, file: Path) -> dict:
    try:
        crops = _crops(run, file)
    except InputError as error:
        return UNSCORED | {"status": "unreadable", "reason": error.reason}
    if not crops:
        return UNSCORED | {"status": "no face", "reason": "no face in the frames looked at"}
    recipe = training.own_recipe(run)
    images = loading.resized(np.stack(crops), recipe.size, recipe.part)
    with torch.inference_mode():
        logits = classifier.fake_logit(_model(run)(augment.normalise(images)))
    return {"faces": len(crops), "logit": logits.mean().item(), "status": "ok", "reason": ""}


def _lost(reason: str) -> dict:
    return UNSCORED | {"status": "unreadable", "reason": reason}


@lru_cache(maxsize=1)
def _model(run: Run) -> classifier.Classifier:
    return training.stored(run)


def _crops(run: Run, file: Path) -> list[np.ndarray]:
    # Encoded and decoded, since the faces that the classifier has learned from were too.
    return [
        faces.decode(faces.encode(faces.crop(frame.image, box, run.margin, run.face_size)))
        for frame, detections in search.find(video.sample_frames(file, FRAMES))
        for box in detections.boxes
    ]
