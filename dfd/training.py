"""Fine-tuning: recipes, balanced pairs of faces, Lightning's loop, and the table of predictions."""

import logging
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import cv2
import lightning
import numpy as np
import pandas as pd
import torch
from lightning.pytorch.callbacks import Callback
from torch import nn
from torch.utils.data import DataLoader, Dataset, Sampler, TensorDataset

from dfd import augment, classifier, dataset, embedding, faces, probe, tables
from dfd.errors import InputError
from dfd.profile import Profile

COLUMNS = ["face_id", "video", "source", "label", "split", "logit", "p_fake", "model"]
HELD_OUT = ("validation", "test")


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
    epochs : int
        Passes; each has `faces` draws.
    faces : int
        Faces drawn for an epoch, half REAL and half FAKE.
    batch : int
        Faces in a training step; an even number.
    learning_rate : float
        Highest rate of the one-cycle schedule.
    weight_decay : float
        AdamW's decoupled weight decay.
    dropout : float
        Share of the features dropped before the head.
    seed : int
        Seed of the head, the draws, the augmentation and the dropout.
    """

    name: str = "fine-tuned"
    head: classifier.Head = "softmax"
    augmentation: Literal["report", "none"] = "report"
    size: int = 160
    epochs: int = 4
    faces: int = 900
    batch: int = 32
    learning_rate: float = 5e-4
    weight_decay: float = 0.05
    dropout: float = 0.2
    seed: int = 2020


def recipe(profile: Profile, **changes: object) -> Recipe:
    """Give the recipe that suits a run.

    The sample's is sized for two minutes on two cores, the other for some hours on a GPU.

    Parameters
    ----------
    profile : Profile
        The run.
    **changes : object
        Fields of `Recipe` that shall differ.

    Returns
    -------
    Recipe
    """
    if profile.name == "sample":
        chosen = Recipe(seed=profile.seed)
    else:
        chosen = Recipe(size=profile.face_size, epochs=12, faces=40_000, seed=profile.seed)
    return replace(chosen, **changes)


def labelled_faces(profile: Profile, images: bool = False) -> pd.DataFrame:
    """Read the faces table with each face's source video, by which pairs are drawn and intervals computed.

    Parameters
    ----------
    profile : Profile
        The run.
    images : bool
        Whether to read the encoded crops too.

    Returns
    -------
    DataFrame
        The faces table and the column source.
    """
    return probe.with_source(profile, faces.table(profile, images=images))


def obstacle(profile: Profile) -> str:
    """Say why this run cannot train a classifier.

    Parameters
    ----------
    profile : Profile
        The run.

    Returns
    -------
    str
        Empty if it can; otherwise one sentence.
    """
    found = labelled_faces(profile)
    found = found[found["split"] == "train"]
    labels = sorted(found["label"].unique())
    if not labels:
        return "The train split has no face, so no classifier can be trained."
    if len(labels) == 1:
        return f"The train split has {labels[0]} faces only; a classifier needs faces of both classes."
    if not _paired(found):
        return (
            "No source of the train split has both a REAL and a FAKE video, "
            "so no pair of faces can be drawn to train on."
        )
    return ""


def predictions(
    profile: Profile,
    chosen: Recipe | None = None,
    views: int = 1,
    splits: tuple[str, ...] = HELD_OUT,
    per_video: int | None = None,
) -> pd.DataFrame:
    """Make or reuse the predictions table: what the trained classifier says of each held-out face.

    Parameters
    ----------
    profile : Profile
        The run.
    chosen : Recipe, optional
        How to train; `recipe`'s by default.
    views : int
        Looks at each face, whose logits are averaged: the crop as it is, and ``views - 1`` randomly
        changed as in training (test-time augmentation).
    splits : tuple of str
        Splits to predict.
    per_video : int, optional
        Largest number of faces of a video to look at, spread over it; all by default.

    Returns
    -------
    DataFrame
        face_id, video, source, label, split, logit (log odds of FAKE), p_fake, model (name of the recipe).
        Empty if `obstacle` says that nothing can be trained.
    """
    chosen = chosen or recipe(profile)
    asked = views, splits, per_video
    made_of = tables.fingerprint(_made_of(profile, chosen), *asked)
    where = path(profile, chosen, views)
    return tables.reuse_or_make(where, made_of, lambda: _predict(profile, chosen, *asked))


def path(profile: Profile, chosen: Recipe | None = None, views: int = 1) -> Path:
    """Where a run keeps its predictions table.

    Parameters
    ----------
    profile : Profile
        The run.
    chosen : Recipe, optional
        How the classifier was trained.
    views : int
        As in `predictions`.

    Returns
    -------
    Path
    """
    name = _file_name(chosen or recipe(profile))
    return profile.build / "predictions" / f"{name}-{views}.parquet"


def train(profile: Profile, chosen: Recipe | None = None) -> classifier.Classifier:
    """Fine-tune a classifier on the train split, or load it if the same recipe has been trained before.

    All weights are trained, with cross-entropy, AdamW and a one-cycle learning rate. A step's faces come in
    pairs, one of an original and one of a fake of it, so that classes and sources are balanced and what
    differs within a pair is the forgery and not the scene.

    Parameters
    ----------
    profile : Profile
        The run.
    chosen : Recipe, optional
        How to train; `recipe`'s by default.

    Returns
    -------
    Classifier
        In evaluation mode, on the CPU.

    Raises
    ------
    InputError
        If the run cannot train, with `obstacle`'s reason.
    """
    return _trained(profile, chosen or recipe(profile))[0]


def history(profile: Profile, chosen: Recipe | None = None) -> pd.DataFrame:
    """Tell how a training went; trains if need be.

    Parameters
    ----------
    profile : Profile
        The run.
    chosen : Recipe, optional
        How to train; `recipe`'s by default.

    Returns
    -------
    DataFrame
        epoch, loss (mean cross-entropy of the epoch's augmented faces, in nats), seconds.
    """
    return pd.DataFrame(_trained(profile, chosen or recipe(profile))[1])


def heads(profile: Profile, seeds: range, epochs: int = 10) -> pd.DataFrame:
    """Train a softmax and a sigmoid head on the frozen backbone's features, once for each seed.

    Parameters
    ----------
    profile : Profile
        The run.
    seeds : range
        Seeds; both heads of a seed see the same faces in the same order.
    epochs : int
        Passes over the train split's faces, balanced by class.

    Returns
    -------
    DataFrame
        The predictions table of the held-out faces, with the columns head and seed; empty if `obstacle` says
        that nothing can be trained.
    """
    vectors = embedding.table(profile, "backbone")
    made_of = tables.fingerprint(
        tables.made_from(embedding.path(profile, "backbone")),
        *(list(seeds), epochs, profile.seed),
        code=[sys.modules[__name__], classifier],
    )
    where = profile.build / "predictions" / "heads.parquet"
    return tables.reuse_or_make(where, made_of, lambda: _heads(profile, vectors, seeds, epochs))


def resized(images: np.ndarray, size: int) -> np.ndarray:
    """Scale face crops to the size that a classifier is trained with.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, height, width, 3)
        Squares, RGB.
    size : int
        Side in pixels.

    Returns
    -------
    ndarray of uint8, shape (n, size, size, 3)
    """
    return np.stack([cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA) for image in images])


def precision(device: torch.device) -> str:
    """Choose the number format of training by what the device multiplies fast.

    Parameters
    ----------
    device : device
        Where the network runs.

    Returns
    -------
    str
        Lightning's name: bfloat16 where the processor or GPU has instructions for it, float16 on older
        GPUs, float32 on older processors.
    """
    if device.type == "cuda":
        return "bf16-mixed" if torch.cuda.is_bf16_supported(including_emulation=False) else "16-mixed"
    has_bfloat16 = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return "bf16-mixed" if has_bfloat16 else "32-true"


class Faces(Dataset):
    """Face crops, decoded, scaled and perhaps augmented when they are asked for.

    An item is asked for by ``(position, seed)``. The seed fixes the augmentation, so that the same draw
    gives the same picture in any order and on any number of loader processes; ``None`` leaves the crop as
    it is.

    Parameters
    ----------
    table : DataFrame
        With the columns image (bytes) and label.
    size : int
        Side of the pictures in pixels.
    """

    def __init__(self, table: pd.DataFrame, size: int) -> None:
        self.images = table["image"].to_list()
        self.fake = (table["label"] == "FAKE").to_numpy(np.int64)
        self.size = size
        self.transform = augment.training(size)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, draw: tuple[int, int | None]) -> tuple[np.ndarray, int]:
        """Get a picture, RGB uint8 of shape (size, size, 3), and whether it is FAKE."""
        position, seed = draw
        image = resized(faces.decode(self.images[position])[None], self.size)[0]
        if seed is not None:
            self.transform.set_random_seed(seed)
            image = self.transform(image=image)["image"]
        return image, self.fake[position]


class Pairs(Sampler):
    """Draw pairs of a REAL and a FAKE face of the same source; sources take turns in random order.

    Parameters
    ----------
    table : DataFrame
        With the columns source, video and label.
    count : int
        Faces in an epoch.
    seed : int
        Seed; each epoch draws anew.
    augmented : bool
        Whether draws carry a seed for the augmentation.
    """

    def __init__(self, table: pd.DataFrame, count: int, seed: int, augmented: bool) -> None:
        self.groups = _paired(table.reset_index(drop=True))
        self.count, self.seed, self.augmented, self.epoch = count, seed, augmented, 0

    def __len__(self) -> int:
        return self.count // 2 * 2

    def set_epoch(self, epoch: int) -> None:
        """Take note of the epoch, which Lightning tells before each."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[tuple[int, int | None]]:
        random = np.random.default_rng([self.seed, self.epoch])
        turns = len(self) // 2
        rounds = -(-turns // len(self.groups))
        order = np.concatenate([random.permutation(len(self.groups)) for _ in range(rounds)])
        for source in order[:turns]:
            for videos in self.groups[source]:
                position = int(random.choice(videos[random.integers(len(videos))]))
                yield position, int(random.integers(2**31)) if self.augmented else None


class Training(lightning.LightningModule):
    """What Lightning needs to know of a training: the step, the optimiser and the schedule.

    Parameters
    ----------
    model : Classifier
        Trained in place.
    learning_rate : float
        Highest rate of the one-cycle schedule.
    weight_decay : float
        AdamW's decoupled weight decay.
    """

    def __init__(self, model: classifier.Classifier, learning_rate: float, weight_decay: float) -> None:
        super().__init__()
        self.model = model
        self.learning_rate, self.weight_decay = learning_rate, weight_decay

    def training_step(self, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        """Compute the loss of a batch."""
        inputs, fake = batch
        value = classifier.loss(self.model(inputs).float(), fake)
        self.log("loss", value, on_step=False, on_epoch=True, batch_size=len(fake))
        return value

    def predict_step(self, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        """Compute the log odds of FAKE for a batch."""
        return classifier.fake_logit(self.model(batch[0]).float())

    def configure_optimizers(self) -> dict:
        """Build AdamW and its one-cycle schedule over all steps of the training."""
        optimizer = torch.optim.AdamW(
            self.parameters(), lr=self.learning_rate, weight_decay=self.weight_decay
        )
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, self.learning_rate, total_steps=self.trainer.estimated_stepping_batches
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


class _Log(Callback):
    def __init__(self) -> None:
        self.rows: list[dict] = []

    def on_train_epoch_start(self, trainer: lightning.Trainer, module: Training) -> None:
        self.start = time.monotonic()

    def on_train_epoch_end(self, trainer: lightning.Trainer, module: Training) -> None:
        loss = trainer.callback_metrics["loss"].item()
        seconds = round(time.monotonic() - self.start, 1)
        self.rows.append({"epoch": trainer.current_epoch + 1, "loss": loss, "seconds": seconds})


def _trainer(device: torch.device, callbacks: list[Callback] = (), **settings: object) -> lightning.Trainer:
    # Lightning reports its set-up and gives advice on loaders; neither belongs on a page of the book.
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="lightning")
    return lightning.Trainer(
        accelerator="gpu" if device.type == "cuda" else "cpu",
        devices=1,
        logger=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        enable_progress_bar=False,
        callbacks=list(callbacks),
        **settings,
    )


def _trained(profile: Profile, chosen: Recipe) -> tuple[classifier.Classifier, list[dict]]:
    where = profile.build / "classifier" / f"{_file_name(chosen)}.pt"
    made_of = _made_of(profile, chosen)
    stored = torch.load(where, weights_only=True) if where.is_file() else {}
    if stored.get("made_from") == made_of:
        model = classifier.make(profile, chosen.head, chosen.dropout)
        model.load_state_dict(stored["weights"])
        return model.eval(), stored["history"]
    model, log = _fit(profile, chosen)
    with tables.replacing(where) as aside:
        torch.save({"made_from": made_of, "weights": model.state_dict(), "history": log}, aside)
    return model, log


def _fit(profile: Profile, chosen: Recipe) -> tuple[classifier.Classifier, list[dict]]:
    if reason := obstacle(profile):
        raise InputError(profile.data, reason)
    table = labelled_faces(profile, images=True)
    table = table[table["split"] == "train"]
    lightning.seed_everything(chosen.seed, verbose=False)
    model = classifier.make(profile, chosen.head, chosen.dropout).to(memory_format=torch.channels_last)
    pairs = Pairs(table, chosen.faces, chosen.seed, augmented=chosen.augmentation == "report")
    loader = _loader(profile, Faces(table, chosen.size), pairs, chosen.batch, drop_last=True)
    log = _Log()
    trainer = _trainer(profile.device, [log], max_epochs=chosen.epochs, precision=precision(profile.device))
    trainer.fit(Training(model, chosen.learning_rate, chosen.weight_decay), loader)
    return model.cpu().eval(), log.rows


def _predict(
    profile: Profile, chosen: Recipe, views: int, splits: tuple[str, ...], per_video: int | None
) -> pd.DataFrame:
    if obstacle(profile):
        return pd.DataFrame(columns=COLUMNS).astype({"logit": "float64", "p_fake": "float64"})
    model = train(profile, chosen)
    table = labelled_faces(profile, images=True)
    table = table[table["split"].isin(splits)]
    if per_video:
        table = embedding.spread_faces(table, dict.fromkeys(dataset.LABELS, per_video))
    table = table.reset_index(drop=True)
    draws = [
        (face, face * views + view if view else None) for face in range(len(table)) for view in range(views)
    ]
    loader = _loader(profile, Faces(table, chosen.size), draws, chosen.batch)
    trainer = _trainer(profile.device, precision=precision(profile.device))
    parts = trainer.predict(Training(model, chosen.learning_rate, chosen.weight_decay), loader)
    logits = torch.cat(parts).reshape(len(table), views).mean(dim=1)
    return _predicted(table, logits, chosen.name)


def _predicted(table: pd.DataFrame, logits: torch.Tensor, model: str) -> pd.DataFrame:
    logits = logits.double().cpu()
    found = table.assign(logit=logits.numpy(), p_fake=torch.sigmoid(logits).numpy(), model=model)
    return found[COLUMNS]


def _heads(profile: Profile, vectors: pd.DataFrame, seeds: range, epochs: int) -> pd.DataFrame:
    if obstacle(profile):
        return pd.DataFrame(columns=[*COLUMNS, "head", "seed"])
    table = labelled_faces(profile).merge(vectors[["face_id", "vector"]], on="face_id")
    features = torch.from_numpy(embedding.vectors(table))
    known = (table["split"] == "train").to_numpy()
    held_out = table["split"].isin(HELD_OUT).to_numpy()
    features = (features - features[known].mean(dim=0)) / (features[known].std(dim=0) + 1e-6)
    fake = torch.from_numpy((table["label"] == "FAKE").to_numpy(np.int64))
    seen = TensorDataset(features[known], fake[known])
    share = torch.bincount(seen.tensors[1], minlength=2).double()
    rows = []
    for seed in seeds:
        for head in classifier.OUTPUTS:
            lightning.seed_everything(seed, verbose=False)
            model = classifier.Classifier(nn.Identity(), features.shape[1], head, dropout=0.5)
            draws = torch.utils.data.WeightedRandomSampler(
                1 / share[seen.tensors[1]], len(seen), generator=torch.Generator().manual_seed(seed)
            )
            trainer = _trainer(torch.device("cpu"), max_epochs=epochs)
            trainer.fit(Training(model, 5e-4, 1.0), DataLoader(seen, batch_size=128, sampler=draws))
            with torch.inference_mode():
                logits = classifier.fake_logit(model.eval()(features[held_out]))
            rows.append(_predicted(table[held_out], logits, f"{head} head").assign(head=head, seed=seed))
    return pd.concat(rows, ignore_index=True)


def _loader(profile: Profile, data: Faces, draws: object, batch: int, drop_last: bool = False) -> DataLoader:
    # On a CPU the network uses all cores, and loader processes would only get in its way.
    return DataLoader(
        data,
        batch_size=batch,
        sampler=draws,
        collate_fn=_collate,
        drop_last=drop_last,
        num_workers=profile.jobs if profile.device.type == "cuda" else 0,
    )


def _collate(items: list[tuple[np.ndarray, int]]) -> tuple[torch.Tensor, torch.Tensor]:
    images, fake = zip(*items, strict=True)
    return augment.normalise(np.stack(images)), torch.tensor(fake)


def _paired(table: pd.DataFrame) -> list[tuple[list[np.ndarray], list[np.ndarray]]]:
    groups = []
    for _, group in table.groupby("source"):
        videos = [
            [faces.index.to_numpy() for _, faces in group[group["label"] == label].groupby("video")]
            for label in dataset.LABELS
        ]
        if all(videos):
            groups.append(tuple(videos))
    return groups


def _made_of(profile: Profile, chosen: Recipe) -> str:
    faces.table(profile)
    return tables.fingerprint(
        tables.made_from(faces.path(profile)),
        *(asdict(chosen), profile.backbone, str(profile.weights)),
        code=[sys.modules[__name__], classifier, augment, embedding],
    )


def _file_name(chosen: Recipe) -> str:
    return chosen.name.replace(" ", "-")
