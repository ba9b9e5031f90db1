"""Messages that no rule knows are compared with known ones."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from assistant.contract.intents import Answer, Describe, Draw, Edit
from assistant.evaluation.sets.question_sets import read_rows
from assistant.routing.classifier import EXAMPLES, Likeness
from assistant.routing.decision import Said
from assistant.routing.dispatch import Rules
from benchmarks import routing as benchmark
from tests.fakes import WordEmbedder
from vectorstore.embedding.embedder import load_embedder
from vectorstore.errors import LibraryError
from vectorstore.store import Vectors

SETS = Path(benchmark.__file__).parent / "sets"


class Counting(WordEmbedder):
    """Tells how often it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.fits = self.queries = 0

    def passages(self, texts: Sequence[str]) -> Vectors:
        self.fits += 1
        return super().passages(texts)

    def query(self, text: str) -> Vectors:
        self.queries += 1
        return super().query(text)


@pytest.mark.parametrize(
    "text",
    ["How long is the notice period?", "Who drew the plan?", "thanks", "list all suppliers"],
)
def test_an_ordinary_question_costs_no_embedding(tmp_path: Path, text: str) -> None:
    embedder = Counting()
    rules = Rules(Likeness(tmp_path))
    assert rules.choose(Said(text), lambda: embedder).wish == Answer()
    assert (embedder.fits, embedder.queries) == (0, 0)


def test_what_rules_know_is_not_compared(tmp_path: Path) -> None:
    embedder = Counting()
    rules = Rules(Likeness(tmp_path))
    assert rules.choose(Said("draw a fox"), lambda: embedder).wish == Draw("a fox")
    assert embedder.queries == 0


def test_it_is_fitted_once_for_a_model_and_kept(tmp_path: Path) -> None:
    embedder = Counting()
    for _ in range(2):
        Likeness(tmp_path).choose(Said("let the computer paint a desert"), lambda: embedder)
    assert (embedder.fits, len(list(tmp_path.glob("*.npz")))) == (1, 1)


def test_a_place_that_cannot_be_written_only_costs_time(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    Likeness(file / "below").choose(Said("art of a fox"), Counting)


@pytest.mark.parametrize("kept", [0, 40])
def test_damaged_weights_are_fitted_again(tmp_path: Path, kept: int) -> None:
    embedder, said = Counting(), Said("let the computer paint a desert")
    Likeness(tmp_path).choose(said, lambda: embedder)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:kept])
    for fits in (2, 2):
        Likeness(tmp_path).choose(said, lambda: embedder)
        assert embedder.fits == fits
    assert list(tmp_path.iterdir()) == [path]


def test_without_an_embedding_model_rules_decide_alone(tmp_path: Path) -> None:
    def missing() -> Counting:
        raise LibraryError("No embedding model is installed.")

    picture = Path("a.png")
    found = Rules(Likeness(tmp_path)).choose(Said("", (picture,)), missing)
    assert found.wish == Describe((picture,))


def test_no_example_is_of_the_held_out_half_or_of_the_last_set() -> None:
    examples = {row["text"] for row in read_rows(EXAMPLES)}
    wishes = read_rows(SETS / "wishes.jsonl")
    held_out = {row["text"] for row in wishes if row["half"] == "held_out"}
    last = {row["text"] for row in read_rows(SETS / "wishes_unseen_3.jsonl")}
    assert len(examples) > 300 and not examples & (held_out | last)


@pytest.mark.slow
def test_the_real_model_understands_what_rules_do_not(tmp_path: Path, minilm: Path) -> None:
    embedder, rules = load_embedder(minilm, 1), Rules(Likeness(tmp_path))

    def choose(text: str, *shown: Path) -> object:
        return rules.choose(Said(text, shown=shown), lambda: embedder).wish

    assert choose("let the computer paint a desert caravan") == Draw("a desert caravan")
    assert isinstance(choose("too crowded, take two penguins away", Path("a.png")), Edit)
    rows = read_rows(SETS / "wishes.jsonl")
    held_out = [row for row in rows if row["half"] == "held_out"]
    right = sum(
        benchmark.chosen(benchmark.choose(row, lambda said: rules.choose(said, lambda: embedder)))
        == row["wish"]
        for row in held_out
    )
    assert right / len(held_out) >= benchmark.WANTED
