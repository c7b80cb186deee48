from study.experiments import published_methods

BEST = "qualities at which XceptionNet is best"


def test_xceptionnet_leads_at_every_quality(sample):
    table = published_methods.collect(sample, "quick")
    assert table["method"].nunique() == 6
    assert published_methods.estimate(table)[BEST].value == 1


def test_a_better_method_would_be_seen(sample):
    table = published_methods.collect(sample, "quick")
    table.loc[(table["method"] == "MesoNet") & (table["quality"] == "raw"), "accuracy"] = 99.5
    estimates = published_methods.estimate(table)
    assert estimates[BEST].value == 2 / 3
    assert estimates["lead over the second, raw (points)"].value < 0
