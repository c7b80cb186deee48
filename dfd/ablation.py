"""Ablation: the same videos preprocessed in different ways, and what a linear probe reads from each."""

import copy
import sys
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from dfd import augment, cluster, dataset, embedding, faces, probe, tables, video
from dfd.errors import InputError
from dfd.profile import Profile

FACES = {"REAL": 2, "FAKE": 1}
SOURCES = {"sample": 24, "dfdc": 60}
# Videos at a time. In training mode the network drifts from one to the next, so this must not depend on
# the machine.
VIDEOS = 16
# Faces of a video that are changed at random, and how often each.
CHANGED = {"REAL": 3, "FAKE": 1}
DRAWS = 3
# Faces of a video that the probe judges, whatever it was fitted to.
JUDGED = 8


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


@dataclass(frozen=True)
class Sampling:
    """Which faces a classifier is fitted to.

    Attributes
    ----------
    fake, real : int
        Largest number of faces of a FAKE and of a REAL video.
    weighted : bool
        Whether REAL and FAKE faces are given the same weight in sum.
    sources : float
        Share of the REAL videos that are used, drawn at random.
    """

    fake: int = 8
    real: int = 8
    weighted: bool = True
    sources: float = 1.0


SAMPLINGS = {
    "1 face a video": Sampling(1, 1),
    "2 faces a video": Sampling(2, 2),
    "4 faces a video": Sampling(4, 4),
    "8 faces a video": Sampling(),
    "8 faces a video, no weights": Sampling(weighted=False),
    "8 and 40 faces, no weights": Sampling(real=40, weighted=False),
    "8 and 40 faces, a fifth of the real videos": Sampling(real=40, sources=0.2),
}
"""Samplings compared. The last has as many REAL faces as 8 of each video would give, of fewer people."""

