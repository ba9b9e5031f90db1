"""The real library, search and quoting answers, over a small folder; no chat model."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import BadQuestionSet
from assistant.evaluation.runs import (
    HITS,
    MeasuringOptions,
    MeasuringWatch,
    all_runs,
    differences,
    measure,
)
from assistant.settings import Settings
from assistant.wiring import composition
from tests.fakes import WordEmbedder
from tests.pdfs import write_pdf
from vectorstore.errors import LibraryError
from vectorstore.library import Library
from vectorstore.retrieval.fusion import Hit

LEAVE = {
    "id": "leave", "question": "How many days of annual leave?", "answers": ["30 days"],
    "evidence": [{"doc": "Handbook.pdf", "page": 1}],
}  # fmt: skip
PASSWORD = {
    "id": "password", "question": "How many letters has a password?", "answers": ["14"],
    "evidence": [{"doc": "Policy.pdf", "page": 1}],
}  # fmt: skip
LOST = {"id": "lost", "question": "Why?", "answers": ["-"], "evidence": [{"doc": "Gone.pdf"}]}


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(composition, "embedder", lambda settings: WordEmbedder())
    return Settings(home=tmp_path / "home")


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    write_pdf(folder / "Handbook.pdf", ["Annual leave is thirty days."])
    write_pdf(folder / "Policy.pdf", ["A password has fourteen letters."])
    write(folder / "questions.jsonl", LEAVE, PASSWORD, LOST)
    return folder


def write(path: Path, *rows: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def asked(settings: Settings, number: int) -> dict[str, Any]:
    return {row["id"]: row for row in all_runs(settings).rows(number)}


def test_the_documents_beside_the_questions_are_asked_and_the_lost_ones_told(
    settings: Settings, papers: Path
) -> None:
    number = measure(papers, settings, False, MeasuringOptions(), MeasuringWatch())
    rows = asked(settings, number)
    assert rows.keys() == {"leave", "password"}
    assert rows["leave"]["hits"][0] == ["Handbook.pdf", 1]
    assert rows["leave"]["answer"]["citations"][0]["document"] == "Handbook.pdf"
    run = all_runs(settings).get(number)
    assert run.finished and run.about["library"] == "papers"
    assert run.about["skipped"] == {"questions": 1, "documents": ["Gone.pdf"]}
    assert composition.libraries(settings) == []  # it is not among the person's own
    assert not composition.receipts(settings).has(rows["leave"]["answer"]["id"])


def test_the_default_library_is_asked_when_it_holds_all_and_a_named_one_always(
    settings: Settings, papers: Path
) -> None:
    with composition.library(settings, make=True) as library:
        library.add([papers / "Handbook.pdf"])
    assert (
        of(settings, measure(papers, settings, False, MeasuringOptions(), MeasuringWatch()))
        == "papers"
    )
    named = measure(papers, settings, True, MeasuringOptions(), MeasuringWatch())
    assert of(settings, named) == "main"
    assert asked(settings, named).keys() == {"leave"}
    write(papers / "questions.jsonl", LEAVE)
    assert (
        of(settings, measure(papers, settings, False, MeasuringOptions(), MeasuringWatch()))
        == "main"
    )


def of(settings: Settings, number: int) -> Any:
    return all_runs(settings).get(number).about["library"]


def test_a_run_that_is_stopped_goes_on_where_it_was(settings: Settings, papers: Path) -> None:
    watch = MeasuringWatch(cancel=threading.Event())
    seen: list[str] = []

    def stop_at_the_second(step: Any) -> None:
        seen.append(step.question)
        if len(seen) == 2:
            watch.cancel.set()

    first = measure(
        papers,
        settings,
        False,
        MeasuringOptions(),
        MeasuringWatch(asking=stop_at_the_second, cancel=watch.cancel),
    )
    assert not all_runs(settings).get(first).finished and len(asked(settings, first)) == 1
    again: list[Any] = []
    assert (
        measure(papers, settings, False, MeasuringOptions(), MeasuringWatch(asking=again.append))
        == first
    )
    assert [step.done for step in again] == [1, 2] and again[0].question == PASSWORD["question"]
    assert all_runs(settings).get(first).finished
    assert measure(papers, settings, False, MeasuringOptions(), MeasuringWatch()) == first + 1


def test_two_that_measure_the_same_at_once_end_one_run(settings: Settings, papers: Path) -> None:
    others: list[int] = []

    def meanwhile(step: Any) -> None:
        if not others:
            others.append(measure(papers, settings, False, MeasuringOptions(), MeasuringWatch()))

    number = measure(papers, settings, False, MeasuringOptions(), MeasuringWatch(asking=meanwhile))
    assert [number] == others
    assert asked(settings, number).keys() == {"leave", "password"}
    assert all_runs(settings).get(number).finished


def test_a_question_that_failed_is_asked_again_when_its_run_is_taken_up(
    settings: Settings, papers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = MeasuringWatch(cancel=threading.Event())
    search, failed = Library.search, list[str]()

    def failing(library: Library, query: str, *more: Any, **given: Any) -> list[Hit]:
        if more == (HITS,) and not failed:
            failed.append(query)
            raise LibraryError("The disk is away.")
        return search(library, query, *more, **given)

    def stop_at_the_second(step: Any) -> None:
        if step.done == 1:
            watch.cancel.set()

    monkeypatch.setattr(Library, "search", failing)
    stopping = MeasuringWatch(asking=stop_at_the_second, cancel=watch.cancel)
    number = measure(papers, settings, False, MeasuringOptions(), stopping)
    (row,) = asked(settings, number).values()
    assert row["error"] == "The disk is away." and failed == [row["question"]["question"]]
    again: list[Any] = []
    assert (
        measure(papers, settings, False, MeasuringOptions(), MeasuringWatch(asking=again.append))
        == number
    )
    assert sorted(step.question for step in again) == sorted(
        ["", LEAVE["question"], PASSWORD["question"]]
    )
    assert not any(row["error"] for row in asked(settings, number).values())


def test_only_searching_needs_no_answers(settings: Settings, papers: Path) -> None:
    rows = asked(
        settings,
        measure(papers, settings, False, MeasuringOptions(retrieval=True), MeasuringWatch()),
    )
    assert all("answer" not in row and row["hits"] for row in rows.values())


def test_passages_that_come_with_a_question_are_all_that_is_read(
    settings: Settings, tmp_path: Path
) -> None:
    given = [{"title": "Leave", "text": "Annual leave is thirty days."}]
    question = {"id": "q", "question": "annual leave", "answers": ["30"], "passages": given}
    path = write(tmp_path / "alone" / "questions.jsonl", question)
    row = asked(settings, measure(path, settings, False, MeasuringOptions(), MeasuringWatch()))["q"]
    assert row["hits"] is None
    assert row["answer"]["citations"][0]["document"] == "Leave"


def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    write(
        folder / "corpus.jsonl",
        {"_id": "-1-0", "title": "Leave", "text": "Annual leave is thirty days. Ask before."},
        {"_id": "-2-0", "title": "Leave", "text": "A password has fourteen letters."},
        {"_id": "-3-0", "title": "Leave", "text": "Annual leave is thirty days. Ask before."},
    )
    evidence = [{"doc_id": "-3-0"}]  # the same as the first: either will do
    question = {"id": "q", "question": "annual leave days", "answers": ["30 days"]}
    write(folder / "questions.jsonl", question | {"evidence": evidence})
    return folder


def test_passages_of_a_corpus_are_named_by_their_ids(settings: Settings, tmp_path: Path) -> None:
    number = measure(corpus(tmp_path), settings, False, MeasuringOptions(), MeasuringWatch())
    row = asked(settings, number)["q"]
    assert row["hits"][0] == ["-1-0", 1]
    assert {cited["document"] for cited in row["answer"]["citations"]} == {"-1-0"}
    read = {passage["document"] for passage in row["answer"]["passages"]}
    assert read <= {"-1-0", "-2-0"}


def test_what_cannot_be_asked_is_said(settings: Settings, tmp_path: Path, papers: Path) -> None:
    alone = write(tmp_path / "alone" / "questions.jsonl", LEAVE)
    with pytest.raises(BadQuestionSet, match="'main' is empty, and beside"):
        measure(alone, settings, False, MeasuringOptions(), MeasuringWatch())
    write(papers / "questions.jsonl", LOST)
    with pytest.raises(BadQuestionSet, match=r"holds none of the documents .* Gone\.pdf"):
        measure(papers, settings, False, MeasuringOptions(), MeasuringWatch())


def test_documents_that_could_not_be_read_are_told_and_those_that_went_are_gone(
    settings: Settings, papers: Path
) -> None:
    (papers / "pdfs").mkdir()
    for path in papers.glob("*.pdf"):
        path.rename(papers / "pdfs" / path.name)
    assert (
        len(asked(settings, measure(papers, settings, False, MeasuringOptions(), MeasuringWatch())))
        == 2
    )
    (papers / "pdfs" / "Policy.pdf").unlink()
    (papers / "pdfs" / "Broken.pdf").write_bytes(b"no PDF")
    told: list[str] = []
    number = measure(
        papers, settings, False, MeasuringOptions(), MeasuringWatch(notice=told.append)
    )
    assert any(sentence.startswith("Broken.pdf") for sentence in told)
    assert asked(settings, number).keys() == {"leave"}


def test_drafts_are_said_to_wait(settings: Settings, papers: Path) -> None:
    write(papers / "questions.jsonl", LEAVE, {**PASSWORD, "state": "draft"})
    told: list[str] = []
    measure(papers, settings, False, MeasuringOptions(), MeasuringWatch(notice=told.append))
    assert told[0] == "Undecided drafts are not asked: 1."


def test_runs_tell_in_what_they_differ(settings: Settings, papers: Path) -> None:
    strict = settings.model_copy(update={"refusal_threshold": 0.9})
    numbers = [
        measure(papers, settings, False, MeasuringOptions(), MeasuringWatch()),
        measure(papers, strict, False, MeasuringOptions(limit=1), MeasuringWatch()),
    ]
    first, second = map(all_runs(settings).get, numbers)
    assert differences(first, second) == ["settings: refusal_threshold", "options: limit"]
    assert differences(first, first) == []
