""""""

import json
from pathlib import Path

import pytest

from assistant.answering.groundedness import Groundedness, Reads
from tests.vectorstore.embedding.made import TOPICS, made
from vectorstore.errors import LibraryError

READ = "Handbook about {}"


class GroundednessContract:
    """What every checker of sentences promises. Fixture: `checker`."""

    READ = "Handbook\nThere are thirty days of leave."
    SAID = ("There are thirty days of leave.", "Cats {may} sleep in the lift.", "No.")

    def test_words_are_marked_only_where_a_sentence_is_unsupported(
        self, checker: Groundedness
    ) -> None:
        for said in self.SAID:
            found = checker.check("How much leave?", self.READ, said)
            assert not (found.supported and found.spans)

    def test_marks_are_in_the_sentence_and_in_its_order(self, checker: Groundedness) -> None:
        for said in self.SAID:
            places = [n for s in checker.check("?", self.READ, said).spans for n in s]
            assert places == sorted(places) and all(0 <= n <= len(said) for n in places)

    def test_the_same_sentence_is_judged_the_same(self, checker: Groundedness) -> None:
        first, second = (checker.check("?", self.READ, self.SAID[1]) for _ in range(2))
        assert first == second

    def test_a_long_text_and_an_empty_question_are_read(self, checker: Groundedness) -> None:
        checker.check("", "There are thirty days of leave. " * 500, self.SAID[0])


@pytest.mark.slow
class TestClassifiedGroundedness(GroundednessContract):
    @pytest.fixture(params=["texts", "tokens"])
    def checker(self, request: pytest.FixtureRequest) -> Groundedness:
        return Groundedness(made(request.param))


@pytest.mark.slow
def test_a_classifier_of_texts_says_what_a_text_supports() -> None:
    checker = Groundedness(made("texts"))
    for one in TOPICS:
        for other in TOPICS:
            found = checker.check("?", READ.format(one), f"It is {other}.")
            assert (found.supported, found.spans) == (one == other, ())


@pytest.mark.slow
def test_a_classifier_of_tokens_marks_the_words_that_a_text_does_not_support() -> None:
    checker = Groundedness(made("tokens"))
    found = checker.check("?", READ.format("leave"), "It is travel.")
    assert not found.supported
    assert ["It is travel."[start:end] for start, end in found.spans] == ["travel"]
    assert checker.check("?", READ.format("travel"), "It is travel.").supported


@pytest.mark.slow
def test_a_model_reads_its_texts_as_it_wants_them() -> None:
    """Both in one text, and braces in a document stay what they are."""
    as_pair = Groundedness(made("texts"))
    swapped = Reads("{read}", "It is {question}.")
    told = Groundedness(made("texts"), reads=swapped)
    for topic in ("leave", "salary"):
        wanted = as_pair.check("?", "Handbook about leave", f"It is {topic}.").supported
        assert told.check(topic, "Handbook about leave", "{question}").supported == wanted


def test_labels_that_tell_nothing_of_support_are_refused(tmp_path: Path) -> None:
    config = {"architectures": ["BertForSequenceClassification"],
              "id2label": {"0": "POSITIVE", "1": "NEGATIVE"}}  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(LibraryError, match=r"None of the labels in .*positive, negative"):
        Groundedness(tmp_path)
