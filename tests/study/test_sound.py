from fractions import Fraction

import av
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from dfd.errors import InputError
from study.experiments import sound
from study.records import Result

HERTZ = 16_000


def write(path, seed: int, louder: float = 1.0):
    """Write a second of noise whose loudness changes, and a black picture."""
    random = np.random.default_rng(seed)
    envelope = np.repeat(random.uniform(0.05, 0.9, 20), HERTZ // 20)
    noise = (envelope * np.random.default_rng(0).uniform(-1, 1, HERTZ) * louder).astype(np.float32)
    with av.open(str(path), "w") as container:
        track = container.add_stream("aac", rate=HERTZ)
        track.layout = "mono"
        for start in range(0, HERTZ, 1024):
            frame = av.AudioFrame.from_ndarray(
                noise[None, start : start + 1024], format="fltp", layout="mono"
            )
            frame.sample_rate, frame.pts, frame.time_base = HERTZ, start, Fraction(1, HERTZ)
            container.mux(track.encode(frame))
        container.mux(track.encode(None))
    return path


def test_another_coding_is_the_same_sound_and_another_voice_is_not(tmp_path):
    original, again, other = (
        sound.loudness(write(tmp_path / f"{name}.mp4", seed, louder))
        for name, seed, louder in (("original", 1, 1.0), ("again", 1, 0.5), ("other", 2, 1.0))
    )
    assert len(original) == pytest.approx(100, abs=15)
    assert sound._changed(again, original) == 0
    assert sound._changed(other, original) == 1
    assert np.isnan(sound._changed(None, original)) and np.isnan(sound._changed(np.zeros(90), original))


def test_a_silent_clip_has_no_sound(sample):
    videos = sound.dataset.table(sample)
    assert sound.loudness(sample.data / videos["path"].iloc[0]) is None


def test_a_file_that_is_no_video_is_named(tmp_path):
    file = tmp_path / "broken.mp4"
    file.write_bytes(b"no video")
    with pytest.raises(InputError, match=r"broken\.mp4"):
        sound.loudness(file)


def test_one_bad_video_stays_in_the_table_and_stops_nothing(tiny, monkeypatch):
    def listen(path, heard=sound.loudness):
        if path.name == bad:
            raise InputError(path, "its sound cannot be read")
        return heard(path)

    bad = sound.dataset.table(tiny)["video"].iloc[0]
    monkeypatch.setattr(sound, "loudness", listen)
    table = sound.collect(tiny, "quick").set_index("video")
    assert "cannot be read" in table.loc[bad, "reason"]
    assert (table["reason"] == "").sum() == len(table) - 1


def test_shares_are_drawn():
    rows = pd.DataFrame({"unit": np.arange(20) % 10, "label": ["REAL", "FAKE"] * 10, "sound": True})
    rows["changed"] = np.where(rows["label"] == "FAKE", rows["unit"] < 4, np.nan)
    estimates = sound.estimate(rows)
    assert estimates["REAL videos with sound"].value == 1
    assert estimates[sound.CHANGED].value == pytest.approx(0.4)
    plt.close(sound.draw(Result("sound", "quick", rows, estimates, "actors", 10)))
