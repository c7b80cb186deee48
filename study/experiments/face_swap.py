"""Whether a swapped face looks more like its donor, to a network that tells people apart (chapter 00)."""

from functools import lru_cache

import cv2
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dfd import dataset, embedding, faces, progress, tables
from dfd.run import Run
from study import alignment, autoencoder, dependencies, kept, measuring, plots, statistics, swapping, truth
from study.autoencoder import SIDE, Training
from study.kept import Trained
from study.records import Depth, Result
from study.statistics import Interval
from study.swapping import Swap

UNIT = "pairs of people"
LONG = True
STEPS = 300
PAIRS: dict[Depth, int] = {"quick": 2, "full": 12}
SWAPPED = 8
"""Faces of the person filmed that are swapped; the network is trained on the others."""

FEWEST = 16
"""Faces that a person needs: `SWAPPED` of them are kept from training."""

MOST = 60
"""People of a split among whom pairs are looked for, at most."""

SWAPPING, CONTROL = "two decoders", "one decoder"
NETWORKS = {SWAPPING: 2, CONTROL: 1}


measure = measuring.of(__name__)


def inputs(run: Run) -> list:
    """List what the table depends on besides code."""
    faces.table(run)
    return [
        tables.stored_fingerprint(faces.path(run)),
        tables.stored_fingerprint(dataset.path(run)),
        run.seed,
    ]


def obstacle(run: Run) -> str:
    """Say why this run cannot measure swaps; empty if it can."""
    if reason := without_pair(run):
        return reason
    if "dlib" not in embedding.models(run):
        return "The extra detectors is not installed, which brings the network that tells people apart."
    return ""


def without_pair(run: Run) -> str:
    """Say why this run has nobody whose faces could be swapped.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    str
        One sentence; empty if there is a pair.
    """
    if len(pairs(run)):
        return ""
    return f"No two people of one split have {FEWEST} faces each in REAL videos, so nothing can be swapped."


@lru_cache(maxsize=1)
def pairs(run: Run) -> tuple[tuple[str, str], ...]:
    """List pairs of people of one split who look alike, the person filmed first and the donor second.

    As makers of deepfakes do, each face is given to somebody of a like colour.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    tuple of tuple of str
        Nobody is in two pairs; the most alike come first, split by split.
    """
    rows = _alone(run)
    counts = rows.groupby("unit")["face_id"].transform("size")
    rows = rows[counts >= FEWEST]
    couples: list[tuple[str, str]] = []
    for split in dataset.SPLITS:
        people = rows[rows["split"] == split]
        names = sorted(people["unit"].unique())[:MOST]
        colours = [_colour(run, people[people["unit"] == name]) for name in names]
        couples += [(names[first], names[second]) for first, second in _nearest(np.array(colours))]
    return tuple(couples)


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Swap faces and measure how far they are from both people: one row for each pair, network and face."""
    embed = embedding.embedder(run, "dlib")
    wanted = pairs(run)[: PAIRS[depth]]
    tracked = progress.track(wanted, "swapping faces", len(wanted), "pair")
    rows = [_distances(run, pair, name, embed) for pair in tracked for name in NETWORKS]
    return pd.concat(rows, ignore_index=True)


@lru_cache(maxsize=4)
def train(run: Run, pair: tuple[str, str], network: str) -> Training:
    """Train the autoencoder of a pair, or load it: the chapter and the measurement share it.

    Parameters
    ----------
    run : Run
        The run.
    pair : tuple of str
        One of `pairs`.
    network : str
        One of `NETWORKS`.

    Returns
    -------
    Training
    """

    def anew() -> Trained:
        learned = [person_faces(run, name)[0] for name in pair]
        first, second = (alignment.aligned(run, rows, SIDE) for rows in learned)
        return autoencoder.train((first, second), STEPS, run.seed, NETWORKS[network]).pack()

    code = dependencies.code_hash(autoencoder.__name__, start="train")
    made_from = tables.fingerprint(code, inputs(run), pair, network, STEPS)
    name = "-".join(["swap", *pair, network]).replace(" ", "-")
    return Training.unpack(kept.reuse_or_train(run, name, made_from, anew))


def person_faces(run: Run, name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Divide a person's faces into those to learn from and those to swap.

    Parameters
    ----------
    run : Run
        The run.
    name : str
        The person: an actor, or without truth tables a source.

    Returns
    -------
    learned, swapped : DataFrame
        Rows of the faces table; `SWAPPED` of them, spread over the videos, are swapped.
    """
    rows = _alone(run)
    rows = rows[rows["unit"] == name].sort_values(["video", "frame"]).reset_index(drop=True)
    places = np.linspace(0, len(rows) - 1, SWAPPED).round().astype(int)
    return rows.drop(index=list(places)), rows.loc[list(places)]


def swaps(run: Run, pair: tuple[str, str], network: str) -> list[Swap]:
    """Put the donor's face into pictures of the person filmed that the network has not seen.

    Parameters
    ----------
    run : Run
        The run.
    pair : tuple of str
        One of `pairs`.
    network : str
        One of `NETWORKS`.

    Returns
    -------
    list of Swap
    """
    rows = person_faces(run, pair[0])[1]
    crops = faces.images(run, rows["face_id"].to_list())
    trained = train(run, pair, network).network
    return [
        swapping.swap(trained, crop, marks)
        for crop, marks in zip(crops, alignment.in_crop(run, rows), strict=True)
    ]


