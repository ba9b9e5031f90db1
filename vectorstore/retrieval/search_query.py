"""SearchQuery: a question parsed for retrieval, each part once."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ingest.language.words import content_words, language_of_question, small_words, stems, without
from vectorstore.catalog import rows
from vectorstore.catalog.catalog import Catalog
from vectorstore.naming.document_names import SUFFIX, YEARS, words_of
from vectorstore.naming.mentions import NameIndex, stored_names
from vectorstore.retrieval.fusion import Named, Place, Pointed
from vectorstore.versions import parsed

# -- What a question says about the place of its answer: documents, pages, kinds of pages

BALANCE, INCOME, CASH = "balance sheet", "income statement", "cash flow statement"

# Questions ask for what is computed from a statement ("working capital", "quick ratio") in words
# that the statement does not use. Matching titles with the question's own words found none of them.
_ASKED = {
    BALANCE: r"""balance\ sheet|working\ capital|(?:current|quick|cash)[ _]ratio|acid.test|liquidity
        |current\ (?:assets|liabilities)|total\ (?:assets|liabilities|debt)|net\ debt|goodwill
        |long.term\ debt|debt.to|leverage|receivables?|payables?|inventor(?:y|ies)|turnover|accru\w+
        |(?:share|stock)holders?.?\ equity|book\ value|retained\ earnings|property,?\ plant|PP&?E
        |fixed\ assets?|cash\ and\ cash\ equivalents|return\ on|RO[AEI]C?|cash\ conversion
        |days\ (?:sales|payable|inventory)|D[SIP]O""",
    INCOME: r"""income\ statement|statements?\ of\ (?:income|operations|earnings)|P&L|sales
        |revenues?|net\ (?:income|earnings|profit|loss)|gross\ (?:profit|margin|income)
        |profit|margin|operating\ (?:income|profit|margin|expenses?)|EBIT(?:DA)?|EPS
        |earnings\ per|COGS
        |cost\ of\ (?:goods|sales|revenue)|interest\ (?:expense|coverage)|tax\ rate|income\ tax
        |SG&?A|selling,\ general|R&D|research\ and\ development|turnover|return\ on|RO[AEI]C?
        |cash\ conversion|days\ (?:sales|payable|inventory)|D[SIP]O""",
    CASH: r"""cash\ flows?|cash\ from|operating\ cash|cap(?:ital\ )?ex(?:penditures?)?|depreciation
        |amorti[sz]ation|D&A|EBITDA|dividends?|repurchases?|buybacks?|payout|retention\ ratio""",
}
_TITLES = {
    BALANCE: r"""balance\ sheets?
        |statements?\ of\ (?:consolidated\ )?financial\ (?:position|condition)\b""",
    INCOME: r"""statements?\ of\ (?:consolidated\ )?(?:comprehensive\ |net\ )?
        (?:income|operations|earnings)|income\ statements?|statements?\ of\ profit
        |profit\ (?:and|&|or)\ loss""",
    CASH: r"statements?\ of\ (?:consolidated\ )?cash\ ?flows?|cash\ ?flows?\ statements?",
}
_QUESTIONS, _STATEMENTS = (
    {kind: re.compile(wrap.format(words), re.IGNORECASE | re.VERBOSE) for kind, words in of.items()}
    for of, wrap in ((_ASKED, r"\b(?:{})s?(?!\w)"), (_TITLES, "{}"))
)
_TITLE = 90  # characters of a line that can be a title

_PAGE = re.compile(
    r"\b(?:page|slide)s?\s*\(?(\d{1,4})\)?(?![\d.,]*\d)"
    r"|\b(?a:(first|second|third|fourth|fifth|last|final|cover|title|front))\s+(?:page|slide)\b",
    re.IGNORECASE,
)
_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5,
    "cover": 1, "title": 1, "front": 1, "last": -1, "final": -1,
}  # fmt: skip

_OLD = "old|older|previous|earlier|former|superseded|outdated|prior"
_KIND = 4  # letters of a word that says what a document is
_COMPARED = re.compile(
    r"\b(?:compar\w+|differ\w*|chang\w+|versus|vs|both|new(?:er|est)?|current|latest|since)\b",
    re.IGNORECASE,
)
_SHORTEST = 3  # letters of a word that matters
_ASKS = re.compile(
    r"\bhow (?:many|much|often|long|far|old|big|large|high|tall|soon)\b", re.IGNORECASE
)
# A superlative before its noun says how to choose among what is found: no passage has to hold it.
_DEGREE = re.compile(r"\b(the|has|have|had|with|of)\s+\w{2,}est\b(?=\s+\w)", re.IGNORECASE)


def titled_statements(lines: Sequence[str]) -> frozenset[str]:
    """Kinds of financial statements that the first lines of a page name."""
    titles = [line for line in lines if len(line) <= _TITLE]
    return frozenset(kind for kind, words in _STATEMENTS.items() if any(map(words.search, titles)))


def _current_version(name: str, newer: Mapping[str, str], text: str) -> str:
    """A named document, or its newest version unless the question asks for this very version: by
    its mark, a period, or the whole file name. `newer`: old name -> new name."""
    for _ in newer:  # no chain is longer
        if name not in newer or _is_told_apart(name, newer[name], text):
            break
        name = newer[name]
    return name


def old_versions(question: str, newer: Mapping[str, str]) -> frozenset[str]:
    """Replaced documents that the question describes: "the old handbook", "version 1 of the
    policy", "the 2023 handbook". `newer`: old name -> new name."""
    words = set(words_of(question.lower()))
    found = {name: parsed(name).base for name in newer if _asks_for(question, name)}
    shared = {name: len(words & set(words_of(base))) for name, base in found.items()}
    return frozenset(name for name, count in shared.items() if count == max(shared.values()))


