"""Which frames detectors search."""

from dataclasses import replace

import numpy as np

from dfd.run import Run
from study import searched
from study import truth as truth_tables
from study.searched import Plan

PLAN = Plan(videos=30, frames=5, faceless=4, damaged=20, steps=slice(None))


def test_frames_of_a_video_differ_in_yaw(sample: Run) -> None:
    frames = searched.frames(sample, PLAN)
    truth = truth_tables.faces(sample)
    turned = frames[frames["face"]].merge(truth[truth["person"] == 0], on=["video", "frame"])
    assert len(turned) == frames["face"].sum()
    bins = turned["yaw"].abs() // searched.YAW_BIN
    assert not bins.groupby(turned["video"]).apply(lambda own: own.duplicated().any()).any()
    # The most frontal frame comes first, the most turned one second.
    by_video = turned["yaw"].abs().groupby(turned["video"])
    assert (by_video.first() == by_video.min()).all()
    assert all(yaws.iloc[1] == yaws.max() for _, yaws in by_video if len(yaws) > 1)


def test_each_video_is_of_another_actor_while_there_are_enough(sample: Run) -> None:
    frames = searched.frames(sample, PLAN)
    assert frames["unit"].nunique() == frames["video"].nunique() == 30
    everything = searched.frames(sample, replace(PLAN, videos=1000))
    assert everything["video"].nunique() == 48
    damaged = everything[everything["damaged"]]
    assert damaged["unit"].nunique() == len(damaged) == 20
    assert damaged["face"].all()


def test_frames_without_a_face_have_none_in_the_truth(sample: Run) -> None:
    frames = searched.frames(sample, PLAN)
    without = frames[~frames["face"]]
    assert len(without) > 0
    assert without.merge(truth_tables.frames(sample), on=["video", "frame"]).empty
    assert (without["video"].value_counts() <= PLAN.faceless).all()


def test_without_truth_any_frames_will_do(tiny: Run) -> None:
    (tiny.data / "truth").unlink()
    assert searched.frames(tiny, PLAN)["face"].sum() == 0
    frames = searched.any_frames(tiny, videos=4, of_each=3)
    assert (frames["video"].value_counts() == 3).all()
    assert frames["unit"].nunique() == 4
    assert not frames.duplicated(["video", "frame"]).any()
    assert np.issubdtype(frames["frame"].dtype, np.integer)
