"""Looks up what a question points at: named documents, their pages, financial statements."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from vectorstore.catalog import rows
from vectorstore.catalog.catalog import Catalog
from vectorstore.naming.mentions import NameIndex
from vectorstore.naming.stored import name_index
from vectorstore.retrieval import query_signals
from vectorstore.retrieval.fusion import Named, Place, Pointed
from vectorstore.retrieval.query import SearchQuery

_DOCUMENTS = 5  # documents that are looked into: of more, those with the best cards
_LINES = 6  # at the top of a page, in which the title of a statement stands
_TOP = 900  # characters of a page's lines in the catalogue: more than these take


class Pointing:
    """Looks up what questions point at; names are read again when the library has changed."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._known: tuple[int, NameIndex] = (-1, NameIndex((), catalog.passages.stating))

    def named(self, query: SearchQuery, scope: frozenset[str] | None) -> Named:
        """The documents that a question names, of those that are searched (None: all); an old
        version only when it is distinguished."""
        return named(query, self.names(), scope)

    def names(self) -> NameIndex:
        """The names of all documents of the library as it is."""
        generation = self._catalog.generation()
        if self._known[0] != generation:
            self._known = generation, name_index(self._catalog)
        return self._known[1]

    def of_that_year(self, query: SearchQuery) -> frozenset[str]:
        """Old versions that are searched beside the newer ones."""
        return query_signals.of_that_year(query.text, self.names().newer)

    def left_out(self, query: SearchQuery, named: Collection[str]) -> frozenset[str]:
        """Newer versions to leave out, because the question asks for the named version alone."""
        newer = self.names().newer
        if query.compares_versions:
            return frozenset()
        found: set[str] = set()
        for name in named:
            while (name := newer.get(name, "")) and name not in found:
                found.add(name)
        return frozenset(found)

    def at(
        self, query: SearchQuery, named: Named, scope: Collection[str] | None,
        cards: Mapping[str, float],
    ) -> Pointed:  # fmt: skip
        """`scope` are the searched documents, None for all; `cards` their scores."""
        known = named.documents if scope is None else frozenset(scope)
        # "Page 5" says nothing without a document: the first page of eleven reports was no gain.
        few = scope is None or len(known) <= _DOCUMENTS
        pages = self._numbered(query.pages, known if few else named.documents)
        statements = self._statements(query.statements, _likely(known, cards))
        return Pointed(named, pages, statements)

    def _numbered(self, numbers: Collection[int], documents: Collection[str]) -> frozenset[Place]:
        if not numbers or not documents:
            return frozenset()
        last = self._catalog.database.all(
            f"SELECT name, pages FROM document WHERE name {rows.AMONG}", rows.listed(documents)
        )
        return frozenset(
            (name, number if number > 0 else pages + 1 + number)
            for name, pages in last
            for number in numbers
        )

    def _statements(self, kinds: Collection[str], documents: Sequence[str]) -> frozenset[Place]:
        if not kinds or not documents:
            return frozenset()
        tops = ", ".join(f"json_extract(lines, '$[{n}][0]')" for n in range(_LINES))
        top = f"lower(substr(lines, 1, {_TOP}))"
        found = self._catalog.database.all(
            f"SELECT name, number, {tops} FROM page"
            f" JOIN document ON document.id = document_id WHERE name {rows.AMONG} AND"
            f" ({top} LIKE '%statement%' OR {top} LIKE '%balance sheet%' OR {top} LIKE '%profit%')",
            rows.listed(documents),
        )
        return frozenset(
            (name, number)
            for name, number, *lines in found
            if query_signals.titled([line for line in lines if line]) & set(kinds)
        )

    def chunks(self, pointed: Pointed) -> list[str]:
        """The chunks of the pages, which the search may not have found."""
        return [
            id
            for name, number in sorted(pointed.pages | pointed.statements)
            for (id,) in self._catalog.database.all(
                "SELECT chunk.id FROM chunk JOIN document ON document.id = document_id"
                " WHERE name = ? AND page = ? AND NOT chunk.hidden",
                name,
                number,
            )
        ]


def named(query: SearchQuery, names: NameIndex, scope: frozenset[str] | None) -> Named:
    """See `Pointing.named`; `names` are of all that could be named."""
    found = names.naming(query.text)
    groups = [
        frozenset(query_signals.current_version(name, names.newer, query.letters) for name in group)
        for group in found.groups
    ]
    groups.append(query_signals.old_versions(query.text, names.newer))
    searched = _apart(group if scope is None else group & scope for group in groups)
    every = frozenset[str]().union(*searched)
    return Named(tuple(searched), names.of_period(query.text, every))


def _apart(groups: Iterable[frozenset[str]]) -> list[frozenset[str]]:
    """The groups that are not empty, each without the documents of those before it."""
    found: list[frozenset[str]] = []
    for group in groups:
        if rest := group.difference(*found):
            found.append(rest)
    return found


def _likely(known: Collection[str], cards: Mapping[str, float]) -> list[str]:
    best = sorted(known or cards, key=lambda name: -cards.get(name, 0.0))
    return best[:_DOCUMENTS]
