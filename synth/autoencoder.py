"""Shared-encoder, two-decoder autoencoder: the method that gave deepfakes their name (the DFDC's DFAE).

One encoder learns what any face of the pair does (pose, expression, light); each decoder learns to draw one
of the two. Encoding the target and decoding with the donor's decoder gives the donor's face doing what the
target does.
"""

import cv2
import numpy as np
import torch
from torch import nn

from .composite import Face, Traces, fill, region_around, similarity, wander
from .footage import Footage, Track

SIDE = 80
BATCH = 8
CODE = 128
LEARNING_RATE = 4e-3
STEPS = 150
# Where the landmarks lie in a crop, as shares of its side.
TEMPLATE = np.array([(0.355, 0.37), (0.645, 0.37), (0.5, 0.535), (0.38, 0.68), (0.62, 0.68)], np.float32)


class Autoencoder(nn.Module):
    """An encoder and two decoders.

    Parameters
    ----------
    means : Tensor of float32, shape (2, 4, SIDE, SIDE)
        Mean face and mask of each actor, that the decoders start from.
    """

    def __init__(self, means: torch.Tensor) -> None:
        super().__init__()
        small = SIDE // 16
        self.encoder = nn.Sequential(
            _halve(3, 16),
            _halve(16, 32),
            _halve(32, 64),
            _halve(64, 64),
            nn.Flatten(),
            nn.Linear(64 * small * small, CODE),
            # Without it the decoders would draw the mean face for long before they heed the code.
            nn.BatchNorm1d(CODE, affine=False),
        )
        self.decoders = nn.ModuleList(
            nn.Sequential(
                nn.Linear(CODE, 64 * small * small),
                nn.Unflatten(1, (64, small, small)),
                _double(64, 48),
                _double(48, 32),
                _double(32, 24),
                _double(24, 12),
                nn.Conv2d(12, 4, 3, padding=1),
            )
            for _ in range(2)
        )
        self.means = nn.Parameter(means.clone())

    def forward(self, faces: torch.Tensor, actor: int) -> torch.Tensor:
        """Draw faces as one of the two actors.

        Parameters
        ----------
        faces : Tensor of float32, shape (n, 3, SIDE, SIDE)
            Faces of either actor, RGB, 0 to 1.
        actor : int
            0 or 1: whose face to draw.

        Returns
        -------
        Tensor of float32, shape (n, 4, SIDE, SIDE)
            The face, and the mask that says where in the crop it is.
        """
        return self.draw(self.encoder(2 * faces - 1), actor)

    def draw(self, codes: torch.Tensor, actor: int) -> torch.Tensor:
        """Draw what the encoder saw as one of the two actors.

        Parameters
        ----------
        codes : Tensor of float32, shape (n, CODE)
            What the encoder gave.
        actor : int
            0 or 1: whose face to draw.

        Returns
        -------
        Tensor of float32, shape (n, 4, SIDE, SIDE)
            The face, and the mask that says where in the crop it is.
        """
        return self.means[actor] + self.decoders[actor](codes)


def _halve(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 4, stride=2, padding=1), nn.LeakyReLU(0.1))


def _double(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(inputs, 4 * outputs, 3, padding=1), nn.LeakyReLU(0.1), nn.PixelShuffle(2))


def crop_matrix(landmarks: np.ndarray) -> np.ndarray:
    """Find where in a frame the crop of a face lies.

    Parameters
    ----------
    landmarks : ndarray of float32, shape (5, 2)
        The face's landmarks in the frame.

    Returns
    -------
    ndarray of float64, shape (2, 3)
        The affine matrix from the frame to the crop.
    """
    return similarity(landmarks, SIDE * TEMPLATE)


def crops(footage: Footage, track: Track) -> np.ndarray:
    """Cut a person's faces out of a take.

    Parameters
    ----------
    footage : Footage
        The take.
    track : Track
        The person.

    Returns
    -------
    ndarray of uint8, shape (n, SIDE, SIDE, 4)
        One for each frame in which the face can be seen: RGB, and the mask of the face.
    """
    height, width = footage.images.shape[1:3]
    cut = []
    for frame in np.flatnonzero(track.visible):
        mask = 255 * fill(track.contour[frame], (0, 0, width, height))
        picture = np.dstack([footage.images[frame], mask.astype(np.uint8)])
        matrix = crop_matrix(track.landmarks[frame])
        cut.append(
            cv2.warpAffine(
                picture, matrix, (SIDE, SIDE), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
            )
        )
    return np.stack(cut)


