import pytest

from ingest.text import about_tokens, join, lists_contents, plain, vocabulary


def test_lines_become_running_text() -> None:
    assert join(["Thirty days", "of leave."]) == "Thirty days of leave."
    assert join([]) == ""


def test_a_broken_word_is_mended_when_the_document_has_it_whole() -> None:
    words = vocabulary(["The organization pays."])
    assert join(["Rules of the organi-", "zation."], words) == "Rules of the organization."


def test_a_hyphen_stays_where_the_document_does_not_have_the_word_whole() -> None:
    assert join(["A long-", "term plan."], vocabulary(["A term."])) == "A long-term plan."


@pytest.mark.parametrize("second", ["2024 report", "Company rules", "- item"])
def test_only_a_word_in_lower_case_goes_on_after_a_hyphen(second: str) -> None:
    assert join(["The mid-", second]) == f"The mid- {second}"


def test_the_vocabulary_is_in_lower_case_and_without_numbers() -> None:
    assert vocabulary(["Leave: 30 days", "leave"]) == {"leave", "days"}


def test_ligatures_and_full_width_letters_become_plain() -> None:
    assert plain("of\ufb01ce \ufb02ow \uff21\uff22\uff23 x\u00b2") == "office flow ABC x2"


@pytest.mark.parametrize(
    "line", ["Leave ........ 12", "Leave . . . . . . 12", "Leave … … … … 12", "Leave ______ 12"]
)
def test_dot_leaders_are_made_short(line: str) -> None:
    assert plain(line) == "Leave … 12"


def test_an_ellipsis_is_no_dot_leader() -> None:
    assert plain("and so on...") == "and so on..."


def test_tokens_are_counted_about_as_the_model_does() -> None:
    assert about_tokens("Thirty days of leave.") == 5
    assert about_tokens("organizationally") == 3
    assert about_tokens("Leave ............ 12") == 2


def test_a_table_of_contents_is_told_by_its_entries() -> None:
    entries = [f"{n}.1 Title ........ {n + 3}" for n in range(1, 5)]
    assert lists_contents(join(entries))
    assert not lists_contents("The site closed at 12 … 14 of May … and so on.")
