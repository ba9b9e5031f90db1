"""Contract tests of stores, embedders, rerankers and workers. Subclass one, and supply the fixture
that its docstring names."""

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from ingest.document.source import Bounds, Engines
from ingest.errors import Stopped, UnreadableFile
from ingest.loaders import digest
from vectorstore.catalog.rows import StoredChunk
from vectorstore.embedding.embedder import Embedder
from vectorstore.retrieval.fusion import Hit
from vectorstore.retrieval.rerank import Reranker, reranked
from vectorstore.store import Store, Vectors
from vectorstore.workers import Hire, Order, Workers

_TEXTS = ("Thirty days of leave.", "A password has fourteen letters.", "Revenue grew by a tenth.")


def vector(degrees: float) -> Vectors:
    """The vector of length 1 at this angle, in two dimensions."""
    radians = np.radians(degrees)
    return np.array([np.cos(radians), np.sin(radians)], np.float32)


def at(*degrees: float) -> Vectors:
    """A row for each angle, see `vector`."""
    return np.stack([vector(d) for d in degrees])


class WordHashes:
    """An embedder without a model: the cosine of two texts counts the words that they share."""

    identity = "words"

    def passages(self, texts: Sequence[str]) -> Vectors:
        return np.array([self.query(text) for text in texts], np.float32).reshape(-1, 512)

    def query(self, text: str) -> Vectors:
        vector = np.full(512, 1e-3, np.float32)
        for word in text.lower().split():
            vector[sum(map(ord, word.strip(".,?!:;"))) % 512] += 1.0
        return vector / np.linalg.norm(vector)


class StoreContract:
    """What each `Store` does. Fixture: `store`, an empty one."""

    def test_the_nearest_comes_first_with_its_cosine(self, store: Store) -> None:
        store.add(["a", "b", "c"], at(0, 60, 90))
        found = store.nearest(vector(0), 3)
        assert [id for id, _ in found] == ["a", "b", "c"]
        assert [cosine for _, cosine in found] == pytest.approx([1, 0.5, 0], abs=1e-5)

    def test_at_most_k_come_back(self, store: Store) -> None:
        store.add(["a", "b"], at(0, 60))
        assert [len(store.nearest(vector(0), k)) for k in (0, 1, 2, 9)] == [0, 1, 2, 2]

    def test_an_empty_store_finds_nothing(self, store: Store) -> None:
        assert store.nearest(vector(0), 3) == []
        assert store.ids() == set()

    def test_an_id_that_is_there_gets_the_new_vector(self, store: Store) -> None:
        store.add(["a", "b"], at(0, 60))
        store.add(["a"], at(90))
        assert [id for id, _ in store.nearest(vector(90), 2)] == ["a", "b"]
        assert store.ids() == {"a", "b"}

    def test_what_was_removed_is_not_found(self, store: Store) -> None:
        store.add(["a", "b", "c"], at(0, 30, 60))
        store.remove(["a", "unknown"])
        assert store.ids() == {"b", "c"}
        assert [id for id, _ in store.nearest(vector(0), 3)] == ["b", "c"]

    def test_everything_can_be_removed_and_more_added(self, store: Store) -> None:
        store.add(["a"], at(0))
        store.remove(["a"])
        store.add(["b"], at(0))
        assert [id for id, _ in store.nearest(vector(0), 3)] == ["b"]

    def test_nothing_can_be_added_and_removed(self, store: Store) -> None:
        store.add([], np.zeros((0, 2), np.float32))
        store.remove([])
        assert store.ids() == set()

    def test_thousands_of_rows_can_be_added_at_once(self, store: Store) -> None:
        ids = [str(number) for number in range(6000)]
        store.add(ids, at(*np.linspace(0, 90, 6000)))
        assert len(store.ids()) == 6000
        assert store.nearest(vector(90), 1)[0][1] == pytest.approx(1, abs=1e-4)


class EmbedderContract:
    """What each `Embedder` does. Fixture: `embedder`."""

    def test_it_has_an_identity(self, embedder: Embedder) -> None:
        assert embedder.identity

    def test_vectors_are_rows_of_length_one(self, embedder: Embedder) -> None:
        vectors = embedder.passages(_TEXTS)
        assert vectors.dtype == np.float32 and len(vectors) == len(_TEXTS)
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-3)

    def test_a_query_is_one_vector_as_long_as_a_row(self, embedder: Embedder) -> None:
        query, (row,) = embedder.query(_TEXTS[0]), embedder.passages(_TEXTS[:1])
        assert query.dtype == np.float32 and query.shape == row.shape
        assert float(np.linalg.norm(query)) == pytest.approx(1, abs=1e-3)

    def test_a_text_gets_the_same_vector_whatever_comes_with_it(self, embedder: Embedder) -> None:
        alone, among = embedder.passages(_TEXTS[1:2])[0], embedder.passages(_TEXTS)[1]
        assert float(alone @ among) == pytest.approx(1, abs=1e-3)

    def test_a_text_finds_itself(self, embedder: Embedder) -> None:
        cosines = embedder.passages(_TEXTS) @ embedder.query(_TEXTS[1])
        assert int(cosines.argmax()) == 1

    def test_no_text_makes_no_row(self, embedder: Embedder) -> None:
        assert len(embedder.passages([])) == 0

    def test_an_empty_text_has_a_vector_too(self, embedder: Embedder) -> None:
        assert np.isfinite(embedder.passages([""])).all()
        assert np.isfinite(embedder.query("")).all()