def train(faces: tuple[np.ndarray, np.ndarray], seed: int) -> Autoencoder:
    """Train the network of a pair of actors.

    Parameters
    ----------
    faces : tuple of two ndarray of uint8, shape (n, SIDE, SIDE, 4)
        Crops of both actors, as `crops` gives them.
    seed : int
        Seed of the start and of the order: the same gives the same network.

    Returns
    -------
    Autoencoder
    """
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    pictures = [_tensor(crop) for crop in faces]
    network = Autoencoder(torch.stack([p.mean(0) for p in pictures]))
    optimiser = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE, betas=(0.5, 0.99))
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, LEARNING_RATE, total_steps=STEPS, pct_start=0.15
    )
    generator = torch.Generator().manual_seed(seed)
    weight = _centre_weight()
    for _ in range(STEPS):
        optimiser.zero_grad()
        batches = [p[torch.randint(len(p), (BATCH,), generator=generator)] for p in pictures]
        seen = torch.cat([_distort(_cut_out(batch), generator) for batch in batches])
        codes = network.encoder(2 * seen - 1).split(BATCH)
        errors = [(network.draw(codes[actor], actor) - batches[actor]).abs() for actor in (0, 1)]
        (weight * (errors[0] + errors[1])).mean().backward()
        optimiser.step()
        schedule.step()
    return network.eval()


def _tensor(faces: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(faces).permute(0, 3, 1, 2).contiguous().float() / 255


def _cut_out(faces: torch.Tensor) -> torch.Tensor:
    """Grey out what is around the faces: the encoder has nothing to learn from it."""
    picture, mask = faces[:, :3], faces[:, 3:]
    return mask * picture + (1 - mask) * 0.5


def _centre_weight() -> torch.Tensor:
    """Weigh the middle of the crop, where the face is, above its corners."""
    rows = torch.linspace(-1, 1, SIDE)
    return torch.exp(-1.2 * (rows[:, None] ** 2 + rows[None] ** 2)) + 0.15


def _distort(faces: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Bend and recolour faces a little, so that the encoder cannot learn them by heart."""
    count = len(faces)
    grid = nn.functional.affine_grid(torch.eye(2, 3).repeat(count, 1, 1), faces.shape, align_corners=False)
    bend = 0.05 * torch.randn(count, 2, 5, 5, generator=generator)
    bend = nn.functional.interpolate(bend, (SIDE, SIDE), mode="bicubic", align_corners=True)
    bent = nn.functional.grid_sample(
        faces, grid + bend.permute(0, 2, 3, 1), padding_mode="border", align_corners=False
    )
    gain = 1 + 0.15 * torch.randn(count, 3, 1, 1, generator=generator)
    return (bent * gain).clamp(0, 1)


def generate(
    network: Autoencoder, donor: int, target: Footage, person: int, traces: Traces, rng: np.random.Generator
) -> list[Face | None]:
    """Draw the donor's face in every frame of the target.

    Parameters
    ----------
    network : Autoencoder
        The pair's network.
    donor : int
        0 or 1: which of its decoders is the donor's.
    target : Footage
        The original take, n frames.
    person : int
        Whose face in it is replaced.
    traces : Traces
        How well to do it.
    rng : Generator
        Source of chance.

    Returns
    -------
    list of Face or None
        One for each frame; ``None`` where the target shows no face.
    """
    torch.set_num_threads(1)
    track = target.people[person]
    with torch.inference_mode():
        drawn = (
            (network(_cut_out(_tensor(crops(target, track))), donor).clamp(0, 1) * 255)
            .round()
            .byte()
            .permute(0, 2, 3, 1)
            .numpy()
        )
    height, width = target.images.shape[1:3]
    tremble = np.column_stack([wander(len(track.visible), traces.jitter, rng) for _ in range(2)])
    faces: list[Face | None] = [None] * len(track.visible)
    inside = _inside()
    for picture, frame in zip(drawn, np.flatnonzero(track.visible), strict=True):
        face_width = np.ptp(track.contour[frame][:, 0])
        region = region_around(track.contour[frame], 0.08, (width, height))
        matrix = crop_matrix(track.landmarks[frame] + tremble[frame] * face_width)
        # From the crop to the region: undo the crop, then count from the region's corner.
        back = cv2.invertAffineTransform(matrix) - np.array([[0, 0, region[0]], [0, 0, region[1]]])
        size = (region[2] - region[0], region[3] - region[1])
        faces[frame] = Face(
            region,
            cv2.warpAffine(
                picture[..., :3].copy(), back, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
            ),
            cv2.warpAffine(np.minimum(inside, picture[..., 3] / np.float32(255)), back, size),
        )
    return faces


def _inside() -> np.ndarray:
    """Mark the crop's pixels that the decoder draws well: all but a thin rim."""
    inside = np.zeros((SIDE, SIDE), np.float32)
    rim = SIDE // 40
    inside[rim:-rim, rim:-rim] = 1
    return inside
