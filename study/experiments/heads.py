"""Whether a softmax or a sigmoid head is the better end of a classifier: both trained, seed by seed."""

from collections.abc import Iterable

import lightning
import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

from dfd import classifier, dataset, embedding, fitting, tables, training
from dfd.run import Run
from study import results

EPOCHS = 10
BATCH = 128
DROPOUT = 0.5
LEARNING_RATE = 5e-4
WEIGHT_DECAY = 1.0


def table(run: Run, seeds: range, epochs: int = EPOCHS) -> pd.DataFrame:
    """Train a softmax and a sigmoid head on the frozen backbone's features, once for each seed.

    Parameters
    ----------
    run : Run
        The run.
    seeds : range
        Seeds of the trainings; both heads of a seed see the same faces in the same order.
    epochs : int
        Passes over the train split's faces, balanced by class.

    Returns
    -------
    DataFrame
        The predictions table of the held-out faces (`dfd.training.predictions`), with the columns head and
        seed; empty if `dfd.training.obstacle` says that nothing can be trained.
    """
    vectors = embedding.table(run, "backbone")
    faces = training.labelled_faces(run).merge(vectors[["face_id", "vector"]], on="face_id")
    inputs = [
        tables.stored_fingerprint(embedding.path(run, "backbone")),
        tables.stored_fingerprint(dataset.path(run)),
        list(seeds),
        epochs,
    ]

    def measure() -> pd.DataFrame:
        if training.obstacle(run):
            return pd.DataFrame(columns=[*training.COLUMNS, "head", "seed"])
        return _predictions(faces, seeds, epochs)

    return results.keep(run, "heads", __name__, inputs, measure)


def _predictions(faces: pd.DataFrame, seeds: Iterable[int], epochs: int) -> pd.DataFrame:
    train = torch.tensor((faces["split"] == "train").to_numpy())
    held_out = faces["split"].isin(training.HELD_OUT).to_numpy()
    features = torch.from_numpy(embedding.vectors(faces))
    features = (features - features[train].mean(dim=0)) / (features[train].std(dim=0) + 1e-6)
    fake = torch.from_numpy(dataset.is_fake(faces).astype(np.int64))
    parts = []
    for seed in seeds:
        for head in classifier.OUTPUTS:
            model = _trained(features[train], fake[train], head, seed, epochs)
            with torch.inference_mode():
                logits = classifier.fake_logit(model(features[torch.tensor(held_out)]))
            predictions = training.predicted(faces[held_out], logits, f"{head} head")
            parts.append(predictions.assign(head=head, seed=seed))
    return pd.concat(parts, ignore_index=True)


def _trained(
    features: torch.Tensor, fake: torch.Tensor, head: classifier.Head, seed: int, epochs: int
) -> classifier.Classifier:
    lightning.seed_everything(seed, verbose=False)
    model = classifier.Classifier(nn.Identity(), features.shape[1], head, DROPOUT)
    counts = torch.bincount(fake, minlength=2).double()
    sampler = WeightedRandomSampler(
        (1 / counts[fake]).tolist(), len(fake), generator=torch.Generator().manual_seed(seed)
    )
    loader = DataLoader(TensorDataset(features, fake), batch_size=BATCH, sampler=sampler)
    # A head of one layer is trained at once on any processor, so numbers of full length cost nothing.
    trainer = fitting.trainer(torch.device("cpu"), max_epochs=epochs, precision="32-true")
    trainer.fit(fitting.Classification(model, LEARNING_RATE, WEIGHT_DECAY), loader)
    return model.eval()
