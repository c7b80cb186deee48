"""Work on many items: in this process, on a local cluster, and on a scheduler's workers."""

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import replace

import dask.config
import pandas as pd
import pytest
import torch
import work
from distributed import Client
from distributed.security import Security

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


@pytest.fixture(scope="module")
def cluster():
    """A local cluster."""
    with parallel.local(1) as running:
        yield running


def test_the_local_cluster_refuses_who_has_no_certificate(cluster):
    address = cluster.scheduler_address
    assert address.startswith("tls://127.0.0.1:")
    others = [
        (address.replace("tls", "tcp"), Security(require_encryption=False)),
        (address, Security.temporary()),
    ]
    for place, credentials in others:
        with pytest.raises(OSError):
            Client(place, security=credentials, timeout=2)
    with Client(cluster, security=cluster.security) as client:
        assert client.submit(int, "7").result() == 7
        workers = client.scheduler_info(n_workers=-1)["workers"]
    assert all(worker.startswith("tls://127.0.0.1:") for worker in workers)


def test_the_local_cluster_tells_nothing_over_http(cluster):
    port = cluster.scheduler.http_server.port
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/info/main/workers.html")


def test_a_local_cluster_can_be_a_runs_scheduler(cluster, sample):
    run = replace(sample, scheduler=cluster.scheduler_address)
    results = dict(parallel.map_unordered(run, work.process_of, "ab", fail, "letter", on_gpu=False))
    assert os.getpid() not in {process for process, _ in results.values()}


def test_two_local_clusters_do_not_warn_of_ports(cluster, recwarn):
    with parallel.local(1):
        pass
    assert [str(warning.message) for warning in recwarn if "Port" in str(warning.message)] == []


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


def test_a_scheduler_that_asks_for_a_certificate(sample, tmp_path, monkeypatch):
    """As the page on many machines says: by settings of Dask in the environment."""
    own, certificate, key = Security.temporary(), tmp_path / "certificate.pem", tmp_path / "key.pem"
    certificate.write_text(own.tls_ca_file)
    key.write_text(own.tls_client_key)
    settings = {"ca-file": certificate}
    for role in ("scheduler", "worker", "client"):
        settings |= {f"{role}.cert": certificate, f"{role}.key": key}
    for name, path in settings.items():
        variable = f"DASK_DISTRIBUTED__COMM__TLS__{name}".replace(".", "__").replace("-", "_").upper()
        monkeypatch.setenv(variable, str(path))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(ROOT / "tests" / "dfd")]))

    def letters(address):
        run = replace(sample, scheduler=address)
        return list(parallel.map_unordered(run, work.process_of, "ab", fail, "letter", on_gpu=False))

    with scheduler_and_workers(tmp_path, 1, "tls") as (address, _):
        with pytest.raises(InputError, match="cannot be used"):
            letters(address)
        with dask.config.set({f"distributed.comm.tls.{name}": str(path) for name, path in settings.items()}):
            assert len(letters(address)) == 2
            plain = address.replace("tls", "tcp")
            encrypted = dask.config.set({"distributed.comm.require-encryption": True})
            with encrypted, pytest.raises(InputError, match="cannot be used"):
                letters(plain)


@contextmanager
def scheduler_and_workers(folder, count, protocol="tcp"):
    """A scheduler and workers as processes of their own, as on a cluster."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"{protocol}://127.0.0.1:{free.getsockname()[1]}"
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
