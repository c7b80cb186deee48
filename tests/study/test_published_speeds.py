"""What the report and others say of the speed of detectors."""

import pandas as pd
import pytest

from study.experiments import published_speeds


def test_readme_has_the_reports_table() -> None:
    pd.testing.assert_frame_equal(
        published_speeds.readme_fps(), published_speeds.REPORT_FPS, check_names=False
    )


def test_saved_by_report() -> None:
    saved = published_speeds.saved_by_report().set_index("change")["saved"]
    assert saved["read() to grab() and retrieve()"] == pytest.approx(55 / 162)
    assert saved["facenet-pytorch to facenet-pytorch-batched, 540x960"] == pytest.approx(1 - 19.68 / 25.5)
    assert len(saved) == 10
