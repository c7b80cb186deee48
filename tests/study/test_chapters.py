"""Which chapters are executed, and what a change in code, data or stored results makes stale."""

import json
import os
import shutil
from dataclasses import replace

import nbformat
import pytest
import yaml
from nbformat.v4 import new_code_cell, new_notebook
from papermill.exceptions import PapermillExecutionError

import dfd.run
from dfd import weights
from dfd.errors import InputError
from study import __main__ as main
from study import chapters, dependencies, evidence, measuring, pages, records, results
from study.claims import CLAIMS
from study.experiments import printed_functions

UNREACHABLE = replace(weights.WEIGHTS["efficientnet-b7"], address="http://127.0.0.1:9/b7.pth")


def notebook(*sources):
    cells = [new_code_cell('profile = "sample"', metadata={"tags": ["parameters"]})]
    cells += [new_code_cell(source) for source in sources]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return new_notebook(cells=cells, metadata=kernel | {"language_info": {"name": "python"}})


def test_execute_writes_the_notebook_and_forgets_what_its_claims_rested_on(tiny, tmp_path, monkeypatch):
    source, target = tmp_path / "07_test.ipynb", tmp_path / "out" / "07_test.ipynb"
    nbformat.write(notebook("print(profile * 2)"), source)
    claims = {
        "C18": replace(CLAIMS["C18"], chapter="07_test"),
        "C19": replace(CLAIMS["C19"], chapter="08_other"),
    }
    monkeypatch.setattr(chapters, "CLAIMS", claims)
    measuring.measure(tiny, printed_functions)
    other = records.Result("heads", "quick", None, {}, "actors", 1, "None here.")
    records.write(other, tiny.build / "results" / "quick")
    chapters.execute(tiny, source, target)
    assert nbformat.read(target, as_version=4).cells[-1].outputs[0].text == "samplesample\n"
    assert records.read(tiny, "printed_functions") is None
    assert records.read(tiny, "heads") is not None