def draw_training(run: Run) -> Figure:
    """Show the training of a pair, as `study.swapping.filmstrip` does.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    Figure
        Of the second pair, whose people turn their heads more; or why there is none.
    """
    if reason := without_pair(run):
        return plots.obstacle_figure(reason)
    return swapping.filmstrip(train(run, pairs(run)[:2][-1], SWAPPING))


def draw_steps(run: Run) -> Figure:
    """Show the steps of two swaps of each of two pairs, as `study.swapping.draw` does.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    Figure
        Or why there is no pair.
    """
    if reason := without_pair(run):
        return plots.obstacle_figure(reason)
    shown = [swaps(run, pair, SWAPPING)[:: SWAPPED // 2] for pair in pairs(run)[:2]]
    return swapping.draw([swap for several in shown for swap in several])


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Compute mean distances, how much nearer the donor a face is than the person filmed, and how often."""
    estimates = {}
    for name, rows in [("as filmed", table[table["network"] == SWAPPING]), *table.groupby("network")]:
        when = "before" if name == "as filmed" else "after"
        to = {who: rows[f"to {who} {when}"].to_numpy() for who in ("donor", "person filmed")}
        nearer = to["person filmed"] - to["donor"]
        for who, distances in to.items():
            estimates[f"to the {who}, {name}"] = _mean(distances, rows["unit"])
        estimates[f"nearer the donor by, {name}"] = _mean(nearer, rows["unit"])
        estimates[f"nearer the donor, {name}"] = statistics.rate(nearer > 0, rows["unit"])
    return estimates


def draw(result: Result) -> Figure:
    """Draw how far faces are from the donor and from the person filmed, before and after the swap."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    figure, panel = plt.subplots(figsize=(5.8, 4.6))
    table = result.table
    swapped = table[table["network"] == SWAPPING]
    groups = {
        "as filmed": (swapped, "before"),
        "swapped": (swapped, "after"),
        "swapped, one decoder": (table[table["network"] == CONTROL], "after"),
    }
    for colour, marker, (name, (rows, when)) in zip(plots.COLOURS, "osx", groups.items(), strict=False):
        panel.plot(
            rows[f"to donor {when}"],
            rows[f"to person filmed {when}"],
            marker,
            ms=4,
            alpha=0.7,
            color=colour,
            label=name,
        )
    ends = [0, float(table.filter(like="to ").to_numpy().max()) * 1.05]
    panel.plot(ends, ends, ls="--", color="0.5")
    panel.set(xlabel="distance to the donor", ylabel="distance to the person filmed", xlim=ends, ylim=ends)
    panel.legend(loc="lower left", fontsize=9)
    return figure


def _distances(run: Run, pair: tuple[str, str], name: str, embed: embedding.Embedder) -> pd.DataFrame:
    means = {
        who: embed(faces.images(run, person_faces(run, person)[0]["face_id"].to_list()[::4])).mean(axis=0)
        for who, person in zip(("person filmed", "donor"), pair, strict=True)
    }
    pictures = swaps(run, pair, name)
    vectors = {
        "before": embed(np.stack([picture.crop for picture in pictures])),
        "after": embed(np.stack([picture.blended for picture in pictures])),
    }
    distances = {
        f"to {who} {when}": np.linalg.norm(vectors[when] - mean, axis=1)
        for who, mean in means.items()
        for when in vectors
    }
    return pd.DataFrame({"unit": " and ".join(pair), "network": name, **distances})


def _alone(run: Run) -> pd.DataFrame:
    """REAL faces of videos that never show two at a time, with the person each is taken for."""
    rows = faces.table(run)
    rows = dataset.with_source(run, rows[rows["label"] == "REAL"])
    crowded = rows.loc[rows.duplicated(["video", "frame"]), "video"]
    return truth.with_unit(run, rows[~rows["video"].isin(crowded)])


def _colour(run: Run, rows: pd.DataFrame) -> np.ndarray:
    """Mean colour of a person's face, in the space Lab."""
    images = alignment.aligned(run, rows.iloc[:: max(len(rows) // 4, 1)], SIDE)
    inside = alignment.mask(SIDE) > 0.5
    return np.mean([cv2.cvtColor(image, cv2.COLOR_RGB2LAB)[inside].mean(axis=0) for image in images], axis=0)


def _nearest(points: np.ndarray) -> list[tuple[int, int]]:
    """Pair points, always the two nearest of those that are left."""
    if len(points) < 2:
        return []
    first, second = np.triu_indices(len(points), k=1)
    distances = np.linalg.norm(points[first] - points[second], axis=1)
    left, couples = set(range(len(points))), []
    for place in np.argsort(distances, kind="stable"):
        couple = int(first[place]), int(second[place])
        if left.issuperset(couple):
            left.difference_update(couple)
            couples.append(couple)
    return couples


def _mean(values: np.ndarray, units: pd.Series) -> Interval:
    return statistics.bootstrap(lambda weights: float(np.average(values, weights=weights)), units)
