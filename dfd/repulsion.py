"""Repulsion between the points of a map in space: near pairs one by one, far ones through a grid."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import scipy.fft
from numba import njit, prange, set_num_threads

from dfd.run import cores

SMOOTHNESS = 3
"""The far part of the kernel has so many continuous derivatives where the near part ends; `_add_near` is
written out for three."""

CELLS = 3
"""Cells that points are sorted into, in each direction, for this distance."""

NEGLIGIBLE = 3e-3
"""Share of the force between two points that may be left out: with a small step, the near part is less."""

FEWEST_STEPS, MOST_STEPS = 24, 240
"""Steps of the grid along the widest side of a map."""

STEP_GROWTH = 1.12
"""Steps of the grid are powers of this, so that its transformed kernel serves many iterations."""

PAIR_COST, NODE_COST = 0.8, 9.0
"""Nanoseconds that a near pair and a node of the padded grid take: what the step of the grid balances."""

PARTS = 4
"""Parts of the points that are spread to a grid of their own, and of the grid that are transformed, whatever
the number of threads, so that sums are the same on every machine."""


@dataclass
class Mesh:
    """Sums up the repulsion of t-SNE's points in three dimensions, in time that grows with their number.

    The kernel 1 / (1 + d^2) is split in two. With q = max(0, r^2 - d^2) / (1 + r^2), its near part is
    q^(m+1) / (1 + d^2), which is zero from the distance r on and is summed over pairs; the rest is smooth
    everywhere, so a grid of cubic B-splines carries it, on which a sum over all pairs is a convolution. The
    force is the gradient of the same sum. Barnes and Hut's method, which openTSNE uses in three dimensions,
    replaces far points by the middle of their cell; interpolation as in FIt-SNE has no near part, so its grid
    has a step below one, which takes 10^8 nodes for a wide map in three dimensions.

    Attributes
    ----------
    jobs : int
        Threads.
    reach : float
        Distance up to which pairs count one by one, in steps of the grid: with 2.5 the forces are up to a
        hundredth off, like those of a tree, and on a wide map far less; with more of them they are closer.

    References
    ----------
    R. W. Hockney and J. W. Eastwood, Computer Simulation Using Particles, 1988 (near pairs and a mesh);
    D. J. Hardy et al., Multilevel summation with B-spline interpolation, J. Chem. Phys. 2016 (the split);
    G. Linderman et al., Fast interpolation-based t-SNE, Nature Methods 2019 (a grid for t-SNE).

    Examples
    --------
    >>> import numpy as np
    >>> from dfd import repulsion
    >>> points = np.array([[0.0, 0, 0], [1, 0, 0]])
    >>> forces, total = repulsion.Mesh(jobs=1)(points)
    >>> np.allclose(forces, [[-0.25, 0, 0], [0.25, 0, 0]], atol=1e-3), round(total, 3)
    (True, 1.0)
    """

    jobs: int = 1
    reach: float = 2.5
    _step: float = field(default=0.0, repr=False)
    _pairs: float = field(default=0.0, repr=False)
    _kernel_of: tuple = field(default=(), repr=False)
    _kernel: np.ndarray = field(default_factory=lambda: np.empty(0), repr=False)

    def __call__(self, points: np.ndarray) -> tuple[np.ndarray, float]:
        """Sum up all pairs.

        Parameters
        ----------
        points : ndarray of float, shape (n, 3)
            The map.

        Returns
        -------
        forces : ndarray of float64, shape (n, 3)
            Of each point the sum of (y_i - y_j) / (1 + d_ij^2)^2 over all others.
        total : float
            Sum of 1 / (1 + d_ij^2) over all ordered pairs of different points.
        """
        set_num_threads(min(self.jobs, cores()))
        count, lowest = len(points), points.min(axis=0)
        width = np.maximum(points.max(axis=0) - lowest, 1e-12)
        step = self._step = _best_step(self._step, width, self._pairs, self.reach)
        side, radius = self.reach * step / CELLS, self.reach * step
        shifted = (points - lowest).astype(np.float32)
        # Neighbours in space are neighbours in memory, also where no pairs are looked at.
        cells = np.maximum(np.ceil(width / side), 1).astype(np.int64)
        order, starts = _sorted_into(shifted, side, cells)
        in_cells = np.ascontiguousarray(shifted[order])

        potential, forces = self._far(in_cells, width, step, radius)
        if _has_near_part(radius):
            x, y, z = np.ascontiguousarray(in_cells.T)
            pairs = _add_near(x, y, z, starts, cells, np.float32(radius**2), forces, potential)
            self._pairs = pairs * (width.max() / step) ** 3
        offset = count * (count - 1) * float(_far_kernel(np.array(0.0), radius**2))
        total = float(potential.sum(dtype=np.float64)) + offset
        unsorted = np.empty((count, 3))
        unsorted[order] = forces
        return unsorted, total

    def _far(
        self, points: np.ndarray, width: np.ndarray, step: float, radius: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Sum up the smooth part of the kernel, less its value at 0, by a convolution on the grid."""
        shape = tuple(int(nodes) for nodes in np.ceil(width / step) + 5)
        # Twice as wide, so that no point feels another one round the end of the grid.
        padded = tuple(int(scipy.fft.next_fast_len(2 * nodes, real=True) or 0) for nodes in shape)
        if self._kernel_of != (step, padded):
            self._kernel = _transformed_kernel(step, padded, radius)
            self._kernel_of = step, padded
        charges = np.zeros((PARTS, *shape), dtype=np.float32)
        _spread(points, np.float32(1 / step), charges)
        grid = _convolved(charges.sum(axis=0), self._kernel, padded, self.jobs)
        potential = np.empty(len(points), dtype=np.float32)
        forces = np.empty((len(points), 3), dtype=np.float32)
        _gather(points, np.float32(1 / step), grid, forces, potential)
        return potential, forces


