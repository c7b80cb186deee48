"""Work on many items: in this process, on a local cluster, and on a scheduler's workers."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace

import dask.config
import pandas as pd
import pytest
import torch
import work

from dfd import faces, log, parallel
from dfd.errors import InputError
from dfd.run import ROOT, Run


def fail(reason):
    return reason


def test_one_job_stays_in_this_process(sample):
    results = dict(parallel.map_unordered(replace(sample, jobs=1), work.process_of, "ab", fail, "letter"))
    assert results == {0: (os.getpid(), "a"), 1: (os.getpid(), "b")}


def test_many_items_go_to_other_processes_and_each_comes_back_once(sample):
    results = sorted(
        parallel.map_unordered(replace(sample, jobs=2), work.process_of, range(30), fail, "number")
    )
    assert [place for place, _ in results] == list(range(30))
    assert [item for _, (_, item) in results] == list(range(30))
    processes = {process for _, (process, _) in results}
    assert len(processes) == 2
    assert os.getpid() not in processes


@pytest.fixture
def gpu(monkeypatch):
    """As if this process saw a GPU."""
    monkeypatch.setattr(Run, "device", property(lambda run: torch.device("cuda")))


def test_what_needs_no_gpu_uses_all_cores_where_there_is_one(sample, gpu):
    run, letters = replace(sample, jobs=2), "abcdefgh"
    on_cpu = dict(parallel.map_unordered(run, work.process_of, letters, fail, "letter", on_gpu=False))
    assert len({process for process, _ in on_cpu.values()} - {os.getpid()}) == 2
    on_gpu = dict(parallel.map_unordered(run, work.process_of, letters, fail, "letter"))
    assert {process for process, _ in on_gpu.values()} == {os.getpid()}


def test_faces_are_found_on_all_cores_where_there_is_a_gpu(tiny, gpu):
    assert faces.status(replace(tiny, jobs=2))["faces"].sum() > 0
    ended = log.read(tiny.build)[-1]
    assert (ended.stage, ended.state, ended.workers) == ("faces", "ended", "2 processes on cpu")


def test_the_log_tells_what_was_made_from_what_was_there(sample, tmp_path):
    run = replace(sample, jobs=1, build=tmp_path)
    files = [tmp_path / name for name in "abc"]
    files[0].touch()
    os.utime(files[0], (1, 1))
    settings = {"on_gpu": False, "stage": "letters", "files": files}
    list(parallel.map_unordered(run, work.write, files, fail, "letter", **settings))
    ended = log.read(tmp_path)[-1]
    assert (ended.stage, ended.done, ended.made, ended.unit) == ("letters", 3, 2, "letters")
    assert ended.workers == "1 process on cpu"


def test_what_has_no_name_is_not_in_the_log(sample, tmp_path):
    run = replace(sample, jobs=1, build=tmp_path)
    list(parallel.map_unordered(run, work.process_of, "ab", fail, "letter"))
    assert list(tmp_path.iterdir()) == []


def test_a_worker_computes_on_one_core(sample):
    results = dict(parallel.map_unordered(replace(sample, jobs=2), work.threads, "ab", fail, "letter"))
    assert list(results.values()) == [{"torch": 1, "OpenCV": 1}] * 2


def test_an_item_that_kills_its_workers_is_lost_alone(sample):
    with dask.config.set({"distributed.scheduler.allowed-failures": 1}):
        results = dict(parallel.map_unordered(replace(sample, jobs=2), work.die, range(21), fail, "number"))
    assert "died 2 times" in results.pop(1)
    assert set(results.values()) == {"done"}
    assert len(results) == 20


def test_an_item_that_is_blamed_for_anothers_deaths_is_not_lost(sample, monkeypatch):
    """A worker that dies takes all its items along: here each has the same death on its account at once."""
    monkeypatch.setattr(parallel, "JOBS_PER_THREAD", 20)
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
        results = dict(parallel.map_unordered(replace(sample, jobs=2), work.die, range(21), fail, "number"))
    assert "died 1 times" in results.pop(1)
    assert set(results.values()) == {"done"}


def test_no_scheduler_at_the_address(sample, monkeypatch):
    monkeypatch.setattr(parallel, "PATIENCE", 1.0)
    with pytest.raises(InputError, match="cannot be used"):
        list(
            parallel.map_unordered(
                replace(sample, scheduler="tcp://127.0.0.1:1"), work.process_of, "ab", fail, "letter"
            )
        )


def test_without_any_network_one_process_does_it(sample):
    script = (
        "from dataclasses import replace; import dfd.run; from dfd import parallel; import work;"
        "run = replace(dfd.run.load('sample'), jobs=2);"
        "print(len(list(parallel.map_unordered(run, work.process_of, range(3), str, 'number'))))"
    )
    if subprocess.run(["unshare", "-rn", "true"], capture_output=True).returncode:
        pytest.skip("network namespaces are not allowed here")
    done = subprocess.run(
        ["unshare", "-rn", sys.executable, "-c", script],
        cwd=ROOT / "tests" / "dfd",
        capture_output=True,
        text=True,
    )
    assert done.stdout == "3\n"
    assert "without a loopback network" in done.stderr


@contextmanager
def scheduler_and_workers(folder, count):
    """A scheduler and workers as processes of their own, as on a cluster."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    started = [command("scheduler", "--host", address, "--no-dashboard", cwd=folder)]
    try:
        started += [
            command("worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard", cwd=folder)
            for _ in range(count)
        ]
        yield address, started[1:]
    finally:
        for process in started:
            process.kill()
        for process in started:
            process.wait()


def command(*arguments, cwd):
    return subprocess.Popen([sys.executable, "-m", "dask", *arguments], cwd=cwd, stderr=subprocess.DEVNULL)


def test_a_killed_worker_costs_nothing_but_time(tiny, tmp_path):
    expected = faces.table(tiny)
    again = replace(tiny, build=tmp_path / "again")
    made = again.build / "faces"
    with scheduler_and_workers(tmp_path, 2) as (address, workers):
        killer = subprocess.Popen(
            [
                sys.executable,
                "-c",
                KILL_WHEN,
                str(made),
                str(workers[0].pid),
                str(len(expected["video"].unique()) // 3),
            ]
        )
        table = faces.table(replace(again, scheduler=address))
        assert killer.wait(timeout=60) == 0
        assert workers[0].wait(timeout=60) == -signal.SIGKILL
    pd.testing.assert_frame_equal(table, expected)
    first, second = faces.Crops(tiny), faces.Crops(again)
    assert all(first[face] == second[face] for face in expected["face_id"])


KILL_WHEN = """
import os, pathlib, signal, sys, time
folder, worker, count = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
while len(list(folder.glob("[a-z]*.parquet"))) < count:
    time.sleep(0.01)
os.kill(worker, signal.SIGKILL)
"""
