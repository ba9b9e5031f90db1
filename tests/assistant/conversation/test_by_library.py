"""Several libraries are asked at once: what is kept of an answer names the library of each page."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.answering.pipeline import AnswerTool
from assistant.answering.retrieve import Budget
from assistant.conversation.assistant import Answering, Assistant
from assistant.conversation.history import Conversations
from assistant.export.documents import account, markdown
from assistant.llm.odds import TurnTaking
from assistant.receipts.evidence_pack import evidence_pack
from assistant.receipts.record import Receipt, Receipts, ReceiptWriter, Recorder
from assistant.receipts.replay import replay
from assistant.routing.dispatch import Choosing
from assistant.storage.part import Place, Whose
from assistant.tools.specialists import Whole
from assistant.tools.tabular import Tables
from tests.assistant.fakes import ScriptedChat, WordEmbedder
from tests.pdfs import write_pdf
from tests.servers.postgres_fixtures import ON_BOTH
from vectorstore.embedding.embedder import load_embedder
from vectorstore.federation import Federated
from vectorstore.library import Library

LEAVE = "How many days of leave are there?"
SAID = "There are thirty days of leave."
TRAIN = "We travel by train."


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Federated]:
    """Two libraries, each with a document of the same name."""
    made = []
    for name, lines in (("staff", ["# Leave", "", SAID]), ("office", ["# Travel", "", TRAIN])):
        write_pdf(tmp_path / name / "Handbook.pdf", lines)
        made.append(Library(tmp_path / "libraries" / name, name, WordEmbedder))
        made[-1].add([tmp_path / name])
    yield Federated(made)
    for one in made:
        one.close()


@pytest.fixture
def file(shelf: Place) -> Place:
    return shelf


def assistant(both: Federated, file: Place, *says: str) -> Assistant:
    answers = AnswerTool(ScriptedChat(replies=list(says)), Budget(), model_name="scripted")
    tool = Choosing([Tables(), Whole(None, "", TurnTaking(), answers)], answers, [])
    recorder = Recorder(Receipts(file), ReceiptWriter(None, {"answer_tokens": 400}))
    return Assistant(both, Answering(tool, "scripted"), Conversations(file), recorder)


def asked(both: Federated, file: Place) -> Receipt:
    made = assistant(both, file, SAID).ask(LEAVE, conversation="talk").to_json()
    return Receipts(file).get(made["id"])


def test_a_citation_names_its_library_and_opens_its_page(both: Federated, file: Place) -> None:
    answer = assistant(both, file, SAID).ask(LEAVE).to_json()
    [cited] = answer["citations"]
    assert (cited["library"], cited["document"], cited["page"]) == ("staff", "Handbook.pdf", 1)
    assert {p["library"] for p in answer["passages"]} == {"staff", "office"}
    library = both.libraries[cited["library"]]
    assert cited["quote"] in library.page(cited["document"], cited["page"]).text


def test_one_library_answers_as_before(both: Federated, file: Place) -> None:
    tool = AnswerTool(ScriptedChat(replies=[SAID]), Budget(), model_name="scripted")
    how = Answering(tool, "scripted")
    alone = Assistant(both.libraries["staff"], how, Conversations(file))
    answer = alone.ask(LEAVE).to_json()
    assert not any("library" in row for row in (*answer["citations"], *answer["passages"]))


def test_a_follow_up_is_asked_of_both_and_reads_what_is_new_of_them(
    both: Federated, file: Place
) -> None:
    made = assistant(both, file, SAID, TRAIN)
    first = made.ask(LEAVE, conversation="talk").to_json()
    assert {p["library"] for p in first["passages"]} == {"staff", "office"}
    answer = made.ask("And how do we travel?", conversation="talk").to_json()
    assert [c["library"] for c in answer["citations"]] == ["office"]
    assert made.conversations.library("talk") == "office,staff"
    assert {p["library"] for p in answer["passages"]} == {"office"}


def test_documents_are_named_with_their_library(both: Federated, file: Place) -> None:
    answer = assistant(both, file, SAID).ask(LEAVE, documents=["office/Handbook.pdf"]).to_json()
    assert {p["library"] for p in answer["passages"]} == {"office"}


def test_what_came_with_the_question_is_of_no_library(both: Federated, file: Place) -> None:
    answer = assistant(both, file, SAID).ask_given(LEAVE, [("staff/Note", SAID)]).to_json()
    assert answer["citations"][0]["document"] == "staff/Note"
    assert "library" not in answer["citations"][0]


def test_the_receipt_knows_the_files_of_both(both: Federated, file: Place) -> None:
    receipt = asked(both, file)
    assert receipt.library == "office,staff"
    sources = {s["library"]: s["document_sha256"] for s in receipt.sources}
    assert sources["staff"] == both.libraries["staff"].file("Handbook.pdf").stem
    assert sources["office"] == both.libraries["office"].file("Handbook.pdf").stem


def test_the_pack_shows_the_page_of_the_right_library(both: Federated, file: Place) -> None:
    receipt = asked(both, file)
    pack = evidence_pack(receipt, both)
    assert "staff/Handbook.pdf" in pack and "libraries office, staff" in pack
    assert pack.count("data:image/png") == 1
    left = Federated([both.libraries["office"]])  # the other one was deleted
    assert "has changed or is gone" in evidence_pack(receipt, left)


def test_footnotes_name_the_library_and_no_folder(both: Federated, file: Place) -> None:
    made = markdown([account(asked(both, file).answer)])
    assert "staff/Handbook.pdf, page 1" in made and "file:" not in made


def test_a_table_of_one_of_them_answers_and_is_computed_again(
    file: Place, tmp_path: Path, minilm: Path
) -> None:
    embedder = load_embedder(minilm, 1)
    libraries = [Library(tmp_path / name, name, lambda: embedder) for name in ("staff", "office")]
    for number, library in enumerate(libraries):
        sites = tmp_path / f"Sites {number}.csv"
        sites.write_text(
            ("Site,Staff\nOslo,12\nBergen,34\n", "Food,Price\nTea,2\n")[number], "utf-8"
        )
        library.add([sites])
    both = Federated(libraries)
    answer = assistant(both, file).ask("How many staff are there in Bergen?").to_json()
    assert (answer["tool"], answer["citations"][0]["library"]) == ("table", "staff")
    done = replay(Receipts(file).get(answer["id"]), lambda: None, both)  # type: ignore[arg-type,return-value]
    assert done.identical is True


@ON_BOTH
def test_who_may_see_one_of_them_alone_sees_nothing_of_the_conversation(
    both: Federated, file: Place
) -> None:
    asked(both, file)
    whose = Whose("", lambda name: name != "office,staff")
    theirs = Conversations(file, whose)
    assert theirs.infos() == [] and theirs.turns("talk") == [] and theirs.library("talk") == ""


@ON_BOTH
def test_a_forgotten_document_leaves_the_answers_that_read_it(both: Federated, file: Place) -> None:
    receipt = asked(both, file)
    kept = Conversations(file)
    assert kept.forget("elsewhere", "Handbook.pdf") == 0
    assert kept.forget("staff", "Handbook.pdf") == 1
    [turn] = kept.turns("talk")
    assert turn["citations"] == [] and [p["library"] for p in turn["passages"]] == ["office"]
    assert Receipts(file).forget("staff", "Handbook.pdf") == 1
    assert not Receipts(file).has(receipt.id)


@ON_BOTH
def test_a_renamed_library_keeps_its_answers(both: Federated, file: Place) -> None:
    identity = asked(both, file).id
    Conversations(file).rename_library("staff", "people")
    Receipts(file).rename_library("staff", "people")
    [turn] = Conversations(file).turns("talk")
    assert Conversations(file).library("talk") == "office,people"
    assert turn["citations"][0]["library"] == "people"
    receipt = Receipts(file).get(identity)
    assert receipt.library == "office,people"
    assert {s["library"] for s in receipt.sources} == {"people", "office"}
    facts: list[dict[str, Any]] = receipt.facts["found"]
    assert {row["document"].partition("/")[0] for row in facts} == {"people", "office"}
    assert "staff" not in json.dumps(receipt.sources)
