"""Ways from a video to its faces."""

import pytest

from dfd.run import Run
from study.experiments import detection_pipelines


@pytest.mark.slow
def test_pipelines_compare_with_the_first_way(tiny: Run) -> None:
    ways = detection_pipelines.pipelines(tiny)
    assert ways["saved"].iloc[0] == 0
    assert (ways["seconds_per_frame"] > 0).all()
    assert ways["frames"].nunique() == 1
    assert (ways["faces"] > 0).all()
