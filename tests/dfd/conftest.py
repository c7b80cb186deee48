"""A model of a few clips, made once: after a fashion, but whole."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dfd import model, model_making, training
from dfd.run import Run

QUICK = training.Recipe(size=64, epochs=1, faces=16, batch=8)


@pytest.fixture(scope="session")
def trained(few_clips: Callable[[Path], Run], tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of a few clips that has trained a classifier and made its model."""
    run = replace(few_clips(tmp_path_factory.mktemp("trained")), faces_per_fake=2, faces_per_real=3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "own_recipe", lambda run, **changes: QUICK)
        model_making.make_folder(run)
    return run


@pytest.fixture
def model_folder(trained: Run) -> Path:
    """The folder of that model."""
    model.load.cache_clear()
    return model.folder(trained)


@pytest.fixture
def clip(trained: Run) -> Path:
    """A clip with one person."""
    return sorted(trained.data.glob("dfdc_train_part_0/*.mp4"))[0]


@pytest.fixture(scope="session")
def coverage() -> float:
    """The strongest promise that two clips of each class to calibrate on allow, nearly."""
    return 0.6
