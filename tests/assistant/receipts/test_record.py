"""Receipts hold how an answer came about."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assistant.answering.pipeline import AnswerTool
from assistant.answering.retrieve import Budget
from assistant.contract.facts import Citation, Outcome, Passage
from assistant.contract.reply import Reply
from assistant.contract.request import Request
from assistant.conversation.assistant import Answering, Assistant
from assistant.errors import AssistantError
from assistant.receipts.evidence_pack import evidence_pack
from assistant.receipts.record import Receipts, ReceiptWriter, Recorder, _receipt, conditions
from assistant.storage.part import Place, Whose
from tests.assistant.fakes import ScriptedChat
from tests.assistant.receipts.conftest import LEAVE, SAID, SETTINGS, answered
from tests.pdfs import write_pdf
from tests.servers.postgres_fixtures import ON_BOTH
from vectorstore.library import Library


@ON_BOTH
def test_a_receipt_holds_all_that_decided_an_answer(
    assistant: Assistant, receipts: Receipts, library: Library, chat: ScriptedChat, weights: Path
) -> None:
    receipt = answered(assistant, receipts)

    assert receipt.answer["answer"] == SAID
    assert receipt.written == f"{SAID} "
    assert receipt.asked == [
        ["system", chat.asked[0][0].content],
        ["user", chat.asked[0][1].content],
    ]
    assert receipt.model["sha256"] == hashlib.sha256(weights.read_bytes()).hexdigest()
    assert receipt.settings == SETTINGS
    assert receipt.embedding == "words"
    assert (receipt.library, receipt.generation) == ("main", library.generation())
    assert receipt.versions["pincite"]
    [source] = receipt.sources
    text = receipt.answer["passages"][0]["text"]
    assert source["passage_sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert source["document_sha256"] == library.documents()[0].sha256


def test_answers_from_given_passages_and_in_conversations_have_receipts_too(
    assistant: Assistant, receipts: Receipts, chat: ScriptedChat
) -> None:
    chat.replies = [SAID, SAID]
    given = assistant.ask_given(LEAVE, [("Note", SAID)]).to_json()
    assistant.ask(LEAVE, conversation="c").finish()

    receipt = receipts.get(given["id"])
    assert receipt.library == ""
    assert receipt.sources[0]["document_sha256"] == ""
    assert receipts.has(assistant.conversations.turns("c")[0]["id"])
    assert "cited lines" in evidence_pack(receipt, None)


def test_the_receipt_of_an_answer_whose_conversation_is_deleted_just_then_does_not_stay(
    assistant: Assistant, receipts: Receipts, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = Recorder.keep

    def late(recorder: Recorder, reply: Reply, *given: Any) -> None:
        assistant.conversations.delete("c")
        keep(recorder, reply, *given)

    monkeypatch.setattr(Recorder, "keep", late)
    reply = assistant.ask(LEAVE, conversation="c")
    reply.finish()
    assert not receipts.has(reply.id) and not assistant.conversations.infos()


@ON_BOTH
def test_who_was_removed_gets_no_receipts(
    assistant: Assistant, receipts: Receipts, shelf: Place
) -> None:
    receipt = answered(assistant, receipts)
    hers = Receipts(shelf, whose=Whose("ann"))
    hers.add(replace(receipt, id="first-answer"))
    hers.drop("ann")
    hers.add(replace(receipt, id="later-answer"))
    assert not receipts.has("first-answer") and not receipts.has("later-answer")
    assert receipts.has(receipt.id)


def test_a_receipt_holds_what_was_chosen_for_the_question(
    assistant: Assistant, receipts: Receipts, library: Library
) -> None:
    receipt = answered(assistant, receipts, documents=["Handbook.pdf"], threshold=0.25)

    assert (receipt.documents, receipt.threshold) == (["Handbook.pdf"], 0.25)
    assert receipt.answerable is not None and receipt.answerable > 0.25
    said = {
        "asked only": "Handbook.pdf",
        "when unsure": f"helpful: refused below 0.25; it was {receipt.answerable:.2f}",
    }
    assert conditions(receipt) == said
    page = evidence_pack(receipt, library)
    for name, words in said.items():
        assert f"<th>{name}</th><td>{words}</td>" in page


def test_what_nobody_chose_is_as_the_settings_say(
    assistant: Assistant, receipts: Receipts, library: Library, chat: ScriptedChat, tmp_path: Path
) -> None:
    tool = AnswerTool(chat, Budget())
    recorder = Recorder(receipts, ReceiptWriter(None, {**SETTINGS, "refusal_threshold": 0.45}))
    usual = Assistant(library, Answering(tool, ""), assistant.conversations, recorder)
    receipt = answered(usual, receipts)

    assert (receipt.documents, receipt.threshold) == (None, 0.45)
    assert conditions(receipt).keys() == {"when unsure"}
    assert conditions(receipt)["when unsure"].startswith("refused below 0.45; it was ")


def test_what_is_cited_of_an_earlier_question_is_among_the_sources(
    assistant: Assistant, receipts: Receipts, library: Library, tmp_path: Path
) -> None:
    write_pdf(tmp_path / "papers" / "Policy.pdf", ["A password has fourteen letters."])
    library.add([tmp_path / "papers"])
    line = Citation(1, "Policy.pdf", 1, "A password has fourteen letters.", (), 1.0)
    done = Outcome(line.quote, citations=(line,), passages=(Passage("Handbook.pdf", 1, 1.0, ""),))
    reply = Reply(LEAVE, lambda reply: iter(()), outcome=done)
    Recorder(receipts, ReceiptWriter()).keep(reply, Request(LEAVE, library), library, 1)

    receipt = receipts.get(reply.id)

    assert [source["document"] for source in receipt.sources] == ["Handbook.pdf", "Policy.pdf"]
    assert receipt.sources[1]["document_sha256"] == library.file("Policy.pdf").stem
    assert "has changed or is gone" not in evidence_pack(receipt, library)


@ON_BOTH
def test_the_newest_receipts_stay(
    assistant: Assistant, receipts: Receipts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.receipts.record._MOST", 3)
    receipt = answered(assistant, receipts)
    for number in range(5):
        receipts.add(replace(receipt, id=f"answer-{number}"))

    assert [receipts.has(f"answer-{number}") for number in range(5)] == [
        False,
        False,
        True,
        True,
        True,
    ]


@ON_BOTH
def test_the_beginning_of_an_id_is_enough_where_it_is_one(
    assistant: Assistant, receipts: Receipts
) -> None:
    receipt = answered(assistant, receipts)
    receipts.add(replace(receipt, id=f"{receipt.id[:8]}-other"))

    assert receipts.get(f"{receipt.id[:8]}-").id == f"{receipt.id[:8]}-other"
    with pytest.raises(AssistantError, match="Several answers begin with"):
        receipts.get(receipt.id[:8])
    for unknown in ("nothing", receipt.id[:3], ""):
        with pytest.raises(AssistantError, match="There is no receipt of an answer"):
            receipts.get(unknown)


@ON_BOTH
def test_forgetting_a_document_keeps_answers_that_only_found_it(
    assistant: Assistant, receipts: Receipts
) -> None:
    receipt = answered(assistant, receipts)
    others = {"document": "Menu.pdf", "page": 1, "text": "Soup", "read": False}
    facts = {**receipt.facts, "found": [*receipt.facts["found"], others]}
    receipts.add(replace(receipt, facts=facts))

    assert receipts.forget("main", "Menu.pdf") == 0
    assert "Menu.pdf" not in json.dumps(receipts.get(receipt.id).facts)
    assert receipts.forget("main", "Handbook.pdf") == 1


@pytest.mark.parametrize("more", [{"newer": 1}, {"steps": [{"asked": [], "newer": "{}"}]}])
def test_a_receipt_of_another_version_is_not_read(more: dict[str, Any]) -> None:
    with pytest.raises(AssistantError, match=r"another version of Pincite \(it has newer\)"):
        _receipt({"id": "x", **more})
