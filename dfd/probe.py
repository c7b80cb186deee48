"""What a frozen embedding knows: whether a face is fake, and whose it is.

The two questions that the chapters ask of every embedding. Neither trains the network: the first fits a
logistic regression on its vectors, the second only compares distances. This is the one module besides the
evaluation that reads the sample's truth tables.
"""

import copy
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import pandas as pd
import torch
from joblib import Parallel, delayed, parallel_config
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tqdm import tqdm

from dfd import augment, dataset, embedding, faces, tables, video
from dfd.profile import Profile

REGULARISATION = 1e-3
REPEATS = 500
FACES = 2
SOURCES = 60
LOWEST_IOU = 0.3
WHO = ["person", "actor", "gender", "ancestry"]


@dataclass(frozen=True)
class Interval:
    """A number and how far chance may have moved it.

    Attributes
    ----------
    value, low, high : float
        The number, and the bounds of its 95% interval; NaN where it cannot be computed.
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        if np.isnan(self.value):
            return "not computable"
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


def bootstrap(
    statistic: Callable[[np.ndarray], float], groups: np.ndarray, repeats: int = REPEATS, seed: int = 2020
) -> Interval:
    """Draw whole groups again and again, with replacement, to see how much a statistic moves.

    Parameters
    ----------
    statistic : callable
        Takes a weight for each row (how often its group was drawn) and gives a number, or NaN.
    groups : ndarray, shape (n,)
        The group of each row: source videos, since the faces of one are no independent draws.
    repeats : int
        Number of draws.
    seed : int
        Of the draws.

    Returns
    -------
    Interval
        The statistic with all weights 1, and the 2.5th and 97.5th percentile of the draws.

    References
    ----------
    B. Efron and R. Tibshirani, An Introduction to the Bootstrap, 1993.
    """
    _, codes = np.unique(groups, return_inverse=True)
    random = np.random.default_rng(seed)
    value = statistic(np.ones(len(codes)))
    if np.isnan(value):
        return Interval(np.nan, np.nan, np.nan)
    count = codes.max() + 1
    draws = [
        statistic(np.bincount(random.integers(count, size=count), minlength=count)[codes].astype(float))
        for _ in range(repeats)
    ]
    return Interval(float(value), *(float(bound) for bound in np.nanpercentile(draws, [2.5, 97.5])))


def auc(fake: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> float:
    """Compute the area under the ROC curve, or NaN where a class is missing.

    Parameters
    ----------
    fake : ndarray of bool, shape (n,)
        The class.
    scores : ndarray of float, shape (n,)
        Higher for what is more likely true.
    weights : ndarray of float, shape (n,)
        0 leaves a row out.

    Returns
    -------
    float
    """
    used = weights > 0
    if len(np.unique(fake[used])) < 2:
        return np.nan
    return roc_auc_score(fake[used], scores[used], sample_weight=weights[used])


def linear(vectors: np.ndarray, fake: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Predict REAL or FAKE with a logistic regression, each fold by one fitted on the other folds.

    Parameters
    ----------
    vectors : ndarray, shape (n, features)
        Frozen embeddings.
    fake : ndarray of bool, shape (n,)
        The class of each face.
    folds : ndarray of str, shape (n,)
        The fold of each face. The splits serve well: no source, and on the sample no actor, is in two.

    Returns
    -------
    ndarray of float, shape (n,)
        Probability of FAKE; NaN for folds whose complement lacks a class.
    """
    p_fake = np.full(len(vectors), np.nan)
    for fold in np.unique(folds):
        held_out = folds == fold
        if len(np.unique(fake[~held_out])) == 2:
            model = make_pipeline(
                StandardScaler(), LogisticRegression(C=REGULARISATION, class_weight="balanced", max_iter=500)
            )
            model.fit(vectors[~held_out], fake[~held_out])
            p_fake[held_out] = model.predict_proba(vectors[held_out])[:, 1]
    return p_fake


