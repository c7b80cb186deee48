"""The contact sheet and the data sheet of the hard faces, written from their files."""

from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from .datasheet import LICENCE, markdown
from .files import replacing
from .gallery import captioned, grid, write_picture
from .hard_plan import TONES, WIDTHS

SHEET = "gallery.jpg"
COLUMNS = 6
TILE = (200, 156)
OUTLINE = (255, 176, 0)


def write(out: Path) -> None:
    """Draw the contact sheet and write the data sheet.

    Parameters
    ----------
    out : Path
        Folder of the hard faces, with images and truth tables.
    """
    stills, faces = (pd.read_parquet(out / "truth" / f"{table}.parquet") for table in ("stills", "faces"))
    write_picture(contact_sheet(out, stills, faces), out / SHEET)
    with replacing(out / "README.md") as aside:
        aside.write_text(text(out, stills, faces), encoding="utf-8")


def contact_sheet(out: Path, stills: pd.DataFrame, faces: pd.DataFrame) -> np.ndarray:
    """Show stills of every stratum, with the boxes of their faces.

    Parameters
    ----------
    out : Path
        Folder of the hard faces.
    stills, faces : DataFrame
        Its truth tables.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        RGB.
    """
    tiles = []
    for stratum, own in stills.groupby("stratum", sort=False):
        ranked = own.sort_values(["thing", "grey", "blur", "quality", "image"])
        for place in np.linspace(0, len(ranked) - 1, COLUMNS).astype(int):
            still = ranked.iloc[place]
            picture = cv2.imread(str(out / "images" / still["image"]))[..., ::-1].copy()
            for face in faces[faces["image"] == still["image"]].itertuples():
                corners = [(round(face.x0), round(face.y0)), (round(face.x1), round(face.y1))]
                cv2.rectangle(picture, *corners, OUTLINE, max(picture.shape[1] // 400, 1), cv2.LINE_AA)
            tile = cv2.resize(picture, TILE, interpolation=cv2.INTER_AREA)
            tiles.append(captioned(tile, f"{stratum} {still['thing']}".strip()))
    return grid(tiles, COLUMNS)


def text(out: Path, stills: pd.DataFrame, faces: pd.DataFrame) -> str:
    """Put the data sheet together.

    Parameters
    ----------
    out : Path
        Folder of the hard faces.
    stills, faces : DataFrame
        Its truth tables.

    Returns
    -------
    str
        Markdown.
    """
    megabytes = sum(path.stat().st_size for path in (out / "images").glob("*.jpg")) / 1e6
    joined = faces.merge(stills[["image", "stratum", "light"]], on="image")
    strata = stills.groupby("stratum", sort=False).agg(stills=("image", "size"), faces=("faces", "sum"))
    labels = [f"{low} to {high} px" for low, high in pairwise(WIDTHS)]
    width = pd.cut(faces["x1"] - faces["x0"], [0, *WIDTHS[1:-1], 1000], labels=labels)
    yaw = pd.cut(faces["yaw"].abs(), range(0, 91, 15), include_lowest=True)
    yaw = yaw.map(lambda bin: f"{max(bin.left, 0):.0f} to {bin.right:.0f} degrees")
    tone = pd.cut(
        joined["monk"], [0, *(last for _, last in TONES.values())], labels=[f"{name} skin" for name in TONES]
    )
    light = pd.crosstab(tone, joined["light"]).reset_index(names="")
    return TEXT.format(
        faces=len(faces),
        stills=len(stills),
        actors=faces["actor"].nunique(),
        faceless=(stills["faces"] == 0).sum(),
        megabytes=megabytes,
        strata=markdown(strata.reset_index()),
        widths=_counted(width, "width of the face"),
        yaws=_counted(yaw, "turn of the head"),
        occlusions=_counted(faces["occlusion"].replace("", "none"), "before the face"),
        light=markdown(light),
        left_out=(~faces["counts"]).sum(),
        licence=LICENCE,
    )


def _counted(values: pd.Series, title: str) -> str:
    counts = values.value_counts(sort=False)
    return markdown(pd.DataFrame({title: counts.index.astype(str), "faces": counts.to_numpy()}))


TEXT = """# Hard faces

{faces} faces of {actors} computer-generated actors in {stills} stills, {faceless} of them without a
face; {megabytes:.1f} MB. They are made to be hard to find, each for a reason that is known: small, turned,
hidden, dark, against the light, blurred, compressed, many. No still shows a real person.

![Stills of every kind; boxes are those of the truth](gallery.jpg)

## What is in them

{strata}

{widths}

{yaws}

{occlusions}

Darkness is crossed with skin tone (`light`: Monk 1 to 3, `medium`: 4 to 6, `dark`: 7 to 10), two people
of different tones in each still, so that both have the same light:

{light}

The actors are none of those of `data/sample`; their skin tones, ages and groups are spread as there.

## Files

| file | what it holds |
|---|---|
| `images/*.jpg` | the stills |
| `truth/stills.parquet` | of each still: what makes it hard, number of faces, mean grey, blur, ... |
| `truth/faces.parquet` | of each face: box, five landmarks, angles, what is before it, skin tone, ... |
| `recipe.json`, `SHA256SUMS` | what made them, and the checksum of every file |

Boxes go from the hairline to the chin and from cheek to cheek, as those of facenet-pytorch's MTCNN do;
in profile they reach from the ear to the tip of the nose. A face of which hardly anything is seen is
neither found nor missed (`counts` is false; {left_out} of them). Yaw, pitch and roll are those of the head
against the camera, in degrees.

## How they are made

`make hard-faces` makes them anew in `build/hard-faces-2027`, and with `HARD_SEED=2028` others of their kind,
with other people. Actors, cloth, hair and light are those of
the sample's generator. A head turns up to 35 degrees against its
body, and the body turns the rest; a roll turns the camera. A mask is stretched over nose and chin, a
hand is that of the head's own body. In a dark still the exposure is lowered until the mean grey is the
one wanted, and the sensor's noise rises; against the light the background is bright and the main light
is behind. Small people stand behind a parapet.

## What they are not

They are drawn, and drawn alike: a detector's numbers here say how it does against others, and where it
begins to fail, not how many faces it misses in videos of people. Nobody wears a beard net, a veil or a
headlamp; there are no children, animals, drawings of faces, or faces on screens.

{licence}"""
