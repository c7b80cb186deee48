import pandas as pd
import pytest

from dfd import dataset, leakage
from dfd.errors import InputError


@pytest.fixture
def videos(tiny):
    return dataset.table(tiny)


def given(file, videos, text=None, **columns):
    if text is None:
        pd.DataFrame(columns or videos[["video", "split"]]).to_csv(file, index=False)
    else:
        file.write_text(text)
    return leakage.read_split(file, videos)


def test_the_folders_own_division_is_clean(tmp_path, videos):
    assert leakage.leaks(videos) == []
    split = given(tmp_path / "s.csv", videos)
    assert leakage.leaks(leakage.divided(videos, split)) == []
    assert leakage.about(videos, split) == ["the given split: 4 train, 4 validation, 4 test"]


def test_sources_in_more_than_one_split_are_counted_and_named(tmp_path, videos):
    fakes = videos.loc[videos["label"] == "FAKE", "video"].tolist()
    table = videos[["video", "split"]].copy()
    table.loc[table["video"].isin(fakes[:2]), "split"] = "holdout"
    split = given(tmp_path / "s.csv", videos, **table.to_dict("list"))
    (line,) = leakage.leaks(leakage.divided(videos, split))
    assert line.startswith("LEAK: 2 of 6 sources are in more than one split: ")
    for source in videos.loc[videos["video"].isin(fakes[:2]), "source"]:
        assert f"{source} (holdout, " in line
    (about,) = leakage.about(videos, split)
    assert about.endswith("other than train, validation, test: holdout")


def test_one_video_in_two_splits_leaks(tmp_path, videos):
    name = videos["video"][0]
    split = given(tmp_path / "s.csv", videos, video=[name, name, name], split=["a", "b", "a"])
    (line,) = leakage.leaks(leakage.divided(videos, split))
    assert line.startswith("LEAK: 1 of 1 sources") and line.endswith("(a, b)")


def test_videos_that_only_one_of_them_has(tmp_path, videos):
    names = ["far.mp4", "away.mp4", *videos["video"][1:]]
    split = given(tmp_path / "s.csv", videos, video=names, split=["train"] * len(names))
    lines = leakage.about(videos, split)
    assert lines[1:] == [
        "2 videos of it are not listed in this folder: far.mp4, away.mp4",
        f"1 videos of this folder are not in it: {videos['video'][0]}",
    ]


def test_a_video_without_a_split_is_not_in_it(tmp_path, videos):
    first, second = videos["video"][:2]
    text = f"\ufeffvideo , split\n{first},\n {second},train\n"
    split = given(tmp_path / "s.csv", videos, text)
    assert split.to_dict("list") == {"video": [second], "split": ["train"]}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("name,split\na.mp4,train\n", "no column video; its columns are name, split"),
        ("x\n1\n", "no column video and no column split"),
        ("", "not a readable CSV file"),
        ('video,split\n"a', "not a readable CSV file"),
        ("video,split\na.mp4,train,x,y,z\nb.mp4,1,1,1,1,1,1\n", "not a readable CSV file"),
        ("video,split\nfar.mp4,train\n", "no video of this folder is in it; it has far.mp4"),
        ("video,split\n", "no video of this folder is in it; it has none"),
    ],
)
def test_files_that_are_no_split(tmp_path, videos, text, reason):
    with pytest.raises(InputError, match=reason) as error:
        given(tmp_path / "s.csv", videos, text)
    assert str(error.value).startswith(str(tmp_path / "s.csv"))


def test_files_that_cannot_be_read(tmp_path, videos):
    (tmp_path / "bytes.csv").write_bytes(b"video,split\n\xff\xfe,\xff\n")
    (tmp_path / "no.parquet").write_text("no")
    reasons = {
        "bytes.csv": "not a readable CSV",
        "no.parquet": "not a readable Parquet",
        "absent": "no such file",
    }
    for name, reason in {**reasons, "": "this is a folder"}.items():
        with pytest.raises(InputError, match=reason):
            leakage.read_split(tmp_path / name, videos)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_people_in_more_than_one_split(tmp_path, videos, suffix):
    sources = videos["source"].drop_duplicates().tolist()
    one_of_each = videos.drop_duplicates("split")["source"].tolist()
    alone = next(source for source in sources if source not in one_of_each)
    table = pd.DataFrame(
        {"source": [*one_of_each, alone, alone, "far.mp4"], "person": [7, 7, 7, 8, None, 9]}
    ).astype({"person": "Int64"})
    file = tmp_path / f"people.{suffix}"
    table.to_parquet(file) if suffix == "parquet" else table.to_csv(file, index=False)
    people = leakage.read_people(file, videos)
    assert leakage.leaks(videos) == []
    (line,) = leakage.leaks(videos, people)
    assert line == "LEAK: 1 of 2 people are in more than one split: 7 (test, train, validation)"
    (about,) = leakage.about(videos, people=people)
    assert about == "the given people: 2 in 4 of 6 sources; who is in the others is not said"


def test_people_of_another_folder(tmp_path, videos):
    (tmp_path / "p.csv").write_text("source,person\nfar.mp4,1\n")
    with pytest.raises(InputError, match="no source of this folder is in it"):
        leakage.read_people(tmp_path / "p.csv", videos)


def test_by_what_the_videos_are_divided(videos):
    assert leakage.division(videos, None) == "divided by the metadata"
    undivided = videos.assign(split="train")
    assert "by source alone" in leakage.division(undivided, None)
    sources = sorted(videos["source"].unique())
    people = pd.DataFrame({"source": [sources[0], sources[1], sources[2]], "person": ["a", "a", "b"]})
    assert leakage.division(undivided, people) == (
        "divided by person: 2 people in 3 of 6 sources, 5 groups, the largest of 2 sources"
    )