def _asks_for(question: str, name: str) -> bool:
    version = parsed(name)
    kind = version.base.split()[-1:] or [""]  # of "travel policy" the policy
    if len(kind[0]) < _KIND or not kind[0].isalpha():
        return False
    number = ".".join(map(str, version.number))
    marks = [rf"(?:version|ver|revision|rev|v)\W?{re.escape(number)}"] if number else []
    marks += [re.escape(period) for period in version.periods]
    told = rf"\b(?:{'|'.join([*marks, _OLD])})\b"
    between = "|".join(["versions?", "editions?", "of", "the", "our", *version.base.split()])
    near = rf"{told}(?:\W+(?:{between}))*?\W+{kind[0]}\b"
    behind = rf"\b{kind[0]}\W+(?:(?:of|from|for|in)\W+)?(?:{'|'.join(marks)})\b" if marks else near
    return bool(re.search(f"{near}|{behind}", question, re.IGNORECASE))


def _is_told_apart(old: str, new: str, text: str) -> bool:
    if _words(SUFFIX.sub("", old)) == _words(SUFFIX.sub("", new)):
        return False
    version, whole = parsed(old), f" {' '.join(_words(old))} "
    named = whole in f" {' '.join(words_of(text.lower()))} "
    return version.marked or bool(version.periods) or named


def _words(name: str) -> list[str]:
    return words_of(name.rsplit("/", 1)[-1].lower())


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
    def language(self) -> str:
        """Its ISO 639-1 code; English where it is not certain."""
        return language_of_question(self.text)

    @cached_property
    def small(self) -> frozenset[str]:
        """Words of its language that state nothing; none for English."""
        return small_words(self.text)

    @cached_property
    def telling(self) -> str:
        """The text without them."""
        return without(self.text, self.small)

    @cached_property
    def stems(self) -> frozenset[str]:
        """The stems of its content words."""
        return stems(self.text)

    @cached_property
    def matters(self) -> dict[str, frozenset[str]]:
        """The words that a passage has to hold, with their stems."""
        asked = content_words(_DEGREE.sub(r"\1", _ASKS.sub(" ", self.telling)))
        words = (word for word in asked if len(word) >= _SHORTEST)
        return {word: stems(word) for word in words}

    @cached_property
    def pages(self) -> frozenset[int]:
        """Page numbers that the question names, from 1; counted from the end, -1 is the last
        page."""
        return frozenset(
            int(number) if number else _ORDINALS[word.lower()]
            for number, word in _PAGE.findall(self.text)
        )

    @cached_property
    def statements(self) -> frozenset[str]:
        """Kinds of financial statements that hold the figure in question."""
        return frozenset(kind for kind, words in _QUESTIONS.items() if words.search(self.text))

    @cached_property
    def compares_versions(self) -> bool:
        """Whether it asks about two versions: "What has changed since the old one?"."""
        return bool(_COMPARED.search(self.text))


# -- Looks up what a question points at: named documents, their pages, financial statements

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
            names = stored_names(self._catalog)
            self._known = generation, NameIndex(names, self._catalog.passages.stating)
        return self._known[1]

    def of_that_year(self, query: SearchQuery) -> frozenset[str]:
        """Replaced documents of a year that the question names, which are searched beside the newer
        ones: "What was paid in 2023?" may concern them."""
        years = set(YEARS.findall(query.text))
        newer = self.names().newer
        return frozenset(name for name in newer if years and years & set(parsed(name).periods))

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
        likely = sorted(known or cards, key=lambda name: -cards.get(name, 0.0))[:_DOCUMENTS]
        statements = self._statements(query.statements, likely)
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
            if titled_statements([line for line in lines if line]) & set(kinds)
        )

    def chunks(self, pointed: Pointed) -> list[str]:
        """The chunks of the pages, which the search may not have found."""
        return [
            id
            for name, number in sorted(pointed.pages | pointed.statements)
            for (id,) in self._catalog.database.all(
                "SELECT chunk.id FROM chunk JOIN document ON document.id = document_id"
                " WHERE name = ? AND page = ? AND chunk.hidden = 0",
                name,
                number,
            )
        ]


def named(query: SearchQuery, names: NameIndex, scope: frozenset[str] | None) -> Named:
    """See `Pointing.named`; `names` are of all that could be named."""
    groups = [
        frozenset(_current_version(name, names.newer, query.text) for name in group)
        for group in names.naming(query.text)
    ]
    groups.append(old_versions(query.text, names.newer))
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
