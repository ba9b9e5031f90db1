"""The learned reader: what it reads of a pair, and what it knows."""

import shutil
from pathlib import Path

import pytest

from vectorstore.catalog.rows import StoredChunk
from vectorstore.embedding import embedder
from vectorstore.errors import LibraryError
from vectorstore.retrieval.fusion import Hit
from vectorstore.retrieval.rerank import Reader, fits, pair


def hit(text: str, score: float = 0.5, document: str = "Handbook.pdf") -> Hit:
    return Hit(StoredChunk(text, document, 1, 0, 0, (), text), score, score)


@pytest.fixture(scope="module")
def reader(minilm: Path) -> Reader:
    return Reader(minilm)


def test_another_model_does_not_fit(tmp_path: Path) -> None:
    assert not fits(tmp_path)


@pytest.mark.slow
def test_long_pairs_are_cut_at_the_passage(minilm: Path) -> None:
    tokenizer = embedder.model_tokenizer(minilm)
    tokenizer.no_truncation()
    ids, kinds = pair(tokenizer, "how long? " * 80, "Handbook", "thirty days. " * 400)
    assert len(ids) == len(kinds) == 192
    assert kinds == sorted(kinds)
    assert 100 < sum(kinds) < 192  # the question is cut, too
    assert ids[-1] == tokenizer.token_to_id("[SEP]")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("question", "answer", "near_miss"),
    [
        (
            "How many days of parental leave are there?",
            "Parents may take twelve weeks of leave after a birth.",
            "Employees have twenty-five days of annual leave; requests go to the line manager.",
        ),
        (
            "Who designed the bridge?",
            "The bridge was designed by the engineer Maria Keller and opened in 1931.",
            "The bridge was opened in 1931 and has been repaired twice since then.",
        ),
        (
            "When does the warranty end?",
            "The warranty ends 24 months after delivery.",
            "The warranty covers faults of the motor and of the display.",
        ),
    ],
)
def test_a_passage_with_the_answer_has_better_odds_than_a_near_miss(
    reader: Reader, question: str, answer: str, near_miss: str
) -> None:
    found, missed = reader.odds(question, [hit(answer), hit(near_miss)])
    assert found > missed + 1


@pytest.mark.slow
def test_the_odds_do_not_depend_on_what_else_is_read(reader: Reader) -> None:
    hits = [hit("The warranty ends after 24 months."), hit("We are open on Mondays.")]
    together = reader.odds("When does the warranty end?", hits)
    assert together == [reader.odds("When does the warranty end?", [one])[0] for one in hits]


@pytest.mark.slow
def test_a_folder_that_cannot_be_written_is_named(minilm: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(minilm, folder, ignore=shutil.ignore_patterns("pincite-*"))
    (folder / "model.safetensors").unlink()
    with pytest.raises(LibraryError, match="model"):
        Reader(folder).odds("?", [hit("a")])
