"""Do the same to many videos or shards: in this process, on all cores, or on a Dask scheduler's workers."""

import logging
import socket
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import dask.config
from distributed import Client, Future, LocalCluster, as_completed
from distributed.scheduler import KilledWorker
from distributed.security import Security

from dfd import progress
from dfd.errors import InputError
from dfd.run import Run

PATIENCE = 30.0
"""Seconds to wait for a scheduler and its first worker."""

JOBS_PER_THREAD = 4
"""Jobs given out at a time for each thread, so that a scheduler never holds all of a large data set."""

GPU = {"GPU": 1}

LOCAL = {
    # A worker has one core: Dask says so to OpenMP, but OpenCV would start a thread on every core.
    "distributed.nanny.pre-spawn-environ.OPENCV_FOR_THREADS_NUM": 1,
    # Dask tells workers to give memory back at once, and glibc then asks for it again for every layer of a
    # network, which slows it down.
    "distributed.nanny.pre-spawn-environ.MALLOC_MMAP_THRESHOLD_": 2**25,
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": 2**28,
    # What scheduler and workers would say over HTTP (logs, arguments, addresses) asks nobody who they are.
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
}
"""Settings of Dask for the cluster on this machine."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_unordered(
    run: Run,
    work: Callable[[Run, Item], Result],
    items: Sequence[Item],
    lost: Callable[[str], Result],
    unit: str,
    on_gpu: bool = True,
    stage: str = "",
    files: Sequence[Path] | None = None,
) -> Iterator[tuple[int, Result]]:
    """Call a function for each of many items, saying how far it is.

    With `run.scheduler` the workers of that Dask scheduler do it. They need this package, and the data
    and the build folder under the same paths. If any of them offers the resource ``GPU``, only those that
    do are used, one item for each GPU at a time. Without a scheduler a Dask cluster of `run.jobs`
    processes on this machine does it, and where one process is enough (one item, one job, or a GPU, which
    would be shared), this one, as also where not even the machine's own loopback network is there.

    Parameters
    ----------
    work : callable
        Called as ``work(run, item)``; a function of a module. It should keep what it made in a file,
        so that a lost worker costs only what it had not finished.
    items : sequence
        What to do it for.
    lost : callable
        Gives the result for an item whose worker died while it worked on nothing else, from the reason.
    unit : str
        What an item is, for the progress bar.
    on_gpu : bool
        Whether `work` computes on the GPU where there is one. What does not uses all cores, GPU or not.
    stage : str
        Name under which the run's log notes what was done; without a name it notes nothing.
    files : sequence of Path, optional
        File in which `work` keeps what it made of each item. By their times the log tells what was made
        from what was there.

    Yields
    ------
    int
        Place of the item in `items`, in the order of completion.
    Result
        What `work` returned for it.

    Raises
    ------
    InputError
        If no scheduler answers at that address, or it has no workers.
    """
    alone = min(run.jobs, len(items)) < 2 or (on_gpu and run.device.type == "cuda")
    if not (alone or run.scheduler or _has_loopback()):
        warnings.warn(
            "without a loopback network there are no workers: one process does it all", stacklevel=2
        )
        alone = True
    with ExitStack() as stack:
        if alone and not run.scheduler:
            workers = f"1 process on {run.device.type if on_gpu else 'cpu'}"
            done = ((place, work(run, item)) for place, item in enumerate(items))
        else:
            pool = _pool(run, stack, on_gpu)
            workers = pool.description
            done = _on_workers(pool, run, work, items, lost)
        label, folder = stage or work.__module__.rpartition(".")[2], run.build if stage else None
        started = time.time()
        counter = stack.enter_context(progress.Stage(label, len(items), unit, folder, workers))
        for place, result in done:
            counter.advance(made=files is None or _is_newer(files[place], started))
            yield place, result


@contextmanager
def local(workers: int) -> Iterator[LocalCluster]:
    """Start worker processes of one core each on this machine, and stop them afterwards.

    Whoever reaches a scheduler can run code as its owner, and on a shared machine everybody reaches this one.
    It therefore asks for a certificate that is made for this cluster and is kept in memory only.

    Parameters
    ----------
    workers : int
        How many.

    Yields
    ------
    LocalCluster
        Clients of this process show that certificate until the block ends, so that its `scheduler_address`
        can be a run's `scheduler`.
    """
    security = Security.temporary()
    with dask.config.set(LOCAL | _of_client(security)):
        cluster = LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            security=security,
            protocol="tls://",
            dashboard_address=None,  # pyright: ignore[reportArgumentType]
            # Dask opens its HTTP server all the same, by default on a port that another cluster may have.
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
            # What goes wrong comes back as a result; all else that is logged is about closing connections.
            silence_logs=logging.CRITICAL,
        )
        try:
            yield cluster
        finally:
            cluster.close()


def _of_client(security: Security) -> dict[str, str | None]:
    """Give the credentials of a client as settings of Dask."""
    return {
        "distributed.comm.tls.ca-file": security.tls_ca_file,
        "distributed.comm.tls.client.cert": security.tls_client_cert,
        "distributed.comm.tls.client.key": security.tls_client_key,
    }


def _has_loopback() -> bool:
    """Tell whether processes of this machine can talk to each other over a network."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        try:
            socket.create_connection(server.getsockname(), timeout=1).close()
        except OSError:
            return False
    return True


