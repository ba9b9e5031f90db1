from assistant.models.catalogue import Expected, expected

SIZES = {"small": 500_000_000, "usual": 1_000_000_000, "large": 3_000_000_000}


def test_a_wait_that_was_measured_is_the_median_and_the_others_follow_their_size() -> None:
    found = expected(SIZES, {"usual": [9.0, 5.0, 4.0], "large": [], "small": []})
    assert found["usual"] == Expected(5.0, 3)
    assert found["large"] == Expected(15.0, 0)
    assert found["small"] == Expected(2.5, 0)


def test_the_model_with_the_most_answers_tells_the_wait_for_the_others() -> None:
    found = expected(SIZES, {"usual": [4.0, 4.0], "small": [9.0], "large": []})
    assert (found["small"].seconds, found["large"].seconds) == (9.0, 12.0)


def test_nothing_is_told_where_nothing_was_measured() -> None:
    assert expected(SIZES, {"usual": []}) == {}
