import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from dfd import embedding, faces, recognition, tables, weights
from dfd.errors import InputError


@pytest.fixture(scope="module")
def network(sample):
    return embedding.backbone(replace(sample, backbone="efficientnet-lite0"))


@pytest.fixture(scope="module")
def pictures():
    return np.random.default_rng(0).integers(0, 256, (5, 96, 96, 3), dtype=np.uint8)


def test_backbone_is_in_evaluation_mode_and_gives_its_features(network, pictures):
    vectors = embedding.embed(network, pictures)
    assert not network.training
    assert vectors.shape == (5, embedding.FEATURES["efficientnet-lite0"])
    assert vectors.dtype == np.float32 and np.isfinite(vectors).all()


def test_backbone_has_its_imagenet_weights(network):
    published = torch.load(weights.find("efficientnet-lite0"), weights_only=True, map_location="cpu")
    assert torch.equal(network.network._fc.weight, published["_fc.weight"])


def test_vector_does_not_depend_on_the_batch(network, pictures):
    together, alone = embedding.embed(network, pictures, batch=5), embedding.embed(network, pictures, batch=1)
    assert np.allclose(together, alone, atol=1e-4)


def test_logits_are_the_last_layer_over_the_features(network, pictures):
    features = torch.from_numpy(embedding.embed(network, pictures))
    with torch.inference_mode():
        logits = network.network._fc(features).numpy()
    assert np.allclose(logits, embedding.embed(network.network, pictures), atol=1e-4)
    assert logits.shape == (5, 1000)


def test_local_weights_of_another_network_are_refused(sample, tmp_path):
    file = tmp_path / "efficientnet-b7-dcc49843.pth"
    torch.save({"weight": torch.zeros(3)}, file)
    with pytest.raises(InputError, match=r"SHA-256 begins with [0-9a-f]{8}, not dcc49843"):
        embedding.backbone(replace(sample, backbone="efficientnet-b7", weights=file))


def test_missing_weights_are_named_with_hash_address_and_place(sample, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    unreachable = replace(
        weights.WEIGHTS["efficientnet-b7"],
        address="http://127.0.0.1:9/efficientnet-b7-dcc49843.pth",
    )
    monkeypatch.setitem(weights.WEIGHTS, "efficientnet-b7", unreachable)
    with pytest.raises(InputError) as error:
        embedding.backbone(replace(sample, backbone="efficientnet-b7", weights=None))
    for part in ("efficientnet-b7-dcc49843.pth", "dcc49843", unreachable.address, str(tmp_path), "WEIGHTS="):
        assert part in str(error.value)


def test_facenet_is_offered_once_its_weights_are_there(sample, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    run = replace(sample, name="dfdc")
    assert "facenet" not in embedding.models(run)
    file = tmp_path / "checkpoints" / weights.WEIGHTS["facenet"].file
    file.parent.mkdir()
    state = recognition.InceptionResnetV1().state_dict()
    torch.save(state | {"logits.weight": torch.zeros(8631, 512), "logits.bias": torch.zeros(8631)}, file)
    assert "facenet" in embedding.models(run)
    crops = np.random.default_rng(0).integers(0, 256, (2, run.face_size, run.face_size, 3), dtype=np.uint8)
    assert embedding.embedder(run, "facenet")(crops).shape == (2, 512)


def test_unknown_model_is_refused(few):
    with pytest.raises(InputError, match="no such embedding"):
        embedding.table(few, "resnet")


def test_table_has_a_vector_for_each_face_in_order(few):
    rows, made = faces.table(few), embedding.table(few)
    assert made["face_id"].to_list() == rows["face_id"].to_list()
    assert set(made["model"]) == {"backbone"}
    direct = embedding.embed(embedding.backbone(few), faces.images(few, rows["face_id"].to_list()[:2]))
    assert np.allclose(embedding.vectors(made)[:2], direct, atol=1e-3)


def test_table_goes_on_from_the_shards_of_a_killed_run(few, tmp_path, monkeypatch):
    monkeypatch.setattr(embedding, "SHARD", 5)
    run = replace(few, build=tmp_path / "build")
    whole = embedding.table(run)
    shards = sorted(embedding.path(run).with_suffix("").glob("*.parquet"))
    assert len(shards) == math.ceil(len(whole) / 5)
    written = {shard: shard.stat().st_mtime_ns for shard in shards}
    embedding.path(run).unlink()
    shards[-1].unlink()
    pd.testing.assert_frame_equal(embedding.table(run), whole)
    kept = [shard for shard in shards if shard.stat().st_mtime_ns == written[shard]]
    assert kept == shards[:-1]


def test_faces_without_a_finite_vector_are_left_out_with_a_warning(few, tmp_path, monkeypatch):
    def broken(images):
        vectors = np.zeros((len(images), 3), np.float32)
        vectors[0, 1] = np.nan
        return vectors

    run = replace(few, build=tmp_path / "build")
    monkeypatch.setattr(embedding, "embedder", lambda run, model: broken)
    with pytest.warns(UserWarning, match="1 faces left out"):
        made = embedding.table(run)
    assert len(made) == len(faces.table(run)) - 1


def test_of_too_many_faces_those_of_whole_videos_are_embedded(few, tmp_path, monkeypatch):
    run, rows = replace(few, build=tmp_path / "build"), faces.table(few)
    monkeypatch.setattr(
        embedding, "embedder", lambda run, model: lambda images: images[:, :3, 0, 0] + np.float32(0)
    )
    whole = embedding.table(run)
    before = tables.stored_fingerprint(embedding.path(run))
    monkeypatch.setattr(embedding, "MOST", len(rows) // 2)
    some = embedding.table(run)
    assert tables.stored_fingerprint(embedding.path(run)) != before
    assert 0 < len(some) <= embedding.MOST
    drawn = rows[rows["face_id"].isin(some["face_id"])]
    assert drawn["face_id"].to_list() == some["face_id"].to_list()
    assert len(drawn) == rows["video"].isin(drawn["video"]).sum()
    vectors = whole.set_index("face_id").loc[some["face_id"], "vector"]
    assert np.array_equal(np.stack(vectors.to_list()), embedding.vectors(some))


def test_dlib_tells_people_apart(few):
    made = embedding.table(few, "dlib").merge(faces.table(few), on=["face_id"])
    vectors = embedding.vectors(made)
    assert vectors.shape[1] == 128
    counts = made.groupby(["video", "label"]).size()
    assert (counts <= [embedding.DLIB_FACES[label] for _, label in counts.index]).all()
    distances = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
    same = made["video"].to_numpy()[:, None] == made["video"].to_numpy()
    assert np.median(distances[same & (distances > 0)]) < np.median(distances[~same])


def test_spread_faces_keeps_the_order_and_the_limits():
    rows = pd.DataFrame({"video": ["a"] * 6 + ["b"] * 6, "label": ["REAL"] * 6 + ["FAKE"] * 6})
    assert embedding.spread_faces(rows, {"REAL": 3, "FAKE": 1}).index.to_list() == [1, 3, 5, 9]


def test_table_is_rebuilt_when_the_faces_are_others(few, tmp_path):
    run = replace(few, build=tmp_path / "build", videos=2)
    embedding.table(run)
    before = tables.stored_fingerprint(embedding.path(run))
    embedding.table(replace(run, faces_per_real=3))
    assert tables.stored_fingerprint(embedding.path(run)) != before
