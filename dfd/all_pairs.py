"""The gradient of t-SNE in three dimensions summed over all pairs, in torch: exact, and fast on a GPU."""

from typing import Any

import numpy as np
import torch
from scipy import sparse

PAIRS_OF_GPU, PAIRS_OF_CPU = 2**28, 2**22
"""Pairs whose kernels are computed at a time: a CPU keeps them in a table."""

EPSILON = 1e-16
"""Lowest probability that a logarithm is taken of."""


class AllPairs:
    """Computes the gradient of t-SNE's objective on a device, for `openTSNE.TSNEEmbedding` to descend.

    Every pair of points counts, so the time grows with the square of their number: a GPU has done the 1.7e10
    pairs of 130,000 points before a CPU has approximated them. torch compiles the sum for a GPU into one
    kernel that keeps no table of pairs.

    Parameters
    ----------
    device : torch.device or str
        Where to compute.
    dtype : torch.dtype
        Of all that is computed.

    References
    ----------
    L. van der Maaten and G. Hinton, Visualizing data using t-SNE, JMLR 2008.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy import sparse
    >>> from dfd import all_pairs
    >>> affinities = sparse.csr_matrix([[0, 0.5], [0.5, 0]])
    >>> objective = all_pairs.AllPairs("cpu")
    >>> points = np.array([[0.0, 0, 0], [1, 0, 0]])
    >>> divergence, gradient = objective(points, affinities, should_eval_error=True)
    >>> round(divergence, 6) == 0, gradient.shape
    (True, (2, 3))
    """

    def __init__(self, device: torch.device | str, dtype: torch.dtype = torch.float32) -> None:
        self.device, self.dtype = torch.device(device), dtype
        # A CPU would need a compiler, which not every machine has.
        self._sums = torch.compile(_sums) if self.device.type == "cuda" else _sums
        self._matrix: sparse.csr_matrix | None = None
        self._places: tuple[torch.Tensor, ...] = ()

    def __call__(
        self, embedding: np.ndarray, affinities: sparse.csr_matrix, should_eval_error: bool = False, **_: Any
    ) -> tuple[float, np.ndarray]:
        """Compute the divergence and its gradient.

        Parameters
        ----------
        embedding : ndarray of float, shape (n, 3)
            The map.
        affinities : csr_matrix of float, shape (n, n)
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
        pairs = PAIRS_OF_GPU if self.device.type == "cuda" else PAIRS_OF_CPU
        parts = [self._sums(part, points) for part in points.split(max(pairs // len(points), 1))]
        forces = torch.cat([force for force, _ in parts])
        # A point's pair with itself adds 1 to the sum and nothing to the force.
        return forces, torch.cat([kernel for _, kernel in parts]).double().sum() - len(points)

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