MARGINS = (0, 0.3, 0.6, 1)
SIZES = (80, 120, 160, 240, 320)
PICTURES = [(margin, 240) for margin in MARGINS] + [(0.6, size) for size in SIZES if size != 240]
"""Margins and sizes whose crops `costs` compares."""


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
        The run. `FACES` of a video are taken, of at most `SOURCES` source videos and their fakes.

    Returns
    -------
    DataFrame
        variant, face_id, video, source, label, split, p_fake (out of fold; NaN where a class is missing),
        seconds (for the picture) and vector.
    """
    made_of = _made_of(profile, faces.path(profile), [embedding, augment, faces])
    chosen = embedding.spread_faces(_some_sources(profile, faces.table(profile)), FACES)
    return tables.reuse_or_make(path(profile), made_of, lambda: _make(profile, chosen))


def _made_of(profile: Profile, made_from: Path, code: list) -> str:
    return tables.fingerprint(
        tables.made_from(made_from),
        profile.backbone,
        profile.seed,
        probe.REGULARISATION,
        code=[sys.modules[__name__], *code],
    )


def _some_sources(profile: Profile, known: pd.DataFrame) -> pd.DataFrame:
    known = probe.with_source(profile, known)
    sources = pd.Series(known["source"].unique())
    kept = sources.sample(min(SOURCES[profile.name], len(sources)), random_state=profile.seed)
    return known[known["source"].isin(kept)].reset_index(drop=True)


def _make(profile: Profile, chosen: pd.DataFrame) -> pd.DataFrame:
    videos = chosen["video"].unique()
    pieces = [
        chosen[chosen["video"].isin(videos[start : start + VIDEOS])]
        for start in range(0, len(videos), VIDEOS)
    ]
    done = dict(cluster.each(profile, _embed_variants, pieces, _lost, "piece"))
    done = [done[place] for place in sorted(done)]
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


def _lost(reason: str) -> pd.DataFrame:
    raise InputError("ablation", reason)


@lru_cache(maxsize=1)
def _network(profile: Profile) -> embedding.Backbone:
    return embedding.backbone(profile).to(profile.device, memory_format=torch.channels_last)


def _embed_variants(profile: Profile, chosen: pd.DataFrame) -> pd.DataFrame:
    face_ids, seen = [], []
    for _, rows in chosen.groupby("video", sort=False):
        frames = _frames(profile, rows)
        face_ids += rows["face_id"].to_list()
        seen += [(frames[face["frame"]], face[faces.BOX]) for _, face in rows.iterrows()]
    found = []
    for name, variant in VARIANTS.items():
        images = np.stack([_picture(image, box, variant) for image, box in seen])
        start = time.perf_counter()
        vectors = embed(_network(profile), images, variant, profile.seed)
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


def sampling(profile: Profile) -> pd.DataFrame:
    """Make or reuse what a linear probe says of the videos when it was fitted to each of `SAMPLINGS`.

    Whatever it was fitted to, it judges the same `JUDGED` faces of each video, so that only the fit differs.

    Parameters
    ----------
    profile : Profile
        The run; at most `SOURCES` source videos and their fakes are taken.

    Returns
    -------
    DataFrame
        sampling, video, source, label, split, real and fake (faces fitted to, over all folds), p_fake (out of
        fold, mean over the video's faces; NaN where a class is missing).
    """
    vectors = embedding.table(profile)
    made_of = _made_of(profile, embedding.path(profile), [])
    known = _some_sources(profile, vectors.merge(faces.table(profile), on="face_id"))
    file = profile.build / "ablation" / "sampling.parquet"
    return tables.reuse_or_make(file, made_of, lambda: _make_sampling(profile, known))


def _make_sampling(profile: Profile, known: pd.DataFrame) -> pd.DataFrame:
    vectors, fake = embedding.vectors(known), (known["label"] == "FAKE").to_numpy()
    judged = known.index.isin(embedding.spread_faces(known, {"REAL": JUDGED, "FAKE": JUDGED}).index)
    real_videos = known.loc[~fake, "video"].drop_duplicates()
    found = []
    for name, chosen in SAMPLINGS.items():
        used = real_videos.sample(frac=chosen.sources, random_state=profile.seed)
        usable = known[fake | known["video"].isin(used)]
        spread = embedding.spread_faces(usable, {"REAL": chosen.real, "FAKE": chosen.fake})
        fitted = known.index.isin(spread.index)
        p_fake = probe.linear(vectors, fake, known["split"].to_numpy(), fitted, chosen.weighted)
        said = known.assign(p_fake=p_fake)[judged].groupby(["video", "source", "label", "split"])["p_fake"]
        counts = {"real": int((fitted & ~fake).sum()), "fake": int((fitted & fake).sum())}
        found.append(said.mean().reset_index().assign(sampling=name, **counts))
    return pd.concat(found, ignore_index=True)


def augmentation(profile: Profile) -> pd.DataFrame:
    """Make or reuse what a linear probe says of faces after fits with and without the report's transform.

    Parameters
    ----------
    profile : Profile
        The run; `CHANGED` faces a video are taken, of at most `SOURCES` source videos and their fakes.

    Returns
    -------
    DataFrame
        fitted (to ``"no"`` changes, to changes made ``"once"`` as in preprocessing, to several ``"anew"``),
        face_id, video, source, label, split, draw (0 for the face as it is, then `DRAWS` changed ones) and
        p_fake (out of fold). The mean over a face's draws is test-time augmentation.
    """
    vectors = embedding.table(profile)
    made_of = _made_of(profile, embedding.path(profile), [augment])
    known = _some_sources(profile, vectors.merge(faces.table(profile), on="face_id"))
    chosen = embedding.spread_faces(known, CHANGED)
    file = profile.build / "ablation" / "augmentation.parquet"
    return tables.reuse_or_make(file, made_of, lambda: _make_augmentation(profile, chosen))


def _make_augmentation(profile: Profile, chosen: pd.DataFrame) -> pd.DataFrame:
    transform = augment.report(profile.face_size, seed=profile.seed)
    images = faces.images(profile, chosen["face_id"].to_list())
    vectors = [embedding.vectors(chosen)]
    for _ in tqdm(range(DRAWS), desc="augmentation", unit="draw", disable=None):
        changed = np.stack([transform(image=image)["image"] for image in images])
        vectors.append(embedding.embed(_network(profile), changed))
    facts = chosen[["face_id", "video", "source", "label", "split"]]
    drawn = pd.concat([facts.assign(draw=draw) for draw in range(DRAWS + 1)], ignore_index=True)
    all_vectors, fake = np.concatenate(vectors), (drawn["label"] == "FAKE").to_numpy()
    fits = {"no": drawn["draw"] == 0, "once": drawn["draw"] == 1, "anew": drawn["draw"] >= 1}
    return pd.concat(
        [
            drawn.assign(
                fitted=name,
                p_fake=probe.linear(all_vectors, fake, drawn["split"].to_numpy(), fitted.to_numpy()),
            )
            for name, fitted in fits.items()
        ],
        ignore_index=True,
    )


def costs(profile: Profile) -> pd.DataFrame:
    """Make or reuse what crops of each of `PICTURES` cost, for one face a video.

    Parameters
    ----------
    profile : Profile
        The run; at most `SOURCES` videos are taken.

    Returns
    -------
    DataFrame
        margin, size (pixels), face_id, seconds (to cut out and compress), bytes (compressed), outside (share
        of the picture that lies beyond the frame) and scale (pixels of the picture for one of the frame).
    """
    made_of = _made_of(profile, faces.path(profile), [faces])
    chosen = faces.table(profile).groupby("video").head(1)
    chosen = chosen.sample(min(SOURCES[profile.name], len(chosen)), random_state=profile.seed)
    file = profile.build / "ablation" / "costs.parquet"
    return tables.reuse_or_make(file, made_of, lambda: _make_costs(profile, chosen))


def _make_costs(profile: Profile, chosen: pd.DataFrame) -> pd.DataFrame:
    found = []
    for place, face in chosen.iterrows():
        image = _frames(profile, chosen.loc[[place]])[face["frame"]]
        found += [
            {"margin": margin, "size": size, "face_id": face["face_id"]}
            | _cost(image, face[faces.BOX].to_numpy(float), margin, size)
            for margin, size in PICTURES
        ]
    columns = ["margin", "size", "face_id", "seconds", "bytes", "outside", "scale"]
    return pd.DataFrame(found, columns=columns)


def _cost(image: np.ndarray, box: np.ndarray, margin: float, size: int, repeats: int = 3) -> dict:
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        data = faces.encode(faces.crop(image, box, margin, size))
        seconds.append(time.perf_counter() - start)
    corners = box.reshape(2, 2)
    side = (1 + margin) * (corners[1] - corners[0]).max()
    edges = corners.mean(axis=0) + np.array([[-side / 2], [side / 2]])
    inside = np.clip(edges, 0, image.shape[1::-1])
    outside = max(0.0, 1 - np.prod(inside[1] - inside[0]) / side**2)
    return {"seconds": min(seconds), "bytes": len(data), "outside": outside, "scale": size / side}


def recall_gap(said: pd.DataFrame) -> tuple[probe.Interval, probe.Interval, probe.Interval]:
    """Count the videos judged rightly at a probability of 0.5, which is where imbalance shows.

    Parameters
    ----------
    said : DataFrame
        video, source, label, p_fake: one row a video, as `sampling` gives them for one sampling.

    Returns
    -------
    real, fake, gap : Interval
        Share of the REAL videos judged rightly, that of the FAKE ones, and the second less the first; with
        intervals over source videos.
    """
    known = said.dropna(subset=["p_fake"])
    fake = (known["label"] == "FAKE").to_numpy()
    right = (known["p_fake"] > 0.5).to_numpy() == fake

    def share(weights: np.ndarray, chosen: np.ndarray) -> float:
        drawn = weights * chosen
        return float(drawn @ right / drawn.sum()) if drawn.sum() else np.nan

    sources = known["source"].to_numpy()
    if known.empty:
        return (probe.Interval(np.nan, np.nan, np.nan),) * 3
    return (
        probe.bootstrap(lambda weights: share(weights, ~fake), sources),
        probe.bootstrap(lambda weights: share(weights, fake), sources),
        probe.bootstrap(lambda weights: share(weights, fake) - share(weights, ~fake), sources),
    )


def saved(seconds: np.ndarray, baseline: np.ndarray) -> probe.Interval:
    """Compare two ways that took turns: the share of the time that the first one saves.

    Parameters
    ----------
    seconds, baseline : ndarray of float, shape (rounds,)
        Time of each way in each round.

    Returns
    -------
    Interval
        Mean over the rounds, with an interval over rounds; below 0 if the first one takes longer.
    """
    shares = 1 - np.asarray(seconds) / np.asarray(baseline)
    return probe.bootstrap(lambda weights: float(np.average(shares, weights=weights)), np.arange(len(shares)))
