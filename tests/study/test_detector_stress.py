"""Damaging pictures of faces until they are no longer found."""

import numpy as np
import pytest

from dfd.errors import InputError
from dfd.run import Run
from study.experiments import detector_stress as stress


@pytest.mark.parametrize("kind", stress.STRESSES)
def test_stress_changes_the_picture_more_with_its_amount(
    face: tuple[np.ndarray, np.ndarray, np.ndarray], kind: str
) -> None:
    image, box, _ = face
    changes = []
    for amount in stress.STRESSES[kind][0]:
        damaged = stress.stressed(image, box, kind, amount)
        assert (damaged.shape, damaged.dtype) == (image.shape, np.uint8)
        changes.append(np.abs(damaged.astype(float) - image).mean())
    assert changes == sorted(changes)
    assert changes[0] > 0


def test_no_stress_and_unknown_stress(face: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    image, box, _ = face
    assert (stress.stressed(image, box, "none", np.nan) == image).all()
    with pytest.raises(InputError, match="there are darker, blurred"):
        stress.stressed(image, box, "burnt", 1)


def test_stress_counts_what_is_still_found(tiny: Run) -> None:
    result = stress.stress(tiny, names=("opencv-haar", "no such detector"))
    gone = result.dropna(subset="reason")
    assert gone["detector"].tolist() == ["no such detector"]
    own = result[result["detector"] == "opencv-haar"]
    amounts = sum(len(amounts) for amounts, _ in stress.STRESSES.values())
    assert len(own) == own["video"].nunique() * (amounts + 1)
    rates = own.groupby(["stress", "amount"], dropna=False)["found"].mean()
    assert rates["none"].iloc[0] > rates.loc[("covered", 0.75)]


def test_stress_needs_truth(tiny: Run) -> None:
    (tiny.data / "truth").unlink()
    with pytest.raises(InputError, match="truth"):
        stress.stress(tiny)
