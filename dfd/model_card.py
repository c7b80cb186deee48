"""The model card: what a model is, what it learned from, and what was measured of it, as Markdown."""

from typing import Any


def text(about: dict[str, Any]) -> str:
    """Write the card.

    Parameters
    ----------
    about : dict
        As `dfd.model.Model.about` has it.

    Returns
    -------
    str
        Markdown.

    References
    ----------
    M. Mitchell et al., Model cards for model reporting, FAT* 2019.
    """
    limits = "\n".join(f"| {what} | {value} |" for what, value in about["limits"].items())
    recipe = "\n".join(f"| {what} | {value} |" for what, value in about["recipe"].items())
    versions = ", ".join(f"{package} {version}" for package, version in about["versions"].items())
    return f"""# Model card

A classifier of face crops that tells videos with swapped or altered faces (FAKE) from unaltered ones (REAL).
It was trained by `dfd train` on {about["made"]}; `dfd predict --model FOLDER VIDEO` uses it.

## What it learned from

{about["data"]}

{about["videos"]}. Of the videos that it learned from {about["prior"]:.0%} are fakes; its
probabilities are for the share that `--prior` says, one half by default.

## What it is good for

Videos like those that it learned from. A video that is unlike them is scored with a warning, and its score
says nothing. No score is a proof: a fake can be made by a method that the model has never seen.

## What was measured

On the videos of the test split, whose people the model has not seen:

| measure | value |
|---|---|
{limits}

## How it was trained

| setting | value |
|---|---|
{recipe}

Fingerprint of data and recipe: `{about["made_from"]}`. Versions: {versions}.

## Files

| file | content |
|---|---|
| `weights.safetensors` | the network, and what is usual among its videos |
| `model.json` | settings, calibration, and the scores of held-out videos that verdicts rest on |
| `model.onnx` | the same network for other programs: normalised faces in, log odds of FAKE out |
"""
