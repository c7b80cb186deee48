"""From one video to its people: faces found, followed, cut out and judged."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from dfd import faces, people, search, video
from dfd.model import Model

FRAMES = 32
"""Frames that are looked at, spread over the video."""

DRAWS = 1000
"""Draws of a person's faces, with replacement, that give the interval of the score."""

INTERVAL = (2.5, 97.5)

QUALITIES = (70, 40, 20)
"""JPEG qualities at which frames are compressed anew."""

Change = Callable[[np.ndarray], np.ndarray]
"""Something that is done to every frame before it is looked at."""


@dataclass
class Person:
    """Somebody in a video.

    Attributes
    ----------
    number : int
        From 1, by when they are first seen.
    times : ndarray of float, shape (n,)
        Seconds at which their face was looked at.
    crops : list of bytes
        The faces as JPEG files, n of them.
    logits : ndarray of float, shape (n,)
        Log odds of FAKE of each face.
    """

    number: int
    times: np.ndarray
    crops: list[bytes]
    logits: np.ndarray

    @property
    def logit(self) -> float:
        """Their score: the mean over their faces."""
        return float(self.logits.mean())

    def interval(self) -> tuple[float, float]:
        """How far the score could move if other frames had been looked at: a bootstrap over the faces."""
        random = np.random.default_rng(0)
        draws = random.integers(len(self.logits), size=(DRAWS, len(self.logits)))
        low, high = np.percentile(self.logits[draws].mean(axis=1), INTERVAL)
        return float(low), float(high)


@dataclass
class Judgement:
    """What was seen in a video.

    Attributes
    ----------
    frames : int
        Frames that were looked at.
    lost : int
        Frames of the video that cannot be decoded.
    duration : float
        Seconds.
    people : list of Person
        By when they are first seen.
    recompressed : dict of int to float
        Score of the most suspicious person after JPEG compression of every frame, by quality; where no face
        is found any more NaN.
    distance : float
        How unlike the training data the video is; see `dfd.unlike.Reference`. NaN without a face.
    """

    frames: int
    lost: int
    duration: float
    people: list[Person] = field(default_factory=list)
    recompressed: dict[int, float] = field(default_factory=dict)
    distance: float = np.nan

    @property
    def logit(self) -> float:
        """Score of the most suspicious person; NaN if there is nobody."""
        return max((person.logit for person in self.people), default=np.nan)


def judge(model: Model, file: str | Path, change: Change | None = None) -> Judgement:
    """Look at a video.

    Parameters
    ----------
    model : Model
        What judges.
    file : str or Path
        The video.
    change : callable, optional
        Takes and gives a frame, uint8 of shape (height, width, 3); nothing is changed by default.

    Returns
    -------
    Judgement

    Raises
    ------
    InputError
        If the file cannot be read; see `dfd.video.Video`.
    """
    clip = video.Video(file)
    frames = clip.read(video.spread(clip.frames, min(FRAMES, clip.frames)))
    if change:
        frames = (video.Frame(frame.index, frame.time, change(frame.image)) for frame in frames)
    boxes, times, crops = [], [], []
    for frame, detections in search.find(frames):
        times.append(frame.time)
        boxes.append(detections.boxes)
        # Encoded and decoded, since the faces that the classifier has learned from were too.
        cut = [faces.crop(frame.image, box, model.margin, model.face_size) for box in detections.boxes]
        crops.append([faces.encode(image) for image in cut])
    judgement = Judgement(len(times), clip.lost, clip.duration)
    flat = [crop for of_frame in crops for crop in of_frame]
    if not flat:
        return judgement
    images = np.stack([faces.decode(crop) for crop in flat])
    logits, persons = model.logits(images), np.concatenate(people.numbers(boxes))
    when = np.repeat(times, [len(of_frame) for of_frame in crops])
    for person in range(persons.max() + 1):
        own = np.flatnonzero(persons == person)
        seen = Person(person + 1, when[own], [flat[face] for face in own], logits[own])
        judgement.people.append(seen)
    judgement.distance = model.reference.distance(model.responses(images).mean(axis=0))
    return judgement


def recompressed(model: Model, file: str | Path) -> dict[int, float]:
    """Judge a video after its frames have been compressed, as every upload does.

    Parameters
    ----------
    model : Model
        What judges.
    file : str or Path
        The video.

    Returns
    -------
    dict of int to float
        Score of the most suspicious person by JPEG quality, of `QUALITIES`.
    """
    return {quality: judge(model, file, partial(_compressed, quality=quality)).logit for quality in QUALITIES}


def _compressed(image: np.ndarray, quality: int) -> np.ndarray:
    stored = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return faces.decode(stored.tobytes())