class RerankerContract:
    """What each `Reranker` does. Fixture: `reranker`."""

    @pytest.fixture
    def hits(self) -> list[Hit]:
        chunks = [
            StoredChunk(str(n), f"{n}.pdf", 1, 0, 0, (), text) for n, text in enumerate(_TEXTS)
        ]
        return [Hit(chunk, 0.5, 0.5) for chunk in chunks]

    def test_each_hit_gets_a_finite_score(self, reranker: Reranker, hits: list[Hit]) -> None:
        scores = reranker.scores("How long is a password?", hits)
        assert len(scores) == len(hits) and np.isfinite(scores).all()

    def test_no_hit_gets_no_score(self, reranker: Reranker) -> None:
        assert list(reranker.scores("How long is a password?", [])) == []

    def test_a_score_does_not_depend_on_the_order(
        self, reranker: Reranker, hits: list[Hit]
    ) -> None:
        question = "How long is a password?"
        forwards, backwards = reranker.scores(question, hits), reranker.scores(question, hits[::-1])
        assert forwards == pytest.approx(backwards[::-1], abs=1e-3)

    def test_no_hit_is_lost(self, reranker: Reranker, hits: list[Hit]) -> None:
        found = reranked(reranker, "How long is a password?", hits)
        assert {hit.chunk.id for hit in found} == {hit.chunk.id for hit in hits}


class WorkersContract:
    """What all `Workers` do. Fixture: `hire`, of the scope "class"."""

    @pytest.fixture(scope="class")
    @classmethod
    def folder(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        return tmp_path_factory.mktemp("unpacked")

    @pytest.fixture(scope="class")
    @classmethod
    def workers(cls, hire: Hire, folder: Path) -> Iterator[Workers]:
        hired = hire(Order(Engines(ocr="off", bounds=Bounds(output=100_000)), folder))
        yield hired
        hired.close()

    def test_files_become_documents_with_passages(self, workers: Workers, tmp_path: Path) -> None:
        paths = [tmp_path / f"note {number}.txt" for number in range(6)]
        for number, path in enumerate(paths):
            path.write_text(f"Depot {number} opens at {number + 6} o'clock.\n")
        for pending, path in [(workers.start(path), path) for path in paths]:
            document, chunks = pending()
            assert (document.sha256, document.name) == (digest(path), path.name)
            assert chunks[0].text.strip() == path.read_text().strip()
            assert document.pages[0].lines

    def test_what_cannot_be_read_is_refused_in_a_sentence(
        self, workers: Workers, tmp_path: Path
    ) -> None:
        broken, long = tmp_path / "broken.pdf", tmp_path / "long.txt"
        broken.write_bytes(b"%PDF-1.4 and no more")
        long.write_text("A line of a very long file.\n" * 10_000)
        for path, why in ((broken, "broken.pdf"), (long, "long.txt holds more than 0 MB of text")):
            with pytest.raises(UnreadableFile, match=why):
                workers.start(path)()

    def test_small_files_are_read_together(self, workers: Workers, tmp_path: Path) -> None:
        note, broken = tmp_path / "note.txt", tmp_path / "broken.pdf"
        note.write_text("The depot opens at six.\n")
        broken.write_bytes(b"%PDF-1.4 and no more")
        first, second = workers.start_several([note, broken])()
        assert not isinstance(first, str) and first[0].name == "note.txt"
        assert isinstance(second, str) and "broken.pdf" in second

    def test_what_is_inside_of_a_file_is_unpacked_here(
        self, workers: Workers, tmp_path: Path, folder: Path
    ) -> None:
        packed = tmp_path / "papers.zip"
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("inner.txt", "The depot opens at six.\n")
        (part,) = workers.start_expand(packed, folder)().parts
        assert workers.start(part.path)()[0].name == "inner.txt"

    def test_who_waits_is_told_when_it_ends(self, hire: Hire, tmp_path: Path) -> None:
        workers = hire(Order(Engines(ocr="off")))
        path = tmp_path / "note.txt"
        path.write_text("The depot opens at six.\n" * 500)
        waiting = [workers.start(path) for _ in range(60)]
        workers.close()
        with pytest.raises(Stopped):
            for pending in waiting:
                pending()
