"""A question is asked of the documents that a filter leaves, and says so."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.answering.pipeline import AnswerTool
from assistant.answering.retrieve import Budget
from assistant.contract.asked_in import NothingChosen, chosen, from_row, in_words, to_row
from assistant.conversation.assistant import Answering, Assistant
from assistant.conversation.history import Conversations
from assistant.receipts.evidence_pack import evidence_pack
from assistant.receipts.record import Receipts, ReceiptWriter, Recorder, conditions
from assistant.receipts.replay import replay
from assistant.routing.dispatch import Choosing
from assistant.tools.tabular import Tables
from tests.assistant.fakes import ScriptedChat, WordEmbedder
from vectorstore.catalog.tags import Filter
from vectorstore.embedding.embedder import load_embedder
from vectorstore.federation import Federated
from vectorstore.library import Library

LEAVE = "How many days of leave are there?"
TAGGED = Filter(("HR",))


@pytest.fixture
def library(tmp_path: Path, minilm: Path) -> Iterator[Library]:
    embedder = load_embedder(minilm, 1)
    papers = tmp_path / "papers"
    papers.mkdir()
    (papers / "staff.txt").write_text("There are thirty days of leave for all of us.")
    (papers / "board.txt").write_text("There are fifty days of leave for the board.")
    (papers / "Staff.csv").write_text("City,Employees\nBerlin,42\nMadrid,17\n")
    with Library(tmp_path / "library", "main", lambda: embedder) as library:
        library.add([papers])
        library.tags.change(["staff.txt", "Staff.csv"], add=["HR"])
        yield library


@pytest.fixture
def receipts(tmp_path: Path) -> Receipts:
    return Receipts(tmp_path / "home.sqlite")


@pytest.fixture
def assistant(library: Library, receipts: Receipts, tmp_path: Path) -> Assistant:
    tool = AnswerTool(ScriptedChat(replies=["There are thirty days."] * 2), Budget())
    recorder = Recorder(receipts, ReceiptWriter(None, {}))
    kept = Conversations(tmp_path / "home.sqlite")
    return Assistant(library, Answering(tool, ""), kept, recorder)


def test_only_the_documents_of_the_filter_are_read(assistant: Assistant) -> None:
    answer = assistant.ask(LEAVE, conversation="c", within=TAGGED).to_json()
    assert {passage["document"] for passage in answer["passages"]} == {"staff.txt", "Staff.csv"}
    assert answer["filter"] == {"tags": ["HR"]}
    assert assistant.conversations.turns("c")[0]["filter"] == {"tags": ["HR"]}
    every = assistant.ask(LEAVE).to_json()
    assert {"staff.txt", "board.txt"} <= {passage["document"] for passage in every["passages"]}
    assert "filter" not in every


def test_a_filter_and_named_documents_hold_together(assistant: Assistant) -> None:
    both = ["board.txt", "staff.txt"]
    answer = assistant.ask(LEAVE, documents=both, within=TAGGED).to_json()
    assert {passage["document"] for passage in answer["passages"]} == {"staff.txt"}
    with pytest.raises(NothingChosen, match=r"No document of"):
        assistant.ask(LEAVE, documents=["board.txt"], within=TAGGED)


def test_a_filter_that_leaves_nothing_says_so_in_a_sentence(
    assistant: Assistant, library: Library
) -> None:
    with pytest.raises(NothingChosen) as error:
        assistant.ask(LEAVE, conversation="c", within=Filter(("law", "HR"), before="1999"))
    assert str(error.value) == (
        "No document of main fits the filter (tags law and HR, before 1999). Choose other tags or"
        " dates, or ask all documents. Its tags: HR (2)."
    )
    assert assistant.conversations.turns("c") == []
    library.tags.change(["staff.txt", "Staff.csv"], remove=["hr"])
    with pytest.raises(NothingChosen, match=r"None of its documents has a tag\."):
        assistant.ask(LEAVE, within=TAGGED)
    with pytest.raises(NothingChosen, match=r"all documents\.$"):
        assistant.ask(LEAVE, within=Filter(before="1999"))


def test_a_receipt_keeps_it_and_people_read_it(
    assistant: Assistant, receipts: Receipts, library: Library
) -> None:
    within = Filter(("HR",), after="2001", before="2999-12")
    named = ["staff.txt", "board.txt"]
    receipt = receipts.get(assistant.ask(LEAVE, documents=named, within=within).to_json()["id"])
    assert receipt.filter == {"tags": ["HR"], "after": "2001", "before": "2999-12"}
    assert receipt.documents == named and from_row(receipt.filter) == within
    words = conditions(receipt)
    assert words["asked in"] == "tag HR, since 2001, before 2999-12"
    assert f"<th>asked in</th><td>{words['asked in']}</td>" in evidence_pack(receipt, library)
    assert receipts.get(assistant.ask(LEAVE).to_json()["id"]).filter == {}


def test_a_replay_asks_the_same_documents_again(
    library: Library, receipts: Receipts, tmp_path: Path
) -> None:
    tool = Choosing([Tables()], AnswerTool(None, Budget()))
    recorder = Recorder(receipts, ReceiptWriter(None, {}))
    assistant = Assistant(library, Answering(tool, ""), Conversations(tmp_path / "c"), recorder)
    reply = assistant.ask("How many employees are there in Berlin?", within=TAGGED)
    receipt = receipts.get(reply.to_json()["id"])
    assert receipt.answer["tool"] == Tables.name and "42" in receipt.answer["answer"]

    def no_model() -> None:
        pytest.fail("no model wrote this")

    assert replay(receipt, no_model, library).identical  # type: ignore[arg-type]
    library.tags.change(["Staff.csv"], remove=["HR"])
    unsure = replay(receipt, no_model, library)  # type: ignore[arg-type]
    assert unsure.identical is False and "No table answers it" in unsure.told
    library.tags.change(["staff.txt"], remove=["HR"])
    gone = replay(receipt, no_model, library)  # type: ignore[arg-type]
    assert (gone.identical, gone.text) == (False, "") and "(tag HR)" in gone.told


@pytest.mark.parametrize(
    ("within", "words"),
    [
        (Filter(), ""),
        (Filter(("contract",), "2024"), "tag contract, since 2024"),
        (Filter(("a", "b", "c"), before="2024-06"), "tags a, b and c, before 2024-06"),
    ],
)
def test_it_is_said_in_words(within: Filter, words: str) -> None:
    assert in_words(within) == words
    assert from_row(to_row(within)) == within


def test_without_a_filter_the_library_is_not_read(library: Library) -> None:
    assert chosen(library, Filter()) is None


def test_several_libraries_are_asked_with_one_filter(
    library: Library, receipts: Receipts, tmp_path: Path
) -> None:
    (tmp_path / "law.txt").write_text("There are forty days of leave for lawyers.")
    with Library(tmp_path / "other", "law", WordEmbedder) as other:
        other.add([tmp_path / "law.txt"])
        both = Federated([library, other])
        tool = AnswerTool(ScriptedChat(replies=["There are forty days."]), Budget())
        kept = Conversations(tmp_path / "home.sqlite")
        assistant = Assistant(both, Answering(tool, ""), kept, Recorder(receipts, ReceiptWriter()))
        with pytest.raises(NothingChosen):
            assistant.ask(LEAVE, within=Filter(("HR", "law")))
        other.tags.change(["law.txt"], add=["law"])
        answer = assistant.ask(LEAVE, within=Filter(("law",))).to_json()
    assert {passage["document"] for passage in answer["passages"]} == {"law.txt"}
    assert receipts.get(answer["id"]).filter == {"tags": ["law"]}
