"""Fine-tuning: the trained classifier, and its table of predictions."""

from collections.abc import Collection
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Literal

import lightning
import pandas as pd
import torch
from torch.utils.data import DataLoader

from dfd import (
    classifier,
    contents,
    dataset,
    embedding,
    faces,
    fitting,
    loading,
    progress,
    resuming,
    tables,
    weights,
)
from dfd import (
    recipe as recipes,
)
from dfd.classifier import Classifier
from dfd.errors import InputError
from dfd.recipe import Recipe
from dfd.run import Run

Trained = tuple[Classifier, list[dict]]
Kept = Literal["predictions", "classifier"]
SUFFIXES: dict[Kept, str] = {"predictions": ".parquet", "classifier": ".pt"}

VERSION = 2
"""Raised when the code of this stage trains or predicts otherwise than before."""

COLUMNS = ["face_id", "video", "source", "label", "split", "logit", "p_fake", "model"]
HELD_OUT = ("validation", "test")
JUDGED = 8
"""Faces of a video that are judged, REAL or FAKE alike: more looks would favour the class that has them."""


def own_recipe(run: Run, **changes: object) -> Recipe:
    """Give the recipe of a run: that of `run.recipe`, or else its profile's.

    Parameters
    ----------
    **changes : object
        Fields of `Recipe` that shall differ.

    Returns
    -------
    Recipe

    Raises
    ------
    InputError
        If the file is no recipe.
    """
    return replace(recipes.load(run.recipe or run.name, seed=run.seed), **changes)


def labelled_faces(run: Run, videos: Collection[str] | None = None) -> pd.DataFrame:
    """Read the faces table with each face's source video, by which pairs are drawn and intervals computed.

    Parameters
    ----------
    videos : collection of str, optional
        Videos whose faces are read; all by default.

    Returns
    -------
    DataFrame
        The faces table and the column source.
    """
    return dataset.with_source(run, faces.table(run, videos))


def obstacle(run: Run) -> str:
    """Say why this run cannot train a classifier and judge it.

    Returns
    -------
    str
        Empty if it can; otherwise one sentence.
    """
    table = labelled_faces(run)
    train = table[table["split"] == "train"]
    labels = sorted(train["label"].unique())
    if not labels:
        return "The train split has no face, so no classifier can be trained."
    if len(labels) == 1:
        return f"The train split has {labels[0]} faces only; a classifier needs faces of both classes."
    if not loading.paired(train):
        return (
            "No source of the train split has both a REAL and a FAKE video, "
            "so no pair of faces can be drawn to train on."
        )
    if not table["split"].isin(HELD_OUT).any():
        return (
            "No video of the validation and test splits has a face, "
            "so a classifier could be trained, but not judged."
        )
    return ""


def predictions(run: Run, recipe: Recipe | None = None) -> pd.DataFrame:
    """Make or reuse the predictions table: what the trained classifier says of the faces of held-out videos.

    Parameters
    ----------
    recipe : Recipe, optional
        How to train; `own_recipe`'s by default.

    Returns
    -------
    DataFrame
        face_id, video, source, label, split, logit (log odds of FAKE), p_fake, model (name of the recipe),
        for at most `JUDGED` faces of each video of the splits `HELD_OUT`, spread over it. Empty if `obstacle`
        says that nothing can be trained or judged.
    """
    recipe = recipe or own_recipe(run)
    faces.table(run)
    fingerprint = tables.fingerprint(expected_fingerprint(run, recipe), HELD_OUT, JUDGED)
    return tables.reuse_or_make(path(run, recipe), fingerprint, lambda: _predict(run, recipe))


def expected_fingerprint(
    run: Run, recipe: Recipe, videos: Collection[str] | None = None, version: int = VERSION
) -> str:
    """Say what a classifier would be made from now, with the faces table as it is.

    Parameters
    ----------
    recipe : Recipe
        How to train.
    videos : collection of str, optional
        As for `train`.
    version : int
        Version of the stage.

    Returns
    -------
    str
        As `dfd.tables.fingerprint` gives it.

    Raises
    ------
    InputError
        If the backbone's weights are missing and cannot be downloaded.
    """
    backbone = contents.sha256(weights.find(run.backbone, run.weights))
    made_from = (version, tables.stored_fingerprint(faces.path(run)), asdict(recipe), run.backbone, backbone)
    return tables.fingerprint(*made_from, *([] if videos is None else [sorted(videos)]))


