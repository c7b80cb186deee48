"""Scores of videos outside the data set: one file in, one probability out."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy.special import expit

from dfd import augment, classifier, cluster, evaluation, faces, tracking, training, video
from dfd.errors import InputError
from dfd.profile import Profile

FRAMES = 32
UNSCORED = {"faces": 0, "logit": np.nan}


def score(profile: Profile, files: list[Path]) -> pd.DataFrame:
    """Say of each video how likely it is to be a fake, with the classifier that a run has trained.

    Faces are found and cropped as for training, in `FRAMES` frames spread over the video; their mean logit
    is calibrated on the validation split.

    Parameters
    ----------
    profile : Profile
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
    if not training.path(profile).is_file():
        raise InputError(
            training.path(profile), "no classifier has been trained yet; make book does, in chapter 8"
        )
    validation = training.predictions(profile)
    validation = validation[validation["split"] == "validation"]
    calibration = evaluation.calibrate(evaluation.videos(profile, validation))
    rows = dict(cluster.each(profile, _score, [file.resolve() for file in files], _lost, "video"))
    scored = pd.DataFrame([rows[place] | {"video": str(file)} for place, file in enumerate(files)])
    scored["p_fake"] = expit(calibration(scored)["logit"])
    return scored[["video", "faces", "p_fake", "status", "reason"]]


def _score(profile: Profile, file: Path) -> dict:
    try:
        crops = _crops(profile, file)
    except InputError as error:
        return UNSCORED | {"status": "unreadable", "reason": error.reason}
    if not crops:
        return UNSCORED | {"status": "no face", "reason": "no face in the frames looked at"}
    resize = augment.evaluation(training.recipe(profile).size)
    images = np.stack([resize(image=crop)["image"] for crop in crops])
    with torch.inference_mode():
        logits = classifier.fake_logit(_model(profile)(augment.normalise(images)))
    return {"faces": len(crops), "logit": logits.mean().item(), "status": "ok", "reason": ""}


def _lost(reason: str) -> dict:
    return UNSCORED | {"status": "unreadable", "reason": reason}


@lru_cache(maxsize=1)
def _model(profile: Profile) -> classifier.Classifier:
    return training.train(profile)


def _crops(profile: Profile, file: Path) -> list[np.ndarray]:
    # Encoded and decoded, since the faces that the classifier has learned from were too.
    return [
        faces.decode(faces.encode(faces.crop(frame.image, box, profile.margin, profile.face_size)))
        for frame, found in tracking.find(video.sample_frames(file, FRAMES))
        for box in found.boxes
    ]
