"""Rows of face crops, as the report shows those of its clusters."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

SIDE = 1.0
"""Width and height of a crop in inches."""


def rows(pictures: Mapping[str, np.ndarray]) -> Figure:
    """Show faces in rows, each with a title.

    Parameters
    ----------
    pictures : mapping of str to ndarray of uint8, shape (n, size, size, 3)
        Title of each row, and its faces, RGB.

    Returns
    -------
    Figure
    """
    columns = max(map(len, pictures.values()))
    figure = plt.figure(figsize=(SIDE * columns, 1.3 * SIDE * len(pictures)))
    parts = np.ravel(np.asarray(figure.subfigures(len(pictures), 1), dtype=object))
    for part, (title, images) in zip(parts, pictures.items(), strict=True):
        part.suptitle(title, x=0.005, ha="left", fontsize="small")
        _fill(part.subplots(1, columns, squeeze=False)[0], images)
    return figure


def side_by_side(
    blocks: Mapping[str, Sequence[np.ndarray]], frames: Mapping[str, Sequence[Sequence[str]]]
) -> Figure:
    """Show blocks of rows beside each other, with a frame around some of the faces.

    Parameters
    ----------
    blocks : mapping of str to sequence of ndarray of uint8, shape (n, size, size, 3)
        Title of each block, and its rows of faces, RGB; all blocks have the same number of rows.
    frames : mapping of str to sequence of sequence of str
        Colour of the frame around each of these faces; empty for none.

    Returns
    -------
    Figure
    """
    count = max(len(block) for block in blocks.values())
    widths = [max((len(row) for row in block), default=1) for block in blocks.values()]
    figure = plt.figure(figsize=(SIDE * sum(widths), SIDE * count + 0.3))
    parts = np.ravel(np.asarray(figure.subfigures(1, len(blocks), width_ratios=widths), dtype=object))
    for part, width, (title, block) in zip(parts, widths, blocks.items(), strict=True):
        part.suptitle(title, fontsize="medium")
        grid = part.subplots(count, width, squeeze=False)
        for line in grid[len(block) :]:
            _fill(line, np.empty(0))
        for line, images, colours in zip(grid, block, frames[title], strict=False):
            _fill(line, images)
            for axes, colour in zip(line, colours, strict=False):
                for side in axes.spines.values():
                    side.set(visible=bool(colour), linewidth=3, color=colour or "white")
    return figure


def _fill(line: np.ndarray, images: np.ndarray) -> None:
    for axes in line:
        axes.set(xticks=[], yticks=[])
        axes.grid(visible=False)
        for side in axes.spines.values():
            side.set_visible(False)
    for axes, image in zip(line, images, strict=False):
        axes.imshow(image)
