import pandas as pd
import pytest

from study import decoders
from study.experiments import decoding


def rows(clip, length, reading, grabbing, book):
    """One clip: seconds to read every tenth frame and eight in all, and to find the faces."""
    ways = dict.fromkeys(decoders.WAYS, 1.0) | {decoding.READ: reading, decoding.GRAB: grabbing}
    ways |= {decoding.BOOK: book}
    wanted = ("every 10", "8 in all")
    timed = [(clip, length, selection, way, 5, s) for selection in wanted for way, s in ways.items()]
    finding = {decoding.DEFAULT: 8.0, decoding.OURS: 2.0} if length == 300 else {}
    return timed + [(clip, length, "every 10", way, 5, seconds) for way, seconds in finding.items()]


@pytest.fixture
def table():
    timed = [row for clip in "abc" for row in rows(clip, 300, 2.0, 1.0, 0.5)]
    timed += [row for clip in "abc" for row in rows(clip, 50, 2.0, 1.0, 1.5)]
    return pd.DataFrame(timed, columns=decoding.COLUMNS)


def test_a_cut_shrinks_with_the_share_of_reading(table):
    estimates = {name: interval.value for name, interval in decoding.estimate(table).items()}
    assert estimates["cut: reading alone"] == 0.5
    assert estimates["cut: with the default MTCNN"] == pytest.approx(0.1)
    assert estimates["cut: with this book's extractor"] == pytest.approx(0.25)
    assert estimates["cut in reading: whole clips"] == 0.5
    assert estimates["cut in reading: clips of 50 frames"] == 0.5
    assert estimates["saved by this book's reader: 8 in all, whole clips"] == 0.5
    assert estimates["saved by this book's reader: 8 in all, clips of 50 frames"] == -0.5
    assert estimates["seconds a frame: default MTCNN"] == pytest.approx(1.6)
    assert estimates["times as fast: this book's extractor"] == 4


def test_clips_make_the_interval(table):
    slower = table["unit"].map({"a": 0.0, "b": 0.1, "c": 0.2})
    table.loc[table["way"] == decoding.GRAB, "seconds"] += slower
    interval = decoding.estimate(table)["cut: reading alone"]
    assert interval.low < interval.value < interval.high


@pytest.mark.slow
def test_every_clip_is_read_in_all_ways(sample, monkeypatch):
    monkeypatch.setitem(decoding.PLANS, "quick", decoding.Plan(2, 12, short=False))
    monkeypatch.setattr(decoding, "SHORT_SIDE", 360)
    table = decoding.collect(sample, "quick")
    assert table["unit"].nunique() == 2 and set(table["length"]) == {12}
    assert set(table["way"]) == {*decoders.WAYS, decoding.DEFAULT, decoding.OURS}
    tenth = table[table["wanted"] == "every 10"].groupby("way")["frames"].agg(set).map(list)
    assert tenth.to_list() == [[2]] * 8
    assert (table["seconds"] > 0).all()
    assert decoding.estimate(table)["cut: reading alone"].low < 1


@pytest.mark.slow
def test_of_other_data_the_beginning_is_read_as_it_is(tiny, monkeypatch):
    monkeypatch.setitem(decoding.PLANS, "quick", decoding.Plan(1, 30, short=False))
    monkeypatch.setattr(decoding.truth, "folder", lambda run: run.data / "none")
    assert decoding.obstacle(tiny) == ""
    assert set(decoding.collect(tiny, "quick")["length"]) == {30}


def test_upright_videos_and_others_are_read_by_turns(sample):
    videos = decoding._spread(sample, 10)
    upright = videos["height"] > videos["width"]
    assert len(videos) == 10 and upright.sum() == 5
