"""Which traces an autoencoder, a GAN and the sample's forgeries leave, by scale (chapter 00)."""

import cv2
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure

from dfd import dataset, embedding, faces, unlike
from dfd.run import Run
from study import alignment, crossfit, gan, linear_probe, measuring, plots, statistics, truth
from study.experiments import face_swap, gan_detector
from study.records import Depth, Result
from study.statistics import Interval

UNIT = "pairs, drawings and actors"
LONG = True
SIDE = 128
"""Of the aligned faces whose roughness is compared, in pixels."""

FACES = 4
"""Faces of a video of the sample, averaged."""

DRAWINGS = 64
BANDS = [f"band {number}" for number in range(unlike.RINGS)]
SWAP, DRAWN = "this chapter's swap", "this chapter's GAN"
ENLARGED = "photograph, halved and enlarged"
"""The control: what stretching alone does to a face that nobody has forged."""
FINEST = 4
"""Bands that count as fine detail."""


measure = measuring.of(__name__)


def inputs(run: Run) -> list:
    """List what the table depends on besides code."""
    return crossfit.inputs(run)


def obstacle(run: Run) -> str:
    """Say why this run cannot compare forgeries with photographs; empty if it can."""
    return face_swap.without_pair(run) or crossfit.obstacle(run)


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Compare the roughness of forgeries with that of what they were made from: one row for each."""
    pairs = face_swap.pairs(run)[: face_swap.PAIRS[depth]]
    swapped = [_of_swaps(run, pair) for pair in pairs]
    others = [_of_drawings(run, depth), _of_fakes(run), _of_enlarged(run)]
    return pd.concat([*swapped, *others], ignore_index=True)


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Compute the change of fine detail by kind of forgery, as the logarithm of a ratio of powers."""
    fine = table[BANDS[-FINEST:]].mean(axis=1)
    return {
        f"change of fine detail, {kind}": _mean(fine[rows.index].to_numpy(), rows["unit"])
        for kind, rows in table.groupby("kind", sort=False)
    }


