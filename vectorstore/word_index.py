"""Finds passages by their words in a large library: in an index of its own when it is current,
else None, and the catalogue answers.
"""

import importlib.util
import json
import logging
import math
import re
import shutil
import sys
import threading
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from filelock import FileLock, Timeout

from vectorstore.catalog import rows
from vectorstore.catalog.catalog import Catalog

if TYPE_CHECKING:
    import tantivy


# -- How rare a word is, as FTS5 weighs it

_LEAST = 1e-6  # of a word that most passages have


def idf(having: int, passages: int) -> float:
    """The inverse document frequency of a word that stands in `having` of the passages.

    https://sqlite.org/fts5.html#the_bm25_function
    """
    without = max(passages - having, 0)  # others may add between the two counts
    return max(math.log((without + 0.5) / (having + 0.5)), _LEAST)


# -- BM25 in an index of tantivy, with the scores of SQLite's FTS5. The only module that imports it
# tantivy leaves out passages that cannot reach the best (block-max WAND, Ding and Suel, SIGIR
# 2011); FTS5 scores each that has a word of the question. https://github.com/quickwit-oss/tantivy

_QUOTED = re.compile(r'"([^"]*)"')
_ANALYZER = "words"
_HEAP = 64 << 20  # bytes that a writer holds before it writes a segment

Passage = tuple[str, str]  # id and searched text


def has_tantivy() -> bool:
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
        """The number of passages in the index."""
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
        """The words and phrases, each with the weight that FTS5 gives it: as often as it stands in
        the query, and by its own idf."""
        Query, searcher = self._tantivy.Query, self._searcher
        phrases = (tuple(self._analyzer.analyze(one)) for one in _QUOTED.findall(match))
        for stems, times in Counter(stems for stems in phrases if stems).items():
            each = [int(searcher.doc_freq("text", stem)) for stem in stems]
            if not all(each):
                continue
            if len(stems) == 1:
                query = Query.term_query(self._schema, "text", stems[0])
                having = each[0]
            else:
                query = Query.phrase_query(self._schema, "text", list(stems))
                having = int(searcher.search(query, 1).count or 0)
            wanted = idf(having, self.count()) if having else 0.0  # its words alone may stand there
            weight = times * wanted / sum(map(self._own_idf, each))
            yield Query.boost_query(query, weight)

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


LARGE = 20_000  # passages from which on FTS5 takes longer than the rest of a search
_BATCH = 100  # documents whose passages are read at once
_STATE, _HELD = "state.json", "documents.json"

Held = dict[str, list[object]]  # by document: what its passages were made of

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _State:
    """What a folder holds; its documents are listed in it. One that is being written has none."""

    folder: str
    generation: int
    made: str  # by which model, chunker and rebuild; of which library
    passages: int


