"""Receipts hold how an answer came about; replay compares; a pack shows it to others."""

import hashlib
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import lxml.html
import pytest
from langchain_core.messages import BaseMessage

from assistant.answering.passages.budget import Budget
from assistant.contract.outcome import Citation, Outcome, Passage
from assistant.contract.reply import Reply
from assistant.contract.request import Request
from assistant.conversation.assistant import Assistant
from assistant.conversation.history import Conversations
from assistant.errors import AssistantError
from assistant.llm import prompts
from assistant.llm.model_lock import TurnTaking
from assistant.models.store import Models
from assistant.receipts.evidence_pack import evidence_pack
from assistant.receipts.record import Receipt, Receipts, ReceiptWriter, Recorder, conditions
from assistant.receipts.replay import model_file, replay
from assistant.routing.dispatch import Choosing
from assistant.settings import Settings
from assistant.tools.answer import AnswerTool
from assistant.tools.answer_from_tables import Tables
from assistant.tools.whole_document import Whole
from ingest.document.source import readable
from tests.assistant.fakes import ScriptedChat, WordEmbedder
from tests.assistant.ui.fakes import HOSTILE
from tests.pdfs import write_pdf
from vectorstore.library import Library

LEAVE = "How many days of leave are there?"
SAID = "There are thirty days of leave."
SAMPLING = {"temperature": 0.0, "top_k": 40, "top_p": 0.95, "min_p": 0.05, "seed": 0}
SETTINGS = {**SAMPLING, "answer_tokens": 400, "window": 4096, "threads": 0}


class Again:
    """A model that is loaded for a replay."""

    sampling = SAMPLING

    def __init__(self, *says: str, yes: float = 5.0) -> None:
        self.chat = ScriptedChat(replies=list(says or [SAID]), yes=yes)
        self.options: dict[str, Any] = {}

    def stream(self, messages: list[BaseMessage], **options: Any) -> Iterator[Any]:
        self.options = options
        return self.chat.stream(messages, cancel=_Never())

    def next_token_logprobs(self, *given: Any) -> list[float]:
        return self.chat.next_token_logprobs(*given)


class _Never:
    def is_set(self) -> bool:
        return False


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    papers = tmp_path / "papers"
    write_pdf(papers / "Handbook.pdf", ["# Leave", "", "There are thirty days of leave."])
    with Library(tmp_path / "library", "main", WordEmbedder) as library:
        library.add([papers])
        yield library


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF weights")
    return path


@pytest.fixture
def receipts(tmp_path: Path) -> Receipts:
    return Receipts(tmp_path / "home" / "conversations.sqlite")


@pytest.fixture
def chat() -> ScriptedChat:
    return ScriptedChat(replies=[SAID])


@pytest.fixture
def assistant(
    library: Library, weights: Path, receipts: Receipts, chat: ScriptedChat, tmp_path: Path
) -> Assistant:
    tool = AnswerTool(chat, Budget(), model_name="scripted")
    recorder = Recorder(receipts, ReceiptWriter(weights, SETTINGS))
    kept = Conversations(tmp_path / "home" / "conversations.sqlite")
    return Assistant(library, tool, kept, "scripted", recorder=recorder)


def answered(
    assistant: Assistant, receipts: Receipts, question: str = LEAVE, **chosen: Any
) -> Receipt:
    return receipts.get(assistant.ask(question, **chosen).to_json()["id"])


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


