"""Which picture of a face a network should see and how it should be run: margin, size, pixels, mode, layer.

The same faces are embedded in several ways, and a linear probe says what each way is worth.
"""

import copy
import time
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import pandas as pd
import torch

from dfd import augment, dataset, embedding, faces, parallel, tables, video
from dfd.boxes import BOX
from dfd.errors import InputError
from dfd.run import Run
from study import results
from study.experiments import linear_probe

FACES = {"REAL": 2, "FAKE": 1}
"""Faces of a video that are embedded."""

# Videos at a time. In training mode the network drifts from one to the next, so this must not depend on
# the machine.
VIDEOS = 16
COLUMNS = ["variant", "face_id", "video", "source", "label", "split", "p_fake", "seconds", "vector"]


@dataclass(frozen=True)
class Variant:
    """One way of making an embedding of a face.

    Attributes
    ----------
    margin : float or None
        Share of the face's side added around it; ``None`` for the whole frame.
    size : int
        Side of the picture in pixels.
    scale : str
        What is done to pixel values: ``"imagenet"`` (its mean and deviation), ``"symmetric"`` (-1 to 1) or
        ``"unit"`` (0 to 1, as in the report's listing).
    training : bool
        Whether the network is left in training mode, picture by picture, as in the report's listing.
    logits : bool
        Whether the 1,000 logits are taken, as in the report's listing, and not the pooled features.
    """

    margin: float | None = 0.6
    size: int = 240
    scale: str = "imagenet"
    training: bool = False
    logits: bool = False


STANDARD = "standard"
VARIANTS = {
    STANDARD: Variant(),
    "margin 0": Variant(margin=0),
    "margin 0.3": Variant(margin=0.3),
    "margin 1": Variant(margin=1),
    "margin 0, face of 150 px": Variant(margin=0, size=150),
    "margin 0.3, face of 150 px": Variant(margin=0.3, size=195),
    "face of 50 px": Variant(size=80),
    "face of 75 px": Variant(size=120),
    "face of 100 px": Variant(size=160),
    "face of 200 px": Variant(size=320),
    "whole frame": Variant(margin=None),
    "pixels from -1 to 1": Variant(scale="symmetric"),
    "no normalisation": Variant(scale="unit"),
    "training mode": Variant(training=True),
    "logits": Variant(logits=True),
    "as listed": Variant(scale="unit", training=True, logits=True),
}
"""Pictures and networks compared: each differs from the first in one thing, the last in three.

A margin changes what is seen, and how many of the 240 pixels the face gets; the two with a face of 150 px
change only what is seen.
"""


def table(run: Run) -> pd.DataFrame:
    """Make or reuse the embeddings of some faces in all `VARIANTS`, and what a linear probe reads from each.

    Parameters
    ----------
    run : Run
        The run. `FACES` of a video are taken, of some source videos and their fakes
        (`linear_probe.some_sources`).

    Returns
    -------
    DataFrame
        variant, face_id, video, source, label, split, p_fake (out of fold; NaN where a class is missing),
        seconds (for the picture) and vector.
    """
    rows = linear_probe.some_sources(run, faces.table(run))
    rows = embedding.spread_faces(rows, FACES)
    inputs = [tables.stored_fingerprint(faces.path(run)), run.backbone, run.seed]
    return results.keep(run, "preprocessing", __name__, inputs, lambda: _measure(run, rows))


def embed(network: embedding.Backbone, images: np.ndarray, variant: Variant, seed: int) -> np.ndarray:
    """Embed pictures in the way that a variant says.

    Parameters
    ----------
    network : Backbone
        In evaluation mode; stays as it is, since a variant in training mode works on a copy.
    images : ndarray of uint8, shape (n, size, size, 3)
        RGB.
    variant : Variant
        Its scale, training and logits count here.
    seed : int
        Seed of the dropout that training mode brings.

    Returns
    -------
    ndarray of float32, shape (n, features) or (n, 1000)
    """
    if variant.training:
        network = copy.deepcopy(network).train()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return embedding.embed(
            network.network if variant.logits else network,
            images,
            prepare=SCALES[variant.scale],
            batch=1 if variant.training else None,
        )