class WordIndex:
    """tantivy as a cache of the catalogue's words, for libraries of many passages.

    Each process may read it; a lock file lets one write. What was removed would stay in its files,
    so it is then written anew, in another folder: a process that still reads the old one keeps it
    open. A process that is killed while it writes leaves no state, and the next writes anew.
    """

    def __init__(self, catalog: Catalog, folder: Path) -> None:
        self._catalog = catalog
        self._folder = folder
        self._large = LARGE if has_tantivy() else sys.maxsize
        self._lock = FileLock(folder.with_suffix(".lock"), thread_local=False)
        self._writing = threading.Lock()  # the file's lock lets in all threads of a process
        self._guard = threading.Lock()
        self._opened: tuple[_State, TantivyIndex] | None = None

    def passages(
        self, match: str, k: int, documents: Collection[str] | None
    ) -> list[tuple[str, float]] | None:
        """As `Words.passages` finds visible ones; None where the catalogue must be asked."""
        try:
            index = self._current()
            if index is None:
                return None
            return index.nearest(match, k, None if documents is None else self._prefixes(documents))
        except (OSError, ValueError) as error:  # its folder was deleted, or is damaged
            log.warning("The index of words failed, and is written anew: %s", error)
            self.clear()
            return None

    def sync(self) -> None:
        """Bring it up to the catalogue, unless another process does that. A failure, such as a full
        disk, leaves the work to the catalogue."""
        if self._up_to_date() or not self._writing.acquire(blocking=False):
            return
        try:
            with self._lock.acquire(timeout=0):
                self._follow()
        except Timeout:
            return
        except (OSError, ValueError) as error:
            log.warning("The index of words could not be brought up to date: %s", error)
            self.clear()
        finally:
            self._writing.release()

    def clear(self) -> None:
        """Delete its files; the next `sync` writes them anew."""
        with self._guard:
            self._opened = None
        with suppress(OSError):
            (self._folder / _STATE).unlink(missing_ok=True)
        self._sweep("")

    def close(self) -> None:
        """Close the index in the folder; the next use opens it again."""
        with self._guard:
            self._opened = None

    def _current(self) -> TantivyIndex | None:
        """The index, when it holds exactly the present generation of the catalogue."""
        generation = self._catalog.generation()
        with self._guard:
            if self._opened is None or self._opened[0].generation != generation:
                self._opened = self._open(generation)
            return self._opened[1] if self._opened else None

    def _open(self, generation: int) -> tuple[_State, TantivyIndex] | None:
        state = self._state() if has_tantivy() else None  # it may have been taken away
        if state is None or (state.generation, state.made) != (generation, self._made()):
            return None
        index = TantivyIndex(self._folder / state.folder)
        if index.count() != state.passages:
            raise ValueError("passages are missing")
        return state, index

    def _up_to_date(self) -> bool:
        state = self._state()
        if state is not None:  # not counted: it is asked every few seconds
            now = self._catalog.generation(), self._made()
            return (state.generation, state.made) == now
        # A writer that was killed leaves a folder without a state.
        left = any(one.is_dir() for one in self._folder.glob("*"))
        return not left and self._catalog.passages.count() < self._large

    def _follow(self) -> None:
        if self._catalog.passages.count() < self._large:
            self.clear()
            return
        generation, made, want = self._catalog.generation(), self._made(), self._wanted()
        state = self._state()
        held = self._held(state.folder) if state and state.made == made else None
        if state is None or held is None or not held.items() <= want.items():
            self.clear()
            state, held = _State(uuid4().hex, -1, made, 0), {}
        (self._folder / _STATE).unlink(missing_ok=True)  # until it is whole again
        folder = self._folder / state.folder
        folder.mkdir(parents=True, exist_ok=True)
        index = TantivyIndex(folder)
        index.add(self._texts([document for document in want if document not in held]))
        self._kept(_State(state.folder, generation, made, index.count()), want)

    def _kept(self, state: _State, want: Held) -> None:
        """Say what is there now; what was removed meanwhile is deleted."""
        if not want.keys() <= self._wanted().keys():
            self.clear()
        elif state.passages == sum(int(str(one[0])) for one in want.values()):
            (self._folder / state.folder / _HELD).write_text(json.dumps(want), "utf-8")
            self._say(state)

    def _wanted(self) -> Held:
        """The documents with visible passages: how many, and what tells these from others."""
        found = self._catalog.database.all(
            "SELECT substr(sha256, 1, 16), count(*), language, reader, extracted, ocr,"
            " document.indexed, added FROM document JOIN chunk ON document_id = document.id"
            " WHERE NOT chunk.hidden GROUP BY document.id"
        )
        return {row[0]: list(row[1:]) for row in found}

    def _texts(self, documents: list[str]) -> Iterator[Passage]:
        for start in range(0, len(documents), _BATCH):
            yield from self._catalog.database.all(
                "SELECT chunk.id, chunk_words.text FROM chunk JOIN document"
                " ON document.id = document_id JOIN chunk_words ON chunk_words.rowid = chunk.rowid"
                f" WHERE NOT chunk.hidden AND substr(sha256, 1, 16) {rows.AMONG}",
                rows.listed(documents[start : start + _BATCH]),
            )

    def _prefixes(self, documents: Collection[str]) -> list[str]:
        """Of the ids of their chunks."""
        found = self._catalog.database.all(
            f"SELECT substr(sha256, 1, 16) FROM document WHERE name {rows.AMONG}",
            rows.listed(documents),
        )
        return [row[0] for row in found]

    def _made(self) -> str:
        return f"{self._catalog.identity()} {self._catalog.made()}"

    def _state(self) -> _State | None:
        try:
            return _State(**json.loads((self._folder / _STATE).read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def _held(self, folder: str) -> Held | None:
        try:
            return dict(json.loads((self._folder / folder / _HELD).read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def _say(self, state: _State) -> None:
        self._sweep(state.folder)
        scratch = self._folder / f".{_STATE}"
        scratch.write_text(json.dumps(vars(state)), "utf-8")
        scratch.replace(self._folder / _STATE)

    def _sweep(self, kept: str) -> None:
        """Delete the folders of before; one that another process reads may stay, on Windows, until
        the next time."""
        with suppress(OSError):
            for folder in self._folder.iterdir():
                if folder.is_dir() and folder.name != kept:
                    shutil.rmtree(folder, ignore_errors=True)
