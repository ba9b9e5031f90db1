"""A replay writes an answer again from its receipt, and compares."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assistant.answering.pipeline import AnswerTool
from assistant.answering.retrieve import Budget
from assistant.answering.whole import summary
from assistant.conversation.assistant import Answering, Assistant
from assistant.conversation.history import Conversations
from assistant.errors import AssistantError
from assistant.llm import prompts
from assistant.llm.odds import TurnTaking
from assistant.models.installed import Models
from assistant.receipts.evidence_pack import evidence_pack
from assistant.receipts.record import Receipts, ReceiptWriter, Recorder
from assistant.receipts.replay import model_file, replay
from assistant.routing.dispatch import Choosing
from assistant.settings import Settings
from assistant.storage.files import FileHashes
from assistant.tools.specialists import Whole
from assistant.tools.tabular import Lists, Tables
from tests.assistant.fakes import ScriptedChat
from tests.assistant.receipts.conftest import SAID, SETTINGS, Again, answered
from tests.pdfs import write_pdf
from vectorstore.embedding.embedder import load_embedder
from vectorstore.library import Library


def test_a_replay_sends_the_same_messages_and_says_that_the_text_is_the_same(
    assistant: Assistant, receipts: Receipts, chat: ScriptedChat
) -> None:
    receipt = answered(assistant, receipts)
    model: Any = Again()

    done = replay(receipt, lambda: model)

    assert done.identical is True
    assert model.chat.asked == chat.asked
    assert model.options == {"max_tokens": 400}


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


def test_a_refusal_of_what_no_line_states_is_replayed_by_what_the_model_wrote(
    assistant: Assistant, receipts: Receipts, chat: ScriptedChat
) -> None:
    wrote = "Forty weeks of paternity are granted."
    chat.replies = [wrote, wrote]
    receipt = answered(assistant, receipts)
    model: Any = Again(wrote)

    assert receipt.answer["refused"]
    assert replay(receipt, lambda: model).identical is True


def test_a_stopped_answer_is_the_same_up_to_where_it_was_stopped(
    assistant: Assistant, receipts: Receipts
) -> None:
    receipt = answered(assistant, receipts)
    stopped = replace(receipt, written="There are", answer={**receipt.answer, "stopped": True})
    model: Any = Again()

    assert replay(stopped, lambda: model).identical is True


def test_an_answer_that_no_model_wrote_has_nothing_to_replay(
    library: Library, receipts: Receipts, tmp_path: Path
) -> None:
    kept = Conversations(tmp_path / "home" / "conversations.sqlite")
    how = Answering(AnswerTool(None, Budget()), "")
    quoting = Assistant(library, how, kept, Recorder(receipts, ReceiptWriter()))
    receipt = answered(quoting, receipts)

    done = replay(receipt, lambda: pytest.fail("no model is loaded"))

    assert done.identical is None


def test_a_model_is_found_by_its_hash_and_one_that_is_gone_is_named(
    assistant: Assistant, receipts: Receipts, weights: Path, tmp_path: Path
) -> None:
    receipt, sha256 = answered(assistant, receipts), FileHashes(tmp_path / "hashes").sha256
    folder = tmp_path / "models"
    folder.mkdir()
    models = Models(Settings(home=tmp_path))
    assert model_file(receipt, models, sha256) == weights

    moved = weights.rename(folder / "renamed.gguf")
    assert model_file(receipt, models, sha256) == moved

    moved.write_bytes(b"GGUF other weights")
    with pytest.raises(AssistantError, match=r"scripted wrote this answer.*is not there any more"):
        model_file(receipt, models, sha256)
    pinned = replace(models.models[0], sha256=receipt.model["sha256"])
    known = Models(Settings(home=tmp_path), [pinned])
    with pytest.raises(AssistantError, match=f"pincite models pull {pinned.name}` gets it"):
        model_file(receipt, known, sha256)


def test_an_answer_of_several_texts_is_replayed_text_by_text(
    library: Library, receipts: Receipts, weights: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(summary, "_ENOUGH", 1)
    rows = [f"Rule {n} of travel is kept in room {n} of the house." for n in range(9)]
    write_pdf(
        tmp_path / "papers" / "Rules.pdf", ["# Leave", "", SAID, *rows], ["# Travel", "", *rows]
    )
    library.add([tmp_path / "papers"])
    wrote = [rows[0], rows[1]]
    answers = AnswerTool(None, Budget())
    whole = Whole(ScriptedChat(replies=wrote.copy()), "scripted", TurnTaking(), answers)
    recorder = Recorder(receipts, ReceiptWriter(weights, SETTINGS))
    kept = Conversations(tmp_path / "home" / "conversations.sqlite")
    tool = Choosing([whole], answers)
    assistant = Assistant(library, Answering(tool, "scripted"), kept, recorder)
    receipt = answered(assistant, receipts, "Summarise Rules.pdf")

    [step] = receipt.steps
    assert step["written"] == f"{wrote[0]} "
    both = replace(receipt, steps=[step, {**step, "written": f"{wrote[1]} "}])
    same: Any = Again(*wrote)
    done = replay(both, lambda: same)
    assert done.identical is True and "All 2 texts" in done.told
    assert same.options["max_tokens"] == step["most"]
    assert [list(m) for m in prompts.to_rows(same.chat.asked[1])] == step["asked"]
    other: Any = Again(wrote[0], "Another.")
    differs = replay(both, lambda: other)
    assert differs.identical is False and "number 2 differs" in differs.told
    stopped = replace(both, answer={**receipt.answer, "stopped": True})
    cut = replace(stopped, steps=[step, {**step, "written": "Rule"}])
    again: Any = Again(*wrote)
    assert replay(cut, lambda: again).identical is True
    elsewhere = replace(receipt, model={"name": "served"}, asked=[])
    assert "served wrote this answer" in replay(elsewhere, pytest.fail).told
    assert wrote[0] in evidence_pack(receipt, library).partition("The prompt")[2]


def test_an_answer_from_a_table_is_computed_again(
    receipts: Receipts, tmp_path: Path, minilm: Path
) -> None:
    embedder = load_embedder(minilm, 1)
    library = Library(tmp_path / "tables", "main", lambda: embedder)
    table = tmp_path / "papers" / "Staff.csv"
    table.parent.mkdir(exist_ok=True)
    table.write_text("City,Employees\nBerlin,42\nMadrid,17\n", "utf-8")
    library.add([tmp_path / "papers"])
    kept = Conversations(tmp_path / "home" / "conversations.sqlite")
    tool = Choosing([Tables()], AnswerTool(None, Budget()))
    assistant = Assistant(library, Answering(tool, ""), kept, Recorder(receipts, ReceiptWriter()))
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


def test_what_a_model_chose_of_a_list_is_computed_again_without_it(
    library: Library, receipts: Receipts, tmp_path: Path
) -> None:
    (tmp_path / "Räume.csv").write_text(
        "Raum;Haus;Plätze\nEiche;Nord;8\nUlme;Nord;20\nEsche;Süd;4\n", "utf-8"
    )
    library.add([tmp_path / "Räume.csv"])

    class Chosen:
        def next_token_logprobs(self, messages: Any, letters: Any, cancel: Any) -> list[float]:
            if "Yes" in letters:
                return [2.0, 0.0]
            wanted = "the sum" if "ask for?" in str(messages[-1].content) else "Plätze"
            lines = str(messages[-1].content).splitlines()
            letter = next(line[0] for line in lines if line[3:].startswith(wanted))
            return [0.0 if one == letter else -9.0 for one in letters]

    tool = AnswerTool(None, Budget())
    kept = Conversations(tmp_path / "home" / "conversations.sqlite")
    how = Answering(Choosing([Lists(Chosen(), TurnTaking(), tool)], tool), "")
    assistant = Assistant(library, how, kept, Recorder(receipts, ReceiptWriter()))
    receipt = answered(assistant, receipts, "Wie viele Plätze hat das Haus Nord insgesamt?")
    assert receipt.program == ["sum", "Plätze"] and receipt.answer["answer"].endswith("= 28.")

    def no_model() -> Any:
        pytest.fail("no model is loaded")

    assert replay(receipt, no_model, library).identical is True
