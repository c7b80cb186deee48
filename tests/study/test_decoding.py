import pandas as pd
import pytest

from study import decoders
from study.experiments import decoding


def rows(clip, repeat, reading, grabbing, book):
    """One repeat of one clip: seconds to read every tenth frame and eight in all, and to find the faces."""
    ways = dict.fromkeys(decoders.WAYS, 1.0) | {decoding.READ: reading, decoding.GRAB: grabbing}
    ways |= {decoding.BOOK: book}
    timed = [
        (repeat, clip, wanted, way, 5, s) for wanted in ("every 10", "8 in all") for way, s in ways.items()
    ]
    finding = {decoding.DEFAULT: 8.0, decoding.OURS: 2.0}
    return timed + [(repeat, clip, "every 10", way, 5, seconds) for way, seconds in finding.items()]


@pytest.fixture
def table():
    timed = [row for repeat in range(3) for row in rows("long", repeat, 2.0, 1.0, 0.5)]
    timed += [row for repeat in range(3) for row in rows("short", repeat, 2.0, 1.0, 1.5)]
    return pd.DataFrame(timed, columns=decoding.COLUMNS)


def test_a_cut_shrinks_with_the_share_of_reading(table):
    estimates = {name: interval.value for name, interval in decoding.estimate(table).items()}
    assert estimates["cut: reading alone"] == 0.5
    assert estimates["cut: with the default MTCNN"] == pytest.approx(0.1)
    assert estimates["cut: with this book's detector"] == pytest.approx(0.25)
    assert estimates["cut in reading: long"] == estimates["cut in reading: short"] == 0.5
    assert estimates["saved by this book's reader: 8 in all, long"] == 0.5
    assert estimates["saved by this book's reader: 8 in all, short"] == -0.5
    assert estimates["seconds a frame: default MTCNN"] == pytest.approx(1.6)
    assert estimates["times as fast: this book's detector"] == 4


def test_repeats_make_the_interval(table):
    table.loc[table["way"] == decoding.GRAB, "seconds"] += 0.1 * table["unit"]
    interval = decoding.estimate(table)["cut: reading alone"]
    assert interval.low < interval.value < interval.high


@pytest.mark.slow
def test_every_clip_is_read_in_all_ways(sample, monkeypatch):
    clips = (decoding.Clip("540x960", 12, 2), decoding.Clip("540x960", 12))
    monkeypatch.setitem(decoding.PLANS, "quick", decoding.Plan(2, clips, 1, 30))
    table = decoding.collect(sample, "quick")
    assert table["clip"].nunique() == 2 and table["unit"].nunique() == 2
    assert set(table["way"]) == {*decoders.WAYS, decoding.DEFAULT, decoding.OURS}
    assert (
        table[table["wanted"] == "every 10"].groupby("way")["frames"].agg(set).map(list).to_list()
        == [[2]] * 8
    )
    assert (table["seconds"] > 0).all()
    assert decoding.estimate(table)["cut: reading alone"].low < 1


@pytest.mark.slow
def test_of_other_data_the_beginning_is_read_as_it_is(tiny, monkeypatch):
    monkeypatch.setitem(decoding.PLANS, "quick", decoding.Plan(1, (), 1, 30))
    assert decoding.obstacle(tiny) == ""
    assert decoding.collect(tiny, "quick")["clip"].str.contains("30 frames").all()