def test_execute_keeps_figures_whatever_the_readers_own_plots_go_to(tiny, tmp_path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    source, target = tmp_path / "01_test.ipynb", tmp_path / "01_done.ipynb"
    nbformat.write(notebook("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"), source)
    chapters.execute(tiny, source, target)
    outputs = nbformat.read(target, as_version=4).cells[-1].outputs
    assert any("image/png" in output.get("data", {}) for output in outputs)


def test_execute_leaves_nothing_of_a_notebook_that_fails(tiny, tmp_path):
    source, target = tmp_path / "01_test.ipynb", tmp_path / "out" / "01_test.ipynb"
    nbformat.write(notebook("1 / 0"), source)
    with pytest.raises(PapermillExecutionError, match="ZeroDivisionError"):
        chapters.execute(tiny, source, target)
    assert list(target.parent.iterdir()) == []


LONG_STAGE = """# NBVAL_CHECK_OUTPUT
from dfd import progress
progress.DELAY = progress.INTERVAL = 0.0
for letter in progress.track(iter("abc"), "letters", 3, "letter"):
    pass
print("done")"""


def test_progress_reaches_the_terminal_and_no_committed_notebook(tiny, tmp_path, capsys):
    source, target = tmp_path / "01_test.ipynb", tmp_path / "01_done.ipynb"
    nbformat.write(notebook(LONG_STAGE), source)
    chapters.execute(tiny, source, target)
    lines = capsys.readouterr().err
    assert "letters: 2 of 3 letters, " in lines and "letters: 3 letters in 0 s\n" in lines
    assert "\r" not in lines
    done = pages.strip(nbformat.read(target, as_version=4))
    assert [output.text for cell in done.cells for output in cell.outputs] == ["done\n"]


def test_the_pages_of_the_book_leave_out_what_is_said_on_stderr():
    config = yaml.safe_load((dfd.run.ROOT / "_config.yml").read_text())
    assert config["execute"]["stderr_output"] == "remove"


def test_settings_change_with_the_data_and_what_is_asked_for(tiny):
    before = chapters.settings(tiny)
    assert chapters.settings(replace(tiny, jobs=7)) == before
    assert chapters.settings(replace(tiny, videos=2)) != before
    part = tiny.data / "dfdc_train_part_0"
    (part / "metadata.json").write_text(json.dumps({}))
    assert chapters.settings(tiny) != before


def test_settings_of_a_copied_checkout_are_the_same(tiny, tmp_path):
    copy = replace(tiny, data=tmp_path / "copy", build=tmp_path / "elsewhere")
    shutil.copytree(tiny.data, copy.data)
    for path in copy.data.rglob("*"):
        os.utime(path, (1, 1))
    assert chapters.settings(copy) == chapters.settings(tiny)


@pytest.fixture
def checkout(tiny, tmp_path, monkeypatch):
    """A checkout with two chapters of its own and this project's code; and a run in it."""
    for package in dependencies.PACKAGES:
        shutil.copytree(dfd.run.ROOT / package, tmp_path / package)
    for module in (dependencies, chapters):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(results, "FOLDER", tmp_path / "results")
    (tmp_path / "notebooks").mkdir()
    sources = {
        "01_faces": "import dfd.run\nfrom dfd import faces\nstage = faces.table",
        "02_stored": "from study import results\nprint(results.read('speed'))",
        "03_experiment": "from study import evidence\nfrom study.experiments import heads\nrows = heads.UNIT",
    }
    for name, code in sources.items():
        nbformat.write(notebook(code), tmp_path / "notebooks" / f"{name}.ipynb")
    return tmp_path


def changed(run, before):
    """The chapters whose fingerprint is another than before."""
    return [name for name, value in chapters.fingerprints(run).items() if value != before[name]]


def test_a_chapter_is_stale_if_code_that_it_uses_changes(checkout, tiny):
    before = chapters.fingerprints(tiny)
    module = checkout / "dfd" / "faces.py"
    text = module.read_text()
    module.write_text(text.replace('"""The faces table: ', '"""A comment more. The faces table: '))
    assert changed(tiny, before) == []
    module.write_text(text.replace("JPEG_QUALITY = 95", "JPEG_QUALITY = 94"))
    assert changed(tiny, before) == ["01_faces"]


def test_a_chapter_is_stale_if_a_result_that_it_reads_changes(checkout, tiny):
    before = chapters.fingerprints(tiny)
    (checkout / "results").mkdir()
    (checkout / "results" / "speed.json").write_text("{}")
    (checkout / "results" / "other.json").write_text("{}")
    assert changed(tiny, before) == ["02_stored"]


def test_a_chapter_is_stale_if_a_stored_result_of_its_experiments_changes(checkout, tiny, monkeypatch):
    monkeypatch.setattr(evidence, "FOLDER", checkout / "results")
    before = chapters.fingerprints(tiny)
    (checkout / "results" / "sample").mkdir(parents=True)
    for name in ("heads", "saturation"):
        (checkout / "results" / "sample" / f"{name}.json").write_text("{}")
    assert changed(tiny, before) == ["03_experiment"]


def test_a_chapter_is_stale_if_the_rule_of_its_claim_changes(checkout, tiny, monkeypatch):
    monkeypatch.setattr(chapters, "CLAIMS", {"C19": replace(CLAIMS["C19"], chapter="01_faces")})
    before = chapters.fingerprints(tiny)
    monkeypatch.setattr(chapters, "CLAIMS", {"C19": replace(CLAIMS["C19"], chapter="01_faces", section="9")})
    assert changed(tiny, before) == ["01_faces"]


def test_a_chapter_is_executed_after_those_from_whose_claims_its_own_follow(monkeypatch):
    claims = {
        "C01": replace(CLAIMS["C01"], chapter="03_x"),
        "C02": replace(CLAIMS["C02"], chapter="08_y", rule=None, experiment="", follows=("C01",)),
    }
    monkeypatch.setattr(chapters, "CLAIMS", claims)
    assert chapters.reads_verdicts_of("08_y") == ["03_x"]
    assert chapters.reads_verdicts_of("03_x") == []


def test_only_what_has_changed_is_executed(checkout, tiny, monkeypatch, capsys):
    executed = []

    def execute(run, source, target, fingerprint):
        executed.append(source.stem)
        target.parent.mkdir(parents=True, exist_ok=True)
        done = nbformat.read(source, as_version=4)
        done.metadata["made_from"] = fingerprint
        nbformat.write(done, target)

    monkeypatch.setattr(chapters, "execute", execute)
    assert [seconds is None for _, seconds in chapters.execute_changed(tiny)] == [False] * 3
    names = ("01_faces", "02_stored", "03_experiment")
    begun = [f"chapter {number} of 3: {name}" for number, name in enumerate(names, start=1)]
    assert [line for line in capsys.readouterr().err.splitlines() if line.startswith("chapter")] == begun
    assert [seconds is None for _, seconds in chapters.execute_changed(tiny)] == [True] * 3
    nbformat.write(notebook("print(7)"), checkout / "notebooks" / "01_faces.ipynb")
    assert [seconds is None for _, seconds in chapters.execute_changed(tiny)] == [False, True, True]
    assert executed == ["01_faces", "02_stored", "03_experiment", "01_faces"]
    nbformat.write(notebook("print(8)"), checkout / "notebooks" / "01_faces.ipynb")
    assert [path.stem for path, _ in chapters.execute_changed(tiny, ["02_stored"])] == ["02_stored"]
    with pytest.raises(InputError, match="chapter 09_none: there are 01_faces"):
        next(chapters.execute_changed(tiny, ["09_none"]))


def test_a_run_that_lacks_something_ends_before_its_files_are_read(checkout, tiny, monkeypatch):
    monkeypatch.setattr(weights, "WEIGHTS", weights.WEIGHTS | {"efficientnet-b7": UNREACHABLE})
    monkeypatch.setenv("TORCH_HOME", str(checkout / "torch"))
    lacking = replace(tiny, backbone="efficientnet-b7")
    with pytest.raises(InputError, match=r"efficientnet-b7-dcc49843\.pth: not on this machine"):
        main._execute(lacking)
    assert not lacking.build.exists()


def test_settings_know_every_layout_of_the_data(tiny):
    part = tiny.data / "dfdc_train_part_0"
    for name in ("train_sample_videos", "dfdc_train_part_3"):
        part = part.rename(part.with_name(name))
        for data in (tiny.data, part):
            run = replace(tiny, data=data)
            before = chapters.settings(run)
            (part / "metadata.json").write_text((part / "metadata.json").read_text() + " ")
            assert chapters.settings(run) != before


def test_a_cell_that_fails_is_named(checkout, tiny):
    nbformat.write(notebook("1 / 0"), checkout / "notebooks" / "01_faces.ipynb")
    with pytest.raises(InputError, match=r"01_faces\.ipynb: cell \d failed: ZeroDivisionError"):
        list(chapters.execute_changed(tiny))