def frames_of(run: Run, rows: pd.DataFrame) -> dict[int, np.ndarray]:
    """Read the frames of one video that its faces are in.

    Parameters
    ----------
    run : Run
        The run.
    rows : DataFrame
        Faces of one video: frame, label, and path (of the video, in the data folder).

    Returns
    -------
    dict of int to ndarray of uint8, shape (height, width, 3)
        Each frame by its index, RGB.
    """
    label, path = rows[["label", "path"]].iloc[0]
    count = run.faces_per_fake if label == "FAKE" else run.faces_per_real
    wanted = set(rows["frame"])
    frames = video.sample_frames(run.data / path, count)
    return {frame.index: frame.image for frame in frames if frame.index in wanted}


def with_path(run: Run, rows: pd.DataFrame) -> pd.DataFrame:
    """Add the path of the video to a table of faces.

    Parameters
    ----------
    run : Run
        The run.
    rows : DataFrame
        With the column video.

    Returns
    -------
    DataFrame
        The same rows in the same order, with the column path: the video's file, in the data folder.
    """
    return rows.merge(dataset.table(run)[["video", "path"]], on="video", how="left")


def _measure(run: Run, rows: pd.DataFrame) -> pd.DataFrame:
    rows = with_path(run, rows)
    videos = rows["video"].unique()
    pieces = [
        rows[rows["video"].isin(videos[start : start + VIDEOS])] for start in range(0, len(videos), VIDEOS)
    ]
    done = dict(parallel.map_unordered(run, _embed_variants, pieces, _lost, "piece"))
    if not done:
        return pd.DataFrame(columns=COLUMNS)
    embedded = pd.concat([done[place] for place in sorted(done)], ignore_index=True)
    embedded = embedded.merge(rows[["face_id", "video", "source", "label", "split"]], on="face_id")
    for _, same in embedded.groupby("variant"):
        p_fake = linear_probe.linear(embedding.vectors(same), dataset.is_fake(same), same["split"].to_numpy())
        embedded.loc[same.index, "p_fake"] = p_fake
    return embedded[COLUMNS]


def _lost(reason: str) -> pd.DataFrame:
    raise InputError("preprocessing", reason)


@lru_cache(maxsize=1)
def _network(run: Run) -> embedding.Backbone:
    return embedding.backbone(run).to(run.device).to(memory_format=torch.channels_last)


def _embed_variants(run: Run, rows: pd.DataFrame) -> pd.DataFrame:
    face_ids, seen = [], []
    for _, of_video in rows.groupby("video", sort=False):
        frames = frames_of(run, of_video)
        face_ids += of_video["face_id"].to_list()
        seen += [(frames[face["frame"]], face[BOX]) for _, face in of_video.iterrows()]
    embedded = []
    for name, variant in VARIANTS.items():
        images = np.stack([_picture(image, box, variant) for image, box in seen])
        start = time.perf_counter()
        vectors = embed(_network(run), images, variant, run.seed)
        seconds = (time.perf_counter() - start) / len(images)
        embedded.append(
            pd.DataFrame({"variant": name, "face_id": face_ids, "seconds": seconds, "vector": list(vectors)})
        )
    return pd.concat(embedded, ignore_index=True)


def _unit(images: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float() / 255


def _symmetric(images: np.ndarray) -> torch.Tensor:
    return 2 * _unit(images) - 1


SCALES = {"imagenet": augment.normalise, "unit": _unit, "symmetric": _symmetric}
"""Ways to bring pixel values to the range of a network: each turns pictures into a tensor."""


def _picture(image: np.ndarray, box: np.ndarray, variant: Variant) -> np.ndarray:
    if variant.margin is None:
        return cv2.resize(image, (variant.size, variant.size), interpolation=cv2.INTER_AREA)
    return faces.crop(image, box, variant.margin, variant.size)
