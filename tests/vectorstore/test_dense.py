import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from ingest.document.model import Box, Chunk, Document, Line, Page
from tests.fakes import WordEmbedder
from tests.vectorstore.test_store import at, vector
from vectorstore.catalog.catalog import Catalog
from vectorstore.dense import DenseIndex, nearest_of
from vectorstore.store import ChromaStore

EMBEDDER = WordEmbedder()


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(tmp_path / "catalog.sqlite", "main")


@pytest.fixture
def opened(catalog: Catalog, tmp_path: Path) -> Iterator[Callable[[], DenseIndex]]:
    indexes: list[DenseIndex] = []

    def open_index() -> DenseIndex:
        indexes.append(DenseIndex(catalog, tmp_path / "chroma"))
        return indexes[-1]

    yield open_index
    for index in indexes:
        index.close()


@pytest.fixture
def index(opened: Callable[[], DenseIndex]) -> DenseIndex:
    return opened()


def put(catalog: Catalog, *texts: str) -> set[str]:
    """Each text as a document of one chunk; their ids."""
    for text in texts:
        line = Line(text, Box(0, 0, 9, 9))
        document = Document(f"{text:x<64}", text, text, (Page(1, 9, 9, (line,)),))
        with catalog.writing() as connection:
            vectors = EMBEDDER.passages([text])
            catalog.put(connection, document, text, "ready", [Chunk(1, 0, 0, text)], vectors)
    return {f"{text:x<16}:0" for text in texts}


def nearest(index: DenseIndex, text: str) -> str:
    return index.nearest(EMBEDDER.query(text), 1)[0][0]


def serves(index: DenseIndex, catalog: Catalog) -> bool:
    """Is it Chroma that answers, and not the scan?"""
    return index.current(catalog.generation()) is not None


def test_chroma_serves_once_it_is_synced(catalog: Catalog, index: DenseIndex) -> None:
    ids = put(catalog, "leave", "travel")
    assert not serves(index, catalog)
    assert index.sync()
    assert serves(index, catalog)
    assert index.ids() == ids
    assert nearest(index, "travel") == f"{'travel':x<16}:0"


def test_while_chroma_is_behind_the_scan_finds_what_is_new(
    catalog: Catalog, index: DenseIndex
) -> None:
    put(catalog, "leave")
    index.sync()
    put(catalog, "travel")
    assert not serves(index, catalog)
    assert nearest(index, "travel") == f"{'travel':x<16}:0"


def test_syncing_takes_out_what_the_catalogue_no_longer_has(
    catalog: Catalog, index: DenseIndex
) -> None:
    put(catalog, "leave", "travel")
    index.sync()
    with catalog.writing() as connection:
        catalog.delete(connection, "leave")
    assert nearest(index, "leave") == f"{'travel':x<16}:0"
    index.sync()
    assert index.ids() == {f"{'travel':x<16}:0"}


def test_the_scan_serves_while_another_process_owns_chroma(
    catalog: Catalog, index: DenseIndex, tmp_path: Path
) -> None:
    put(catalog, "leave")
    with FileLock(tmp_path / "chroma.lock"):
        assert not index.sync()
        assert not index.clear()
        assert index.ids() == set()
        assert nearest(index, "leave") == f"{'leave':x<16}:0"
    assert index.sync()
    assert serves(index, catalog)


def test_closing_gives_chroma_to_others_even_after_a_rebuild(
    catalog: Catalog, opened: Callable[[], DenseIndex]
) -> None:
    put(catalog, "leave")
    first, second = opened(), opened()
    assert first.clear() and first.sync()
    assert not second.sync()
    first.close()
    assert second.sync()


def test_an_index_of_the_last_run_is_used_at_once(
    catalog: Catalog, opened: Callable[[], DenseIndex]
) -> None:
    put(catalog, "leave")
    first = opened()
    first.sync()
    first.close()
    assert serves(opened(), catalog)


