"""Pictures of faces made worse on purpose: dark, soft, noisy, compressed, covered, or rolled to the side."""

import cv2
import numpy as np
import pandas as pd

from dfd.boxes import BOX
from dfd.errors import InputError
from study.appearance import close_up

NONE = "none"
"""A picture as it is."""

ROLLED = "rolled"

STRESSES = {
    "darker": ([0.3, 0.1, 0.03], "share of the light left"),
    "blurred": ([0.03, 0.06, 0.12], "standard deviation of the blur, in face widths"),
    "noisy": ([15, 30, 60], "standard deviation of the noise, in grey levels"),
    "compressed": ([30, 10, 3], "JPEG quality"),
    "covered": ([0.25, 0.5, 0.75], "share of the face covered, from below"),
    ROLLED: ([30, 60, 90], "degrees that the picture is rolled by"),
}
"""What `damaged` does to a picture: amounts from mild to strong, and words for the amount."""


def steps(which: slice = slice(None)) -> list[tuple[str, float]]:
    """List kinds and amounts of damage.

    Parameters
    ----------
    which : slice
        Which of the amounts of each kind.

    Returns
    -------
    list of tuple of str and float
        The picture as it is comes first, with an amount of NaN.
    """
    return [
        (NONE, np.nan),
        *((kind, amount) for kind, (amounts, _) in STRESSES.items() for amount in amounts[which]),
    ]


def damaged(image: np.ndarray, box: np.ndarray, kind: str, amount: float) -> tuple[np.ndarray, np.ndarray]:
    """Damage a picture of a face.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB.
    box : ndarray, shape (4,)
        The face: left, top, right and bottom edge.
    kind : str
        One of `STRESSES`, or `NONE`.
    amount : float
        How much, in the words of `STRESSES`.

    Returns
    -------
    image : ndarray of uint8, shape (height, width, 3)
        RGB.
    box : ndarray of float, shape (4,)
        The face in it: where a picture is rolled, the box around the rolled oval.

    Raises
    ------
    InputError
        If there is no such kind.
    """
    x0, y0, x1, y1 = np.round(box).astype(int).clip(0)
    match kind:
        case "none":
            return image, box
        case "darker":
            # Pixel values are about the light to the power of 1 / 2.2.
            return np.round(image * amount ** (1 / 2.2)).astype(np.uint8), box
        case "blurred":
            return cv2.GaussianBlur(image, (0, 0), amount * (x1 - x0)), box
        case "noisy":
            noise = np.random.default_rng(0).normal(0, amount, image.shape)
            return (image + noise).clip(0, 255).astype(np.uint8), box
        case "compressed":
            _, stored = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, int(amount)])
            return np.ascontiguousarray(np.asarray(cv2.imdecode(stored, cv2.IMREAD_COLOR))[..., ::-1]), box
        case "covered":
            image = image.copy()
            image[round(y1 - amount * (y1 - y0)) : y1, x0:x1] = 128
            return image, box
        case "rolled":
            return _rolled(image, box, amount)
    raise InputError(f"damage {kind!r}", f"no such damage; there are {', '.join(STRESSES)}")


def shown(image: np.ndarray, face: pd.Series) -> tuple[list[np.ndarray], list[str]]:
    """Damage one face in every way and step, for a gallery.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        Its frame, RGB.
    face : Series
        With the box `dfd.boxes.BOX` in pixels of the frame.

    Returns
    -------
    pictures : list of ndarray
        RGB.
    titles : list of str
        Kind and amount.
    """
    part, box = close_up(image, face[BOX].to_numpy(float))
    kinds = steps()[1:]
    return [damaged(part, box, *step)[0] for step in kinds], [f"{kind}: {amount:g}" for kind, amount in kinds]


def _rolled(image: np.ndarray, box: np.ndarray, degrees: float) -> tuple[np.ndarray, np.ndarray]:
    centre, half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) / 2
    turn = cv2.getRotationMatrix2D(tuple(centre.tolist()), degrees, 1.0)
    # The picture's last pixels are repeated, so that no edge is mistaken for one of a face.
    height, width = image.shape[:2]
    rolled = cv2.warpAffine(image, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    reach = np.hypot(half * cosine, half[::-1] * sine)
    return rolled, np.concatenate([centre - reach, centre + reach])
