"""SearchQuery: a question parsed for retrieval, each part once."""

from dataclasses import dataclass
from functools import cached_property

from vectorstore.retrieval import query_signals
from vectorstore.retrieval.query_signals import Letters


@dataclass(frozen=True)
class SearchQuery:
    """The text that is searched for. Its parts are computed when they are first read, then kept:
    one turn searches with the same query several times."""

    text: str

    @classmethod
    def of(cls, query: "str | SearchQuery") -> "SearchQuery":
        """The query itself, or one of a text."""
        return query if isinstance(query, SearchQuery) else cls(query)

    def __str__(self) -> str:
        return self.text

    @cached_property
    def letters(self) -> Letters:
        """By which names of documents are found in it."""
        return Letters.of(self.text)

    @cached_property
    def pages(self) -> frozenset[int]:
        """Page numbers that the question names, from 1; counted from the end, -1 is the last
        page."""
        return query_signals.pages(self.text)

    @cached_property
    def statements(self) -> frozenset[str]:
        """Kinds of financial statements that hold the figure in question."""
        return query_signals.statements(self.text)

    @cached_property
    def compares_versions(self) -> bool:
        """Whether it asks about two versions: "What has changed since the old one?"."""
        return query_signals.compares(self.text)
