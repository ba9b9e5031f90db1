""""""

import json
from pathlib import Path

import pytest

from assistant.errors import BadQuestionSet
from assistant.evaluation.metrics import EvidencePage, Question, from_row, to_row
from assistant.evaluation.sets import passages_as_files, read_set, sample
from ingest.document.source import Source
from ingest.loaders import LOADERS


def write(path: Path, *rows: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


ASKED = {"id": "q", "question": "How long?", "evidence": [{"doc": "Handbook.pdf", "page": 2}]}


def test_the_documents_are_in_a_folder_or_of_the_kind_that_is_cited(tmp_path: Path) -> None:
    write(tmp_path / "questions.jsonl", ASKED)
    for name in ("Handbook.pdf", "Other.pdf", "notes.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in read_set(tmp_path).documents] == ["Handbook.pdf", "Other.pdf"]
    (tmp_path / "pdfs").mkdir()
    assert [path.name for path in read_set(tmp_path).documents] == ["pdfs"]


def test_a_file_of_questions_is_a_set_too(tmp_path: Path) -> None:
    mine = write(tmp_path / "mine" / "some.jsonl", {"id": 1, "question": "Why?"})
    found = read_set(mine)
    assert (found.name, [question.id for question in found.questions]) == ("mine", ["1"])


def test_queries_with_a_corpus_are_a_set_without_answers(tmp_path: Path) -> None:
    write(tmp_path / "queries_dev.jsonl", {"_id": "7", "text": "wings", "relevant": ["a", "b"]})
    write(tmp_path / "corpus.jsonl", {"_id": "a", "title": "T", "text": "W."})
    found = read_set(tmp_path)
    assert found.questions == (
        Question("7", "wings", evidence=(EvidencePage("a"), EvidencePage("b"))),
    )
    assert found.corpus and not found.answers_known


def test_a_turn_of_a_conversation_is_answered_from_its_passages(tmp_path: Path) -> None:
    before = [{"role": "user", "text": "Cars?"}, {"role": "agent", "text": "Two."}]
    task = {
        "id": "t", "history": [*before, {"role": "user", "text": "Which?"}], "answers": [" A "],
        "contexts": [{"title": "Cars", "text": "A and B."}], "answerability": ["UNDERSPECIFIED"],
    }  # fmt: skip
    write(tmp_path / "tasks.jsonl", task)
    (question,) = read_set(tmp_path).questions
    assert question.question == "Which?"
    assert question.history == (("user", "Cars?"), ("agent", "Two."))
    assert question.passages == (("Cars", "A and B."),)
    assert question.wanted == "ask back"


@pytest.mark.parametrize(
    ("kinds", "wanted"),
    [(["UNANSWERABLE"], "refuse"), (["PARTIAL"], "answer"), (["ANSWERABLE"], "answer")],
)
def test_what_is_wanted_of_a_turn_is_said_by_its_kind(
    tmp_path: Path, kinds: list[str], wanted: str
) -> None:
    history = [{"role": "user", "text": "Why?"}]
    task = {"id": "t", "history": history, "contexts": [], "answerability": kinds}
    write(tmp_path / "tasks.jsonl", task)
    assert read_set(tmp_path).questions[0].wanted == wanted


def test_drafts_wait_and_what_was_dropped_is_gone(tmp_path: Path) -> None:
    states = ("draft", "kept", "dropped", "draft")
    rows = [{"id": n, "question": "?", "state": state} for n, state in enumerate(states)]
    write(tmp_path / "questions.jsonl", *rows)
    found = read_set(tmp_path)
    assert ([question.id for question in found.questions], found.waiting) == (["1"], 2)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"id": "q"}, 'at least "id" and "question"'),
        ({"id": "q", "question": 5}, '"question" is no text'),
        ({"id": "q", "question": "?", "state": "lost"}, "'lost', not one of draft, kept"),
        ({"id": "q", "question": "?", "passages": [{"title": "T"}]}, "passages as a list"),
        (["q"], "not a JSON object"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, row: object, reason: str) -> None:
    path = write(tmp_path / "questions.jsonl", ASKED, row)
    with pytest.raises(BadQuestionSet, match=reason) as caught:
        read_set(tmp_path)
    assert f"{path}:2" in str(caught.value)


def test_what_is_no_set_says_why(tmp_path: Path) -> None:
    with pytest.raises(BadQuestionSet, match="There is no file or folder"):
        read_set(tmp_path / "nowhere")
    with pytest.raises(BadQuestionSet, match=r"it needs a questions\.jsonl"):
        read_set(tmp_path)
    write(tmp_path / "questions.jsonl", ASKED, ASKED)
    with pytest.raises(BadQuestionSet, match="two questions have the id 'q'"):
        read_set(tmp_path)


def test_a_sample_is_the_same_for_a_seed_and_keeps_the_order() -> None:
    questions = [Question(str(n), "?") for n in range(30)]
    once = sample(questions, 5, 1)
    assert once == sample(list(reversed(questions)), 5, 1)[::-1]
    assert len(once) == 5 and once != sample(questions, 5, 2)
    assert [int(question.id) for question in once] == sorted(int(q.id) for q in once)
    assert sample(questions, 50, 1) == sample(questions, None, 1) == questions


def test_a_passage_becomes_a_page_with_its_title_and_its_sentences_as_they_are(
    tmp_path: Path,
) -> None:
    text = "Seasons *vary* & <b>repeat</b>. They do so [1] each year."
    corpus = write(tmp_path / "corpus.jsonl", {"_id": "-7", "title": "A <b>", "text": text})
    (path,), _ = passages_as_files(corpus, tmp_path / "texts")
    (page,) = LOADERS[".html"](Source(path, "0" * 64)).pages
    lines = ["A <b>", "Seasons *vary* & <b>repeat</b>.", "They do so [1] each year."]
    assert [line.text for line in page.lines] == lines
    assert path.name == "-7.html"


def test_a_passage_that_repeats_is_left_out_and_named(tmp_path: Path) -> None:
    rows = [{"_id": id, "title": "T", "text": "Same."} for id in ("a", "b")]
    corpus = write(tmp_path / "corpus.jsonl", *rows, {"_id": "c", "title": "U", "text": "Same."})
    paths, same = passages_as_files(corpus, tmp_path / "texts")
    assert ([path.stem for path in paths], same) == (["a", "c"], {"b": "a"})


def test_a_passage_does_not_get_out_of_its_folder(tmp_path: Path) -> None:
    corpus = write(tmp_path / "corpus.jsonl", {"_id": "../x", "text": "T"})
    with pytest.raises(BadQuestionSet, match=r"corpus\.jsonl:1"):
        passages_as_files(corpus, tmp_path / "texts")


def test_a_question_is_written_as_it_is_read() -> None:
    question = Question(
        "q", "How?", ("a",), False, (EvidencePage("d", 2),), (("T", "text"),), (("user", "Hi"),),
        state="draft",
    )  # fmt: skip
    assert from_row(to_row(question)) == question
    assert from_row(json.loads(json.dumps(to_row(Question("q", "?"))))) == Question("q", "?")
