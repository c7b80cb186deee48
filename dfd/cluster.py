"""Do the same to many videos or shards: in this process, on all cores, or on a Dask scheduler's workers."""

import logging
import socket
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from typing import TypeVar

import dask
from distributed import Client, LocalCluster, as_completed
from distributed.scheduler import KilledWorker
from tqdm import tqdm

from dfd.errors import InputError
from dfd.profile import Profile

PATIENCE = "30s"
JOBS_PER_THREAD = 4
"""Jobs given out at a time for each thread, so that a scheduler never holds all of a large data set."""

GPU = {"GPU": 1}

# Dask tells workers to give memory back at once, and glibc then asks for it again for every layer of a
# network, which slows it down.
MEMORY = {
    "distributed.nanny.pre-spawn-environ.MALLOC_MMAP_THRESHOLD_": 2**25,
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": 2**28,
}

Item = TypeVar("Item")
Result = TypeVar("Result")


def each(
    profile: Profile,
    work: Callable[[Profile, Item], Result],
    items: Sequence[Item],
    lost: Callable[[str], Result],
    unit: str,
    on_gpu: bool = True,
) -> Iterator[tuple[int, Result]]:
    """Call a function for each of many items.

    With `profile.scheduler` the workers of that Dask scheduler do it. They need this package, and the data
    and the build folder under the same paths. If any of them offers the resource ``GPU``, only those that
    do are used, one item for each GPU at a time. Without a scheduler a Dask cluster of `profile.jobs`
    processes on this machine does it, and where one process is enough (one item, one job, or a GPU, which
    would be shared), this one, as also where not even the machine's own loopback network is there.

    Parameters
    ----------
    profile : Profile
        The run.
    work : callable
        Called as ``work(profile, item)``; a function of a module. It should keep what it made in a file,
        so that a lost worker costs only what it had not finished.
    items : sequence
        What to do it for.
    lost : callable
        Gives the result for an item whose worker died again and again, from the reason.
    unit : str
        What an item is, for the progress bar.
    on_gpu : bool
        Whether `work` computes on the GPU where there is one.

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
    stage = work.__module__.rpartition(".")[2]
    enough = min(profile.jobs, len(items)) < 2 or (on_gpu and profile.device.type == "cuda")
    if not (enough or profile.scheduler or _has_loopback()):
        warnings.warn(
            "without a loopback network there are no workers: one process does it all", stacklevel=2
        )
        enough = True
    if enough and not profile.scheduler:
        done = ((place, work(profile, item)) for place, item in enumerate(items))
    else:
        done = _on_workers(profile, work, items, lost, on_gpu)
    with tqdm(total=len(items), desc=stage, unit=unit, disable=None) as progress:
        for place, result in done:
            progress.update()
            yield place, result


@contextmanager
def local(workers: int) -> Iterator[LocalCluster]:
    """Start worker processes of one core each on this machine, and stop them afterwards.

    Parameters
    ----------
    workers : int
        How many.

    Yields
    ------
    LocalCluster
        Its `scheduler_address` can be a profile's `scheduler`.
    """
    # What goes wrong comes back as a result; all else that is logged is about closing connections.
    with (
        dask.config.set(MEMORY),
        LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL
        ) as cluster,
    ):
        yield cluster


def _has_loopback() -> bool:
    """Tell whether processes of this machine can talk to each other over a network."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        try:
            socket.create_connection(server.getsockname(), timeout=1).close()
        except OSError:
            return False
    return True


def _on_workers(
    profile: Profile, work: Callable, items: Sequence, lost: Callable[[str], object], on_gpu: bool
) -> Iterator[tuple[int, object]]:
    with ExitStack() as stack:
        client = _client(profile, stack)
        workers = client.scheduler_info(n_workers=-1)["workers"].values()
        resources = GPU if on_gpu and any("GPU" in worker["resources"] for worker in workers) else None
        waiting = iter(enumerate(items))
        places = {}

        def submit(count: int) -> list:
            jobs = [
                (client.submit(work, profile, item, pure=False, resources=resources), place)
                for place, item in islice(waiting, count)
            ]
            places.update(jobs)
            return [job for job, _ in jobs]

        finished = as_completed(submit(JOBS_PER_THREAD * sum(worker["nthreads"] for worker in workers)))
        for job in finished:
            place = places.pop(job)
            try:
                result = job.result()
            except KilledWorker as error:
                result = lost(
                    f"its worker died {error.allowed_failures + 1} times, perhaps for want of memory"
                )
            yield place, result
            finished.update(submit(1))


def _client(profile: Profile, stack: ExitStack) -> Client:
    if not profile.scheduler:
        return stack.enter_context(Client(stack.enter_context(local(profile.jobs))))
    try:
        client = stack.enter_context(Client(profile.scheduler, timeout=PATIENCE))
        client.wait_for_workers(1, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        raise InputError(f"scheduler {profile.scheduler}", f"cannot be used ({error})") from error
    return client
