from study.experiments import listed_transform


def test_steps_are_read_from_the_listing(sample):
    table = listed_transform.collect(sample, "quick")
    estimates = {name: interval.value for name, interval in listed_transform.estimate(table).items()}
    assert estimates["steps in the listing"] == 6 and estimates["steps that are drawn at random"] == 5
    assert estimates["steps that the winner trains with, at the same probability"] == 6
    assert estimates["marks of test-time augmentation"] == 0


def test_a_listing_that_averages_predictions_would_bear_a_mark(sample, monkeypatch):
    monkeypatch.setattr(listed_transform, "NAME", "create_test_transforms")
    monkeypatch.setattr(listed_transform, "LISTED", (*listed_transform.LISTED, "mean(model(images))"))
    table = listed_transform.collect(sample, "quick")
    assert table["there"].dropna().to_list() == [True, True, False]
