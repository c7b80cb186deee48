"""Measure how far FAKE can be told from REAL by what has nothing to do with a swap."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from .dataset import clip_path, face_crop, table
from .encode import read
from .interval import with_interval


def measure(data: Path) -> dict[str, object]:
    """Try to tell FAKE from REAL on the test actors without looking at the face's traces.

    Parameters
    ----------
    data : Path
        Folder of the data set.

    Returns
    -------
    dict
        AUC of a logistic regression trained on the train actors, and its interval.
    """
    videos = table(data, "videos")
    videos = videos[videos.split.isin(["train", "test"])]
    features = _features(data, videos)
    train, test = videos.split == "train", videos.split == "test"
    fake = videos.label == "FAKE"
    model = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=2000))
    model.fit(features[train], fake[train])
    score = pd.Series(model.predict_proba(features[test])[:, 1], videos.index[test])
    return with_interval("auc", videos[test], score, roc_auc_score)


def _features(data: Path, videos: pd.DataFrame, count: int = 6) -> pd.DataFrame:
    """Measure what has nothing to do with a swap: the file, and light, colour and sharpness.

    Parameters
    ----------
    data : Path
        Folder of the data set.
    videos : DataFrame
        Clips, rows of the truth table.
    count : int
        Frames of each clip.

    Returns
    -------
    DataFrame
        A row for each clip.
    """
    frames = table(data, "frames")
    rows = []
    for video in videos.itertuples():
        path = clip_path(data, video)
        images = read(path)
        size = path.stat().st_size
        height, width = images[0].shape[:2]
        row = {
            "bytes": np.log(size),
            "bits_per_pixel": np.log(size / (width * height * len(images))),
            "width": width,
            "height": height,
            "duration": len(images),
        }
        numbers = np.linspace(0, len(images) - 1, count).astype(int)
        faces = frames[(frames.video == video.video) & frames.frame.isin(numbers)]
        crops = [face_crop(images[f.frame], f) for f in faces.itertuples()]
        row |= {f"frame {k}": v for k, v in _mean_statistics([images[number] for number in numbers]).items()}
        row |= {f"face {k}": v for k, v in _mean_statistics(crops).items()}
        rows.append(row)
    return pd.DataFrame(rows, index=videos.index)


def _mean_statistics(images: list[np.ndarray]) -> dict[str, float]:
    return pd.DataFrame([_statistics(image) for image in images]).mean().to_dict()


def _statistics(image: np.ndarray) -> dict[str, float]:
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
    values = {
        "brightness": grey.mean(),
        "contrast": grey.std(),
        "sharpness": np.log1p(cv2.Laplacian(grey, cv2.CV_64F).var()),
        "saturation": hsv[..., 1].mean(),
    }
    for index, name in enumerate(("red", "green", "blue")):
        values |= {f"{name} mean": image[..., index].mean(), f"{name} spread": image[..., index].std()}
    return {name: float(value) for name, value in values.items()}
