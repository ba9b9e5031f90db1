"""BM25 in an index of tantivy, with the scores of SQLite's FTS5. The only module that imports it.

tantivy leaves out passages that cannot reach the best (block-max WAND, Ding and Suel, SIGIR 2011);
FTS5 scores each that has a word of the question. https://github.com/quickwit-oss/tantivy
"""

import importlib.util
import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vectorstore.words.idf import idf

if TYPE_CHECKING:
    import tantivy

_QUOTED = re.compile(r'"([^"]*)"')
_ANALYZER = "words"
_HEAP = 64 << 20  # bytes that a writer holds before it writes a segment

Passage = tuple[str, str]  # id and searched text


def installed() -> bool:
    """Whether there is such an index at all: it comes with the extra `large`."""
    return importlib.util.find_spec("tantivy") is not None


class TantivyIndex:
    """Passages in a folder, found by their words."""

    def __init__(self, folder: Path) -> None:
        """Raises ValueError for a folder that is missing or damaged."""
        import tantivy

        self._tantivy = tantivy
        self._schema = _schema()
        self._analyzer = _analyzer()
        self._index = tantivy.Index(self._schema, str(folder))
        self._index.register_tokenizer(_ANALYZER, self._analyzer)
        self._searcher: Any = self._index.searcher()

    def add(self, passages: Iterable[Passage]) -> None:
        """Take passages in that it does not have. Raises ValueError or OSError."""
        writer = self._index.writer(_HEAP, 1)
        for id, text in passages:
            document = id.partition(":")[0]
            writer.add_document(self._tantivy.Document(id=id, document=document, text=text))
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._searcher = self._index.searcher()

    def count(self) -> int:
        """The number of its passages."""
        return int(self._searcher.num_docs)

    def nearest(
        self, match: str, k: int, documents: Collection[str] | None = None
    ) -> list[tuple[str, float]]:
        """(id, BM25 score) of the k best for an expression of `ingest.language.words`, best first;
        of some documents if the parts of ids before `:` are given."""
        asked = [(self._tantivy.Occur.Should, query) for query in self._weighted(match)]
        if not asked or k < 1:
            return []
        query = self._tantivy.Query.boolean_query(asked)
        if documents is not None:
            query = self._among(query, documents)
        searcher = self._searcher
        found = searcher.search(query, k, count=False).hits
        return [(searcher.doc(place)["id"][0], float(score)) for score, place in found]

    def _among(self, query: "tantivy.Query", documents: Collection[str]) -> "tantivy.Query":
        Query, must = self._tantivy.Query, self._tantivy.Occur.Must
        within = Query.term_set_query(self._schema, "document", list(documents))
        return Query.boolean_query([(must, Query.const_score_query(within, 0.0)), (must, query)])

    def _weighted(self, match: str) -> Iterator["tantivy.Query"]:
        """The words and phrases, each with the weight that FTS5 gives it: as often as it is asked,
        and by its own idf."""
        Query, searcher = self._tantivy.Query, self._searcher
        phrases = (tuple(self._analyzer.analyze(one)) for one in _QUOTED.findall(match))
        for stems, times in Counter(stems for stems in phrases if stems).items():
            each = [self._frequency(stem) for stem in stems]
            if not all(each):
                continue
            if len(stems) == 1:
                query = Query.term_query(self._schema, "text", stems[0])
                having = each[0]
            else:
                query = Query.phrase_query(self._schema, "text", list(stems))
                having = int(searcher.search(query, 1).count or 0)
            weight = times * self._idf(having) / sum(map(self._own_idf, each))
            yield Query.boost_query(query, weight)

    def _frequency(self, stem: str) -> int:
        return int(self._searcher.doc_freq("text", stem))

    def _idf(self, having: int) -> float:
        """Of FTS5; a phrase may stand nowhere, though its words do."""
        return idf(having, self.count()) if having else 0.0

    def _own_idf(self, having: int) -> float:
        """Of tantivy, which is that of Lucene; a phrase has the sum of its words."""
        return math.log(1 + (self.count() - having + 0.5) / (having + 0.5))


def _schema() -> Any:
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("document", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("text", tokenizer_name=_ANALYZER)
    return builder.build()


def _analyzer() -> Any:
    """As `porter unicode61` of FTS5: letters and digits, small and without accents, by their stems;
    these are Snowball's, which differ from Porter's in few words."""
    from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

    builder = TextAnalyzerBuilder(Tokenizer.simple()).filter(Filter.lowercase())
    return builder.filter(Filter.ascii_fold()).filter(Filter.stemmer("english")).build()