def test_a_run_that_was_killed_while_writing_leads_to_a_fresh_folder(
    catalog: Catalog, opened: Callable[[], DenseIndex], tmp_path: Path
) -> None:
    put(catalog, "leave")
    first = opened()
    first.sync()
    first.close()
    (tmp_path / "chroma.writing").touch()
    (tmp_path / "chroma" / "left behind").touch()
    second = opened()
    assert not serves(second, catalog)
    assert second.sync()
    assert not (tmp_path / "chroma" / "left behind").exists()
    assert second.ids() == catalog.passages.ids()


def test_only_a_write_leaves_a_mark_so_that_an_idle_app_may_end_anyhow(
    catalog: Catalog, opened: Callable[[], DenseIndex], tmp_path: Path
) -> None:
    put(catalog, "leave")
    mark = tmp_path / "chroma.writing"
    during: list[bool] = []
    first = opened()
    first.sync(lambda *_: during.append(mark.exists()))
    assert during == [True] and serves(first, catalog) and not mark.exists()
    shutil.copytree(tmp_path / "chroma", tmp_path / "idle")  # as the end of its process leaves it
    first.close()
    shutil.rmtree(tmp_path / "chroma")
    (tmp_path / "idle").rename(tmp_path / "chroma")
    again: list[int] = []
    second = opened()
    assert serves(second, catalog) and second.sync(lambda done, _: again.append(done))
    assert not again and nearest(second, "leave") == f"{'leave':x<16}:0"


def test_a_folder_that_crashes_chroma_is_made_anew(
    catalog: Catalog, opened: Callable[[], DenseIndex], tmp_path: Path
) -> None:
    put(catalog, "leave")
    first = opened()
    first.sync()
    first.close()
    many = 1500  # so many that Chroma writes its index out
    store = ChromaStore(tmp_path / "chroma")
    vectors = np.random.default_rng(1).normal(size=(many, 8)).astype(np.float32)
    store.add([str(number) for number in range(many)], vectors)
    store.close()
    for path in tmp_path.rglob("link_lists.bin"):
        path.write_bytes(bytes(path.stat().st_size))  # a query would end the process
    second = opened()
    assert second.ids() == set()
    assert second.sync() and second.ids() == catalog.passages.ids()


def overwrite(folder: Path, suffix: str) -> None:
    for path in folder.rglob(f"*{suffix}"):
        if path.is_file():
            path.write_bytes(b"garbage" * 50)


@pytest.mark.parametrize("suffix", [".sqlite3", ".bin", ""])
def test_a_damaged_folder_is_made_anew(
    catalog: Catalog, opened: Callable[[], DenseIndex], tmp_path: Path, suffix: str
) -> None:
    many = [f"leave {number}" for number in range(3)]
    put(catalog, *many)
    first = opened()
    first.sync()
    first.close()
    overwrite(tmp_path / "chroma", suffix)
    second = opened()
    assert nearest(second, "leave").startswith("leave")
    assert second.sync()
    assert second.ids() == catalog.passages.ids()


def test_a_folder_that_was_deleted_is_noticed(
    catalog: Catalog, opened: Callable[[], DenseIndex], tmp_path: Path
) -> None:
    put(catalog, "leave")
    first = opened()
    first.sync()
    first.close()
    shutil.rmtree(tmp_path / "chroma")
    second = opened()
    assert nearest(second, "leave") == f"{'leave':x<16}:0"
    assert second.sync()
    assert second.ids() == catalog.passages.ids()


