"""Contract tests of evidence, chat models, checkers and tools. Subclass one, and supply the fixture
that its docstring names."""

import json
import threading
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage

from assistant.answering.groundedness import Groundedness
from assistant.contract.evidence import Evidence, GivenPassages
from assistant.contract.facts import Passage
from assistant.contract.reply import Reply
from assistant.contract.request import Request
from assistant.llm import prompts
from assistant.llm.odds import TokenOdds, token_counter
from assistant.tools.specialists import Work, stream
from vectorstore.testing import WordHashes

TEXTS = (
    ("Leave", "There are thirty days of leave."),
    ("Codes", "A code has fourteen letters."),
    ("Travel", "Trains are booked at the front desk."),
    ("Revenue", "Sales grew by a tenth in March."),
)


class EvidenceContract:
    """Fixture: `evidence`, which holds a document for each of TEXTS."""

    def test_the_best_passage_is_one_of_the_first(self, evidence: Evidence) -> None:
        for _, text in TEXTS:  # the second, where several sources take turns
            assert any(text in hit.text for hit in evidence.passages(text, 2))

    def test_at_most_k_come_back(self, evidence: Evidence) -> None:
        for k in (0, 1, len(TEXTS)):
            assert len(evidence.passages("days of leave", k)) == k

    def test_a_document_that_is_named_is_searched(self, evidence: Evidence) -> None:
        other = evidence.passages(TEXTS[1][1], 1)[0].document
        assert other in {hit.document for hit in evidence.passages("days of leave", 9, {other})}

    def test_a_passage_is_lines_of_its_page(self, evidence: Evidence) -> None:
        for hit in evidence.passages("days of leave", 9):
            page = evidence.page(hit.document, hit.page)
            lines = page.lines[hit.chunk.first : hit.chunk.last + 1]
            assert lines and all(line.text in hit.text for line in lines)

    def test_its_embedder_compares_questions_with_passages(self, evidence: Evidence) -> None:
        embedder = evidence.embedder()
        assert embedder.query("leave") @ embedder.passages(["leave"])[0] == pytest.approx(1, 1e-3)

    def test_the_ledger_adds_up(self, evidence: Evidence) -> None:
        document = evidence.passages("days of leave", 1)[0].document
        assert all(row.balanced for row in evidence.ledger(document))


class ChatModelContract:
    """Tests of a chat model. Fixture: `model`."""

    @pytest.fixture
    def messages(self) -> list[BaseMessage]:
        """The messages of a question with passages, as an answer sends them."""
        passages = [Passage(f"{title}.pdf", 1, 0.5, text) for title, text in TEXTS]
        return prompts.first_turn(passages, "How many days of leave are there?", prompts.ANSWER)

    def test_it_answers_in_text(self, model: BaseChatModel, messages: list[BaseMessage]) -> None:
        content = model.invoke(messages).content
        assert isinstance(content, str) and content.strip()

    def test_it_streams_text(self, model: BaseChatModel, messages: list[BaseMessage]) -> None:
        parts = [part.content for part in model.stream(messages, **_options(model))]
        assert all(isinstance(part, str) for part in parts) and "".join(map(str, parts)).strip()

    def test_tokens_are_counted_once_if_at_all(
        self, model: BaseChatModel, messages: list[BaseMessage]
    ) -> None:
        parts = list(model.stream(messages, **_options(model)))
        counted = [usage for part in parts if (usage := getattr(part, "usage_metadata", None))]
        assert len(counted) <= 1
        assert all(usage["input_tokens"] > 0 < usage["output_tokens"] for usage in counted)

    def test_more_words_have_more_tokens(self, model: BaseChatModel) -> None:
        if not hasattr(model, "tokens_in"):
            pytest.skip("its tokens are estimated, which is allowed")
        count = token_counter(model)
        few, many = count("A lease"), count("A lease of the whole house")
        assert 0 < few < many

    def test_odds_are_those_of_words(
        self, model: BaseChatModel, messages: list[BaseMessage]
    ) -> None:
        if not isinstance(model, TokenOdds):
            pytest.skip("it tells no odds, which is allowed")
        odds = model.next_token_logprobs(messages, [prompts.YES, prompts.NO])
        assert len(odds) == 2 and all(one <= 0 for one in odds)

    def test_with_odds_it_also_stops_when_it_is_told(
        self, model: BaseChatModel, messages: list[BaseMessage]
    ) -> None:
        if not isinstance(model, TokenOdds):
            pytest.skip("it is stopped between two pieces of text")
        options = _options(model)
        options["cancel"].set()
        assert "".join(str(part.content) for part in model.stream(messages, **options)) == ""


def _options(model: BaseChatModel) -> dict[str, Any]:
    """A model with odds takes these, too."""
    return {"cancel": threading.Event(), "max_tokens": 40} if isinstance(model, TokenOdds) else {}


class GroundednessContract:
    """Tests of a checker of sentences. Fixture: `checker`."""

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


class ToolContract:
    """Fixture: `tool`, a function of a Request and a Reply."""

    @pytest.fixture
    def request_(self) -> Request:
        """The request of the tests. Override it for tools that need other evidence or files."""
        return Request("days of leave", GivenPassages(TEXTS, WordHashes()))

    @pytest.fixture
    def reply(self, tool: Work, request_: Request) -> Reply:
        return Reply(request_.question, lambda reply: stream(tool, request_, reply), "tool")

    def test_it_says_something(self, reply: Reply) -> None:
        assert reply.finish().text.strip()

    def test_its_answer_document_is_json(self, reply: Reply) -> None:
        assert json.loads(json.dumps(reply.to_json()))["tool"] == "tool"

    def test_what_it_has_made_is_there(self, reply: Reply) -> None:
        reply.finish()
        assert all(path.exists() for path in (*reply.images, *reply.audio))

    def test_it_can_be_stopped(self, reply: Reply) -> None:
        reply.stop()
        assert reply.finish().stopped