def path(run: Run, recipe: Recipe | None = None, kept: Kept = "predictions") -> Path:
    """Where a run keeps a trained classifier or its predictions table.

    Parameters
    ----------
    recipe : Recipe, optional
        As in `predictions`.
    kept : str
        ``"predictions"`` or ``"classifier"``.

    Returns
    -------
    Path
    """
    return run.build / kept / f"{_file_name(recipe or own_recipe(run))}{SUFFIXES[kept]}"


def unfinished_path(run: Run, recipe: Recipe | None = None) -> Path:
    """Where a run keeps the checkpoint of a training that goes on or was broken off.

    Parameters
    ----------
    recipe : Recipe, optional
        As in `predictions`.

    Returns
    -------
    Path
        The logs of the steps are beside it.
    """
    return run.build / "classifier" / _file_name(recipe or own_recipe(run)) / "unfinished.ckpt"


def train(run: Run, recipe: Recipe | None = None, videos: Collection[str] | None = None) -> Classifier:
    """Fine-tune a classifier, or load it if it has been trained before by the same recipe on the same videos.

    All weights are trained, with cross-entropy, AdamW and a one-cycle learning rate. A step's faces come in
    pairs, one of an original and one of a fake of it, so that classes and sources are balanced and what
    differs within a pair is the forgery and not the scene. A training that was broken off goes on where its
    last checkpoint was made.

    Parameters
    ----------
    recipe : Recipe, optional
        How to train; `own_recipe`'s by default.
    videos : collection of str, optional
        What to train on; those of the train split by default.

    Returns
    -------
    Classifier
        In evaluation mode, on the CPU.

    Raises
    ------
    InputError
        If the run cannot train, with `obstacle`'s reason; or if a training of that name was broken off that
        had another recipe or other faces.
    """
    return _trained(run, recipe or own_recipe(run), videos)[0]


