import json
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import dfd.run
from dfd.cli import app


@pytest.fixture
def run(monkeypatch, tiny, tmp_path):
    """Run the command on a few clips, as the dfdc profile, with tables in a folder of the test's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(dfd.run, "ROOT", tmp_path / "checkout")
    monkeypatch.setenv("PROFILE", "dfdc")
    monkeypatch.setenv("DFDC", str(tiny.data))
    monkeypatch.setenv("BACKBONE", "efficientnet-lite0")
    monkeypatch.setenv("JOBS", "1")
    for variable in ("PARTS", "VIDEOS", "WEIGHTS"):
        monkeypatch.delenv(variable, raising=False)
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def part(tiny):
    return tiny.data / "dfdc_train_part_0"


def listed(part):
    return json.loads((part / "metadata.json").read_text())


def test_check_counts_the_videos_of_a_good_folder(run, tiny, part):
    result = run("check", tiny.data)
    assert result.exit_code == 0
    count = len(listed(part))
    assert result.output.splitlines()[0] == f"{count} videos: {count} ok"
    assert f"part 0: {count} videos, all ok" in result.output
    assert not Path("dfd-check.csv").exists(), "there is nothing to list"


def test_check_sums_up_bad_videos_and_lists_them_all(run, tiny, part):
    absent, empty, text = list(listed(part))[:3]
    for name in (absent, empty, text):
        (part / name).unlink()
    (part / empty).touch()
    (part / text).write_text("not a video")
    result = run("check", tiny.data)
    assert result.exit_code == 1
    for name, status in ((absent, "missing"), (empty, "empty"), (text, "unreadable")):
        assert f"{status}: {name} (" in result.output
    assert f"{len(listed(part)) - 3} ok" in result.output
    assert result.output.splitlines()[-1] == "list of all 3 that cannot be used: dfd-check.csv"
    rows = pd.read_csv("dfd-check.csv").set_index("video")
    assert rows["status"].to_dict() == {absent: "missing", empty: "empty", text: "unreadable"}


def test_check_writes_its_list_where_it_is_told(run, tiny, part, tmp_path):
    (part / next(iter(listed(part)))).unlink()
    result = run("check", tiny.data, "--list", tmp_path / "new" / "list.csv")
    assert result.output.splitlines()[-1].endswith(str(tmp_path / "new" / "list.csv"))
    assert len(pd.read_csv(tmp_path / "new" / "list.csv")) == 1
    result = run("check", tiny.data, "--list", tmp_path)
    assert result.exit_code == 1
    assert result.output.splitlines()[-1].startswith(f"error: {tmp_path}: the list cannot be written (")


@pytest.mark.parametrize("name", ["dfdc_train_part_7", "train_sample_videos"])
def test_check_takes_one_part_by_itself(run, part, name, tmp_path):
    result = run("check", part.rename(part.with_name(name)))
    assert result.exit_code == 0, result.output
    assert f"part {'7' if '7' in name else '0'}: " in result.output


def test_check_reads_the_parts_that_are_asked_for(run, tiny, part, monkeypatch):
    (tiny.data / "dfdc_train_part_1").mkdir()
    assert run("check", tiny.data).output.startswith("error: ")
    monkeypatch.setenv("PARTS", "0")
    assert run("check", tiny.data).exit_code == 0


def test_check_of_a_split_and_of_people(run, tiny, part, tmp_path):
    entries = listed(part)
    split, people = tmp_path / "split.csv", tmp_path / "people.csv"
    rows = [f"{name},{entry['split']}" for name, entry in entries.items()]
    split.write_text("\n".join(["video,split", *rows]))
    assert run("check", tiny.data, "--split", split).exit_code == 0
    sources = [name for name, entry in entries.items() if entry["label"] == "REAL"]
    people.write_text("\n".join(["source,person", *(f"{source},1" for source in sources)]))
    for options in (["--people", people], ["--split", split, "--people", people]):
        result = run("check", tiny.data, *options)
        assert result.exit_code == 1
        assert "LEAK: 1 of 1 people are in more than one split: 1 (test, train, validation)" in result.output
    fake = next(name for name, entry in entries.items() if entry["label"] == "FAKE")
    split.write_text("\n".join(["video,split", *rows, f"{fake},later"]))
    result = run("check", tiny.data, "--split", split)
    assert result.exit_code == 1
    assert f"LEAK: 1 of 6 sources are in more than one split: {entries[fake]['original']} (" in result.output
    assert run("check", tiny.data, "--split", tmp_path / "no.csv").output.endswith("no.csv: no such file\n")


def test_check_reports_a_leak_of_the_metadata_and_a_stage_stops(run, tiny, part):
    entries = listed(part)
    name = next(name for name, entry in entries.items() if entry["label"] == "FAKE")
    entries[name]["split"] = "test" if entries[name]["split"] != "test" else "train"
    (part / "metadata.json").write_text(json.dumps(entries))
    result = run("check", tiny.data)
    assert result.exit_code == 1
    assert f"LEAK: 1 of 6 sources are in more than one split: {entries[name]['original']} (" in result.output
    for command in ("videos", "faces", "train"):
        result = run(command)
        assert result.exit_code == 1
        assert result.output.startswith("error: the metadata's splits: 1 of 6 sources")


@pytest.mark.parametrize("command", ["embed", "train"])
def test_a_run_without_its_backbone_ends_before_its_first_stage(run, command, monkeypatch, tmp_path):
    monkeypatch.setenv("BACKBONE", "efficientnet-b7")
    monkeypatch.setenv("WEIGHTS", str(tmp_path / "other.pth"))
    (tmp_path / "other.pth").write_text("no weights")
    result = run(command)
    assert result.exit_code == 1
    assert f"error: {tmp_path / 'other.pth'}: not the published efficientnet-b7" in result.output
    assert not (tmp_path / "checkout" / "build").exists()


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda part: (part / "metadata.json").unlink(), "metadata.json"),
        (lambda part: (part / "metadata.json").write_text("{"), "metadata.json"),
        (lambda part: part.rename(part.with_name("other")), "dfdc_train_part"),
    ],
)
def test_check_of_a_bad_folder_ends_with_a_message(run, tiny, part, spoil, reason):
    spoil(part)
    result = run("check", tiny.data)
    assert result.exit_code == 1
    assert result.output.startswith("error: ")
    assert reason in result.output
    assert "Traceback" not in result.output


def test_check_of_what_is_no_folder(run, tmp_path):
    assert run("check", tmp_path / "absent").output == f"error: {tmp_path / 'absent'}: no such folder\n"
    (tmp_path / "file").touch()
    assert (
        run("check", tmp_path / "file").output
        == f"error: {tmp_path / 'file'}: this is a file, not a folder\n"
    )


def test_videos_makes_the_table(run, tmp_path):
    result = run("videos")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "checkout" / "build" / "dfdc" / "videos.parquet").is_file()


@pytest.mark.slow
def test_people_says_by_what_videos_are_divided(run, tiny, part, monkeypatch):
    monkeypatch.setattr("dfd.identities.FRAMES", 2)
    entries = {name: entry | {"split": "train"} for name, entry in listed(part).items()}
    (part / "metadata.json").write_text(json.dumps(entries))
    assert "divided by source alone" in run("check", tiny.data).output
    result = run("people", tiny.data)
    assert result.exit_code == 0, result.output
    originals = sum(entry["label"] == "REAL" for entry in entries.values())
    assert f"in {originals} sources" in result.output
    assert "videos: divided by person: " in result.output
    assert (dfd.run.ROOT / "build" / "dfdc" / "people.parquet").is_file()
    assert "divided by person" in run("status", tiny.data).output


def test_faces_makes_the_table(run, monkeypatch, tmp_path):
    monkeypatch.setenv("VIDEOS", "2")
    result = run("faces")
    assert result.exit_code == 0, result.output
    assert "2 videos: 2 ok" in result.output
    assert (tmp_path / "checkout" / "build" / "dfdc" / "faces").is_dir()


def test_status_says_what_there_is_and_makes_nothing(run, tiny, monkeypatch, tmp_path):
    build = tmp_path / "checkout" / "build" / "dfdc"
    monkeypatch.setenv("VIDEOS", "2")
    result = run("status")
    assert result.exit_code == 0, result.output
    assert result.output.startswith(f"profile dfdc: data in {tiny.data}, tables in {build}\npeople ")
    assert "up to date" not in result.output and "not checked: " in result.output
    assert not build.exists()
    run("videos")
    assert "2 videos (2 ok); up to date" in run("status", tiny.data).output


def test_faces_ends_with_what_it_could_not_read(run, part, monkeypatch):
    bad, absent = list(listed(part))[:2]
    # The clips are links to the sample's.
    for name in (bad, absent):
        (part / name).unlink()
    (part / bad).write_text("not a video")
    result = run("faces")
    assert result.exit_code == 3
    assert result.output.splitlines()[-1] == f"1 files could not be read: {bad}"


def test_a_file_that_is_not_there_is_no_failure_of_faces(run, part):
    (part / next(iter(listed(part)))).unlink()
    assert run("faces").exit_code == 0


def test_a_build_folder_that_cannot_be_written_is_named(run, tmp_path):
    (tmp_path / "checkout").mkdir()
    (tmp_path / "checkout" / "build").touch()
    result = run("videos")
    assert result.exit_code == 1
    assert (
        result.output.startswith(f"error: {tmp_path / 'checkout' / 'build'}")
        and "Traceback" not in result.output
    )


def test_the_version_is_said(run):
    assert run("--version").output.strip() == version("dfd")


def test_a_folder_as_argument_goes_before_the_profiles_own(run, monkeypatch, tiny, tmp_path):
    monkeypatch.setenv("DFDC", str(tmp_path / "absent"))
    monkeypatch.setenv("VIDEOS", "2")
    result = run("faces", tiny.data)
    assert result.exit_code == 0, result.output
    found = len(pd.read_parquet(tmp_path / "checkout" / "build" / "dfdc" / "faces.parquet"))
    assert f"{found} faces; table: " in result.output
    result = run("embed", tiny.data)
    assert result.exit_code == 0, result.output
    assert f"{found} vectors; table: " in result.output


@pytest.mark.parametrize("command", ["faces", "embed"])
def test_a_folder_that_is_none_is_named(run, tmp_path, command):
    (tmp_path / "file").touch()
    for folder in (tmp_path / "absent", tmp_path / "file"):
        result = run(command, folder)
        assert result.exit_code == 1
        assert result.output.startswith(f"error: {folder}: ")


def test_an_unknown_model_is_named(run, tiny):
    result = run("embed", tiny.data, "--model", "nope")
    assert result.exit_code == 1
    assert result.output.startswith("error: model 'nope': ")


def test_an_unknown_profile_is_named(run):
    result = run("videos", "--profile", "nope")
    assert result.exit_code == 1
    assert result.output == "error: profile 'nope': no such profile; there are sample, dfdc\n"


def test_predict_without_a_model_says_what_to_do(run, part, monkeypatch):
    monkeypatch.delenv("DFDC")
    result = run("predict", part / next(iter(listed(part))))
    assert result.exit_code == 2
    assert result.output.startswith("error: ") and "dfd train makes one" in result.output
