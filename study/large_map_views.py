"""What is shown of the maps of up to 260,000 faces: times, quality, and a picture of one."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from dfd import tables
from study import growth, plots
from study.experiments.large_maps import ON_GPU, OPENTSNE, OURS, SHOWN, STEPS, map_path

SCORES = ("divergence", "trustworthiness", "preservation", "ARI people", "ARI sources")

PIXELS = 450
"""Width of the picture of a map."""


def table(stored: dict | None) -> pd.DataFrame:
    """Turn what is stored into a table.

    Parameters
    ----------
    stored : dict or None
        As `study.results.read` gives it.

    Returns
    -------
    DataFrame
        One row for each map: method, n, seed, seconds (in all) and what it has noted.
    """
    if stored is None:
        return pd.DataFrame(columns=["method", "n", "seed", "seconds", "gigabytes", "width", *STEPS, *SCORES])
    rows = pd.DataFrame(stored["rows"])
    return rows.assign(seconds=rows[[step for step in STEPS if step in rows]].sum(axis=1))


def draw(stored: dict | None) -> Figure:
    """Draw the time that a map takes against the number of faces.

    Parameters
    ----------
    stored : dict or None
        As `study.results.read` gives it.

    Returns
    -------
    Figure
        A sentence where nothing is stored.
    """
    if stored is None:
        return plots.obstacle_figure("No maps of many faces are stored.")
    rows = table(stored).rename(columns={"method": "algorithm", "seed": "repeat"})
    figure = growth.draw(rows.sort_values("n", kind="stable"), "faces")
    figure.axes[0].set_title(f"{stored['machine']}; {stored['date']}", fontsize="small")
    return figure


def draw_map() -> Figure:
    """Draw the stored map, seen along its third axis.

    A pixel has the mean colour of the people whose faces lie in it, and is the darker the more there are.

    Returns
    -------
    Figure
        A sentence where no map is stored.
    """
    if not map_path().is_file():
        return plots.obstacle_figure("No map of many faces is stored.")
    points = tables.read(map_path())
    places = points[["x", "y"]].to_numpy(float)
    lowest, width = places.min(axis=0), np.ptp(places, axis=0).max()
    column, row = np.minimum((places - lowest) / width * PIXELS, PIXELS - 1).astype(int).T
    people = points["person"].max() + 1
    palette = np.array(sns.husl_palette(people, s=0.9, l=0.5))
    colours = palette[np.random.default_rng(0).permutation(people)[points["person"]]]
    sums, counts = np.zeros((PIXELS, PIXELS, 3)), np.zeros((PIXELS, PIXELS, 1))
    np.add.at(sums, (row, column), colours)
    np.add.at(counts, (row, column), 1)
    strength = np.clip(0.6 + 0.4 * np.log1p(counts) / np.log1p(np.quantile(counts[counts > 0], 0.99)), 0, 1)
    picture = np.where(counts > 0, 1 - strength * (1 - sums / np.maximum(counts, 1)), 1)
    figure, axes = plt.subplots(figsize=(7, 7))
    axes.imshow(picture, origin="lower", interpolation="nearest")
    axes.set_axis_off()
    return figure


def steps(stored: dict | None, on_gpu: bool = False) -> pd.DataFrame:
    """Say how long each step of `dfd.reduction`'s way took, and how much memory.

    Parameters
    ----------
    stored : dict or None
        As `study.results.read` gives it.
    on_gpu : bool
        Whether the maps that a GPU has placed are meant.

    Returns
    -------
    DataFrame
        Indexed by number of faces: seconds of each of `STEPS` and in all, and the most gigabytes; medians
        over the seeds.
    """
    rows = table(stored)
    rows = rows[rows["method"] == (ON_GPU if on_gpu else OURS)].groupby("n")
    return rows[[*STEPS, "seconds", "gigabytes"]].median()


def quality(stored: dict | None) -> pd.DataFrame:
    """Put the quality of `dfd.reduction`'s maps beside openTSNE's of the same faces.

    Parameters
    ----------
    stored : dict or None
        As `study.results.read` gives it.

    Returns
    -------
    DataFrame
        One row for each number of faces and seed that both have placed: how many times as fast ours was, its
        divergence as a multiple of openTSNE's, and the differences of the other `SCORES`.
    """
    rows = table(stored).set_index(["n", "seed"])
    ours, theirs = (rows[rows["method"] == method] for method in (OURS, OPENTSNE))
    ours, theirs = (both.loc[ours.index.intersection(theirs.index)] for both in (ours, theirs))
    shown = {
        "times as fast": theirs["seconds"] / ours["seconds"],
        "divergence": ours["divergence"] / theirs["divergence"],
        **{name: ours[name] - theirs[name] for name in SCORES[1:]},
    }
    return pd.DataFrame(shown)


def divergences(stored: dict | None) -> pd.DataFrame:
    """Put the divergences of all methods beside each other.

    Parameters
    ----------
    stored : dict or None
        As `study.results.read` gives it.

    Returns
    -------
    DataFrame
        One row for each number of faces, one column for each method: medians over the seeds.
    """
    return table(stored).pivot_table(index="n", columns="method", values="divergence", aggfunc="median")


def ways(stored: dict | None) -> pd.DataFrame:
    """Put the ways to place the faces of the map that is shown beside each other.

    Parameters
    ----------
    stored : dict or None
        As `study.results.read` gives it.

    Returns
    -------
    DataFrame
        One row for each method, the fastest first: seconds in all, the width of the map, and three scores;
        medians over the seeds.
    """
    rows = table(stored)
    rows = rows[rows["n"] == SHOWN].groupby("method")
    shown = ["seconds", "width", "divergence", "preservation", "ARI people"]
    return rows[shown].median().sort_values("seconds")
