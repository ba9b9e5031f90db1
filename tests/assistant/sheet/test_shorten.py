"""Answers become values that stand in a cited line."""

import threading

from assistant.contract.facts import Citation, Outcome, Sentence
from assistant.sheet.cell import Column, column
from assistant.sheet.extraction import Short, shorten


def short(head: str, answer: str, quote: str, extracted: str = "", supported: bool = True) -> Short:
    cited = Citation(1, "a.pdf", 2, quote, (), 1.0)
    said = Sentence(answer, supported, (1,), () if supported else ("of Ghent",))
    done = Outcome(answer, (said,), (cited,))

    def extract(column: Column, text: str, cancel: threading.Event) -> str:
        return extracted

    return shorten(column(head), done, extract, threading.Event())


def test_the_value_of_the_kind_is_taken_with_its_line() -> None:
    found = short("payment term", "The payment term is 30 days.", "Dear Sir\nPay within 30 days.")

    assert (found.value.text, found.line) == ("30 days", "Pay within 30 days.")
    assert found.sure(column("payment term"))


def test_a_value_that_no_cited_line_has_is_not_sure() -> None:
    found = short("payment term", "The payment term is 45 days.", "Pay within 30 days.")

    assert not found.sure(column("payment term"))
    assert found.value.text == "The payment term is 45 days"


def test_a_name_is_what_the_answer_says_of_the_head() -> None:
    found = short("supplier", "The supplier is Alder Ltd.", "between Alder Ltd, Leeds, and Brook")

    assert found.value.text == "Alder Ltd"


def test_a_model_shortens_other_answers_and_must_copy_from_a_cited_line() -> None:
    answer = "This agreement was made between Alder Ltd as the seller and Brook Inc. as the buyer."

    assert short("supplier", answer, "between Alder Ltd, and Brook", "Alder Ltd").value.text == (
        "Alder Ltd"
    )
    assert short("supplier", answer, "between Alder Ltd, and Brook", "Corvin").value.text == (
        answer.rstrip(".")
    )


def test_an_answer_that_is_partly_stated_is_not_sure() -> None:
    found = short("supplier", "The supplier is Alder Ltd.", "Alder Ltd", supported=False)

    assert found.value.text == "Alder Ltd"
    assert not found.sure(column("supplier"))


def test_a_truth_is_yes_or_no() -> None:
    assert short("signed?", "No, it is a draft.", "DRAFT").value.typed is False
    assert short("signed?", "The document bears a signature.", "s", "yes").value.typed is True
