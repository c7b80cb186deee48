"""The gradient of t-SNE's objective in three dimensions: with a mesh, or over all pairs in torch."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import torch
from numba import njit, prange, set_num_threads
from scipy import sparse

from dfd.repulsion import Mesh
from dfd.run import cores

TILES = {"cuda": (2048, 32_768), "cpu": (512, 4096)}
"""Points, and others (a multiple of them), whose kernels are computed at a time, on each kind of device. A
CPU keeps them in a table; for a GPU the sum is compiled for this one shape, whatever the number of points."""

FAR = 1e18
"""Coordinates of the points that fill up a tile: so far away that others do not feel them, and their square
is still a number."""

EPSILON = 1e-16
"""Lowest probability that a logarithm is taken of."""


class Gradient(ABC):
    """Computes the gradient of t-SNE's objective, for `openTSNE.TSNEEmbedding` to descend.

    References
    ----------
    L. van der Maaten and G. Hinton, Visualizing data using t-SNE, JMLR 2008.
    """

    @abstractmethod
    def __call__(
        self, embedding: np.ndarray, affinities: sparse.csr_matrix, should_eval_error: bool = False, **_: Any
    ) -> tuple[float, np.ndarray]:
        """Compute the divergence and its gradient.

        Parameters
        ----------
        embedding : ndarray of float, shape (n, 3)
            The map.
        affinities : csr_matrix of float32, shape (n, n)
            Affinities, whose sum is 1 or the exaggeration. Of the same matrix only the numbers may change
            from call to call.
        should_eval_error : bool
            Whether the divergence is wanted.

        Returns
        -------
        divergence : float
            Kullback and Leibler's, of the map from the affinities; 0 where it is not wanted.
        gradient : ndarray of float64, shape (n, 3)
            A quarter of the divergence's, as openTSNE has it.
        """


class MeshGradient(Gradient):
    """Sums the repulsion with `dfd.repulsion.Mesh`.

    Parameters
    ----------
    jobs : int
        Threads.
    reach : float
        As in `dfd.repulsion.Mesh`.
    """

    def __init__(self, jobs: int, reach: float = Mesh.reach) -> None:
        self.jobs, self._repulsion = jobs, Mesh(jobs, reach)

    def __call__(
        self, embedding: np.ndarray, affinities: sparse.csr_matrix, should_eval_error: bool = False, **_: Any
    ) -> tuple[float, np.ndarray]:
        """Compute the divergence and its gradient, as `Gradient` says."""
        points = np.asarray(embedding)
        forces, total = self._repulsion(points)
        set_num_threads(min(self.jobs, cores()))
        single = points.astype(np.float32)
        pulls = np.empty_like(single)
        _attract(single, affinities.indptr, affinities.indices, affinities.data, pulls)
        divergence = 0.0
        if should_eval_error:
            logs = _logs(single, affinities.indptr, affinities.indices, affinities.data)
            divergence = float(logs.sum() + affinities.data.sum(dtype=np.float64) * np.log(total))
        return divergence, pulls - forces / total


class AllPairs(Gradient):
    """Sums the repulsion over all pairs on a device.

    Nothing is approximated, and the time grows with the square of the number of points. It is meant for a
    GPU, for which torch compiles the sum into one kernel that keeps no table of pairs.

    Parameters
    ----------
    device : torch.device or str
        Where to compute.
    dtype : torch.dtype
        Of all that is computed.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy import sparse
    >>> from dfd import gradients
    >>> affinities = sparse.csr_matrix([[0, 0.5], [0.5, 0]])
    >>> objective = gradients.AllPairs("cpu")
    >>> points = np.array([[0.0, 0, 0], [1, 0, 0]])
    >>> divergence, gradient = objective(points, affinities, should_eval_error=True)
    >>> round(divergence, 6) == 0, gradient.shape
    (True, (2, 3))
    """

    def __init__(self, device: torch.device | str, dtype: torch.dtype = torch.float32) -> None:
        self.device, self.dtype = torch.device(device), dtype
        # A CPU would need a compiler, which not every machine has.
        self._sums = torch.compile(_sums, dynamic=False) if self.device.type == "cuda" else _sums
        self._matrix: sparse.csr_matrix | None = None
        self._places: tuple[torch.Tensor, ...] = ()

    def __call__(
        self, embedding: np.ndarray, affinities: sparse.csr_matrix, should_eval_error: bool = False, **_: Any
    ) -> tuple[float, np.ndarray]:
        """Compute the divergence and its gradient, as `Gradient` says."""
        points = torch.tensor(np.asarray(embedding), dtype=self.dtype, device=self.device)
        repulsion, total = self._repulsion(points)
        first, other, ends = self._places_of(affinities)
        weights = torch.as_tensor(affinities.data, dtype=self.dtype, device=self.device)
        apart = points[first] - points[other]
        distances = 1 + apart.square().sum(dim=1)
        pulls = apart * (weights / distances)[:, None]
        attraction = torch.segment_reduce(pulls, "sum", offsets=ends, axis=0)
        divergence = 0.0
        if should_eval_error:
            logs = torch.log(weights.clamp(min=EPSILON) * distances)
            divergence = float((weights * logs).double().sum() + weights.double().sum() * total.log())
        return divergence, (attraction - repulsion / total.to(self.dtype)).double().cpu().numpy()

    def _repulsion(self, points: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        (rows, columns), count = TILES[self.device.type], len(points)
        padded = torch.nn.functional.pad(points, (0, 0, 0, -count % columns), value=FAR)
        forces, kernels = torch.zeros_like(padded), torch.zeros_like(padded[:, 0], dtype=torch.float64)
        for begin in range(0, count, rows):
            tile = slice(begin, begin + rows)
            for others in padded.split(columns):
                force, kernel = self._sums(padded[tile], others)
                forces[tile] += force
                kernels[tile] += kernel
        # A point's pair with itself adds 1 to the sum and nothing to the force.
        return forces[:count], kernels[:count].sum() - count

    def _places_of(self, matrix: sparse.csr_matrix) -> tuple[torch.Tensor, ...]:
        """Give the row and the column of every affinity, and where rows begin; moved to the device once."""
        if self._matrix is not matrix:
            starts = torch.as_tensor(matrix.indptr, dtype=torch.int64)
            first = torch.repeat_interleave(starts.diff())
            other = torch.as_tensor(matrix.indices, dtype=torch.int64)
            self._matrix = matrix
            self._places = tuple(places.to(self.device) for places in (first, other, starts))
        return self._places


def _sums(rows: torch.Tensor, points: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Sum the kernels of some points with all: shapes (rows, 3) and (rows,)."""
    x, y, z = (rows[:, axis, None] - points[None, :, axis] for axis in range(3))
    kernel = 1 / (1 + x * x + y * y + z * z)
    squared = kernel * kernel
    forces = [(squared * side).sum(dim=1) for side in (x, y, z)]
    return torch.stack(forces, dim=1), kernel.sum(dim=1)


