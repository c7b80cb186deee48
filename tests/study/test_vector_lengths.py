import pandas as pd

from study.experiments import vector_lengths


def test_listing_gives_the_logits_and_facenet_512_numbers(extracted):
    table = vector_lengths.collect(extracted, "quick")
    assert table["numbers"].to_list() == [1000, 2560, 1280, 512]
    assert vector_lengths.estimate(table)["length of the vector that the listing gives"].value == 1000


def test_length_is_that_of_the_listing():
    table = pd.DataFrame({"kept": ["pooled features", vector_lengths.LISTED], "numbers": [3, 4]})
    assert [length.value for length in vector_lengths.estimate(table).values()] == [4]