def _is_newer(file: Path, than: float) -> bool:
    try:
        return file.stat().st_mtime >= than
    except FileNotFoundError:
        # It was worked on, and nothing could be made of it.
        return True


@dataclass(frozen=True)
class _Pool:
    """Workers of a scheduler: how many threads they have, what a job asks for, and what the log says."""

    client: Client
    threads: int
    resources: dict[str, int] | None
    description: str


def _pool(run: Run, stack: ExitStack, on_gpu: bool) -> _Pool:
    client = _client(run, stack)
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    gpus = sum("GPU" in worker["resources"] for worker in workers) if on_gpu else 0
    threads = sum(worker["nthreads"] for worker in workers)
    if run.scheduler and on_gpu and not gpus:
        device = "whatever device they have"
    else:
        device = "cuda" if gpus else "cpu"
    processes = progress.counted(gpus or len(workers), "process")
    return _Pool(client, threads, GPU if gpus else None, f"{processes} on {device}")


def _on_workers(
    pool: _Pool, run: Run, work: Callable, items: Sequence, lost: Callable[[str], Any]
) -> Iterator[tuple[int, Any]]:
    def submit(place: int) -> Future:
        return pool.client.submit(work, run, items[place], pure=False, resources=pool.resources)

    # Dask blames a death on every job that the worker held. Which of them was at fault shows when each
    # runs once more while nothing else does.
    suspects = []
    for place, job in _finished(submit, range(len(items)), JOBS_PER_THREAD * pool.threads):
        if isinstance(job.exception(), KilledWorker):
            suspects.append(place)
        else:
            yield place, job.result()
    for place, job in _finished(submit, suspects, 1):
        error = job.exception()
        if isinstance(error, KilledWorker):
            times = error.allowed_failures + 1
            yield place, lost(f"its worker died {times} times, perhaps for want of memory")
        else:
            yield place, job.result()


def _finished(
    submit: Callable[[int], Future], places: Iterable[int], at_a_time: int
) -> Iterator[tuple[int, Future]]:
    """Submit jobs, so many at a time, and give each when it is done."""
    waiting, running = iter(places), {}

    def begin(count: int) -> list[Future]:
        begun = {submit(place): place for place in islice(waiting, count)}
        running.update(begun)
        return list(begun)

    finished = as_completed(begin(at_a_time))
    for job in finished:
        yield running.pop(job), job
        finished.update(begin(1))


def _client(run: Run, stack: ExitStack) -> Client:
    if not run.scheduler:
        cluster = stack.enter_context(local(run.jobs))
        return stack.enter_context(Client(cluster, security=cluster.security))
    try:
        client = stack.enter_context(Client(run.scheduler, timeout=PATIENCE))
        client.wait_for_workers(1, timeout=PATIENCE)
    # Dask says with other errors that credentials are missing, or that it must not do without them.
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        raise InputError(f"scheduler {run.scheduler}", f"cannot be used ({error})") from error
    return client
