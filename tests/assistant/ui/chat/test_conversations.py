"""The list of conversations and the versions of a question, on the real page."""

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from assistant.errors import AssistantError
from assistant.storage.files import AnswerFiles
from assistant.ui import resources
from tests.assistant.ui.conftest import answers, ask, conversation, drawn, finish, html, report
from tests.assistant.ui.fakes import FakeTool

Visit = Callable[..., AppTest]
LEAVE = "How many days of leave are there?"
LIST, VERSIONS = "pincite_conversation_list", "pincite_versions"


def listed(app: AppTest) -> dict[str, list[str]]:
    """The titles below each heading."""
    [data] = drawn(app, LIST)
    return {group["title"]: [row["title"] for row in group["rows"]] for group in data["groups"]}


def act(app: AppTest, does: str, **given: Any) -> None:
    """Act on the conversation that is open."""
    report(app, LIST, "act", {"do": does, "id": conversation(app), **given})


def test_conversations_are_listed_found_and_opened(visit: Visit) -> None:
    app = visit()
    assert not drawn(app, LIST)
    ask(app, LEAVE)
    first = conversation(app)
    next(b for b in app.button if b.label == "New conversation").click().run()
    ask(app, "Is this unknown?")
    assert listed(app) == {"Today": ["Is this unknown?", LEAVE]}

    act(app, "find", text="part-time")
    assert listed(app) == {"1 found": [LEAVE]}
    [found] = drawn(app, LIST)[0]["groups"][0]["rows"]
    assert found["excerpt"][1] == "Part-time"
    act(app, "open", id=first, turn=found["turn"])
    assert conversation(app) == first and len(answers(app)) == 1
    act(app, "find", text="nothing of the kind")
    assert listed(app) == {"Nothing found": []}
    act(app, "find", text="")
    assert drawn(app, LIST)[0]["open"] == first


def test_a_conversation_is_renamed_pinned_and_deleted(visit: Visit) -> None:
    app = visit()
    ask(app, LEAVE)
    act(app, "pin", on=True)
    assert listed(app) == {"Pinned": [LEAVE]}
    act(app, "rename")
    app.text_input[0].set_value("Holidays")
    next(b for b in app.button if b.label == "Save").click().run()
    assert listed(app) == {"Pinned": ["Holidays"]}

    act(app, "delete")
    app.button(key="keep-conversation").click().run()
    assert listed(app) == {"Pinned": ["Holidays"]}
    act(app, "delete")
    app.button(key="confirm-conversation").click().run()
    assert not app.exception and not drawn(app, LIST)
    assert conversation(app) == "" and not answers(app)


def test_a_deleted_conversation_is_left_though_a_file_of_it_stays(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stuck(*_: object) -> None:
        raise AssistantError("One file could not be deleted.")

    monkeypatch.setattr(AnswerFiles, "discard", stuck)
    app = visit()
    ask(app, LEAVE)
    act(app, "delete")
    app.button(key="confirm-conversation").click().run()
    assert [error.value for error in app.error] == [r"One file could not be deleted\."]
    assert not drawn(app, LIST) and conversation(app) == ""


def test_older_conversations_are_shown_on_request(visit: Visit) -> None:
    kept = resources.assistant().conversations
    for number in range(103):
        kept.add(f"c{number}", {"question": f"Question {number}?", "answer": ""}, "main")
    app = visit()
    assert drawn(app, LIST)[0]["older"] == 3
    act(app, "all")
    assert drawn(app, LIST)[0]["older"] == 0 and len(listed(app)["Today"]) == 103


def test_a_question_is_edited_and_one_goes_back(visit: Visit, tool: FakeTool) -> None:
    app = visit()
    ask(app, LEAVE)
    ask(app, "And the unknown?")
    report(app, VERSIONS, "act", {"do": "ask", "text": "Is leave unknown?"}, 0)
    assert finish(app)
    [again] = drawn(app, VERSIONS)
    assert len(again["versions"]) == 2 and again["number"] == again["versions"][1]
    assert len(tool.asked[-1].history) == 0
    assert "Is leave unknown?" in html(app) and LEAVE not in html(app)

    report(app, VERSIONS, "act", {"do": "show", "turn": again["versions"][0]})
    assert [a["sentences"][0]["support"] for a in answers(app)] == ["supported", "supported"]
    assert "And the unknown?" in html(app)
    report(app, VERSIONS, "act", {"do": "again"}, 1)
    assert finish(app)
    assert [turn.question for turn in tool.asked[-1].history] == [LEAVE]
    assert [len(v["versions"]) for v in drawn(app, VERSIONS)] == [2, 2]


def test_what_others_make_up_is_not_shown(visit: Visit) -> None:
    app = visit()
    ask(app, LEAVE)
    report(app, VERSIONS, "act", {"do": "show", "turn": 99})
    report(app, VERSIONS, "act", {"do": "ask", "text": "  "})
    assert len(answers(app)) == 1 and not app.exception


def test_a_dialog_outlasts_a_page_that_is_drawn_anew_and_closes_once(visit: Visit) -> None:
    app = visit()
    ask(app, LEAVE)
    act(app, "new-folder", id="")
    app.run()  # as when an answer ends
    app.text_input(key="folder-name").set_value("Taxes")
    next(b for b in app.button if b.label == "Save").click().run()
    assert "Taxes" in listed(app)
    assert not [field for field in app.text_input if field.key == "folder-name"]


def test_folders_are_made_filled_closed_renamed_and_deleted(visit: Visit) -> None:
    app = visit()
    ask(app, LEAVE)
    act(app, "move")
    app.text_input(key="folder-new").set_value("Taxes")
    next(b for b in app.button if b.label == "Move").click().run()
    assert listed(app) == {"Taxes": [LEAVE]}
    [folder] = drawn(app, LIST)[0]["groups"]
    act(app, "fold", id=folder["folder"], on=True)
    [closed] = drawn(app, LIST)[0]["groups"]
    assert (closed["collapsed"], closed["count"], closed["rows"]) == (True, 1, [])
    act(app, "find", text="days of leave")
    assert listed(app) == {"1 found": [LEAVE]}
    act(app, "find", text="")

    act(app, "new-folder", id="")
    app.text_input(key="folder-name").set_value("Taxes")
    next(b for b in app.button if b.label == "Save").click().run()
    assert "There is a folder" in app.error[0].value
    act(app, "rename-folder", id=folder["folder"])
    app.text_input(key="folder-name").set_value("At home")
    next(b for b in app.button if b.label == "Save").click().run()
    assert list(listed(app)) == ["At home"]
    act(app, "delete-folder", id=folder["folder"])
    app.button(key="confirm-folder").click().run()
    assert not app.exception and listed(app) == {"Today": [LEAVE]}
    act(app, "fold", id=folder["folder"], on=True)  # from a page that was drawn before
    assert "There is no folder" in app.error[0].value
