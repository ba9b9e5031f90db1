"""Which words of a sentence its cited lines carry."""

from assistant.receipts.explain import carried_words

QUOTES = {
    1: "Full-time employees start with 25 days of paid annual leave.",
    2: "Part-time employees have it in proportion to their hours.",
}


def test_each_word_names_the_lines_that_have_it_in_any_form() -> None:
    sentence = {"text": "An employee has 25 days, in proportion.", "marks": [1, 2]}

    words = {one["text"].strip(): one["marks"] for one in carried_words(sentence, QUOTES)}

    assert words == {
        "An": [], "employee": [1, 2], "has": [], "25": [1], "days,": [1], "in": [],
        "proportion.": [2],
    }  # fmt: skip


def test_what_no_line_states_is_said_and_the_text_stays_whole() -> None:
    sentence = {"text": "They start with 30 days.", "marks": [1], "unstated": ["30"]}

    words = carried_words(sentence, QUOTES)

    assert [one["text"].strip() for one in words if one["unstated"]] == ["30"]
    assert "".join(one["text"] for one in words) == sentence["text"]


def test_a_sentence_without_lines_has_no_carried_words() -> None:
    assert all(not one["marks"] for one in carried_words({"text": "So be it.", "marks": []}, {}))
