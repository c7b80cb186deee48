"""What made a result: the machine and the versions of Python and packages."""

import os
import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def machine() -> str:
    """Describe the machine: processor, number of cores, memory and GPU.

    Returns
    -------
    str
    """
    # Imported here, since it takes seconds that a command without networks need not wait for.
    import torch

    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    gpu = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "no GPU"
    return f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB memory, {gpu}"


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Look up the versions of Python and of packages.

    Parameters
    ----------
    packages : iterable of str
        Names of packages, as pip knows them.

    Returns
    -------
    dict of str to str
        By name, ``"Python"`` first; ``"(not installed)"`` for a package that is not there.
    """
    return {"Python": platform.python_version()} | {package: _version(package) for package in packages}


def _processor() -> str:
    details = Path("/proc/cpuinfo")
    if details.is_file():
        for line in details.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"
