"""What is drawn under answers of every kind that a conversation may hold."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from assistant.contract.answer_document import answer_document
from assistant.contract.intents import Draw
from assistant.contract.outcome import Offer, Outcome
from assistant.contract.reply import Reply
from assistant.conversation.history import Conversations
from tests.browser.conftest import Visit, ask

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

OFFER = Offer("tiny-painter", "drawing", "MIT", 2_100_000, "about 3 s a picture")
NEEDED = Outcome("No drawing model is installed.", grounded=False, offers=(OFFER,))


def test_what_could_not_be_drawn_is_not_called_drawn(
    fake_address: str, fake_home: Path, visit: Visit
) -> None:
    reply = _reply("/draw a castle", "draw", NEEDED, intent=Draw("a castle"), why="/draw")
    page = visit(_kept(fake_address, fake_home, reply))

    page.get_by_text("tiny-painter").wait_for()

    assert page.get_by_text("Drawn").count() == 0
    assert page.locator(".answer .footer").inner_text().endswith(" s")


def test_a_refusal_is_not_called_described(
    fake_address: str, fake_home: Path, visit: Visit
) -> None:
    refusal = Outcome("I could not find the answer in the documents.", refused=True)
    reply = _reply("What is this?", "describe", refusal, why="what it is like")
    page = visit(_kept(fake_address, fake_home, reply))

    page.locator(".paragraph").wait_for()
    page.locator(".footer").wait_for()
    page.wait_for_timeout(1000)

    assert page.get_by_text("Described").count() == 0


def test_a_chart_offers_no_similar_picture_and_no_invented_detail(
    fake_address: str, fake_home: Path, visit: Visit, tmp_path: Path
) -> None:
    chart = tmp_path / "chart.png"
    Image.new("RGB", (64, 64), "green").save(chart)
    reply = _reply("/chart sites", "chart", Outcome("A chart.", grounded=False), images=(chart,))
    page = visit(_kept(fake_address, fake_home, reply))

    page.get_by_role("button", name="Download").wait_for()

    assert page.get_by_role("button", name="A similar picture").count() == 0
    assert page.get_by_role("button", name="Enlarge").count() == 0


def test_an_answer_that_was_stopped_before_its_first_word_offers_only_to_try_again(
    fake_address: str, visit: Visit, picture: Any
) -> None:
    page = visit(fake_address)
    ask(page, "silent leave")
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("Stopped before it was complete").wait_for()

    page.get_by_role("button", name="Try again").wait_for()
    picture(page, "stopped")
    assert page.get_by_test_id("stFeedback").count() == 0
    assert page.get_by_role("button", name="Save with evidence").count() == 0
    page.get_by_role("button", name="Try again").click()

    page.get_by_role("button", name="Stop").click()
    page.get_by_role("img", name="Version 2 of 2").wait_for()
    assert page.locator(".question", has_text="silent leave").count() == 1


def _reply(question: str, tool: str, outcome: Outcome, **others: Any) -> Reply:
    return Reply(question, lambda _: iter(()), tool, outcome=outcome, **others)


def _kept(address: str, home: Path, reply: Reply) -> str:
    """The address of a conversation with this answer."""
    conversations = Conversations(home / "conversations.sqlite")
    identity = conversations.start()
    conversations.add(identity, answer_document(reply), "main")
    return f"{address}/?c={identity}"
