"""Messages are classified by their likeness to known ones, with and without an embedding."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from assistant.contract.intents import Describe, Draw, Edit
from assistant.errors import ModelUnusable
from assistant.evaluation.metrics import read_rows
from assistant.routing.dispatch import TOOLS, WEIGHTS, classify, load, ngrams, route
from assistant.routing.slots import ANSWER, Decision, Message
from benchmarks.tools import routing as benchmark
from ingest.errors import ExtensionFailed
from tests.fakes import WordEmbedder
from vectorstore.embedding.embedder import Embedder, load_embedder
from vectorstore.errors import LibraryError
from vectorstore.store import Vectors

SETS = benchmark.SETS
EXAMPLES = WEIGHTS.with_name("examples.jsonl")
UNSEEN = ("wishes_unseen", "wishes_unseen_2", "wishes_unseen_3")
PICTURE = Path("a.png")


class Counting(WordEmbedder):
    """Tells how often it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.queries = 0

    def query(self, text: str) -> Vectors:
        self.queries += 1
        return super().query(text)


def none_installed() -> Embedder:
    raise LibraryError("No embedding model is installed.")


def chosen_and_gone() -> Embedder:
    raise ModelUnusable("There is no model at models/gone.")


def broken() -> Embedder:
    raise ExtensionFailed("The extension 'letters' failed.")


def plain(message: Message) -> Decision:
    return route(message, none_installed)


def test_an_embedder_that_the_weights_do_not_know_is_not_asked() -> None:
    embedder = Counting()
    assert classify(Message("draw a fox"), lambda: embedder).tool == "draw"
    assert embedder.queries == 0


@pytest.mark.parametrize("embedder", [none_installed, chosen_and_gone, broken])
def test_without_an_embedder_the_words_decide(embedder: Callable[[], Embedder]) -> None:
    found = route(Message("draw a lighthouse at dusk"), embedder)
    assert found.intent == Draw("a lighthouse at dusk")


@pytest.mark.parametrize(
    "text", ["drwa a fox", "DRAW A FOX", "zeichne einen Fuchs", "please draw!"]
)
def test_typos_capitals_and_known_words_of_other_languages_are_read(text: str) -> None:
    assert classify(Message(text), none_installed).tool == "draw"


@pytest.mark.parametrize(
    "text",
    [
        "How long is the notice period?", "Who drew the plan?", "thanks", "draw up a contract",
        "show me the chart of the budget", "Mice without the gene live longer.",
    ],
)  # fmt: skip
def test_questions_statements_and_figures_of_speech_ask_for_no_tool(text: str) -> None:
    assert plain(Message(text)) == ANSWER
    assert plain(Message(text, shown=(PICTURE,))) == ANSWER


@pytest.mark.parametrize("tool", [tool for tool in TOOLS if tool not in ("answer", "draw")])
def test_a_tool_without_what_it_works_on_has_no_probability(tool: str) -> None:
    weights = load()[2]
    chances = dict(zip(weights.tools, weights.probabilities(Message("make it"), None), strict=True))
    assert (chances[tool] == 0) == (tool not in ("speak", "chart"))
    assert sum(chances.values()) == pytest.approx(1, abs=1e-5)


def test_a_file_without_words_is_what_is_to_be_read() -> None:
    assert plain(Message("", (PICTURE,))).intent == Describe((PICTURE,))
    tools = [classify(Message("", (Path(n),)), none_installed).tool for n in ("a.mp3", "a.mp4")]
    assert tools == ["transcribe", "clip"]


def test_what_is_to_be_read_aloud_must_be_there() -> None:
    assert "no answer yet" in plain(Message("read it aloud")).notice


def test_ngrams_are_of_length_one_and_alike_for_words_that_are() -> None:
    def likeness(one: str, other: str) -> float:
        a, b = ngrams(one), ngrams(other)
        return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))

    assert likeness("Zeichne bitte", "zeichnen") > 2 * likeness("Zeichne bitte", "sharpen")
    assert likeness("peux-tu répéter 12", "peux-tu repeter 34") == pytest.approx(1)


def test_the_last_word_of_a_long_message_counts() -> None:
    long = "word " * 100
    assert not np.allclose(ngrams(f"{long} draw"), ngrams(f"{long} read"))


def test_the_weights_are_of_the_examples_as_they_are() -> None:
    with np.load(WEIGHTS) as kept:
        assert str(kept["examples"]) == hashlib.sha256(EXAMPLES.read_bytes()).hexdigest()
        assert tuple(kept["tools"]) == TOOLS
    assert WEIGHTS.stat().st_size < 1_000_000


def test_no_example_is_of_the_held_out_half_or_of_an_unseen_set() -> None:
    examples = {squeezed(row["text"]) for row in read_rows(EXAMPLES)}
    rows = read_rows(SETS / "wishes.jsonl")
    held_out = {squeezed(row["text"]) for row in rows if row["half"] == "held_out"}
    unseen = {squeezed(row["text"]) for name in UNSEEN for row in read_rows(SETS / f"{name}.jsonl")}
    of_both_halves = {squeezed(row["text"]) for row in rows if row["half"] == "tuning"} & held_out
    assert len(examples) > 3_000 and not examples & (held_out | unseen) - of_both_halves


def squeezed(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum())


def share(rows: Sequence[benchmark.Row], choosing: benchmark.Choosing) -> float:
    right = [benchmark.chosen(benchmark.choose(row, choosing)) == row["wish"] for row in rows]
    return sum(right) / len(right)


def held_out() -> list[benchmark.Row]:
    return [row for row in read_rows(SETS / "wishes.jsonl") if row["half"] == "held_out"]


def test_most_messages_are_understood_without_an_embedding() -> None:
    assert share(held_out(), plain) >= 0.85
    assert all(share(read_rows(SETS / f"{name}.jsonl"), plain) >= 0.75 for name in UNSEEN)


@pytest.mark.slow
def test_nearly_all_messages_are_understood_with_the_default_embedder(minilm: Path) -> None:
    embedder = load_embedder(minilm, 1)

    def choosing(message: Message) -> Decision:
        return route(message, lambda: embedder)

    def intent(text: str, *shown: Path) -> object:
        return choosing(Message(text, shown=shown)).intent

    assert intent("let the computer paint a desert caravan") == Draw("a desert caravan")
    assert isinstance(intent("too crowded, take two penguins away", PICTURE), Edit)
    assert share(held_out(), choosing) >= benchmark.WANTED
    assert all(share(read_rows(SETS / f"{name}.jsonl"), choosing) >= 0.93 for name in UNSEEN)


@pytest.mark.slow
def test_questions_of_real_sets_are_questions(minilm: Path, evaluation: Path) -> None:
    embedder = load_embedder(minilm, 2)
    lists = dict(benchmark.question_lists(evaluation))
    questions = [q for name, found in lists.items() if "xquad" not in name for q in found]
    decisions = [route(Message(q), lambda: embedder) for q in questions]
    assert len(questions) > 1_000
    assert [q for q, found in zip(questions, decisions, strict=True) if found != ANSWER] == []
