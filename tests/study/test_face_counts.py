from study.experiments import face_counts


def test_the_dfdc_s_counts_give_nearly_as_many_faces_of_both(few):
    table = face_counts.collect(few, "quick")
    estimates = face_counts.estimate(table)
    assert round(estimates["fake faces for each real one, the DFDC, by its counts"].value, 2) == round(
        100_000 * few.faces_per_fake / (19_154 * few.faces_per_real), 2
    )
    here = table.set_index("where").loc["this run"]
    assert here["FAKE videos"] + here["REAL videos"] == few.videos
    assert (
        estimates["fake faces for each real one, this run"].value == here["FAKE faces"] / here["REAL faces"]
    )
