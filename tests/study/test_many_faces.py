"""The report's largest computation, in small."""

from study import results
from study.experiments import many_faces


def test_measurement_is_stored_with_the_time_of_each_step(few, tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    measured = many_faces.measure(few, count=60)
    assert results.read("many_faces") == measured
    assert measured["points"] == 60
    assert set(measured["seconds"]) == {"PCA", "PCA + t-SNE", "HDBSCAN"}
    assert min(measured["seconds"].values()) > 0
