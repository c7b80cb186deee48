"""Landmark swap: paste the donor's face from the frame whose pose is nearest (the DFDC's MM/NN method)."""

import cv2
import numpy as np

from .composite import Face, Traces, fill, region_around, similarity, wander, warp_maps
from .footage import Footage, Track

# Degrees of yaw, pitch and roll; a roll is undone when the face is put in place, so it matters less.
POSE_WEIGHTS = (1.0, 1.0, 0.4)
EXPRESSION_WEIGHT = 20.0
# Eyes, nose and corners of the mouth in interocular distances.
PLACE = np.array([(-0.5, 0), (0.5, 0), (0, 0.57), (-0.41, 1.07), (0.41, 1.07)])
CUT_COST = 6.0
STEP_COST = 0.8
LARGEST_STEP = 10


def expression(track: Track) -> np.ndarray:
    """Describe what a face does, apart from whose it is.

    Parameters
    ----------
    track : Track
        A person of n frames.

    Returns
    -------
    ndarray of float64, shape (n, 2 k)
        Points of the face, put in place by the landmarks and measured in interocular distances, less their
        mean over the frames in which the face can be seen.
    """
    placed = []
    for landmarks, contour in zip(track.landmarks, track.contour, strict=True):
        matrix = similarity(landmarks, PLACE)
        placed.append((contour @ matrix[:, :2].T + matrix[:, 2]).ravel())
    return np.array(placed) - np.mean(np.array(placed)[track.visible], axis=0)


def nearest_frames(target: Track, donors: list[Track], smoothness: float) -> list[tuple[int, int]]:
    """Choose the donor's frame for each frame of the target.

    The sum of the differences in pose and of the jumps between the donor's frames is the least there is
    (the Viterbi algorithm).

    Parameters
    ----------
    target : Track
        The person whose face is replaced, n frames.
    donors : list of Track
        All footage of the donor.
    smoothness : float
        0 takes the nearest pose in every frame, whatever came before; 1 avoids jumps.

    Returns
    -------
    list of tuple of int
        For each of the n frames the number of the donor's track and the frame in it.
    """
    wanted = _poses(target)
    offered = np.concatenate([_poses(donor) for donor in donors])
    places = [(number, frame) for number, donor in enumerate(donors) for frame in range(len(donor.visible))]
    hidden = ~np.concatenate([donor.visible for donor in donors])
    distance = np.linalg.norm(wanted[:, None] - offered[None], axis=2) + 1e6 * hidden
    clip, frame = np.array(places).T
    jump = np.where(
        clip[:, None] == clip[None],
        STEP_COST * np.minimum(np.abs(frame[:, None] - frame[None]), LARGEST_STEP),
        CUT_COST + STEP_COST * LARGEST_STEP,
    )
    cost, before = distance[0], []
    for row in distance[1:]:
        total = cost[:, None] + smoothness * jump
        before.append(total.argmin(0))
        cost = total.min(0) + row
    path = [int(cost.argmin())]
    for step in reversed(before):
        path.append(int(step[path[-1]]))
    return [places[index] for index in reversed(path)]


def _poses(track: Track) -> np.ndarray:
    """List pose and expression of each frame; frames without a face get zeros."""
    poses = np.hstack([track.pose * POSE_WEIGHTS, EXPRESSION_WEIGHT * expression(track)])
    return np.where(track.visible[:, None], poses, 0)


def generate(
    target: Footage, person: int, donors: list[tuple[Footage, int]], traces: Traces, rng: np.random.Generator
) -> list[Face | None]:
    """Bring the donor's face into every frame of the target.

    Parameters
    ----------
    target : Footage
        The original take, n frames.
    person : int
        Whose face in it is replaced.
    donors : list of tuple of Footage and int
        Takes of the donor and who in each of them the donor is.
    traces : Traces
        How well to do it.
    rng : Generator
        Source of chance.

    Returns
    -------
    list of Face or None
        One for each frame; ``None`` where the target shows no face.
    """
    track = target.people[person]
    tracks = [footage.people[number] for footage, number in donors]
    choice = nearest_frames(track, tracks, smoothness=traces.follow)
    height, width = target.images.shape[1:3]
    tremble = np.column_stack([wander(len(choice), traces.jitter, rng) for _ in range(2)])
    faces: list[Face | None] = []
    for frame, (clip, donor_frame) in enumerate(choice):
        if not track.visible[frame]:
            faces.append(None)
            continue
        source = tracks[clip].points(donor_frame)
        face_width = np.ptp(track.contour[frame][:, 0])
        points = track.points(frame) + tremble[frame] * face_width
        region = region_around(points, 0.08, (width, height))
        map_x, map_y = warp_maps(source, points, region, traces.follow)
        picture = donors[clip][0].images[donor_frame]
        outline = fill(source, (0, 0, picture.shape[1], picture.shape[0]))
        faces.append(
            Face(
                region,
                cv2.remap(picture, map_x, map_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE),
                cv2.remap(outline, map_x, map_y, cv2.INTER_LINEAR),
            )
        )
    return faces
