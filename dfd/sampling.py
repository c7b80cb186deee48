"""Draws of whole videos, where a run has more faces than a stage takes."""

import pandas as pd


def some_videos(table: pd.DataFrame, most: int, seed: int) -> pd.DataFrame:
    """Draw videos at random, REAL and FAKE in proportion, until all their faces are as many as wanted.

    Parameters
    ----------
    table : DataFrame
        Faces, with the columns video and label.
    most : int
        Largest number of faces. There is one video at least, however many faces it has.
    seed : int
        Seed of the random draw. Of the same videos a larger number of faces draws the same ones and more,
        and so does the same number if there are fewer faces of each video.

    Returns
    -------
    DataFrame
        All rows of these videos, in the same order; all of `table` if they are no more than `most`.

    Examples
    --------
    >>> import pandas as pd
    >>> from dfd import sampling
    >>> table = pd.DataFrame({"video": [*"aaaabbbbccdd"], "label": ["REAL"] * 8 + ["FAKE"] * 4})
    >>> some = sampling.some_videos(table, 6, seed=0)
    >>> some.groupby("video")["label"].agg(["first", "size"]).to_dict("index")
    {'b': {'first': 'REAL', 'size': 4}, 'c': {'first': 'FAKE', 'size': 2}}
    """
    if len(table) <= most:
        return table
    videos = table.groupby("video").agg(label=("label", "first"), faces=("label", "size"))
    videos = videos.sample(frac=1, random_state=seed)
    # The videos of each label are spread evenly over the order, so every beginning of it has the proportion.
    labels = videos.groupby("label")["label"]
    place = (labels.cumcount() + 0.5) / labels.transform("size")
    videos = videos.loc[place.sort_values(kind="stable").index]
    count = max(int((videos["faces"].cumsum() <= most).sum()), 1)
    return table[table["video"].isin(videos.index[:count])]
