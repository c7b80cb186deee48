from dataclasses import replace

import numpy as np
import pytest
from made_up import judged

from study.experiments import network_modes, picture_choices


def test_choices_are_compared_in_families():
    table = judged("picture", picture_choices.PICTURES, better=["standard", "margin 0"])
    estimates = picture_choices.estimate(table)
    assert estimates["AUC: standard"].value > 0.9
    assert estimates["gain: margin 0.6 over 0, picture of 240 px"].value == 0
    assert estimates["gain: margin 0.6 over 0, face of 150 px"].low > 0
    assert estimates["gain: face of 150 px over 50 px"].low > 0
    assert estimates["gain: face crop over whole frame"].low > 0


def test_the_standard_picture_is_the_report_s_and_the_sizes_are_those_of_faces():
    assert picture_choices.PICTURES["standard"] == picture_choices.Picture(0.6, 240)
    for side, name in picture_choices.SIZES.items():
        picture = picture_choices.PICTURES[name]
        assert picture.size == round(side * (1 + picture.margin))


def test_a_picture_without_a_margin_is_the_whole_frame():
    frame = np.zeros((100, 200, 3), np.uint8)
    frame[:, 100:] = 255
    whole = picture_choices._cut_out(
        frame, np.array([0.0, 0, 40, 40]), picture_choices.PICTURES["whole frame"]
    )
    face = picture_choices._cut_out(frame, np.array([0.0, 0, 40, 40]), picture_choices.PICTURES["margin 0"])
    assert whole.shape == face.shape == (240, 240, 3)
    assert whole.mean() > 100 and face.mean() < 5


@pytest.mark.slow
def test_the_standard_picture_scores_as_the_stage_s_crops_do(tiny):
    run = replace(tiny, faces_per_fake=2, faces_per_real=2)
    pictures, modes = picture_choices.collect(run, "quick"), network_modes.collect(run, "quick")
    standard = pictures[pictures["picture"] == "standard"].set_index("video")["p_fake"]
    crops = modes[modes["mode"] == "standard"].set_index("video")["p_fake"]
    np.testing.assert_allclose(standard, crops[standard.index], atol=1e-6)
    assert pictures.groupby("picture").size().nunique() == 1