@njit(parallel=True, fastmath=True, cache=True)
def _attract(
    points: np.ndarray, starts: np.ndarray, others: np.ndarray, weights: np.ndarray, pulls: np.ndarray
) -> None:
    """Sum up each point's pull towards its neighbours."""
    for point in prange(len(points)):
        x, y, z = points[point, 0], points[point, 1], points[point, 2]
        pull_x, pull_y, pull_z = np.float32(0), np.float32(0), np.float32(0)
        for place in range(starts[point], starts[point + 1]):
            other = others[place]
            dx, dy, dz = x - points[other, 0], y - points[other, 1], z - points[other, 2]
            weight = weights[place] / (np.float32(1) + dx * dx + dy * dy + dz * dz)
            pull_x += weight * dx
            pull_y += weight * dy
            pull_z += weight * dz
        pulls[point, 0], pulls[point, 1], pulls[point, 2] = pull_x, pull_y, pull_z


@njit(parallel=True, cache=True)
def _logs(points: np.ndarray, starts: np.ndarray, others: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Sum each point's p log(p (1 + d^2)): its part of the divergence but for the normalisation."""
    sums = np.zeros(len(points))
    for point in prange(len(points)):
        for place in range(starts[point], starts[point + 1]):
            squared = np.float32(0)
            for axis in range(3):
                squared += (points[point, axis] - points[others[place], axis]) ** 2
            weight = weights[place]
            sums[point] += weight * np.log(max(weight, EPSILON) * (1 + squared))
    return sums
