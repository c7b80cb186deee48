import pandas as pd

from dfd import embedding
from study.experiments import architecture


def test_architecture_of_b0_is_the_papers_table():
    stages = architecture.architecture("efficientnet-b0")
    assert stages["resolution"].to_list() == [224, 112, 112, 56, 28, 14, 14, 7, 7]
    assert stages["channels"].to_list() == [32, 16, 24, 40, 80, 112, 192, 320, 1280]
    assert stages["layers"].to_list() == [1, 1, 2, 2, 3, 3, 4, 1, 1]


def test_b7_has_2560_features_and_66_million_parameters():
    assert (
        architecture.architecture("efficientnet-b7")["channels"].iloc[-1]
        == embedding.FEATURES["efficientnet-b7"]
    )
    assert round(architecture.parameters("efficientnet-b7") / 1e6) == 66


def test_printed_rows_are_compared_with_both_networks(tiny):
    table = architecture.collect(tiny, "quick")
    assert table["network"].value_counts().to_dict() == {"B0": 9, "B7": 9}
    assert architecture.beside(table).shape == (9, 6)


def test_a_row_that_differs_lowers_the_share():
    table = pd.DataFrame({"network": ["B0"] * 4 + ["B7"] * 4, "same": [True] * 3 + [False] * 5})
    shares = architecture.estimate(table)
    assert [share.value for share in shares.values()] == [0.75, 0]
