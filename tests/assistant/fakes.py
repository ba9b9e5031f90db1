"""Small stand-ins with results that can be checked by hand."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field

from assistant.answering.attributor import Attributor, Marked
from assistant.answering.evidence_units import Window
from assistant.answering.retrieve import Context
from assistant.contract.evidence import GivenPassages
from ingest.document.model import Box, Line, Page
from tests.contracts.embedders import WordHashes
from vectorstore.embedding.embedder import Embedder
from vectorstore.errors import UnknownDocument
from vectorstore.retrieval.search_query import SearchQuery

WordEmbedder = WordHashes


class ScriptedChat(BaseChatModel):
    """Says what it was given, word by word, and keeps what it was asked."""

    replies: list[str] = Field(default_factory=list)
    asked: list[list[BaseMessage]] = Field(default_factory=list)
    yes: float = 5.0  # log-odds of "yes"

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def tokens_in(self, text: str) -> int:
        return len(text.split())

    def get_num_tokens_from_messages(
        self, messages: list[BaseMessage], tools: Sequence[Any] | None = None
    ) -> int:
        return sum(self.tokens_in(str(message.content)) for message in messages)

    def _generate(self, messages: list[BaseMessage], *args: Any, **options: Any) -> ChatResult:
        self.asked.append(messages)
        message = AIMessage(self.replies.pop(0))
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(
        self, messages: list[BaseMessage], *args: Any, **options: Any
    ) -> Iterator[ChatGenerationChunk]:
        self.asked.append(messages)
        cancel: threading.Event = options["cancel"]
        for word in self.replies.pop(0).split(" "):
            if cancel.is_set():
                break
            yield ChatGenerationChunk(message=AIMessageChunk(content=f"{word} "))
        yield ChatGenerationChunk(message=AIMessageChunk(content="", chunk_position="last"))

    def next_token_logprobs(
        self,
        messages: list[BaseMessage],
        candidates: Sequence[str],
        cancel: threading.Event | None = None,
    ) -> list[float]:
        return [0.0, -self.yes]


def page_of(*texts: str, number: int = 1, bold: int = 0) -> Page:
    """A page with a line for each text, 12 points high and 2 points apart; the first ones bold."""
    lines = tuple(
        Line(text, Box(72, 72 + 14 * row, 520, 84 + 14 * row), bold=row < bold)
        for row, text in enumerate(texts)
    )
    return Page(number, 595, 842, lines)


def window_of(
    *texts: str, document: str = "Handbook.pdf", number: int = 1, bold: int = 0
) -> Window:
    """A window over a whole page of these lines."""
    page = page_of(*texts, number=number, bold=bold)
    return Window(document, page, 0, len(texts) - 1, 1.0)


def reading(question: str, *windows: Window) -> Context:
    """What is read for a question."""
    asked = SearchQuery(question)
    return Context(asked, asked, GivenPassages([], WordEmbedder()), windows)


class FirstPages(GivenPassages):
    """Evidence of which nothing but some first pages is there any more."""

    def page(self, document: str, number: int) -> Page:
        if document not in self.names:
            raise UnknownDocument(document)
        return super().page(document, number)


def attributor(
    question: str, read: Sequence[Window], first_pages: Mapping[str, Page] | None = None,
    embedder: Embedder | None = None,
) -> Attributor:  # fmt: skip
    """For what was read of documents that are gone but for some first pages."""
    first = {name: [page] for name, page in (first_pages or {}).items()}
    evidence = FirstPages.of(first, embedder or WordEmbedder())
    return Attributor(SearchQuery(question), read, evidence)


def ground(
    question: str, answer: str, read: Sequence[Window], embedder: Embedder,
    first_pages: Mapping[str, Page] | None = None,
) -> Marked:  # fmt: skip
    """The sentences of an answer with marks, and the citation behind each mark."""
    return attributor(question, read, first_pages, embedder=embedder).attribute(answer)
