import pytest

import dfd.run
from dfd.errors import InputError

VARIABLES = ("BUILD", "DFDC", "BACKBONE", "WEIGHTS", "PARTS", "VIDEOS", "JOBS")


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch):
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)


def test_sample_needs_no_setting():
    run = dfd.run.load()
    assert run.name == "sample"
    assert run.data == dfd.run.ROOT / "data" / "sample"
    assert run.build == dfd.run.ROOT / "build" / "sample"
    assert run.backbone == "efficientnet-lite0"
    assert run.parts is None
    assert run.videos is None


def test_dfdc_reads_all_variables(monkeypatch, tmp_path):
    weights = tmp_path / "weights.pth"
    weights.touch()
    settings = dict(DFDC=tmp_path, WEIGHTS=weights, PARTS="2,0,2", VIDEOS="500", JOBS="3")
    for variable, value in settings.items():
        monkeypatch.setenv(variable, str(value))
    run = dfd.run.load("dfdc")
    assert run.data == tmp_path
    assert run.backbone == "efficientnet-b7"
    assert run.weights == weights
    assert run.parts == (0, 2)
    assert run.videos == 500
    assert run.jobs == 3


def test_tables_can_be_kept_elsewhere(monkeypatch, tmp_path):
    monkeypatch.setenv("BUILD", str(tmp_path))
    assert dfd.run.load("sample").build == tmp_path / "sample"


def test_backbone_works_with_either_profile(monkeypatch, tmp_path):
    monkeypatch.setenv("DFDC", str(tmp_path))
    monkeypatch.setenv("BACKBONE", "efficientnet-lite0")
    assert dfd.run.load("dfdc").backbone == "efficientnet-lite0"
    monkeypatch.setenv("BACKBONE", "efficientnet-b7")
    assert dfd.run.load("sample").backbone == "efficientnet-b7"


def test_empty_variables_count_as_not_given(monkeypatch):
    for variable in VARIABLES:
        monkeypatch.setenv(variable, "")
    assert dfd.run.load("sample").videos is None


def test_unknown_profile_is_named():
    with pytest.raises(InputError, match="'nope': no such profile; there are sample, dfdc"):
        dfd.run.load("nope")


def test_dfdc_must_be_set():
    with pytest.raises(InputError, match="DFDC: not set"):
        dfd.run.load("dfdc")


def test_dfdc_must_be_an_existing_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("DFDC", str(tmp_path / "absent"))
    with pytest.raises(InputError, match="absent: no such folder"):
        dfd.run.load("dfdc")
    (tmp_path / "file").touch()
    monkeypatch.setenv("DFDC", str(tmp_path / "file"))
    with pytest.raises(InputError, match="file: this is a file"):
        dfd.run.load("dfdc")


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("BACKBONE", "resnet", "no such backbone"),
        ("WEIGHTS", "absent.pth", "no such file"),
        ("PARTS", "0,x", "part numbers"),
        ("PARTS", "-1", "part numbers"),
        ("VIDEOS", "0", "1 or more"),
        ("VIDEOS", "many", "1 or more"),
        ("JOBS", "1.5", "1 or more"),
        ("JOBS", "\u00b2", "1 or more"),
    ],
)
def test_variables_that_make_no_sense(monkeypatch, variable, value, reason):
    monkeypatch.setenv(variable, value)
    with pytest.raises(InputError, match=f"{variable}={value}: .*{reason}"):
        dfd.run.load("sample")
