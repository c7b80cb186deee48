"""Pictures of where a network with a learned attention map looks, after the report's Figure 1.8."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dfd import dataset, faces, loading, tables, training
from dfd.classifier import Classifier
from dfd.run import Run
from study import comparing, crossfit, dependencies, kept, plots
from study.crossfit import Fold
from study.kept import Trained
from study.methods import attention, networks
from study.methods.method import some_faces

EXAMPLES = 6
"""Fakes that are shown."""

RATE = 5e-4
"""Learning rate, as `study.methods.attention` has it."""


def draw(run: Run) -> Figure:
    """Show fakes of the test split, what the trained map lets pass, and the mean over many faces.

    Parameters
    ----------
    run : Run
        The run; the network is trained for one pass, on the train split, unless that has been done.

    Returns
    -------
    Figure
        Above the crops, below the map over them, at the right the mean maps of fakes and of originals; or why
        there are none.
    """
    if reason := crossfit.obstacle(run):
        return plots.obstacle_figure(reason)
    fold = crossfit.folds(run, "quick")[0]
    rows = _faces(run, fold, "judged").groupby("video", sort=False).first().reset_index()
    pictures = loading.resized(faces.images(run, rows["face_id"].to_list()), networks.SIZE)
    maps = attention.maps(network(run, fold).backbone, pictures)
    fake = dataset.is_fake(rows)
    shown = np.flatnonzero(fake)[np.linspace(0, fake.sum() - 1, EXAMPLES).astype(int)]
    return _figure(pictures[shown], maps[shown], {"fakes": maps[fake], "originals": maps[~fake]})


def network(run: Run, fold: Fold) -> Classifier:
    """Train the network of `study.methods.attention` for one pass, or load it.

    Parameters
    ----------
    run : Run
        The run.
    fold : Fold
        What is held out.

    Returns
    -------
    Classifier
        In evaluation mode, on the CPU.
    """
    own = networks.recipe(attention.ATTENTION.name, RATE, fold.seed, shown=networks.PASS)

    def anew() -> Trained:
        rows = _faces(run, fold, "train")
        return {"weights": networks.train(run, rows, own, attention.layers).state_dict()}

    parts = ((networks, "train"), (attention, "layers"), (comparing, "divide"))
    code = [dependencies.code_hash(module.__name__, start=start) for module, start in parts]
    made_from = tables.fingerprint(*code, crossfit.inputs(run), vars(own))
    trained = kept.reuse_or_train(run, "attention-map", made_from, anew)
    model = Classifier(*attention.layers(run), own.head, own.dropout)
    model.load_state_dict(trained["weights"])
    return model.eval()


def _faces(run: Run, fold: Fold, part: str) -> pd.DataFrame:
    videos = comparing.divide(run, fold, "quick")
    return some_faces(training.labelled_faces(run, set(videos.loc[videos["part"] == part, "video"])))


def _figure(pictures: np.ndarray, maps: np.ndarray, means: dict[str, np.ndarray]) -> Figure:
    """Draw crops, maps over them and mean maps, all maps on one scale."""
    figure, axes = plt.subplots(2, EXAMPLES + 1, figsize=(1.5 * (EXAMPLES + 1), 3.2), layout="constrained")
    low, high = np.percentile(maps, [1, 99])
    style = {"cmap": "inferno", "vmin": low, "vmax": high}
    extent = (0, pictures.shape[2], pictures.shape[1], 0)
    for column, (picture, own) in enumerate(zip(pictures, maps, strict=True)):
        axes[0, column].imshow(picture)
        axes[1, column].imshow(picture)
        axes[1, column].imshow(own, alpha=0.6, extent=extent, **style)
    for panel, (name, several) in zip(axes[:, -1], means.items(), strict=True):
        shown = panel.imshow(several.mean(axis=0), **style)
        panel.set_title(f"mean, {name}", fontsize=8)
    for panel in axes.flat:
        panel.set(xticks=[], yticks=[])
        panel.grid(visible=False)
        panel.spines[:].set_visible(False)
    figure.colorbar(shown, ax=axes, label="share that passes", shrink=0.8)
    return figure
