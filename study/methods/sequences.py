"""Networks over the frozen features of a video's frames: a recurrent one, and one that weighs the frames."""

from functools import partial
from typing import Any

import lightning
import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

from dfd import classifier, dataset, fitting
from dfd.classifier import Classifier
from dfd.recipe import Recipe
from dfd.run import Run
from study.methods.frozen import features
from study.methods.method import FACES, Fitted, Method

HIDDEN = 32
"""Numbers that the recurrent network remembers, and that the attention works with."""

EPOCHS, BATCH, DROPOUT = 40, 32, 0.5
LEARNING_RATE, WEIGHT_DECAY = 2e-3, 0.1


class Recurrent(nn.Module):
    """A gated recurrent unit that reads the frames in order; what it remembers at the end is the feature.

    Parameters
    ----------
    inputs : int
        Features of a frame.

    References
    ----------
    E. Sabir et al., Recurrent convolutional strategies for face manipulation detection in videos, 2019;
    K. Cho et al., Learning phrase representations using RNN encoder-decoder, 2014.
    """

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.unit = nn.GRU(inputs, HIDDEN, batch_first=True)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """Read videos of shape (n, frames, inputs); gives shape (n, `HIDDEN`)."""
        return self.unit(frames)[1][0]


class FrameAttention(nn.Module):
    """A weighted mean of the frames, whose weights are learned.

    Parameters
    ----------
    inputs : int
        Features of a frame.

    References
    ----------
    M. Ilse, J. Tomczak, M. Welling, Attention-based deep multiple instance learning, ICML 2018.
    """

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.reduce = nn.Linear(inputs, HIDDEN)
        self.score = nn.Sequential(nn.Linear(HIDDEN, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, 1))

    def weights(self, frames: torch.Tensor) -> torch.Tensor:
        """Weigh the frames of videos, shape (n, frames, inputs); gives shape (n, frames, 1), sums of 1."""
        return self.score(self.reduce(frames)).softmax(dim=1)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """Average videos of shape (n, frames, inputs); gives shape (n, `HIDDEN`)."""
        return (self.weights(frames) * self.reduce(frames)).sum(dim=1)


def videos(run: Run, faces: pd.DataFrame) -> tuple[list[str], torch.Tensor]:
    """Stack the features of each video's faces in the order of the frames.

    Parameters
    ----------
    run : Run
        The run.
    faces : DataFrame
        Rows of the faces table.

    Returns
    -------
    names : list of str
        The videos.
    frames : Tensor of float32, shape (n, `FACES`, features)
        Where a video has fewer faces, the last ones are repeated.
    """
    vectors = features(run, faces)
    there = np.isfinite(vectors).all(axis=1)
    rows = faces[there].assign(row=np.flatnonzero(there)).sort_values(["video", "frame"])
    names, stacked = [], []
    for name, of_video in rows.groupby("video"):
        places = of_video["row"].to_numpy()
        names.append(str(name))
        stacked.append(vectors[places[np.linspace(0, len(places) - 1, FACES).round().astype(int)]])
    return names, torch.from_numpy(np.stack(stacked))


def fit(run: Run, faces: pd.DataFrame, seed: int, *, layers: type[nn.Module]) -> Fitted:
    """Train a network over the frames of videos.

    Parameters
    ----------
    run : Run
        The run.
    faces : DataFrame
        To learn from: face_id, video, frame, label.
    seed : int
        Of the start and of all that is drawn.
    layers : type
        `Recurrent` or `FrameAttention`.

    Returns
    -------
    Fitted
    """
    names, frames = videos(run, faces)
    labels = faces.drop_duplicates("video").set_index("video").loc[names]
    fake = torch.from_numpy(dataset.is_fake(labels.reset_index()).astype(np.int64))
    mean, spread = frames.mean(dim=(0, 1)), frames.std(dim=(0, 1)).clamp_min(1e-3)
    lightning.seed_everything(seed, verbose=False)
    model = Classifier(layers(frames.shape[-1]), HIDDEN, dropout=DROPOUT)
    counts = torch.bincount(fake, minlength=2).double()
    sampler = WeightedRandomSampler(
        (1 / counts[fake]).tolist(), len(fake), generator=torch.Generator().manual_seed(seed)
    )
    loader = DataLoader(TensorDataset((frames - mean) / spread, fake), batch_size=BATCH, sampler=sampler)
    own = Recipe(learning_rate=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    loop = fitting.trainer(torch.device("cpu"), max_epochs=EPOCHS, precision="32-true")
    loop.fit(fitting.Classification(model, own), loader)
    model.eval()

    def judge(others: pd.DataFrame) -> pd.Series:
        shown, unseen = videos(run, others)
        with torch.inference_mode():
            logits: Any = classifier.fake_logit(model((unseen - mean) / spread))
        return pd.Series(logits.double().numpy(), shown)

    return Fitted(judge, sum(weights.numel() for weights in model.parameters()))


RECURRENT = Method("frozen Lite0, GRU over frames", "ImageNet", partial(fit, layers=Recurrent))
FRAME_ATTENTION = Method(
    "frozen Lite0, attention over frames", "ImageNet", partial(fit, layers=FrameAttention)
)
