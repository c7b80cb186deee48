"""Contact sheets: the actors, the fakes beside their originals, and the motions."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from .dataset import clip_path, table
from .encode import read
from .files import replacing

FOLDER = "gallery"
ACTORS, FAKES, MOTIONS = "actors.jpg", "fakes.jpg", "motions.jpg"
TILE = 200
FRONTAL = 14
PAPER = (255, 255, 255)
INK = (40, 40, 40)
OUTLINE = (0, 158, 115)
QUALITY = 88


def make(out: Path) -> None:
    """Draw the three contact sheets of a data set into its folder ``gallery``.

    Parameters
    ----------
    out : Path
        Folder of the data set, with its truth tables.
    """
    videos, frames, changes, actors = (table(out, name) for name in ("videos", "frames", "changes", "actors"))
    write_picture(actors_sheet(out, videos, frames, actors), out / FOLDER / ACTORS)
    write_picture(fakes_sheet(out, videos, frames, changes), out / FOLDER / FAKES)
    write_picture(motions_sheet(out, videos, frames), out / FOLDER / MOTIONS)


def actors_sheet(out: Path, videos: pd.DataFrame, frames: pd.DataFrame, actors: pd.DataFrame) -> np.ndarray:
    """Show every actor once: nearly frontal, eyes open, from the clip that was blurred least.

    Parameters
    ----------
    out : Path
        Folder of the data set.
    videos, frames, actors : DataFrame
        Its truth tables.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        RGB picture.
    """
    tiles = []
    for actor in actors.itertuples():
        own = videos[(videos.actor == actor.actor) & (videos.label == "REAL")]
        video = own.loc[(own.blur + own.face_smoothing + 1 - own.rescaling + (own.people > 1)).idxmin()]
        faces = frames[(frames.video == video.video) & (frames.actor == actor.actor)]
        frontal = faces.loc[(faces.yaw.abs() + faces.pitch.abs()).nsmallest(FRONTAL).index]
        pictures = read(clip_path(out, video))
        # Open eyes have more contrast than closed ones.
        face = max(
            (face for _, face in frontal.iterrows()),
            key=lambda face: _eye_contrast(pictures[face.frame], face),
        )
        tile = _square(pictures[face.frame], face, 1.9)
        tiles.append(captioned(tile, f"{actor.actor[-2:]}  {actor.gender}, {actor.age}, Monk {actor.monk}"))
    return grid(tiles, 6)


def fakes_sheet(out: Path, videos: pd.DataFrame, frames: pd.DataFrame, changes: pd.DataFrame) -> np.ndarray:
    """Show fakes of every method, from hard to crude: original, fake, fake with the changed region.

    Parameters
    ----------
    out : Path
        Folder of the data set.
    videos, frames, changes : DataFrame
        Its truth tables.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        RGB picture.
    """
    fakes = videos[(videos.label == "FAKE") & (videos.people == 1)]
    tiles = []
    for method, group in fakes.groupby("method", sort=True):
        ranked = group.sort_values("strength")
        for place in np.linspace(0, len(ranked) - 1, 4).astype(int):
            fake = ranked.iloc[place]
            original = videos[videos.video == fake.original].iloc[0]
            faces = frames[frames.video == fake.video].merge(
                changes[["video", "frame", "polygon"]], on=["video", "frame"]
            )
            face = faces.loc[faces.yaw.abs().idxmin()]
            before, after = (read(clip_path(out, video))[face.frame] for video in (original, fake))
            marked = after.copy()
            polygon = np.array(face.polygon, np.int32).reshape(-1, 2)
            cv2.polylines(marked, [polygon], isClosed=True, color=OUTLINE, thickness=2, lineType=cv2.LINE_AA)
            captions = ("original", f"{method}, {fake.region}", f"strength {fake.strength:.2f}")
            for picture, caption in zip((before, after, marked), captions, strict=True):
                tiles.append(captioned(_square(picture, face, 1.5), caption))
    return grid(tiles, 6)


def motions_sheet(out: Path, videos: pd.DataFrame, frames: pd.DataFrame) -> np.ndarray:
    """Show how the actors move: one clip a row, in steps of a quarter of a second.

    Parameters
    ----------
    out : Path
        Folder of the data set.
    videos, frames : DataFrame
        Its truth tables.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        RGB picture.
    """
    real = videos[(videos.label == "REAL") & (videos.people == 1) & (videos.faceless_frames == 0)]
    ranges = frames.groupby("video").yaw.agg(np.ptp)
    ranked = real.assign(range=real.video.map(ranges)).sort_values("range", ascending=False)
    clips = ranked.drop_duplicates("actor").iloc[:: max(1, len(ranked) // 12)].head(6)
    tiles = []
    for video in clips.itertuples():
        faces = frames[frames.video == video.video].set_index("frame")
        pictures = read(clip_path(out, video))
        # One square for the whole row, so that the head is seen to move in it.
        frame_of_row = faces.iloc[0].copy()
        frame_of_row[["x0", "y0"]] = faces[["x0", "y0"]].mean()
        frame_of_row[["x1", "y1"]] = faces[["x1", "y1"]].mean()
        for number in np.linspace(0, len(pictures) - 1, 7).astype(int):
            seconds = f"{number / 30:.2f} s"
            tiles.append(captioned(_square(pictures[number], frame_of_row, 1.9), seconds))
    return grid(tiles, 7)


def _eye_contrast(image: np.ndarray, face: pd.Series) -> float:
    radius = max(2, round(0.2 * (face.right_eye_x - face.left_eye_x)))
    eyes = [(face[f"{side}_eye_x"], face[f"{side}_eye_y"]) for side in ("left", "right")]
    parts = [cv2.getRectSubPix(image, (2 * radius, radius), eye).std() for eye in eyes]
    return float(np.mean(parts))


def _square(image: np.ndarray, face: pd.Series, scale: float) -> np.ndarray:
    """Cut a square around a face; what lies outside the frame repeats its edge."""
    side = scale * max(face.x1 - face.x0, face.y1 - face.y0)
    centre_x, centre_y = (face.x0 + face.x1) / 2, (face.y0 + face.y1) / 2
    factor = TILE / side
    matrix = np.array([[factor, 0, TILE / 2 - factor * centre_x], [0, factor, TILE / 2 - factor * centre_y]])
    return cv2.warpAffine(image, matrix, (TILE, TILE), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)


def captioned(tile: np.ndarray, caption: str) -> np.ndarray:
    """Put a caption below a tile (height, width, 3)."""
    strip = np.full((20, tile.shape[1], 3), PAPER, np.uint8)
    cv2.putText(strip, caption, (2, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.38, INK, 1, cv2.LINE_AA)
    return np.vstack([tile, strip])


def grid(tiles: list[np.ndarray], columns: int) -> np.ndarray:
    """Put tiles of one size in rows."""
    height, width = tiles[0].shape[:2]
    gap = 6
    rows = -(-len(tiles) // columns)
    sheet = np.full((rows * (height + gap) + gap, columns * (width + gap) + gap, 3), PAPER, np.uint8)
    for number, tile in enumerate(tiles):
        y, x = gap + number // columns * (height + gap), gap + number % columns * (width + gap)
        sheet[y : y + height, x : x + width] = tile
    return sheet


def write_picture(sheet: np.ndarray, path: Path) -> None:
    """Write an RGB picture (height, width, 3) as a JPEG file."""
    _, code = cv2.imencode(
        ".jpg", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    )
    with replacing(path) as aside:
        aside.write_bytes(code.tobytes())
