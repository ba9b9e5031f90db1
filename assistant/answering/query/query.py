"""Query: a question with its earlier conversation, parsed once a turn and shared by all stages."""

from dataclasses import dataclass
from functools import cached_property

from assistant.answering.query.ambiguity import Pointer, pointer
from assistant.answering.query.followups import needs_history
from assistant.answering.query.parts import parts
from vectorstore.retrieval.query import SearchQuery


@dataclass(frozen=True)
class Query:
    """A question whose parts are computed on first use, then cached."""

    text: str
    earlier: tuple[str, ...] = ()  # the questions before it, oldest first
    said: str = ""  # all questions and answers before it

    @cached_property
    def before(self) -> "Query | None":
        """The question of the turn before; None for the first."""
        return Query(self.earlier[-1], self.earlier[:-1]) if self.earlier else None

    @cached_property
    def follows_up(self) -> bool:
        """Whether it needs earlier questions to be understood."""
        return bool(self.earlier) and needs_history(self.text)

    @cached_property
    def chain(self) -> tuple[str, ...]:
        """The questions that it builds on, oldest first, then the question."""
        return (*self.before.chain, self.text) if self.before and self.follows_up else (self.text,)

    @cached_property
    def standalone(self) -> str:
        """The question with those that it builds on, as one text."""
        return " ".join(self.chain)

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """The questions that are asked at once; the text itself where it is one."""
        return parts(self.text)

    @cached_property
    def alone(self) -> SearchQuery:
        """The query of its own words."""
        return SearchQuery(self.text)

    @cached_property
    def search(self) -> SearchQuery:
        """The query with the questions that it builds on."""
        return SearchQuery(self.standalone) if self.follows_up else self.alone

    @cached_property
    def joined(self) -> SearchQuery:
        """The query as a follow-up, whether it is one or not."""
        return SearchQuery(f"{self.before.standalone} {self.text}") if self.before else self.alone

    @cached_property
    def unnamed(self) -> Pointer | None:
        """The phrase that points at something nobody named; None in a clear question."""
        return pointer(self.text, self.said)