def _best_step(last: float, width: np.ndarray, pairs: float, reach: float) -> float:
    """Balance near pairs, which grow with the step of the grid, against its nodes, which shrink.

    What decides is counted and not timed, so that the same points are always placed in the same way: `pairs`
    is what was looked at last, had the step been as wide as the map.
    """
    widest = width.max()
    exponents = np.arange(
        *np.ceil(np.log(widest / np.array([MOST_STEPS, FEWEST_STEPS])) / np.log(STEP_GROWTH))
    )
    steps = STEP_GROWTH**exponents

    def cost(step: np.ndarray) -> np.ndarray:
        nodes = np.prod(2 * (width[:, None] / step + 5), axis=0)
        near = np.where(_has_near_part(reach * step), PAIR_COST * pairs * (step / widest) ** 3, 0)
        return near + NODE_COST * nodes

    best = steps[cost(steps).argmin()]
    # A new step costs a new kernel.
    stays = steps[0] <= last <= steps[-1] and cost(np.array([last]))[0] < 1.1 * cost(np.array([best]))[0]
    return float(last if stays else best)


def _has_near_part(radius: Any) -> Any:
    """Say whether the near part counts: its share of a force is at most 4 q^3, with q at a distance of 0."""
    return 4 * (radius**2 / (1 + radius**2)) ** 3 > NEGLIGIBLE


