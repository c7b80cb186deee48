import numpy as np

from study import face_pictures
from study.experiments import margin_pixels


def test_both_formulas_agree_at_the_margin_in_pixels(sample):
    table = margin_pixels.collect(sample, "quick")
    estimates = margin_pixels.estimate(table)
    assert estimates["side of the picture at a margin of 0.6"].value == 240
    assert estimates["facenet-pytorch's margin for the same picture"].value == 90
    assert 150 < estimates["side of the picture with MTCNN(margin=0.6)"].value < 151


def test_facenet_pytorch_cuts_out_what_the_formula_says():
    frame = np.zeros((600, 600, 3), np.uint8)
    frame[225:375, 225:375] = 200
    box = np.array([225.0, 225, 375, 375])
    share = [
        (face_pictures.as_facenet_pytorch(frame, box, 240, margin) > 100).mean() for margin in (0, 0.6, 90)
    ]
    assert share[0] == 1 and share[1] > 0.97
    assert abs(share[2] - (150 / 240) ** 2) < 0.01