def test_a_receipt_holds_what_was_chosen_for_the_question(
    assistant: Assistant, receipts: Receipts, library: Library
) -> None:
    receipt = answered(assistant, receipts, documents=["Handbook.pdf"], threshold=0.3)

    assert (receipt.documents, receipt.threshold) == (["Handbook.pdf"], 0.3)
    assert receipt.answerable is not None and receipt.answerable > 0.3
    said = {
        "asked only": "Handbook.pdf",
        "when unsure": f"helpful: refused below 0.3; it was {receipt.answerable:.2f}",
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
    usual = Assistant(library, tool, assistant.conversations, "", recorder=recorder)
    receipt = answered(usual, receipts)

    assert (receipt.documents, receipt.threshold) == (None, 0.45)
    assert conditions(receipt).keys() == {"when unsure"}
    assert conditions(receipt)["when unsure"].startswith("refused below 0.45; it was ")


def test_receipts_of_before_are_read(
    assistant: Assistant, receipts: Receipts, tmp_path: Path
) -> None:
    receipt = answered(assistant, receipts)
    new = ("meant", "documents", "threshold", "answerable", "steps")
    with closing(sqlite3.connect(tmp_path / "home" / "conversations.sqlite")) as kept, kept:
        for name in new:
            kept.execute("UPDATE receipt SET receipt = json_remove(receipt, '$.' || ?)", (name,))
        ((left,),) = kept.execute("SELECT receipt FROM receipt").fetchall()
    assert not set(new) & json.loads(left).keys()

    old = receipts.get(receipt.id)

    assert (old.documents, old.threshold, conditions(old)) == (None, None, {})
    assert replay(old, lambda: Again()).identical is True  # type: ignore[arg-type,return-value]
    assert "when unsure" not in evidence_pack(old, None)


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


def test_the_newest_receipts_stay(assistant: Assistant, receipts: Receipts, tmp_path: Path) -> None:
    receipt = answered(assistant, receipts)
    few = Receipts(tmp_path / "few.sqlite", most=3)
    for number in range(5):
        few.add(replace(receipt, id=f"answer-{number}"))

    assert [few.has(f"answer-{number}") for number in range(5)] == [False, False, True, True, True]


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


def test_a_file_is_hashed_again_only_when_it_has_changed(
    receipts: Receipts, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = receipts.sha256(weights)
    monkeypatch.setattr("assistant.receipts.record.sha256_of", lambda path: "hashed again")
    assert receipts.sha256(weights) == first

    weights.write_bytes(b"GGUF other weights")
    assert receipts.sha256(weights) == "hashed again"


# -- replay


def test_a_replay_sends_the_same_messages_and_says_that_the_text_is_the_same(
    assistant: Assistant, receipts: Receipts, chat: ScriptedChat
) -> None:
    receipt = answered(assistant, receipts)
    model: Any = Again()

    done = replay(receipt, lambda: model)

    assert done.identical is True
    assert model.chat.asked == chat.asked
    assert model.options == {**SAMPLING, "max_tokens": 400}


def test_a_replay_that_differs_says_so_and_what_has_changed_since(
    assistant: Assistant, receipts: Receipts
) -> None:
    receipt = answered(assistant, receipts)
    older = replace(receipt, versions={**receipt.versions, "llama.cpp": "0.1"})
    model: Any = Again(SAID.replace("thirty", "forty"))

    done = replay(older, lambda: model)

    assert done.identical is False
    assert "forty" in done.text
    assert re.search(r"llama\.cpp is .* and was 0\.1", done.told)


def test_a_stopped_answer_is_the_same_up_to_where_it_was_stopped(
    assistant: Assistant, receipts: Receipts
) -> None:
    receipt = answered(assistant, receipts)
    stopped = replace(receipt, written="There are", answer={**receipt.answer, "stopped": True})
    model: Any = Again()

    assert replay(stopped, lambda: model).identical is True


def test_a_refusal_before_a_word_was_written_is_replayed_by_its_odds(
    assistant: Assistant, receipts: Receipts, chat: ScriptedChat
) -> None:
    chat.yes = -30.0
    receipt = answered(assistant, receipts)
    same: Any = Again(yes=-30.0)
    other: Any = Again(yes=-29.0)

    assert receipt.answer["refused"]
    assert replay(receipt, lambda: same).identical is True
    differs = replay(receipt, lambda: other)
    assert differs.identical is False
    assert "-29.0000 and were -30.0000" in differs.told


def test_an_answer_that_no_model_wrote_has_nothing_to_replay(
    library: Library, receipts: Receipts, tmp_path: Path
) -> None:
    kept = Conversations(tmp_path / "home" / "conversations.sqlite")
    quoting = Assistant(
        library, AnswerTool(None, Budget()), kept, "", recorder=Recorder(receipts, ReceiptWriter())
    )
    receipt = answered(quoting, receipts)

    done = replay(receipt, lambda: pytest.fail("no model is loaded"))

    assert done.identical is None


def test_a_summary_of_before_is_not_said_to_be_of_no_model(
    assistant: Assistant, receipts: Receipts
) -> None:
    now = answered(assistant, receipts)
    of_whole = {**now.answer, "tool": "whole"}
    before = replace(now, answer=of_whole, asked=[], steps=[], threshold=None)
    assert "file" in before.model
    done = replay(before, lambda: pytest.fail("no model is loaded"))
    assert done.identical is None and "comes from an earlier version" in done.told


def test_a_model_is_found_by_its_hash_and_one_that_is_gone_is_named(
    assistant: Assistant, receipts: Receipts, weights: Path, tmp_path: Path
) -> None:
    receipt = answered(assistant, receipts)
    folder = tmp_path / "models"
    folder.mkdir()
    models = Models(folder, Settings(home=tmp_path))
    assert model_file(receipt, models, receipts) == weights

    moved = weights.rename(folder / "renamed.gguf")
    assert model_file(receipt, models, receipts) == moved

    moved.write_bytes(b"GGUF other weights")
    with pytest.raises(AssistantError, match=r"scripted wrote this answer.*is not there any more"):
        model_file(receipt, models, receipts)
    pinned = replace(models.models[0], sha256=receipt.model["sha256"])
    known = Models(folder, Settings(home=tmp_path), [pinned])
    with pytest.raises(AssistantError, match=f"pincite models pull {pinned.name}` gets it"):
        model_file(receipt, known, receipts)


def test_an_answer_of_several_texts_is_replayed_text_by_text(
    library: Library, receipts: Receipts, weights: Path, tmp_path: Path
) -> None:
    rows = [
        f"Rule {number} of travel is kept in room {number} of the house." for number in range(9)
    ]
    write_pdf(
        tmp_path / "papers" / "Rules.pdf", ["# Leave", "", SAID, *rows], ["# Travel", "", *rows]
    )
    library.add([tmp_path / "papers"])
    wrote = [SAID, rows[0]]
    whole = Whole(ScriptedChat(replies=wrote.copy()), "scripted", TurnTaking())
    recorder = Recorder(receipts, ReceiptWriter(weights, SETTINGS))
    kept = Conversations(tmp_path / "home" / "conversations.sqlite")
    tool = Choosing([whole], AnswerTool(None, Budget()))
    assistant = Assistant(library, tool, kept, "scripted", recorder=recorder)
    receipt = answered(assistant, receipts, "Summarise Rules.pdf")

    assert [step["written"] for step in receipt.steps] == [f"{text} " for text in wrote]
    same: Any = Again(*wrote)
    done = replay(receipt, lambda: same)
    assert done.identical is True and "All 2 texts" in done.told
    assert same.options["max_tokens"] == receipt.steps[-1]["most"]
    assert [list(m) for m in prompts.to_rows(same.chat.asked[1])] == receipt.steps[1]["asked"]
    other: Any = Again(SAID, "Another.")
    differs = replay(receipt, lambda: other)
    assert differs.identical is False and "number 2 differs" in differs.told
    stopped = replace(receipt, answer={**receipt.answer, "stopped": True})
    cut = replace(stopped, steps=[receipt.steps[0], {**receipt.steps[1], "written": "Rule"}])
    again: Any = Again(*wrote)
    assert replay(cut, lambda: again).identical is True
    assert rows[0] in evidence_pack(receipt, library).partition("The prompt")[2]


def test_an_answer_from_a_table_is_computed_again(
    library: Library, receipts: Receipts, tmp_path: Path
) -> None:
    table = tmp_path / "papers" / "Staff.csv"
    table.write_text("City,Employees\nBerlin,42\nMadrid,17\n", "utf-8")
    library.add([tmp_path / "papers"])
    kept = Conversations(tmp_path / "home" / "conversations.sqlite")
    tool = Choosing([Tables()], AnswerTool(None, Budget()))
    assistant = Assistant(library, tool, kept, "", recorder=Recorder(receipts, ReceiptWriter()))
    receipt = answered(
        assistant, receipts, "How many employees do Berlin and Madrid have together?"
    )
    assert "59" in receipt.answer["answer"] and len(receipt.answer["cells"]) == 2

    def no_model() -> Any:
        pytest.fail("no model is loaded")

    assert replay(receipt, no_model, library).identical is True
    assert replay(receipt, no_model, None).identical is None
    table.write_text("City,Employees\nBerlin,43\nMadrid,17\n", "utf-8")
    library.add([tmp_path / "papers"])
    differs = replay(receipt, no_model, library)
    assert differs.identical is False and "60" in differs.text
    assert "Changed or gone since then: Staff.csv." in differs.told
    table.write_text("City,Employees\nBerlin,42\nMadrid,17\n", "utf-8")
    more = tmp_path / "papers" / "Staff of both.csv"
    more.write_text("City,Employees\nBerlin,12\nMadrid,13\n", "utf-8")
    library.add([tmp_path / "papers"])
    unsure = replay(receipt, no_model, library)
    assert unsure.identical is False
    assert unsure.told.endswith("The library has changed since then.")
    library.remove(["Staff of both.csv", "Staff.csv"])
    gone = replay(receipt, no_model, library)
    assert gone.identical is False and "No table answers it with certainty any more" in gone.told


# -- the evidence pack


def test_a_pack_shows_the_cited_lines_and_how_the_answer_was_made(
    assistant: Assistant, receipts: Receipts, library: Library
) -> None:
    receipt = answered(assistant, receipts)

    page = evidence_pack(receipt, library)

    assert 'href="#c1">[1]</a>' in page
    assert page.count('src="data:image/png;base64,iVBOR') == 1
    for told in (LEAVE, receipt.model["sha256"], receipt.sources[0]["document_sha256"], "seed 0"):
        assert told in page
    assert str(Path(receipt.model["file"]).parent) not in page


def test_a_pack_does_not_show_a_page_of_a_file_that_has_changed(
    assistant: Assistant, receipts: Receipts, library: Library, tmp_path: Path
) -> None:
    receipt = answered(assistant, receipts)
    write_pdf(tmp_path / "papers" / "Handbook.pdf", ["# Leave", "", "There are two days of leave."])
    library.add([tmp_path / "papers"])

    page = evidence_pack(receipt, library)

    assert "<img" not in page
    assert "has changed or is gone" in page


def test_nothing_in_a_pack_is_live(assistant: Assistant, receipts: Receipts) -> None:
    receipt = answered(assistant, receipts)
    answer = receipt.answer
    everywhere = {
        "question": HOSTILE,
        "sentences": [{"text": HOSTILE, "supported": False, "marks": [1]}],
        "citations": [{**answer["citations"][0], "quote": HOSTILE, "document": HOSTILE}],
        "notices": [HOSTILE],
        "refused": True,
        "passages": [{**answer["passages"][0], "text": HOSTILE, "document": HOSTILE}],
    }
    sources = [{**receipt.sources[0], "document": HOSTILE}]
    hostile = replace(
        receipt, answer={**answer, **everywhere}, asked=[["user", HOSTILE]], sources=sources
    )

    page = evidence_pack(hostile, None)

    assert page.count("&lt;script&gt;") >= 8
    assert not re.search(r"<(script|img|iframe|link|object|form|svg|b)\b", page)
    assert not re.search(r"<[^>]+\b(href|src)=[\"'](?!#|data:image/png)", page)
    assert not re.search(r"<[^>]+\bon\w+=", page)


def test_what_looks_like_markup_or_a_template_is_shown_as_it_was_written(
    assistant: Assistant, receipts: Receipts, library: Library, tmp_path: Path
) -> None:
    name = "{{ 7 * 7 }}\" onerror='x' <b>&amp;.pdf"
    write_pdf(tmp_path / "papers" / name, ["{% raw %} Sick leave is <i>ten</i> days."])
    library.add([tmp_path / "papers"])
    receipt = answered(assistant, receipts)
    line = {**receipt.answer["citations"][0], "document": name, "quote": "{{ receipt }} <i>ten</i>"}
    source = {**receipt.sources[0], "document": name, "document_sha256": library.file(name).stem}
    about = replace(receipt, answer={**receipt.answer, "citations": [line]}, sources=[source])

    page = lxml.html.document_fromstring(evidence_pack(about, library))

    [image] = page.iter("img")
    assert image.get("alt") == f"Page 1 of {readable(name)}, the cited lines marked"
    assert set(image.keys()) == {"alt", "src"}
    [quote] = page.iter("blockquote")
    assert quote.text_content() == "{{ receipt }} <i>ten</i>"
