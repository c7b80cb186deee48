"""Ablation: the same faces embedded in different ways, and what a linear probe reads from each."""

import copy
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import torch
from joblib import Parallel, delayed, parallel_config
from tqdm import tqdm

from dfd import augment, dataset, embedding, faces, probe, tables, video
from dfd.profile import Profile

FACES = 2
SOURCES = 60
# Videos at a time. In training mode the network drifts from one to the next, so this must not depend on
# the machine.
VIDEOS = 16


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
"""What the chapter on embeddings compares: each differs from the first in one thing, the last in three."""


def path(profile: Profile) -> Path:
    """Where a run keeps the embeddings of the variants.

    Parameters
    ----------
    profile : Profile
        The run.

    Returns
    -------
    Path
    """
    return profile.build / "embeddings" / "variants.parquet"


def table(profile: Profile) -> pd.DataFrame:
    """Make or reuse the embeddings of some faces in all `VARIANTS`, and what a linear probe reads from each.

    Parameters
    ----------
    profile : Profile
        The run. `FACES` faces a video are taken, of at most `SOURCES` source videos and their fakes.

    Returns
    -------
    DataFrame
        variant, face_id, video, source, label, split, p_fake (out of fold; NaN where a class is missing),
        seconds (for the picture, on one core) and vector.
    """
    known = probe.with_source(profile, faces.table(profile))
    made_of = tables.fingerprint(
        tables.made_from(faces.path(profile)),
        profile.backbone,
        probe.REGULARISATION,
        code=[sys.modules[__name__], embedding, augment, faces],
    )
    sources = pd.Series(known["source"].unique())
    kept = sources.sample(min(SOURCES, len(sources)), random_state=profile.seed)
    chosen = embedding.spread_faces(
        known[known["source"].isin(kept)], {"REAL": FACES, "FAKE": FACES}
    ).reset_index(drop=True)
    return tables.reuse_or_make(path(profile), made_of, lambda: _make(profile, chosen))


def _make(profile: Profile, chosen: pd.DataFrame) -> pd.DataFrame:
    videos = chosen["video"].unique()
    pieces = [videos[start : start + VIDEOS] for start in range(0, len(videos), VIDEOS)]
    jobs = (delayed(_embed_variants)(profile, chosen[chosen["video"].isin(piece)]) for piece in pieces)
    workers = 1 if profile.device.type == "cuda" else profile.jobs
    with parallel_config(backend="loky", inner_max_num_threads=1 if workers > 1 else None):
        done = Parallel(n_jobs=workers, return_as="generator")(jobs)
        done = list(tqdm(done, total=len(pieces), desc="variants", unit="piece", disable=None))
    found = pd.concat(done, ignore_index=True) if done else pd.DataFrame()
    columns = ["variant", "face_id", "video", "source", "label", "split", "p_fake", "seconds", "vector"]
    if found.empty:
        return pd.DataFrame(columns=columns)
    found = found.merge(chosen[["face_id", "video", "source", "label", "split"]], on="face_id")
    for _, rows in found.groupby("variant"):
        vectors = embedding.vectors(rows)
        p_fake = probe.linear(vectors, (rows["label"] == "FAKE").to_numpy(), rows["split"].to_numpy())
        found.loc[rows.index, "p_fake"] = p_fake
    return found[columns]


def _embed_variants(profile: Profile, chosen: pd.DataFrame) -> pd.DataFrame:
    face_ids, seen = [], []
    for _, rows in chosen.groupby("video", sort=False):
        frames = _frames(profile, rows)
        face_ids += rows["face_id"].to_list()
        seen += [(frames[face["frame"]], face[faces.BOX]) for _, face in rows.iterrows()]
    network = embedding.backbone(profile).to(profile.device, memory_format=torch.channels_last)
    found = []
    for name, variant in VARIANTS.items():
        images = np.stack([_picture(image, box, variant) for image, box in seen])
        start = time.perf_counter()
        vectors = embed(network, images, variant, profile.seed)
        seconds = (time.perf_counter() - start) / len(images)
        found.append(
            pd.DataFrame({"variant": name, "face_id": face_ids, "seconds": seconds, "vector": list(vectors)})
        )
    return pd.concat(found, ignore_index=True)


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
        Of the dropout that training mode brings.

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


def _unit(images: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float() / 255


SCALES = {"imagenet": augment.normalise, "unit": _unit, "symmetric": lambda images: 2 * _unit(images) - 1}


def _frames(profile: Profile, rows: pd.DataFrame) -> dict[int, np.ndarray]:
    file = profile.data / dataset.table(profile).set_index("video").loc[rows["video"].iloc[0], "path"]
    count = profile.faces_per_fake if rows["label"].iloc[0] == "FAKE" else profile.faces_per_real
    wanted = set(rows["frame"])
    return {frame.index: frame.image for frame in video.sample_frames(file, count) if frame.index in wanted}


def _picture(image: np.ndarray, box: np.ndarray, variant: Variant) -> np.ndarray:
    if variant.margin is None:
        return cv2.resize(image, (variant.size, variant.size), interpolation=cv2.INTER_AREA)
    return faces.crop(image, box, variant.margin, variant.size)