def video_auc(predictions: pd.DataFrame, repeats: int = REPEATS, seed: int = 2020) -> Interval:
    """Score predictions at the level of videos: the mean over a video's faces, an interval over sources.

    Parameters
    ----------
    predictions : DataFrame
        video, source, label, p_fake; rows without p_fake are left out.
    repeats, seed : int
        Of `bootstrap`.

    Returns
    -------
    Interval
        Area under the ROC curve.
    """
    predicted = predictions.dropna(subset=["p_fake"])
    if predicted.empty:
        return Interval(np.nan, np.nan, np.nan)
    videos = predicted.groupby(["video", "source", "label"], as_index=False)["p_fake"].mean()
    fake, scores = (videos["label"] == "FAKE").to_numpy(), videos["p_fake"].to_numpy()
    return bootstrap(lambda weights: auc(fake, scores, weights), videos["source"], repeats, seed)


def auc_gain(
    predictions: pd.DataFrame, baseline: pd.DataFrame, repeats: int = REPEATS, seed: int = 2020
) -> Interval:
    """Compare two predictions of the same videos: the difference of their AUCs, drawn together.

    Parameters
    ----------
    predictions, baseline : DataFrame
        As `video_auc` takes them.
    repeats, seed : int
        Of `bootstrap`.

    Returns
    -------
    Interval
        AUC of `predictions` less AUC of `baseline`.
    """
    keys = ["video", "source", "label"]
    ours, theirs = (
        table.dropna(subset=["p_fake"]).groupby(keys)["p_fake"].mean() for table in (predictions, baseline)
    )
    both = pd.concat([ours.rename("ours"), theirs.rename("theirs")], axis=1, join="inner").reset_index()
    if both.empty:
        return Interval(np.nan, np.nan, np.nan)
    fake = (both["label"] == "FAKE").to_numpy()
    first, second = both["ours"].to_numpy(), both["theirs"].to_numpy()
    return bootstrap(
        lambda weights: auc(fake, first, weights) - auc(fake, second, weights), both["source"], repeats, seed
    )


def with_source(profile: Profile, known: pd.DataFrame) -> pd.DataFrame:
    """Add the source video to a table of faces.

    Parameters
    ----------
    profile : Profile
        The run.
    known : DataFrame
        With the column video.

    Returns
    -------
    DataFrame
        With the column source too.
    """
    return known.merge(dataset.table(profile)[["video", "source"]], on="video", how="left")


def identities(profile: Profile, known: pd.DataFrame) -> pd.DataFrame:
    """Look up in the truth tables who each face is; only the sample has them.

    Parameters
    ----------
    profile : Profile
        The run.
    known : DataFrame
        Rows of the faces table.

    Returns
    -------
    DataFrame
        `known` and the columns person (0 or 1, whose face of the frame it is), actor (who was filmed, also
        in a FAKE), gender, ancestry: null where the data have no truth tables or no true face is there.
    """
    if not profile.truth.is_dir():
        return known.assign(**dict.fromkeys(WHO))
    frames = pd.read_parquet(profile.truth / "frames.parquet")[
        ["video", "frame", "person", "actor", *faces.BOX]
    ]
    actors = pd.read_parquet(profile.truth / "actors.parquet")[["actor", "gender", "ancestry"]]
    pairs = known[["face_id", "video", "frame", *faces.BOX]].merge(
        frames, on=["video", "frame"], suffixes=("", "_true")
    )
    pairs["iou"] = _iou(pairs[faces.BOX], pairs[[f"{edge}_true" for edge in faces.BOX]])
    best = pairs[pairs["iou"] >= LOWEST_IOU].sort_values("iou").drop_duplicates("face_id", keep="last")
    who = best[["face_id", "person", "actor"]].merge(actors, on="actor", how="left")
    return known.merge(who, on="face_id", how="left")


