"""Scores of videos outside the data set: one file in, one probability out."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy.special import expit

from dfd import augment, classifier, evaluation, faces, training, video
from dfd.errors import InputError
from dfd.profile import Profile

FRAMES = 32


def score(profile: Profile, files: list[Path], frames: int = FRAMES) -> pd.DataFrame:
    """Say of each video how likely it is to be a fake, with the classifier that a run has trained.

    Faces are found and cropped as for training; their mean logit is calibrated on the validation split.

    Parameters
    ----------
    profile : Profile
        The run that trained.
    files : list of Path
        Videos.
    frames : int
        Frames to look at in each, spread over its length.

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
    if not training.path(profile).is_file():
        raise InputError(
            training.path(profile), "no classifier has been trained yet; make book does, in chapter 8"
        )
    model = training.train(profile)
    validation = training.predictions(profile)
    validation = validation[validation["split"] == "validation"]
    calibration = evaluation.calibrate(evaluation.videos(profile, validation))
    scored = pd.DataFrame([_score(profile, model, file, frames) for file in files])
    scored["p_fake"] = expit(calibration(scored)["logit"])
    return scored[["video", "faces", "p_fake", "status", "reason"]]


def _score(profile: Profile, model: classifier.Classifier, file: Path, frames: int) -> dict:
    row = {"video": str(file), "faces": 0, "logit": np.nan, "status": "ok", "reason": ""}
    try:
        crops = _crops(profile, file, frames)
    except InputError as error:
        return row | {"status": "unreadable", "reason": error.reason}
    if not crops:
        return row | {"status": "no face", "reason": "no face in the frames looked at"}
    resize = augment.evaluation(training.recipe(profile).size)
    images = np.stack([resize(image=crop)["image"] for crop in crops])
    with torch.inference_mode():
        logits = classifier.fake_logit(model(augment.normalise(images)))
    return row | {"faces": len(crops), "logit": logits.mean().item()}


def _crops(profile: Profile, file: Path, frames: int) -> list[np.ndarray]:
    # Encoded and decoded, since the faces that the classifier has learned from were too.
    return [
        faces.decode(faces.encode(faces.crop(frame.image, box, profile.margin, profile.face_size)))
        for frame in video.sample_frames(file, frames)
        for box in faces.detect(frame.image).boxes
    ]