def _sorted_into(points: np.ndarray, side: float, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sort points by cell; gives the order, and where each cell begins in it."""
    place = np.minimum((points / np.float32(side)).astype(np.int64), cells - 1)
    flat = np.ravel_multi_index(tuple(place.T), tuple(cells))
    starts = np.zeros(cells.prod() + 1, dtype=np.int64)
    np.cumsum(np.bincount(flat, minlength=cells.prod()), out=starts[1:])
    return np.argsort(flat, kind="stable"), starts


def _far_kernel(squared: np.ndarray, limit: float) -> np.ndarray:
    near = (np.maximum(limit - squared, 0) / (1 + limit)) ** (SMOOTHNESS + 1)
    return (1 - near) / (1 + squared)


def _transformed_kernel(step: float, shape: tuple[int, ...], radius: float) -> np.ndarray:
    """Transform the smooth part of the kernel, less its value at 0, which would drown a small map's forces.

    Divided twice by the transform of the B-spline at the nodes, spreading and gathering interpolate.
    """
    distances = [np.minimum(np.arange(nodes), nodes - np.arange(nodes)) * step for nodes in shape]
    x, y, z = np.meshgrid(*distances, indexing="ij", sparse=True)
    kernel = _far_kernel(x**2 + y**2 + z**2, radius**2) - _far_kernel(np.array(0.0), radius**2)
    waves = np.asarray(scipy.fft.rfftn(kernel.astype(np.float32)))
    for axis, nodes in enumerate(shape):
        frequency = 2 * np.pi * np.arange(waves.shape[axis]) / nodes
        spline = ((4 + 2 * np.cos(frequency)) / 6) ** 2
        waves /= spline.astype(np.float32).reshape([-1 if other == axis else 1 for other in range(3)])
    return waves


def _convolved(charges: np.ndarray, kernel: np.ndarray, shape: tuple[int, ...], jobs: int) -> np.ndarray:
    """Convolve charges with a transformed kernel on a padded grid of that shape.

    Lines of the padded grid that are empty, or that nobody reads, are not transformed, as `rfftn` would do.
    SciPy's own threads are not used: asked for more of them than there are cores, it has gone on for ever.
    """
    deep, high, wide = charges.shape
    along_x, along_y, along_z = shape
    parts = [slice(*ends) for ends in pairwise(np.linspace(0, deep, PARTS + 1).astype(int))]
    bands = [slice(*ends) for ends in pairwise(np.linspace(0, along_y, PARTS + 1).astype(int))]
    waves = np.empty((deep, *kernel.shape[1:]), dtype=np.complex64)
    grid = np.empty_like(charges)

    def forward(part: slice) -> None:
        lines = np.asarray(scipy.fft.rfft(charges[part], along_z, axis=2))
        waves[part] = np.asarray(scipy.fft.fft(lines, along_y, axis=1))

    def multiply(band: slice) -> None:
        planes = np.asarray(scipy.fft.fft(waves[:, band], along_x, axis=0)) * kernel[:, band]
        waves[:, band] = np.asarray(scipy.fft.ifft(planes, axis=0, overwrite_x=True))[:deep]

    def back(part: slice) -> None:
        lines = np.asarray(scipy.fft.ifft(waves[part], axis=1))[:, :high]
        grid[part] = np.asarray(scipy.fft.irfft(lines, along_z, axis=2))[..., :wide]

    with ThreadPoolExecutor(min(jobs, cores())) as pool:
        for work, slices in ((forward, parts), (multiply, bands), (back, parts)):
            list(pool.map(work, slices))
    return grid


@njit(fastmath=True, cache=True)
def _weights(after: np.float32) -> tuple:
    """Weigh the four nodes around a point by a cubic B-spline."""
    before = np.float32(1) - after
    squared, cubed = after * after, after * after * after
    first = before * before * before / np.float32(6)
    second = np.float32(2 / 3) - squared + cubed / np.float32(2)
    fourth = cubed / np.float32(6)
    return first, second, np.float32(1) - first - second - fourth, fourth


@njit(fastmath=True, cache=True)
def _slopes(after: np.float32) -> tuple:
    """Give the derivatives of the weights."""
    before = np.float32(1) - after
    first, fourth = -before * before / np.float32(2), after * after / np.float32(2)
    second = np.float32(1.5) * after * after - np.float32(2) * after
    return first, second, -first - second - fourth, fourth


@njit(parallel=True, fastmath=True, cache=True)
def _spread(points: np.ndarray, density: np.float32, charges: np.ndarray) -> None:
    """Give each point's charge of 1 to the nodes around it."""
    parts, count = len(charges), len(points)
    for part in prange(parts):
        grid = charges[part]
        for point in range(part * count // parts, (part + 1) * count // parts):
            x, y, z = points[point, 0] * density, points[point, 1] * density, points[point, 2] * density
            a, b, c = int(x), int(y), int(z)
            along_x, along_y, along_z = _weights(x - a), _weights(y - b), _weights(z - c)
            for i in range(4):
                for j in range(4):
                    weight = along_x[i] * along_y[j]
                    for k in range(4):
                        grid[a + i, b + j, c + k] += weight * along_z[k]


@njit(parallel=True, fastmath=True, cache=True)
def _gather(
    points: np.ndarray, density: np.float32, grid: np.ndarray, forces: np.ndarray, potential: np.ndarray
) -> None:
    """Read the field at each point, and half its downward slope."""
    half = np.float32(-0.5) * density
    for point in prange(len(points)):
        x, y, z = points[point, 0] * density, points[point, 1] * density, points[point, 2] * density
        a, b, c = int(x), int(y), int(z)
        along_x, along_y, along_z = _weights(x - a), _weights(y - b), _weights(z - c)
        slope_x, slope_y, slope_z = _slopes(x - a), _slopes(y - b), _slopes(z - c)
        value, force_x, force_y, force_z = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
        for i in range(4):
            for j in range(4):
                level, rise = np.float32(0), np.float32(0)
                for k in range(4):
                    level += grid[a + i, b + j, c + k] * along_z[k]
                    rise += grid[a + i, b + j, c + k] * slope_z[k]
                value += along_x[i] * along_y[j] * level
                force_x += slope_x[i] * along_y[j] * level
                force_y += along_x[i] * slope_y[j] * level
                force_z += along_x[i] * along_y[j] * rise
        potential[point] = value
        forces[point, 0], forces[point, 1], forces[point, 2] = half * force_x, half * force_y, half * force_z


@njit(parallel=True, fastmath=True, cache=True)
def _add_near(
    xs: np.ndarray,
    ys: np.ndarray,
    zs: np.ndarray,
    starts: np.ndarray,
    cells: np.ndarray,
    limit: np.float32,
    forces: np.ndarray,
    potential: np.ndarray,
) -> Any:
    """Add the near part of the kernel of all pairs; gives how many pairs were looked at."""
    one, zero, four = np.float32(1), np.float32(0), np.float32(4)
    share = one / (one + limit)
    looked_at = 0
    for cell in prange(cells[0] * cells[1] * cells[2]):
        first, end = starts[cell], starts[cell + 1]
        if first == end:
            continue
        a, b, c = cell // (cells[1] * cells[2]), (cell // cells[2]) % cells[1], cell % cells[2]
        # The cells of a row along z hold neighbouring points of the sorted order.
        lowest, highest = max(c - CELLS, 0), min(c + CELLS, cells[2] - 1)
        for point in range(first, end):
            x, y, z = xs[point], ys[point], zs[point]
            force_x, force_y, force_z, value = zero, zero, zero, zero
            for other_a in range(max(a - CELLS, 0), min(a + CELLS, cells[0] - 1) + 1):
                for other_b in range(max(b - CELLS, 0), min(b + CELLS, cells[1] - 1) + 1):
                    row = (other_a * cells[1] + other_b) * cells[2]
                    begin, stop = starts[row + lowest], starts[row + highest + 1]
                    looked_at += stop - begin
                    for other in range(begin, stop):
                        dx, dy, dz = x - xs[other], y - ys[other], z - zs[other]
                        squared = dx * dx + dy * dy + dz * dz
                        q = max(limit - squared, zero) * share
                        kernel = one / (one + squared)
                        cubed = q * q * q
                        near = cubed * q * kernel
                        value += near
                        factor = (four * cubed * share + near) * kernel
                        force_x += factor * dx
                        force_y += factor * dy
                        force_z += factor * dz
            # The pair of a point with itself does not count.
            itself = limit * share
            potential[point] += value - itself * itself * itself * itself
            forces[point, 0] += force_x
            forces[point, 1] += force_y
            forces[point, 2] += force_z
    return looked_at