def test_the_scan_serves_after_a_failed_question_and_the_next_sync_mends_chroma(
    catalog: Catalog, index: DenseIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("Error finding id")

    put(catalog, "leave")
    index.sync()
    with monkeypatch.context() as damaged:
        damaged.setattr(ChromaStore, "nearest", fail)
        assert nearest(index, "leave") == f"{'leave':x<16}:0"
    assert not serves(index, catalog)
    assert index.sync()
    assert serves(index, catalog)
    assert index.ids() == catalog.passages.ids()


def test_a_folder_that_is_deleted_while_it_is_open_costs_no_answer(
    catalog: Catalog, index: DenseIndex, tmp_path: Path
) -> None:
    put(catalog, "leave")
    index.sync()
    shutil.rmtree(tmp_path / "chroma")
    assert nearest(index, "leave") == f"{'leave':x<16}:0"


def test_a_search_does_not_wait_while_chroma_catches_up(
    catalog: Catalog, index: DenseIndex
) -> None:
    put(catalog, "leave")
    found: list[str] = []

    def search(done: int, total: int) -> None:
        thread = threading.Thread(target=lambda: found.append(nearest(index, "leave")))
        thread.start()
        thread.join(60)

    index.sync(search)
    assert found == [f"{'leave':x<16}:0"]


def test_failures_in_a_row_are_counted_until_chroma_is_mended(
    catalog: Catalog, index: DenseIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no space")

    put(catalog, "leave")
    with monkeypatch.context() as full:
        full.setattr(ChromaStore, "add", fail)
        assert [index.sync(), index.sync()] == [False, False]
    assert index.failures == 2
    assert index.sync()
    assert index.failures == 0


def test_where_chroma_cannot_be_opened_the_scan_serves(
    catalog: Catalog, index: DenseIndex, tmp_path: Path
) -> None:
    put(catalog, "leave")
    (tmp_path / "chroma").write_text("a file where the folder should be")
    assert not index.sync()
    assert nearest(index, "leave") == f"{'leave':x<16}:0"


def test_rebuilding_tells_how_far_it_is(catalog: Catalog, index: DenseIndex) -> None:
    put(catalog, "leave", "travel")
    steps: list[tuple[int, int]] = []
    assert index.clear()
    assert index.sync(lambda done, total: steps.append((done, total)))
    assert steps == [(2, 2)]


def test_an_empty_catalogue_finds_nothing(index: DenseIndex) -> None:
    query = np.array([1, 0], np.float32)
    assert index.nearest(query, 3) == []
    assert index.sync()
    assert index.nearest(query, 3) == []


def made(folder: Path) -> tuple[Catalog, DenseIndex]:
    catalog = Catalog(folder / "catalog.sqlite", folder.name)
    return catalog, DenseIndex(catalog, folder / "chroma")


def test_a_new_library_in_the_folder_of_one_that_forgot_is_not_taken_for_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "main").mkdir()
    Catalog(tmp_path / "main" / "catalog.sqlite", "main").forget()  # by an earlier process
    before, index = made(tmp_path / "main")
    assert not index._remembers()
    index.close()
    before.close()
    shutil.rmtree(tmp_path / "main")
    _, fresh = made(tmp_path / "main")
    assert not fresh._remembers() and fresh.sync()
    fresh.close()


def test_what_was_forgotten_is_remembered_under_another_name(tmp_path: Path) -> None:
    catalog, index = made(tmp_path / "main")
    index.close()
    catalog.forget()
    catalog.close()
    (tmp_path / "main").rename(tmp_path / "other")
    catalog, renamed = made(tmp_path / "other")
    assert renamed._remembers()
    backup = Catalog(tmp_path / "backup.sqlite", "other")
    backup.close()
    identity = catalog.identity()
    catalog.replace_by(tmp_path / "backup.sqlite")
    assert catalog.identity() == identity and renamed._remembers()


def test_the_scan_finds_the_nearest_with_their_cosines() -> None:
    found = nearest_of(["a", "b", "c"], at(90, 0, 60), vector(0), 2)
    assert [id for id, _ in found] == ["b", "c"]
    assert [cosine for _, cosine in found] == pytest.approx([1, 0.5], abs=1e-5)
    assert [len(nearest_of(["a"], at(0), vector(0), k)) for k in (0, 1, 9)] == [0, 1, 1]
    assert nearest_of([], np.zeros((0, 0), np.float32), vector(0), 3) == []


def test_the_scan_compares_thousands() -> None:
    ids = [str(number) for number in range(6000)]
    assert nearest_of(ids, at(*np.linspace(0, 90, 6000)), vector(90), 1)[0][0] == "5999"
