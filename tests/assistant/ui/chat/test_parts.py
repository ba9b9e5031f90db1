""""""

import threading
from collections.abc import Iterator

import pytest
from PIL import Image

from assistant.contract.facts import Outcome, Sentence
from assistant.contract.reply import Reply
from assistant.errors import AssistantError
from assistant.llm.prompts import REFUSAL
from assistant.receipts.evidence_pack import YELLOW, highlighted
from assistant.ui.background import Answers
from assistant.ui.chat.answer import _line_breaks, footer, stage_text
from assistant.ui.session import Shown
from assistant.ui.viewer.page_view import cited_lines
from assistant.ui.widgets import as_html, plain, with_commands
from ingest.document.model import Box, Line, Page
from tests.assistant.ui.fakes import HOSTILE


def test_the_pen_marks_the_box_and_leaves_the_print_readable() -> None:
    page = Image.new("RGB", (200, 400), "white")
    page.putpixel((60, 120), (0, 0, 0))

    marked = highlighted(page, [(50, 100, 150, 150)], points=200)

    assert marked.getpixel((100, 130)) == YELLOW
    assert marked.getpixel((60, 120)) == (0, 0, 0)
    assert marked.getpixel((100, 300)) == (255, 255, 255)
    assert marked.size == page.size


def test_boxes_are_in_points_whatever_the_size_of_the_picture() -> None:
    marked = highlighted(Image.new("RGB", (400, 800), "white"), [(50, 100, 150, 150)], points=200)

    assert marked.getpixel((200, 250)) == YELLOW
    assert marked.getpixel((80, 250)) == (255, 255, 255)


@pytest.mark.parametrize(
    "text", ["**bold**", "[a](b)", "$x$", "<b>", "`x`", "# x", "- x", "1. x", "~x~", "![i](u)"]
)
def test_markdown_is_escaped_sign_by_sign(text: str) -> None:
    shown = plain(text)

    assert shown.replace("\\", "") == text
    assert all(
        shown[at - 1] == "\\"
        for at, sign in enumerate(shown)
        if not sign.isalnum() and sign not in " \\"
    )


def test_names_of_icons_emoji_and_colours_are_parted() -> None:
    assert ":\u2060material/delete" in plain(":material/delete:")
    assert ":\u2060smile" in plain(":smile:")
    assert ":\u2060red" in plain(":red[x]")


def test_addresses_do_not_become_links() -> None:
    assert plain("see www.example.org").startswith("see www\u2060")
    assert "http\u2060:" in plain("http://example.org")


def test_as_html_leaves_no_markup() -> None:
    assert "<" not in as_html(HOSTILE)
    assert '"' not in as_html(HOSTILE)


def test_lines_of_an_answer_stay_lines() -> None:
    text = "There are two:\nOne is red.\nThe other is blue. Both are big."
    parts = ["There are two:", "One is red.", "The other is blue.", "Both are big."]

    assert _line_breaks(text, parts) == [False, True, True, False]


def test_the_stage_says_how_long_it_takes_once_it_is_long() -> None:
    assert stage_text("Searching", 0.5) == "Searching…"
    assert stage_text("Reading 6 passages", 8.2) == "Reading 6 passages… 8 s"


def test_a_conversation_has_one_answer_in_work_and_conversations_are_apart() -> None:
    answers = Answers()

    first = answers.start("a", _reply("one"))
    other = answers.start("b", _reply("two"))

    assert first.wait(60) and other.wait(60)
    assert answers.of("a") is first
    assert answers.of("b") is other
    answers.forget("a")
    assert answers.of("a") is None
    assert answers.of("b") is other


def test_a_question_of_another_tab_is_refused_while_one_is_in_work() -> None:
    answers, go = Answers(), threading.Event()

    def work(reply: Reply) -> Iterator[str]:
        go.wait(60)
        yield from _reply("one").work(reply)

    first = answers.start("a", Reply("?", work))
    with pytest.raises(AssistantError, match="Another question of this conversation"):
        answers.start("a", _reply("two"))
    go.set()
    assert first.wait(60) and answers.of("a") is first
    assert answers.start("a", _reply("three")).wait(60)


def _reply(text: str) -> Reply:
    def work(reply: Reply):  # type: ignore[no-untyped-def]
        yield text
        reply.outcome = Outcome(REFUSAL, (Sentence(REFUSAL, False),), refused=True)

    return Reply("?", work)


def test_of_a_line_that_stands_twice_on_a_page_the_cited_one_is_marked() -> None:
    boxes = [Box(0.0, float(top), 10.0, top + 5.0) for top in range(0, 30, 10)]
    lines = tuple(
        Line(text, box) for text, box in zip(["Total", "Tax", "Total"], boxes, strict=True)
    )
    page = Page(1, 100.0, 100.0, lines)

    assert cited_lines(Shown("a", 1, 1, "Total", (tuple(boxes[2]),)), page) == range(2, 3)
    assert cited_lines(Shown("a", 1, 1, "Total", ((9.0, 9.0, 9.0, 9.0),)), page) == range(1)
    assert cited_lines(Shown("a", 1, 1, "Total\nTax", ()), page) == range(2)
    assert not cited_lines(Shown("a", 1, 1, "Tax\nTax", (tuple(boxes[1]),)), page)


def test_an_answer_from_a_table_says_how_many_cells_it_is_computed_from() -> None:
    answer = {"model": "table", "seconds_total": 0.2, "cells": [{"mark": 1}, {"mark": 2}]}
    assert footer(answer) == "computed from 2 cells of a table"


def test_the_footer_says_neither_which_model_wrote_nor_how_long() -> None:
    assert footer({"seconds_total": 4.4, "model": "qwen3.5-4b"}) == ""


def test_a_command_in_a_message_is_shown_as_code_and_the_rest_is_escaped() -> None:
    assert with_commands("None yet; `pincite models pull` gets *one*.") == (
        "None yet; `pincite models pull` gets \\*one\\*\\."
    )
    assert with_commands("A ` alone") == plain("A ` alone")
    assert "<" not in with_commands(HOSTILE).replace("\\<", "")
