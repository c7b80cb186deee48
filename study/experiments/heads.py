"""Whether a softmax head classifies better than a sigmoid head: both are trained, seed by seed (C19)."""

from dataclasses import dataclass

import lightning
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from scipy.special import expit
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

from dfd import classifier, clustering, dataset, embedding, evaluation, fitting, tables, training
from dfd.recipe import Recipe
from dfd.run import Run
from study import crossfit, measuring, plots, scores, statistics, truth
from study.records import Depth, Result
from study.statistics import Interval

UNIT = truth.ACTORS
EPOCHS = 10
BATCH = 128
DROPOUT = 0.5
RECIPE = Recipe(learning_rate=5e-4, weight_decay=1.0)
JUDGED = 8
"""Faces of a video that are judged, the same number of an original and of a fake."""

PARTS = 3
"""Parts of the training actors, each predicted by a head trained on the others, to calibrate with."""

SMALLEST_SPREAD = 0.01
"""Features that spread less, as a multiple of the median feature, are left out: there is nothing in them."""

MEASURES: dict[str, scores.Measure] = {"AUC": statistics.auc, "log loss": scores.log_loss}


@dataclass(frozen=True)
class Plan:
    """How much is trained.

    Attributes
    ----------
    seeds : int
        Trainings of each head for each held-out split.
    held_out : tuple of str
        Splits that are judged, each by heads trained on the two others; with all three, every video is.
    """

    seeds: int
    held_out: tuple[str, ...]


PLANS: dict[Depth, Plan] = {"quick": Plan(2, ("test",)), "full": Plan(10, dataset.SPLITS)}


measure = measuring.of(__name__)


def inputs(run: Run) -> list:
    """List what the table depends on besides code."""
    embedding.table(run, "backbone")
    return [
        tables.stored_fingerprint(embedding.path(run, "backbone")),
        tables.stored_fingerprint(dataset.path(run)),
    ]


def obstacle(run: Run) -> str:
    """Say why this run cannot train the heads and judge them; empty if it can."""
    return crossfit.obstacle(run)


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Train the heads and let them judge: one row for each seed, head and video."""
    plan = PLANS[depth]
    vectors = clustering.subset(run, embedding.table(run, "backbone"))
    faces = training.labelled_faces(run).merge(vectors[["face_id", "vector"]], on="face_id")
    faces = truth.with_unit(run, faces)
    parts = [
        _judged(faces, split, head, seed).assign(head=head, seed=seed)
        for split in plan.held_out
        for seed in range(plan.seeds)
        for head in classifier.OUTPUTS
    ]
    return pd.concat(parts, ignore_index=True)


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Score each head, and compare the two; the seeds' scores are averaged."""
    estimates = {
        f"{name}, {head}": scores.of(rows, measure)
        for name, measure in MEASURES.items()
        for head, rows in table.groupby("head", sort=False)
    }
    pairs = {"AUC": ("softmax", "sigmoid"), "log loss": ("sigmoid", "softmax")}
    for name, (first, second) in pairs.items():
        compared = {f"{name}: {first} less {second}": (first, second)}
        estimates |= scores.differences(table, "head", compared, MEASURES[name])
    return estimates


def draw(result: Result) -> Figure:
    """Show both heads' scores, one line for each seed."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.4))
    for panel, (name, score) in zip(axes, MEASURES.items(), strict=True):
        for _, of_seed in result.table.groupby("seed"):
            by_head = {str(head): _score(rows, score) for head, rows in of_seed.groupby("head")}
            line = [by_head["softmax"], by_head["sigmoid"]]
            panel.plot([0, 1], line, "o-", color=plots.COLOURS[0], alpha=0.6)
        panel.set(xlim=(-0.3, 1.3), ylabel=name, xticks=[0, 1], xticklabels=["softmax", "sigmoid"])
    return figure


def _score(rows: pd.DataFrame, measure: scores.Measure) -> float:
    return measure(dataset.is_fake(rows), rows["p_fake"].to_numpy(), np.ones(len(rows)))


def _judged(faces: pd.DataFrame, held_out: str, head: classifier.Head, seed: int) -> pd.DataFrame:
    """Train on the other splits, calibrate on them by cross-fitting, and predict the videos of one split."""
    judges = faces["split"] == held_out
    features = torch.from_numpy(embedding.vectors(faces))
    units = np.sort(faces.loc[~judges, "unit"].unique())
    part = faces["unit"].map(dict(zip(units, np.arange(len(units)) % PARTS, strict=True)))
    seen = pd.concat(
        [
            _videos(faces, features, ~judges & (part != number), ~judges & (part == number), head, seed)
            for number in range(PARTS)
        ]
    )
    line = evaluation.calibrate(dataset.is_fake(seen), seen["logit"].to_numpy())
    judged = _videos(faces, features, ~judges, judges, head, seed)
    return judged.assign(p_fake=expit(line(judged["logit"].to_numpy())))


def _videos(
    faces: pd.DataFrame,
    features: torch.Tensor,
    fitted: pd.Series,
    predicted: pd.Series,
    head: classifier.Head,
    seed: int,
) -> pd.DataFrame:
    """Train a head on some faces, and give the mean logit of each video of others."""
    train = torch.tensor(fitted.to_numpy())
    spread = features[train].std(dim=0)
    spread = torch.where(spread > SMALLEST_SPREAD * spread.median(), spread, torch.inf)
    scaled = (features - features[train].mean(dim=0)) / spread
    fake = torch.from_numpy(dataset.is_fake(faces[fitted]).astype(np.int64))
    model = _trained(scaled[train], fake, head, seed)
    rows = embedding.spread_faces(faces[predicted], dict.fromkeys(dataset.LABELS, JUDGED))
    places = torch.tensor(faces.index.get_indexer(rows.index))
    with torch.inference_mode():
        logits = classifier.fake_logit(model(scaled[places]))
    rows = rows.assign(logit=logits.double().numpy())
    return rows.groupby(["video", "source", "unit", "label", "split"])["logit"].mean().reset_index()


def _trained(
    features: torch.Tensor, fake: torch.Tensor, head: classifier.Head, seed: int
) -> classifier.Classifier:
    lightning.seed_everything(seed, verbose=False)
    model = classifier.Classifier(nn.Identity(), features.shape[1], head, DROPOUT)
    counts = torch.bincount(fake, minlength=2).double()
    sampler = WeightedRandomSampler(
        (1 / counts[fake]).tolist(), len(fake), generator=torch.Generator().manual_seed(seed)
    )
    loader = DataLoader(TensorDataset(features, fake), batch_size=BATCH, sampler=sampler)
    # A head of one layer is trained at once on any processor, so numbers of full length cost nothing.
    trainer = fitting.trainer(torch.device("cpu"), max_epochs=EPOCHS, precision="32-true")
    trainer.fit(fitting.Classification(model, RECIPE), loader)
    return model.eval()
