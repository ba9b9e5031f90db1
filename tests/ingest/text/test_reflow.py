import pytest

from ingest.text.reflow import about_tokens, join, lists_contents, one_line, plain, vocabulary


def test_lines_become_running_text() -> None:
    assert join(["Thirty days", "of leave."]) == "Thirty days of leave."
    assert join([]) == ""


@pytest.mark.parametrize(
    ("first", "second", "between"),
    [
        ("员工每年享有二十", "五天年假。", ""),
        ("年次有給休暇は", "二十日です。", ""),
        ("직원은 연간", "휴가를 받는다.", " "),
        ("版本", "Pincite 2.0", " "),
        ("Thirty days", "of leave.", " "),
    ],
)
def test_a_break_between_wide_letters_stands_for_no_space(
    first: str, second: str, between: str
) -> None:
    assert join([first]) + between + join([second]) == join([first, second])
    assert one_line(f" {first} \n\n {second}\n") == f"{first}{between}{second}"


def test_a_broken_word_is_mended_when_the_document_has_it_whole() -> None:
    words = vocabulary(["The organization pays."])
    assert join(["Rules of the organi-", "zation."], words) == "Rules of the organization."


def test_a_hyphen_stays_where_the_document_does_not_have_the_word_whole() -> None:
    assert join(["A long-", "term plan."], vocabulary(["A term."])) == "A long-term plan."


def test_a_broken_word_is_mended_when_its_parts_are_no_words_of_the_document() -> None:
    lines = ["This inherent chal-", "lenge is the main obsta-", "cle of a long-", "term plan."]
    words = vocabulary(["\n".join(lines), "How long is a term?"])
    assert join(lines, words) == "This inherent challenge is the main obstacle of a long-term plan."
    assert join(["All in-", "volve it."], vocabulary(["in it"])) == "All involve it."


@pytest.mark.parametrize(("first", "second"), [("GPT-", "4 wins"), ("The Jean-", "Paul rules")])
def test_what_is_no_word_in_lower_case_follows_its_hyphen(first: str, second: str) -> None:
    assert join([first, second]) == first + second


@pytest.mark.parametrize(
    ("first", "second"),
    [("The mid-", "- item"), ("pre-", "and post-war"), ("Vor-", "und Nachteil")],
)
def test_a_hyphen_that_joins_nothing_is_followed_by_a_space(first: str, second: str) -> None:
    assert join([first, second], vocabulary(["any"])) == f"{first} {second}"


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