def _iou(first: pd.DataFrame, second: pd.DataFrame) -> np.ndarray:
    a, b = first.to_numpy(), second.to_numpy()
    sides = np.clip(np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2]), 0, None)
    shared = sides.prod(axis=1)
    areas = (a[:, 2:] - a[:, :2]).prod(axis=1) + (b[:, 2:] - b[:, :2]).prod(axis=1)
    return shared / (areas - shared)


def verification(vectors: np.ndarray, who: pd.DataFrame) -> pd.DataFrame:
    """Pair faces of different videos, to see whether distances tell the same person from another.

    Parameters
    ----------
    vectors : ndarray, shape (n, features)
        Embeddings.
    who : DataFrame
        video, actor, gender, ancestry of each face, without nulls.

    Returns
    -------
    DataFrame
        first, second (videos), distance (between the vectors scaled to length 1), same (person), ancestry
        (of the first face) and group: whether both are of one gender and ancestry.
    """
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    first, second = np.triu_indices(len(unit), k=1)
    videos, actors, ancestry = (who[column].to_numpy() for column in ("video", "actor", "ancestry"))
    groups = (who["gender"] + " " + who["ancestry"]).to_numpy()
    apart = videos[first] != videos[second]
    first, second = first[apart], second[apart]
    similarity = np.clip((unit @ unit.T)[first, second], -1, 1)
    return pd.DataFrame(
        {
            "first": videos[first],
            "second": videos[second],
            "distance": np.sqrt(2 - 2 * similarity),
            "same": actors[first] == actors[second],
            "ancestry": ancestry[first],
            "group": groups[first] == groups[second],
        }
    )


def verification_auc(pairs: pd.DataFrame, repeats: int = 200, seed: int = 2020) -> Interval:
    """Score distances as a test for the same person, with an interval over videos.

    Parameters
    ----------
    pairs : DataFrame
        As `verification` gives them.
    repeats, seed : int
        Of the bootstrap: videos are drawn, and a pair counts as often as both of its videos together.

    Returns
    -------
    Interval
        Area under the ROC curve: the chance that two faces of one person are nearer than two of different
        people.
    """
    videos, codes = np.unique(pairs[["first", "second"]].to_numpy(), return_inverse=True)
    first, second = codes.reshape(-1, 2).T
    same, nearness = pairs["same"].to_numpy(), -pairs["distance"].to_numpy()
    return bootstrap(
        lambda weights: auc(same, nearness, weights[first] * weights[second]), videos, repeats, seed
    )


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


def variants(profile: Profile) -> pd.DataFrame:
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
    known = with_source(profile, faces.table(profile))
    made_of = tables.fingerprint(
        tables.made_from(faces.path(profile)),
        profile.backbone,
        code=[sys.modules[__name__], embedding, augment, faces],
    )
    sources = pd.Series(known["source"].unique())
    kept = sources.sample(min(SOURCES, len(sources)), random_state=profile.seed)
    chosen = embedding.spread_faces(
        known[known["source"].isin(kept)], {"REAL": FACES, "FAKE": FACES}
    ).reset_index(drop=True)
    return tables.reuse_or_make(
        profile.build / "embeddings" / "variants.parquet", made_of, lambda: _make(profile, chosen)
    )


def _make(profile: Profile, chosen: pd.DataFrame) -> pd.DataFrame:
    videos = chosen["video"].unique()
    pieces = np.array_split(videos, min(len(videos), 8 * profile.jobs))
    jobs = (
        delayed(_embed_variants)(profile, chosen[chosen["video"].isin(piece)])
        for piece in pieces
        if len(piece)
    )
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
        p_fake = linear(vectors, (rows["label"] == "FAKE").to_numpy(), rows["split"].to_numpy())
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
        vectors = embed_variant(network, images, variant, profile.seed)
        seconds = (time.perf_counter() - start) / len(images)
        found.append(
            pd.DataFrame({"variant": name, "face_id": face_ids, "seconds": seconds, "vector": list(vectors)})
        )
    return pd.concat(found, ignore_index=True)


def embed_variant(network: embedding.Backbone, images: np.ndarray, variant: Variant, seed: int) -> np.ndarray:
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
