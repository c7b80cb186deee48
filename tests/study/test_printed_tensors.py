"""Where the tensors of section 3.2.2.1 come from."""

import matplotlib.pyplot as plt
import pandas as pd

from dfd.run import Run
from study.experiments import printed_tensors
from study.records import Result


def test_the_whole_listing_is_in_the_readme(sample: Run) -> None:
    table = printed_tensors.collect(sample, "full")
    assert table["in_readme"].all() and len(table) == 6
    (estimate,) = printed_tensors.estimate(table).values()
    assert estimate.value == 0
    plt.close(printed_tensors.draw(Result("printed_tensors", "quick", table, {}, "figures", 6)))


def test_a_piece_from_elsewhere_counts() -> None:
    (estimate,) = printed_tensors.estimate(pd.DataFrame({"in_readme": [True, False]})).values()
    assert estimate.value == 0.5


def test_the_package_tests_its_detector_with_another_function() -> None:
    tests = printed_tensors.tests_in_package()
    embedding = tests[tests["code"].str.startswith("compare_model_outputs")]
    assert embedding["above"].tolist() == ["if is_resnet:"]
    assert (tests["code"].str.startswith(printed_tensors.DETECTOR_TEST)).sum() == 3
