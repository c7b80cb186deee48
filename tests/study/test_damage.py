"""Making pictures of faces worse on purpose."""

import numpy as np
import pandas as pd
import pytest

from dfd.boxes import BOX
from dfd.errors import InputError
from study import damage


@pytest.mark.parametrize("kind", damage.STRESSES)
def test_damage_changes_the_picture_more_with_its_amount(
    face: tuple[np.ndarray, np.ndarray, np.ndarray], kind: str
) -> None:
    image, box, _ = face
    changes = []
    for amount in damage.STRESSES[kind][0]:
        picture, _ = damage.damaged(image, box, kind, amount)
        assert (picture.shape, picture.dtype) == (image.shape, np.uint8)
        changes.append(np.abs(picture.astype(float) - image).mean())
    assert changes == sorted(changes)
    assert changes[0] > 0


def test_a_rolled_face_lies_in_its_new_box() -> None:
    image = np.zeros((101, 101, 3), np.uint8)
    image[20:81, 40:61] = 255
    picture, box = damage.damaged(image, np.array([40.0, 20, 61, 81]), damage.ROLLED, 90)
    rows, columns = np.nonzero(picture[..., 0] > 128)
    assert box == pytest.approx([20, 40, 81, 61])
    assert [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1] == pytest.approx(box, abs=1.5)


def test_no_damage_and_unknown_damage(face: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    image, box, _ = face
    picture, same = damage.damaged(image, box, damage.NONE, np.nan)
    assert (picture == image).all() and (same == box).all()
    with pytest.raises(InputError, match="there are darker, blurred"):
        damage.damaged(image, box, "burnt", 1)


def test_a_gallery_has_every_step(face: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    image, box, _ = face
    pictures, titles = damage.shown(image, pd.Series(box, BOX))
    assert len(pictures) == len(titles) == len(damage.steps()) - 1
    assert titles[0] == "darker: 0.3"
    assert damage.steps(slice(0, 1))[1:] == [
        (kind, amounts[0]) for kind, (amounts, _) in damage.STRESSES.items()
    ]