def draw(result: Result) -> Figure:
    """Draw, band by band from coarse to fine, how much rougher or smoother each kind of forgery is."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    figure, panel = plt.subplots(figsize=(7.5, 4))
    frequencies = (np.arange(unlike.RINGS) + 0.5) / unlike.RINGS / 2
    for colour, (kind, rows) in zip(plots.COLOURS, result.table.groupby("kind", sort=False), strict=False):
        values = rows[BANDS].to_numpy()
        panel.plot(frequencies, values.mean(axis=0), color=colour, label=kind)
        quartiles = np.quantile(values, [0.25, 0.75], axis=0)
        panel.fill_between(frequencies, *quartiles, color=colour, alpha=0.15, lw=0)
    panel.axhline(0, color="0.3", lw=1)
    panel.set(xlabel="cycles for each pixel (coarse to fine)", ylabel="change of log power")
    panel.legend(fontsize=8)
    return figure


def examples(run: Run, depth: Depth = "quick") -> Figure:
    """Show real faces of the sample beside what this chapter's networks and the sample's methods make.

    Parameters
    ----------
    run : Run
        The run.
    depth : str
        Which GAN draws.

    Returns
    -------
    Figure
        Aligned faces, each under what it is.
    """
    if reason := obstacle(run):
        return plots.obstacle_figure(reason)
    pair = face_swap.pairs(run)[0]
    swapped = face_swap.swaps(run, pair, face_swap.SWAPPING)[0]
    matrix = alignment.matrices(alignment.in_crop(run, face_swap.person_faces(run, pair[0])[1][:1]), SIDE)
    made = {
        "REAL": alignment.align(swapped.crop[None], matrix, SIDE)[0],
        SWAP: alignment.align(swapped.blended[None], matrix, SIDE)[0],
        DRAWN: _drawn(run, depth, 1)[0],
    }
    some = _some(run)
    rows = _with_method(run, embedding.spread_faces(some[dataset.is_fake(some)], {"FAKE": 1}))
    first = rows.drop_duplicates("kind")
    made |= dict(zip(first["kind"], alignment.aligned(run, first, SIDE), strict=True))
    return plots.gallery(list(made.values()), list(made), columns=len(made), side=1.5)


def _some(run: Run) -> pd.DataFrame:
    """List the faces of some sources, drawn at random; of the sample all."""
    return linear_probe.some_sources(run, faces.table(run), gan_detector.MOST_SOURCES)


def _of_swaps(run: Run, pair: tuple[str, str]) -> pd.DataFrame:
    rows = face_swap.person_faces(run, pair[0])[1]
    transforms = alignment.matrices(alignment.in_crop(run, rows), SIDE)
    swaps = face_swap.swaps(run, pair, face_swap.SWAPPING)
    before, after = (
        _bands(alignment.align(np.stack(pictures), transforms, SIDE))
        for pictures in ([swap.crop for swap in swaps], [swap.blended for swap in swaps])
    )
    return pd.DataFrame(after - before, columns=BANDS).assign(kind=SWAP, unit=" and ".join(pair))


def _of_drawings(run: Run, depth: Depth) -> pd.DataFrame:
    learned = gan_detector.learned_from(run, crossfit.folds(run, depth)[0], depth)
    real = embedding.spread_faces(learned[learned["label"] == "REAL"], {"REAL": FACES})
    usual = _bands(alignment.aligned(run, real, SIDE)).mean(axis=0)
    changed = _bands(_drawn(run, depth, DRAWINGS)) - usual
    units = [f"drawing {number}" for number in range(DRAWINGS)]
    return pd.DataFrame(changed, columns=BANDS).assign(kind=DRAWN, unit=units)


def _of_fakes(run: Run) -> pd.DataFrame:
    """Compare each fake with its own original, where both have faces."""
    rows = truth.with_unit(run, embedding.spread_faces(_some(run), dict.fromkeys(dataset.LABELS, FACES)))
    bands = pd.DataFrame(_bands(alignment.aligned(run, rows, SIDE)), columns=BANDS)
    facts = rows[["video", "source", "unit", "label"]].reset_index(drop=True)
    of_videos = facts.join(bands).groupby(["video", "source", "unit", "label"]).mean().reset_index()
    originals = of_videos[of_videos["label"] == "REAL"].set_index("source")[BANDS]
    fakes = of_videos[dataset.is_fake(of_videos) & of_videos["source"].isin(originals.index)]
    fakes = _with_method(run, fakes).reset_index(drop=True)
    changed = fakes[BANDS].to_numpy() - originals.loc[fakes["source"], BANDS].to_numpy()
    return pd.DataFrame(changed, columns=BANDS).assign(kind=fakes["kind"], unit=fakes["unit"])


def _of_enlarged(run: Run) -> pd.DataFrame:
    """Compare photographs with themselves, drawn with half as many pixels and enlarged again."""
    some = _some(run)
    rows = truth.with_unit(run, embedding.spread_faces(some[~dataset.is_fake(some)], {"REAL": FACES}))
    images = alignment.aligned(run, rows, SIDE)
    changed = _bands(_enlarged(alignment.aligned(run, rows, SIDE // 2))) - _bands(images)
    bands = pd.DataFrame(changed, columns=BANDS).assign(video=rows["video"].to_numpy())
    of_videos = bands.groupby("video").mean()
    units = rows.drop_duplicates("video").set_index("video").loc[of_videos.index, "unit"]
    return of_videos.reset_index(drop=True).assign(kind=ENLARGED, unit=units.to_numpy())


def _with_method(run: Run, fakes: pd.DataFrame) -> pd.DataFrame:
    """Add how each fake was made, as the column kind."""
    made = truth.videos(run)
    kinds = None if made is None else made.set_index("video")["method"].dropna()
    return fakes.assign(kind="fakes" if kinds is None else fakes["video"].map(kinds))


def _drawn(run: Run, depth: Depth, count: int) -> np.ndarray:
    trained = gan_detector.train(run, crossfit.folds(run, depth)[0], depth)
    noise = torch.randn(count, gan.NOISE, generator=torch.Generator().manual_seed(run.seed))
    return _enlarged(gan.sample(trained.generator, noise))


def _enlarged(images: np.ndarray) -> np.ndarray:
    return np.stack([cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC) for image in images])


def _bands(images: np.ndarray) -> np.ndarray:
    return unlike.spectra(images)[:, : unlike.RINGS]


def _mean(values: np.ndarray, units: pd.Series) -> Interval:
    return statistics.bootstrap(lambda weights: float(np.average(values, weights=weights)), units)
