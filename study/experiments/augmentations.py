"""What random changes of the faces are worth: made once, made anew, or averaged over at test time."""

import copy
from collections.abc import Iterable

import albumentations as A
import numpy as np
import pandas as pd
from tqdm import tqdm

from dfd import augment, dataset, embedding, faces, tables
from dfd.run import Run
from study import results
from study.experiments import linear_probe

CHANGED = {"REAL": 3, "FAKE": 1}
"""Faces of a video that are changed at random."""

DRAWS = 3
"""How often each of them is changed."""


def table(run: Run) -> pd.DataFrame:
    """Make or reuse what a linear probe says of faces after fits with and without the report's transform.

    Parameters
    ----------
    run : Run
        The run; `CHANGED` faces a video are taken, of some source videos and their fakes
        (`linear_probe.some_sources`).

    Returns
    -------
    DataFrame
        fitted (to ``"no"`` changes, to changes made ``"once"`` as in preprocessing, to several ``"anew"``),
        face_id, video, source, label, split, draw (0 for the face as it is, then `DRAWS` changed ones) and
        p_fake (out of fold). The mean over a face's draws is test-time augmentation.
    """
    embedded = embedding.table(run).merge(faces.table(run), on="face_id")
    rows = embedding.spread_faces(linear_probe.some_sources(run, embedded), CHANGED)
    inputs = [tables.stored_fingerprint(embedding.path(run)), run.seed]
    return results.keep(run, "augmentations", __name__, inputs, lambda: _measure(run, rows))


def _measure(run: Run, rows: pd.DataFrame) -> pd.DataFrame:
    transform = augment.report(run.face_size, seed=run.seed)
    embed = embedding.embedder(run, "backbone")
    images = faces.images(run, rows["face_id"].to_list())
    vectors = [embedding.vectors(rows)]
    for _ in tqdm(range(DRAWS), desc="augmentations", unit="draw", disable=None):
        vectors.append(embed(np.stack([transform(image=image)["image"] for image in images])))
    facts = rows[["face_id", "video", "source", "label", "split"]]
    drawn = pd.concat([facts.assign(draw=draw) for draw in range(DRAWS + 1)], ignore_index=True)
    all_vectors, fake, folds = np.concatenate(vectors), dataset.is_fake(drawn), drawn["split"].to_numpy()
    fits = {"no": drawn["draw"] == 0, "once": drawn["draw"] == 1, "anew": drawn["draw"] >= 1}
    answers = [
        drawn.assign(fitted=name, p_fake=linear_probe.linear(all_vectors, fake, folds, fitted.to_numpy()))
        for name, fitted in fits.items()
    ]
    return pd.concat(answers, ignore_index=True)


def steps(transform: A.BaseCompose, seed: int | None = None) -> dict[str, A.BasicTransform]:
    """Take a transform apart.

    Parameters
    ----------
    transform : albumentations.Compose
        As `dfd.augment.report` and `dfd.augment.training` build it.
    seed : int, optional
        Makes the changes of each step the same each time.

    Returns
    -------
    dict of str to albumentations.BasicTransform
        Each step by its name in albumentations, in order, applied for certain; where one of several is
        drawn, each of them.
    """
    alone = {}
    for step in _flat(transform.transforms):
        # A copy, so that the transform goes on as before.
        certain = copy.deepcopy(step)
        certain.p = 1.0
        certain.set_random_seed(seed)
        alone[type(certain).__name__] = certain
    return alone


def _flat(transforms: Iterable[A.BasicTransform | A.BaseCompose]) -> list[A.BasicTransform]:
    flat = []
    for one in transforms:
        flat += _flat(one.transforms) if isinstance(one, A.BaseCompose) else [one]
    return flat
