"""Self-blended images: a network that never sees a fake, only photographs blended with changed copies."""

import albumentations as A
import cv2
import lightning
import numpy as np
import pandas as pd
import torch
from torch.utils.data import Dataset

from dfd import dataset, embedding, fitting, loading
from dfd import faces as face_crops
from dfd.classifier import Classifier
from dfd.run import Run
from study import alignment
from study.methods import networks
from study.methods.method import Fitted, Method

RATIOS = (0.25, 0.5, 0.75, 1.0, 1.0, 1.0)
"""How much of the changed copy is blended in; full strength is drawn half of the time."""

LEARNING_RATE = 5e-4
NAME = "self-blended images, Lite0"


def blend(image: np.ndarray, landmarks: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Blend a photograph of a face with a slightly changed copy of itself, as if it were a swap.

    The copy differs in colour or sharpness, and lies a little askew; the mask is an ellipse about the
    landmarks, bent and softened at random. What a swap leaves at its edge is there, and nothing else.

    Parameters
    ----------
    image : ndarray of uint8, shape (size, size, 3)
        Face crop, RGB.
    landmarks : ndarray of float, shape (5, 2)
        In pixels of the crop.
    random : Generator
        Source of chance.

    Returns
    -------
    ndarray of uint8, shape (size, size, 3)
        RGB.

    References
    ----------
    K. Shiohara and T. Yamasaki, Detecting deepfakes with self-blended images, CVPR 2022.
    """
    changed, same = _changed(image, random), image
    if random.random() < 0.5:
        changed, same = same, changed
    changed = _askew(changed, random)
    share = mask(landmarks, image.shape[0], random) * random.choice(RATIOS)
    return (share[..., None] * changed + (1 - share[..., None]) * same).round().astype(np.uint8)


def mask(landmarks: np.ndarray, size: int, random: np.random.Generator) -> np.ndarray:
    """Draw a mask over a face: an ellipse about its landmarks, bent, scaled and softened at random.

    Parameters
    ----------
    landmarks : ndarray of float, shape (5, 2)
        In pixels of the crop.
    size : int
        Side of the crop in pixels.
    random : Generator
        Source of chance.

    Returns
    -------
    ndarray of float32, shape (size, size)
        0 to 1.
    """
    aligned = alignment.mask(size, soft=random.uniform(0.04, 0.12))
    back = cv2.invertAffineTransform(alignment.matrices(landmarks[None], size)[0])
    # About the middle of the landmarks the ellipse becomes wider, narrower, higher or lower.
    middle, scale = landmarks.mean(axis=0), np.diag(random.uniform(0.75, 1.1, 2))
    stretch = np.column_stack([scale, middle - scale @ middle])
    whole = stretch[:, :2] @ back
    whole[:, 2] += stretch[:, 2]
    placed = cv2.warpAffine(aligned, whole, (size, size))
    bend = cv2.resize(random.normal(0, 0.02 * size, (5, 5, 2)).astype(np.float32), (size, size))
    grid = np.stack(np.meshgrid(np.arange(size), np.arange(size)), axis=-1).astype(np.float32) + bend
    return cv2.remap(placed, grid, None, cv2.INTER_LINEAR)  # pyright: ignore[reportCallIssue, reportArgumentType]


class Blended(Dataset):
    """Photographs and their self-blended copies by turns; an item is asked for by ``(position, seed)``.

    Parameters
    ----------
    run : Run
        The run.
    faces : DataFrame
        REAL rows of the faces table.
    size : int
        Side of the pictures in pixels.
    """

    def __init__(self, run: Run, faces: pd.DataFrame, size: int) -> None:
        self.crops, self.size = face_crops.Crops(run), size
        self.face_ids = faces["face_id"].to_list()
        self.landmarks = alignment.in_crop(run, faces)

    def __len__(self) -> int:
        return len(self.face_ids)

    def __getitem__(self, draw: tuple[int, int]) -> tuple[np.ndarray, int]:
        """Get a picture, RGB uint8 of shape (size, size, 3), and 1 if the seed, being odd, blends it."""
        position, seed = draw
        image, random = face_crops.decode(self.crops[self.face_ids[position]]), np.random.default_rng(seed)
        if seed % 2:
            image = blend(image, self.landmarks[position], random)
        if random.random() < 0.5:
            image = image[:, ::-1]
        return loading.resized(np.ascontiguousarray(image)[None], self.size)[0], seed % 2


def fit(run: Run, faces: pd.DataFrame, seed: int, *, shown: int = networks.SHOWN) -> Fitted:
    """Train a network to tell photographs from self-blended copies; no fake of `faces` is looked at.

    Parameters
    ----------
    run : Run
        The run.
    faces : DataFrame
        To learn from; only REAL ones are.
    seed : int
        Of the start and of all that is drawn.
    shown : int
        Pictures in all, half of them blended.

    Returns
    -------
    Fitted
    """
    own = networks.recipe(NAME, LEARNING_RATE, seed, shown=shown)
    real = faces[~dataset.is_fake(faces)].reset_index(drop=True)
    lightning.seed_everything(seed, verbose=False)
    model = Classifier(embedding.backbone(run), embedding.FEATURES[run.backbone], own.head, own.dropout)
    # A photograph and its own blend stand side by side, so a batch holds as many of one as of the other.
    random = np.random.default_rng(seed)
    pairs = random.integers([len(real), 2**30], size=(own.epochs * own.faces // 2, 2)).tolist()
    draws = [(place, 2 * drawn + blended) for place, drawn in pairs for blended in (0, 1)]
    batches = loading.batches(Blended(run, real, own.size), draws, own.batch, 0, drop_last=True)  # pyright: ignore[reportArgumentType]
    model = model.to(memory_format=torch.channels_last)
    fitting.trainer(run.device, max_epochs=1).fit(fitting.Classification(model, own), batches)
    return networks.fitted(run, own, model.cpu().eval())


def _changed(image: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Change a picture's colours a little, and make it sharper or coarser."""
    transform = A.Compose(
        [
            A.RGBShift(20, 20, 20, p=0.3),
            A.HueSaturationValue(10, 30, 20, p=0.7),
            A.RandomBrightnessContrast(0.1, 0.1, p=0.7),
            A.OneOf([A.Sharpen(alpha=(0.2, 0.5), p=1), A.Downscale(scale_range=(0.3, 0.6), p=1)], p=1),
        ],
        seed=int(random.integers(2**31)),
    )
    return transform(image=image)["image"]


def _askew(image: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Shift and scale a picture by some hundredths of its side."""
    size, scale = image.shape[0], random.uniform(0.97, 1.03)
    shift = random.uniform(-0.03, 0.03, 2) * size + (1 - scale) * size / 2
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    return cv2.warpAffine(image, matrix, (size, size), borderMode=cv2.BORDER_REFLECT)


SELF_BLENDED = Method(NAME, "ImageNet", fit)
