"""Fine-tuning: the recipe, the trained classifier, and its table of predictions."""

from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import lightning
import pandas as pd
import torch

from dfd import classifier, contents, dataset, embedding, faces, fitting, loading, tables, weights
from dfd.classifier import Classifier
from dfd.errors import InputError
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


@dataclass(frozen=True)
class Recipe:
    """How a classifier is trained.

    Attributes
    ----------
    name : str
        Tells recipes apart in tables and file names.
    head : str
        ``"softmax"`` or ``"sigmoid"``.
    augmentation : str
        ``"report"`` for `dfd.augment.training`, or ``"none"``.
    size : int
        Side that face crops are scaled to, in pixels.
    part : float
        Share of a crop's side that the network is shown, from its middle: 1 for all of it; of a crop with a
        margin of 0.6, 1 / 1.6 is the face without margin.
    epochs : int
        Passes; in each, faces are drawn anew.
    faces : int
        Largest number of faces drawn for an epoch, half REAL and half FAKE; see `epoch_faces`.
    batch : int
        Faces in a training step; an even number.
    learning_rate : float
        Highest rate of the one-cycle schedule.
    weight_decay : float
        AdamW's decoupled weight decay.
    dropout : float
        Share of the features dropped before the head.
    seed : int
        Seed of the head's start, the draws, the augmentation and the dropout.
    """

    name: str = "fine-tuned"
    head: classifier.Head = "softmax"
    augmentation: Literal["report", "none"] = "report"
    size: int = 160
    part: float = 1.0
    epochs: int = 4
    faces: int = 900
    batch: int = 32
    learning_rate: float = 5e-4
    weight_decay: float = 0.05
    dropout: float = 0.2
    seed: int = 2020


def own_recipe(run: Run, **changes: object) -> Recipe:
    """Give the recipe that suits a run.

    The sample's is sized for two minutes on two cores, the other for some hours on a GPU.

    Parameters
    ----------
    **changes : object
        Fields of `Recipe` that shall differ.

    Returns
    -------
    Recipe
    """
    if run.name == "sample":
        return replace(Recipe(seed=run.seed), **changes)
    return replace(Recipe(size=run.face_size, epochs=12, faces=40_000, seed=run.seed), **changes)


def epoch_faces(recipe: Recipe, there: int) -> int:
    """Tell how many faces an epoch draws.

    Parameters
    ----------
    recipe : Recipe
        How to train.
    there : int
        Faces of the train split.

    Returns
    -------
    int
        An even number: the recipe's, or as many as there are if they are fewer, but two at least.

    Examples
    --------
    >>> from dfd import training
    >>> large = training.Recipe(faces=40_000)
    >>> training.epoch_faces(large, there=344), training.epoch_faces(large, there=1_200_000)
    (344, 40000)
    """
    return max(min(recipe.faces, there) // 2 * 2, 2)


def labelled_faces(run: Run, images: bool = False, videos: Collection[str] | None = None) -> pd.DataFrame:
    """Read the faces table with each face's source video, by which pairs are drawn and intervals computed.

    Parameters
    ----------
    images : bool
        Whether to read the encoded crops too.
    videos : collection of str, optional
        Videos whose faces are read; all by default.

    Returns
    -------
    DataFrame
        The faces table and the column source.
    """
    return dataset.with_source(run, faces.table(run, images, videos))


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
    fingerprint = tables.fingerprint(_fingerprint(run, recipe), HELD_OUT, JUDGED)
    return tables.reuse_or_make(path(run, recipe), fingerprint, lambda: _predict(run, recipe))


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


def train(run: Run, recipe: Recipe | None = None, videos: Collection[str] | None = None) -> Classifier:
    """Fine-tune a classifier, or load it if it has been trained before by the same recipe on the same videos.

    All weights are trained, with cross-entropy, AdamW and a one-cycle learning rate. A step's faces come in
    pairs, one of an original and one of a fake of it, so that classes and sources are balanced and what
    differs within a pair is the forgery and not the scene.

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
        If the run cannot train, with `obstacle`'s reason.
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
        Faces, as `labelled_faces` gives them with images.
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
    batches = loading.batches(
        loading.Faces(table, recipe.size, recipe.part), draws, recipe.batch, _workers(run)
    )
    module = fitting.Classification(model, recipe.learning_rate, recipe.weight_decay)
    parts: Any = fitting.trainer(run.device).predict(module, batches)
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
        epoch, loss (mean cross-entropy of the epoch's augmented faces, in nats), seconds.
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
    file, fingerprint = path(run, recipe, "classifier"), _fingerprint(run, recipe, videos)
    kept = torch.load(file, weights_only=True) if file.is_file() else {}
    if kept.get("fingerprint") == fingerprint:
        return _with_weights(run, recipe, kept["weights"]), kept["history"]
    model, log = _fit(run, recipe, videos)
    with tables.replacing(file) as aside:
        torch.save({"fingerprint": fingerprint, "weights": model.state_dict(), "history": log}, aside)
    return model, log


def _with_weights(run: Run, recipe: Recipe, state: dict) -> Classifier:
    model = classifier.make(run, recipe.head, recipe.dropout)
    model.load_state_dict(state)
    return model.eval()


def _fit(run: Run, recipe: Recipe, videos: Collection[str] | None) -> Trained:
    if videos is None:
        if reason := obstacle(run):
            raise InputError(run.data, reason)
        videos = _videos(run, ("train",))
    table = labelled_faces(run, images=True, videos=videos)
    lightning.seed_everything(recipe.seed, verbose=False)
    model = classifier.make(run, recipe.head, recipe.dropout).to(memory_format=torch.channels_last)
    count = epoch_faces(recipe, len(table))
    pairs = loading.Pairs(table, count, recipe.seed, augmented=recipe.augmentation == "report")
    shown = loading.Faces(table, recipe.size, recipe.part)
    batches = loading.batches(shown, pairs, recipe.batch, _workers(run), drop_last=count >= recipe.batch)
    log = fitting.Log()
    loop = fitting.trainer(run.device, log, max_epochs=recipe.epochs)
    loop.fit(fitting.Classification(model, recipe.learning_rate, recipe.weight_decay), batches)
    return model.cpu().eval(), log.rows


def _predict(run: Run, recipe: Recipe) -> pd.DataFrame:
    if obstacle(run):
        return pd.DataFrame(columns=COLUMNS).astype({"logit": "float64", "p_fake": "float64"})
    table = labelled_faces(run, images=True, videos=_videos(run, HELD_OUT))
    table = embedding.spread_faces(table, dict.fromkeys(dataset.LABELS, JUDGED))
    return judge(run, recipe, train(run, recipe), table)


def _videos(run: Run, splits: tuple[str, ...]) -> list[str]:
    videos = dataset.table(run)
    return videos.loc[videos["split"].isin(splits), "video"].to_list()


def _workers(run: Run) -> int:
    # On a CPU the network uses all cores, and loader processes would only get in its way.
    return run.jobs if run.device.type == "cuda" else 0


def _fingerprint(run: Run, recipe: Recipe, videos: Collection[str] | None = None) -> str:
    faces.table(run)
    backbone = contents.sha256(weights.find(run.backbone, run.weights))
    made_from = (VERSION, tables.stored_fingerprint(faces.path(run)), asdict(recipe), run.backbone, backbone)
    return tables.fingerprint(*made_from, *([] if videos is None else [sorted(videos)]))


def _file_name(recipe: Recipe) -> str:
    return recipe.name.replace(" ", "-")
