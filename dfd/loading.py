"""Faces for a network: read, decoded, scaled and augmented when they are asked for, and drawn in pairs."""

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pandas as pd
import torch
from torch import distributed
from torch.utils.data import DataLoader, Dataset, Sampler

from dfd import augment, dataset, faces


def resized(images: np.ndarray, size: int, part: float = 1.0) -> np.ndarray:
    """Scale face crops to the size that a classifier is trained with.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, height, width, 3)
        Squares, RGB.
    size : int
        Side in pixels.
    part : float
        Share of a crop's side that is kept, from its middle.

    Returns
    -------
    ndarray of uint8, shape (n, size, size, 3)
    """
    side = images.shape[1]
    cut = (side - round(side * part)) // 2
    images = images[:, cut : side - cut, cut : side - cut]
    return np.stack([cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA) for image in images])


class Faces(Dataset):
    """Face crops, read, decoded, scaled and perhaps augmented when they are asked for.

    An item is asked for by ``(position, seed)``. The seed fixes the augmentation, so that the same draw
    gives the same picture in any order and on any number of loader processes; ``None`` leaves the crop as
    it is.

    Parameters
    ----------
    table : DataFrame
        With the columns face_id and label.
    crops : Crops
        Reads the crop of a face.
    size : int
        Side of the pictures in pixels.
    part : float
        Share of a crop's side that is shown, from its middle.
    """

    def __init__(self, table: pd.DataFrame, crops: faces.Crops, size: int, part: float = 1.0) -> None:
        # One buffer: loader processes would copy a list of strings as soon as they count references to them.
        self.face_ids = table["face_id"].array
        self.crops = crops
        self.fake = dataset.is_fake(table).astype(np.int64)
        self.size, self.part = size, part
        self.transform = augment.training(size)

    def __len__(self) -> int:
        return len(self.face_ids)

    def __getitem__(self, draw: tuple[int, int | None]) -> tuple[np.ndarray, int]:
        """Get a picture, RGB uint8 of shape (size, size, 3), and whether it is FAKE."""
        position, seed = draw
        crop = faces.decode(self.crops[str(self.face_ids[position])])
        image = resized(crop[None], self.size, self.part)[0]
        if seed is not None:
            self.transform.set_random_seed(seed)
            image = self.transform(image=image)["image"]
        return image, self.fake[position]


class Pairs(Sampler):
    """Draw pairs of a REAL and a FAKE face of the same source; sources take turns in random order.

    Where several processes train, the pairs go to them in turn, so that all see both classes alike, and a
    step of all of them together takes the same faces as that of one with the same batch.

    Parameters
    ----------
    table : DataFrame
        With the columns source, video and label.
    count : int
        Faces in an epoch.
    seed : int
        Seed of the random draws; each epoch draws anew.
    augmented : bool
        Whether draws carry a seed for the augmentation.
    """

    def __init__(self, table: pd.DataFrame, count: int, seed: int, augmented: bool) -> None:
        self.groups = paired(table.reset_index(drop=True))
        self.count, self.seed, self.augmented = count, seed, augmented
        self.epoch, self.begun = 0, (0, 0)

    def __len__(self) -> int:
        """Faces of an epoch for this process."""
        return self.count // 2 // _processes()[1] * 2

    def set_epoch(self, epoch: int) -> None:
        """Take note of the epoch, which Lightning tells before each."""
        self.epoch = epoch

    def begin_at(self, epoch: int, drawn: int) -> None:
        """Leave out what has been drawn of an epoch; those after it are drawn whole.

        Parameters
        ----------
        epoch : int
            The epoch.
        drawn : int
            Faces of it that this process has had.
        """
        self.epoch, self.begun = epoch, (epoch, drawn)

    def __iter__(self) -> Iterator[tuple[int, int | None]]:
        random = np.random.default_rng([self.seed, self.epoch])
        process, processes = _processes()
        turns = len(self) // 2 * processes
        rounds = int(np.ceil(self.count / 2 / len(self.groups)))
        order = np.concatenate([random.permutation(len(self.groups)) for _ in range(rounds)])
        begun = self.begun[1] // 2 * processes if self.begun[0] == self.epoch else 0
        for turn, source in enumerate(order[:turns]):
            pair = [self._draw(random, videos) for videos in self.groups[source]]
            if turn >= begun and turn % processes == process:
                yield from pair

    def _draw(self, random: np.random.Generator, videos: list[np.ndarray]) -> tuple[int, int | None]:
        position = int(random.choice(videos[random.integers(len(videos))]))
        return position, int(random.integers(2**31)) if self.augmented else None


def _processes() -> tuple[int, int]:
    """Which of how many processes that train together this one is."""
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


def paired(table: pd.DataFrame) -> list[tuple[list[np.ndarray], list[np.ndarray]]]:
    """List the sources that have both REAL and FAKE faces.

    Parameters
    ----------
    table : DataFrame
        Faces, with the columns source, video and label.

    Returns
    -------
    list of tuple
        For each such source its REAL and its FAKE videos, each an array of the index of its faces.
    """
    index, groups = table.index.to_numpy(), {}
    places_of: Any = table.groupby(["source", "label", "video"]).indices
    for (source, label, _), places in sorted(places_of.items()):
        groups.setdefault(source, {}).setdefault(label, []).append(index[places])
    real, fake = dataset.LABELS
    return [(videos[real], videos[fake]) for videos in groups.values() if len(videos) == 2]


def batches(
    data: Faces,
    draws: Sampler | list,
    size: int,
    jobs: int,
    drop_last: bool = False,
    generator: torch.Generator | None = None,
) -> DataLoader:
    """Load faces in batches.

    Parameters
    ----------
    data : Faces
        The faces.
    draws : Sampler or list
        Items of `data` in the order in which they are loaded.
    size : int
        Faces of a batch.
    jobs : int
        Loader processes; 0 to load in this one.
    drop_last : bool
        Whether a last batch that is not full is left out.
    generator : Generator, optional
        What the loader draws the seeds of its processes from; torch's own by default.

    Returns
    -------
    DataLoader
        Gives normalised pictures of shape (n, 3, height, width), and n numbers of int64, 1 for FAKE.
    """
    return DataLoader(
        data,
        batch_size=size,
        sampler=draws,
        collate_fn=_collate,
        drop_last=drop_last,
        num_workers=jobs,
        generator=generator,
        persistent_workers=jobs > 0,
        pin_memory=jobs > 0 and torch.cuda.is_available(),
    )


def _collate(items: list[tuple[np.ndarray, int]]) -> tuple[torch.Tensor, torch.Tensor]:
    images, fake = zip(*items, strict=True)
    return augment.normalise(np.stack(images)), torch.tensor(fake)
