"""What is drawn under answers of every kind that a conversation may hold."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image
from streamlit.testing.v1 import AppTest

from assistant.contract.facts import Offer, Outcome
from assistant.contract.intents import Draw
from assistant.contract.reply import Reply
from assistant.conversation.history import Conversations
from tests.assistant.ui.conftest import answers, ask, compose, copies, drawn, finish

Visit = Callable[..., AppTest]
OFFER = Offer("tiny-painter", "drawing", "MIT", 2_100_000, "about 3 s a picture")
NEEDED = Outcome("No drawing model is installed.", grounded=False, offers=(OFFER,))


def test_what_could_not_be_drawn_is_not_called_drawn(visit: Visit, tmp_path: Path) -> None:
    why = {"intent": Draw("a castle"), "why": "/draw"}
    app = visit(conversation=_kept(tmp_path, "/draw a castle", "draw", NEEDED, **why))

    assert any("tiny-painter" in told for told in _told(app))
    assert not any("Drawn" in told for told in _told(app))


def test_a_refusal_is_not_called_described(visit: Visit, tmp_path: Path) -> None:
    refusal = Outcome("I could not find the answer in the documents.", refused=True)
    said = {"why": "what it is like"}
    described = Outcome("A lighthouse.", grounded=False)
    app = visit(conversation=_kept(tmp_path, "What is this?", "describe", described, **said))
    assert any("Described" in told for told in _told(app))

    app = visit(conversation=_kept(tmp_path, "What is this?", "describe", refusal, **said))

    assert answers(app)[0]["sentences"]
    assert not any("Described" in told for told in _told(app))


def test_a_chart_offers_no_similar_picture_and_no_invented_detail(
    visit: Visit, tmp_path: Path
) -> None:
    chart = tmp_path / "chart.png"
    Image.new("RGB", (64, 64), "green").save(chart)
    drawn = Outcome("A chart.", grounded=False)
    app = visit(conversation=_kept(tmp_path, "/chart sites", "chart", drawn, images=(chart,)))

    assert "Download" in [one.proto.label for one in app.get("download_button")]
    labels = {button.label for button in app.button}
    assert "Add to library" in labels
    assert not labels & {"A similar picture", "Enlarge"}


def test_an_answer_that_was_stopped_before_its_first_word_offers_only_to_try_again(
    visit: Visit,
) -> None:
    app = visit()
    ask(app, "silent leave", wait=False)
    compose(app, "stop")
    assert finish(app, 2)

    assert "Stopped" in answers(app)[0]["note"]
    assert [b.label for b in app.button if str(b.key).startswith("retry-")] == ["Try again"]
    assert not app.get("feedback")
    assert not copies(app)
    app.button(key=f"retry-{answers(app)[0]['id']}").click().run()
    compose(app, "stop")
    assert finish(app, 2)
    assert [len(data["versions"]) for data in drawn(app, "pincite_versions")] == [2]


def _told(app: AppTest) -> list[str]:
    return [one.value.replace("\\", "") for one in [*app.caption, *app.markdown]]


def _kept(home: Path, question: str, tool: str, outcome: Outcome, **others: Any) -> str:
    """The conversation that has this answer."""
    reply = Reply(question, lambda _: iter(()), tool, outcome=outcome, **others)
    conversations = Conversations(home / "conversations.sqlite")
    identity = conversations.start()
    conversations.add(identity, reply.to_json(), "main")
    return identity