def judge(run: Run, recipe: Recipe, model: Classifier, table: pd.DataFrame, views: int = 1) -> pd.DataFrame:
    """Let a classifier judge faces.

    Parameters
    ----------
    recipe : Recipe
        How it was trained.
    model : Classifier
        As `train` gives it.
    table : DataFrame
        Faces, as `labelled_faces` gives them.
    views : int
        Looks at each face, whose logits are averaged: the crop as it is, and ``views - 1`` randomly
        changed as in training (test-time augmentation).

    Returns
    -------
    DataFrame
        The columns of `predictions`.
    """
    seeds = [place if place % views else None for place in range(len(table) * views)]
    draws = [(place // views, seed) for place, seed in enumerate(seeds)]
    batches = loading.batches(_shown(run, recipe, table), draws, recipe.batch, _workers(run))
    module = fitting.Classification(model, recipe)
    with progress.Stage(f"judging by {recipe.name}", len(draws), "face") as stage:
        parts: Any = fitting.trainer(run.device, fitting.Judging(stage)).predict(module, batches)
    logits = torch.cat(parts).reshape(len(table), views).mean(dim=1).double().cpu()
    judged = table.assign(logit=logits.numpy(), p_fake=torch.sigmoid(logits).numpy(), model=recipe.name)
    return judged[COLUMNS].reset_index(drop=True)


def history(run: Run, recipe: Recipe | None = None) -> pd.DataFrame:
    """Tell how a training went; trains if need be.

    Parameters
    ----------
    recipe : Recipe, optional
        How to train; `own_recipe`'s by default.

    Returns
    -------
    DataFrame
        epoch, loss (mean cross-entropy of the epoch's augmented faces, in nats), validation loss (where the
        run's own recipe was trained: mean log loss of validation faces, both classes counting one half),
        seconds, waited (share of them in which steps waited for faces).
    """
    return pd.DataFrame(_trained(run, recipe or own_recipe(run))[1])


def stored(run: Run) -> Classifier:
    """Load the classifier that a run has trained last, without asking whether it would be trained anew.

    Parameters
    ----------
    run : Run
        The run; with its own recipe.

    Returns
    -------
    Classifier
        In evaluation mode, on the CPU.

    Raises
    ------
    InputError
        If none has been trained, or its file is no classifier of this run's backbone.
    """
    file, recipe = path(run, kept="classifier"), own_recipe(run)
    if not file.is_file():
        raise InputError(
            file, "no classifier has been trained yet; make book does, in chapter 8, or dfd train"
        )
    try:
        kept = torch.load(file, weights_only=True)
        return _with_weights(run, recipe, kept["weights"])
    except Exception as error:
        raise InputError(file, f"no classifier of this run ({error})") from error


def _trained(run: Run, recipe: Recipe, videos: Collection[str] | None = None) -> Trained:
    faces.table(run)
    file, fingerprint = path(run, recipe, "classifier"), expected_fingerprint(run, recipe, videos)
    kept = torch.load(file, weights_only=True) if file.is_file() else {}
    if kept.get("fingerprint") == fingerprint:
        return _with_weights(run, recipe, kept["weights"]), kept["history"]
    model, log = _fit(run, recipe, videos, fingerprint)
    with tables.replacing(file) as aside:
        torch.save({"fingerprint": fingerprint, "weights": model.state_dict(), "history": log}, aside)
    unfinished_path(run, recipe).unlink(missing_ok=True)
    return model, log


def _with_weights(run: Run, recipe: Recipe, state: dict) -> Classifier:
    model = classifier.make(run, recipe.head, recipe.dropout)
    model.load_state_dict(state)
    return model.eval()


def _fit(run: Run, recipe: Recipe, videos: Collection[str] | None, made_from: str) -> Trained:
    judged = None
    if videos is None:
        if reason := obstacle(run):
            raise InputError(run.data, reason)
        videos, judged = _videos(run, ("train",)), _validation(run, recipe)
    table = labelled_faces(run, videos)
    lightning.seed_everything(recipe.seed, verbose=False)
    model = classifier.make(run, recipe.head, recipe.dropout).to(memory_format=torch.channels_last)
    count, batch = recipes.epoch_faces(recipe, len(table)), _batch(run, recipe)
    pairs = loading.Pairs(table, count, recipe.seed, augmented=recipe.augmentation == "report")
    shown = _shown(run, recipe, table)
    batches = loading.batches(shown, pairs, batch, _workers(run), drop_last=count >= recipe.batch)
    unfinished = resuming.Unfinished(unfinished_path(run, recipe), made_from, pairs)
    log = fitting.fit(
        *(model, recipe, batches, judged, unfinished, run.build),
        device=run.device,
        devices=run.devices,
        num_nodes=run.nodes,
    )
    return model, log


def _validation(run: Run, recipe: Recipe) -> DataLoader | None:
    """Load the faces that are judged after each epoch."""
    table = labelled_faces(run, _videos(run, ("validation",)))
    if table.empty:
        return None
    table = embedding.spread_faces(table, dict.fromkeys(dataset.LABELS, JUDGED))
    draws = [(place, None) for place in range(len(table))]
    shown = _shown(run, recipe, table)
    # A generator of its own: the training's goes on as if nothing had been judged.
    own = torch.Generator()
    return loading.batches(shown, draws, _batch(run, recipe), _workers(run), generator=own)


def _shown(run: Run, recipe: Recipe, table: pd.DataFrame) -> loading.Faces:
    return loading.Faces(table, faces.Crops(run), recipe.size, recipe.part)


def _batch(run: Run, recipe: Recipe) -> int:
    """Share the faces of a step out among the devices."""
    processes = run.devices * run.nodes
    if recipe.batch % (2 * processes):
        raise InputError(
            f"recipe {recipe.name!r}",
            f"batch is {recipe.batch}; {processes} devices need whole pairs, a multiple of {2 * processes}",
        )
    return recipe.batch // processes


def _predict(run: Run, recipe: Recipe) -> pd.DataFrame:
    if obstacle(run):
        return pd.DataFrame(columns=COLUMNS).astype({"logit": "float64", "p_fake": "float64"})
    table = labelled_faces(run, _videos(run, HELD_OUT))
    table = embedding.spread_faces(table, dict.fromkeys(dataset.LABELS, JUDGED))
    return judge(run, recipe, train(run, recipe), table)


def _videos(run: Run, splits: tuple[str, ...]) -> list[str]:
    videos = dataset.table(run)
    return videos.loc[videos["split"].isin(splits), "video"].to_list()


def _workers(run: Run) -> int:
    # On a CPU the network uses all cores, and loader processes would only get in its way.
    return run.jobs if run.device.type == "cuda" else 0


def _file_name(recipe: Recipe) -> str:
    return recipe.name.replace(" ", "-")
