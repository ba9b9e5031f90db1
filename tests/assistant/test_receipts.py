"""Receipts hold how an answer came about; replay compares; a pack shows it to others."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import BaseMessage

from assistant.chat import Assistant
from assistant.errors import AssistantError
from assistant.evidence_pack import evidence_pack
from assistant.memory import Conversations
from assistant.models.store import Models
from assistant.reading import Budget
from assistant.receipts import Receipt, Receipts, Recorder, Writer
from assistant.replay import model_file, replay
from assistant.settings import Settings
from assistant.tools.answer import Answer
from tests.assistant.fakes import ScriptedChat, WordEmbedder
from tests.pdfs import write_pdf
from tests.ui.fakes import HOSTILE
from vectorstore.library import Library

LEAVE = "How many days of leave are there?"
SAID = "There are thirty days of leave."
SAMPLING = {"temperature": 0.0, "top_k": 40, "top_p": 0.95, "min_p": 0.05, "seed": 0}
SETTINGS = {**SAMPLING, "answer_tokens": 400, "window": 4096, "threads": 0}


class Again:
    """A model that is loaded for a replay."""

    sampling = SAMPLING

    def __init__(self, says: str = SAID, yes: float = 5.0) -> None:
        self.chat = ScriptedChat(replies=[says], yes=yes)
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
    tool = Answer(chat, Budget(), model_name="scripted")
    recorder = Recorder(receipts, Writer(weights, SETTINGS))
    kept = Conversations(tmp_path / "home" / "conversations.sqlite")
    return Assistant(library, tool, kept, "scripted", recorder=recorder)


def answered(assistant: Assistant, receipts: Receipts, question: str = LEAVE) -> Receipt:
    return receipts.get(assistant.ask(question).to_json()["id"])


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
    monkeypatch.setattr("assistant.receipts.sha256_of", lambda path: "hashed again")
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
        library, Answer(None, Budget()), kept, "", recorder=Recorder(receipts, Writer())
    )
    receipt = answered(quoting, receipts)

    done = replay(receipt, lambda: pytest.fail("no model is loaded"))

    assert done.identical is None


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
    assert "has changed, or is gone" in page


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
