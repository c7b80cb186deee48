from study.experiments import leaderboard


def test_the_rank_lies_between_its_neighbours(sample):
    estimates = leaderboard.estimate(leaderboard.collect(sample, "quick"))
    rank = estimates["rank of the reported score"]
    assert (rank.value, rank.low, rank.high) == (55, 15, 69)


def test_a_score_nearby_would_narrow_the_rank(sample):
    table = leaderboard.collect(sample, "quick")
    table.loc[len(table)] = {"unit": 52, "rank": 52, "log loss": 0.486}
    rank = leaderboard.estimate(table.sort_values("rank"))["rank of the reported score"]
    assert rank.low == 52
