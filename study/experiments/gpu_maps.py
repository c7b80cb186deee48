"""Maps of up to 260,000 faces on a GPU, beside its machine's CPU."""

import numpy as np
import torch
from scipy import sparse

from dfd import gradients
from dfd.errors import InputError
from dfd.run import Run
from study import results
from study.experiments import large_maps
from study.experiments.large_maps import EXACT, ON_GPU, OPENTSNE, OURS, SHOWN, Plan

PLAN = Plan(
    {
        ON_GPU: {16_000: 1, SHOWN: 3, 260_000: 1},
        EXACT: {16_000: 1, SHOWN: 1},
        OURS: {16_000: 1, SHOWN: 1},
        OPENTSNE: {SHOWN: 1},
    },
    300,
)
"""What is placed: the processor's ways are there to compare the times of one machine."""

POINTS = 5000
"""Points whose gradient is compared."""


def measure(run: Run, plan: Plan = PLAN) -> dict:
    """Place faces on this machine's GPU and on its CPU, and store what came out.

    Parameters
    ----------
    run : Run
        The run whose embeddings are the model.
    plan : Plan
        What is placed.

    Returns
    -------
    dict
        As stored under ``"gpu_maps"``: profile, jobs (threads), what `gradient_off` gives, rows and
        left_out, as `study.experiments.large_maps.place_all` gives them.

    Raises
    ------
    InputError
        If torch finds no GPU on this machine.
    """
    if run.device.type != "cuda":
        raise InputError("gpu_maps", "torch finds no GPU on this machine")
    rows, left_out = large_maps.place_all(run, plan)
    return results.store(
        "gpu_maps",
        large_maps.WHAT,
        ("torch", *large_maps.PACKAGES),
        profile=run.name,
        jobs=run.jobs,
        gradient_off=gradient_off(run),
        rows=rows,
        left_out=left_out,
    )


def gradient_off(run: Run) -> float:
    """Compare the gradient that a run's device computes with the same sums in double precision.

    Parameters
    ----------
    run : Run
        Its device computes in single precision, its processor in double; its seed places the points.

    Returns
    -------
    float
        Length of the difference of both, as a share of the gradient's.
    """
    random = np.random.default_rng(run.seed)
    points = random.normal(0, 10, (POINTS, 3))
    drawn = sparse.random_array((POINTS, POINTS), density=0.02, format="csr", rng=random, dtype=np.float32)
    matrix = sparse.csr_matrix(drawn + drawn.T)
    matrix.data /= matrix.data.sum()
    _, single = gradients.AllPairs(run.device)(points, matrix)
    _, double = gradients.AllPairs("cpu", torch.float64)(points, matrix)
    return float(np.linalg.norm(single - double) / np.linalg.norm(double))
