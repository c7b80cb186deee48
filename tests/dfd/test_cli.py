import json
from importlib.metadata import version

import pandas as pd
import pytest
from typer.testing import CliRunner

import dfd.run
from dfd.cli import app


@pytest.fixture
def run(monkeypatch, tiny, tmp_path):
    """Run the command on a few clips, as the dfdc profile, with tables in a folder of the test's own."""
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
    assert result.output.strip() == f"{len(listed(part))} videos: {len(listed(part))} ok"


def test_check_names_every_bad_video_and_goes_on(run, tiny, part):
    absent, empty, text = list(listed(part))[:3]
    for name in (absent, empty, text):
        (part / name).unlink()
    (part / empty).touch()
    (part / text).write_text("not a video")
    result = run("check", tiny.data)
    assert result.exit_code == 1
    for name, status in ((absent, "missing"), (empty, "empty"), (text, "unreadable")):
        assert f"{name}: {status}: " in result.output
    assert f"{len(listed(part)) - 3} ok" in result.output


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


def test_faces_makes_the_table(run, monkeypatch, tmp_path):
    monkeypatch.setenv("VIDEOS", "2")
    result = run("faces")
    assert result.exit_code == 0, result.output
    assert "2 videos: 2 ok" in result.output
    assert (tmp_path / "checkout" / "build" / "dfdc" / "faces").is_dir()


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
