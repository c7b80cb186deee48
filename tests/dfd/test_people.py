import numpy as np

from dfd import people


def box(x, y=50.0, side=40.0):
    return [x, y, x + side, y + side]


def numbered(*frames):
    return [
        row.tolist() for row in people.numbers([np.array(frame, float).reshape(-1, 4) for frame in frames])
    ]


def test_two_people_keep_their_numbers_whatever_their_order():
    assert numbered([box(0), box(200)], [box(205), box(3)], [box(6), box(210)]) == [[0, 1], [1, 0], [0, 1]]


def test_a_gap_is_joined_and_a_newcomer_is_new():
    assert numbered([box(0)], [], [], [box(10)], [box(12), box(300)]) == [[0], [], [], [0], [0, 1]]


def test_a_face_far_away_or_of_another_size_is_somebody_else():
    assert numbered([box(0)], [box(120)]) == [[0], [1]]
    assert numbered([box(0, side=40)], [box(0, side=120)]) == [[0], [1]]


def test_nobody():
    assert numbered([], []) == [[], []]
