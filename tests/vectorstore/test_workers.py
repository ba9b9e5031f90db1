"""What all workers promise, and what becomes of lost ones."""

import socket
import zipfile
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from assistant.security.network_guard import QUIET
from assistant.wiring.places import located
from ingest.document.source import Bounds, Engines
from ingest.errors import Stopped, UnreadableFile
from ingest.loaders import digest
from tests.fakes import WordEmbedder
from tests.servers.ray_process import RayProcess
from vectorstore.embedding.embedder import load_embedder, recipe
from vectorstore.errors import WorkersAway
from vectorstore.library import Library
from vectorstore.store import Vectors
from vectorstore.team import ray_workers
from vectorstore.team.ray_workers import RayCluster, RayWorkers
from vectorstore.worker_address import parsed
from vectorstore.workers import Hire, Order, Workers, here


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


def cluster(address: str) -> RayCluster:
    found = parsed(address)
    assert found
    return RayCluster(found, located, tuple(QUIET.items()))


class TestThisMachine(WorkersContract):
    @pytest.fixture(scope="class")
    @classmethod
    def hire(cls) -> Hire:
        return here


def _ends(pipe: Connection, place: str) -> None:
    """A driver that has connected, and ends."""
    pipe.send(2)


def test_a_driver_that_has_ended_reads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_workers, "serve", _ends)
    with socket.create_server(("127.0.0.1", 0)) as head:
        address = parsed(f"ray://127.0.0.1:{head.getsockname()[1]}")
        assert address
        workers = RayWorkers(RayCluster(address, located), Order(Engines(ocr="off")))
        workers._connected()._process.join(120)
        with pytest.raises(WorkersAway, match="do not answer"):
            workers.machines()
        workers.close()


@pytest.mark.slow
class TestRay(WorkersContract):
    @pytest.fixture(scope="class")
    @classmethod
    def hire(cls, ray_process: RayProcess) -> Hire:
        return cluster(ray_process.member).hire


@pytest.mark.slow
def test_files_of_lost_workers_and_machines_are_read_once_more(
    ray_process: RayProcess, tmp_path: Path
) -> None:
    paths = [tmp_path / f"note {number}.txt" for number in range(24)]
    for number, path in enumerate(paths):
        path.write_text(f"Depot {number} opens at {number + 6} o'clock.\n" * 300)
    workers = cluster(ray_process.member).hire(Order(Engines(ocr="off")))
    try:
        waiting = [workers.start(path) for path in paths]
        assert ray_process.kill_worker()
        lost = next(iter(ray_process.machines))
        ray_process.kill(lost)
        ray_process.add()
        lacking = Order(Engines(speech=Path("/nowhere/whisper-none")))
        told = cluster(ray_process.member).machines(lacking)
        assert told and lost not in {one.name for one in told}
        for one in told:
            assert "lacks the model whisper-none: `pincite models pull whisper-none` there" in (
                one.unfit
            )
        assert [pending()[0].name for pending in waiting] == [path.name for path in paths]
    finally:
        workers.close()


@pytest.mark.slow
def test_a_library_is_the_same_whoever_reads(
    ray_process: RayProcess, tmp_path: Path, papers: Path, minilm: Path
) -> None:
    """The workers embed, too: the model that adds is not asked for a passage."""
    model = load_embedder(minilm)
    embedded: list[str] = []

    class Counting:
        identity, recipe, query = model.identity, recipe(model), model.query

        def passages(self, texts: Sequence[str]) -> Vectors:
            embedded.extend(texts)
            return model.passages(texts)

    found = []
    for name, hire in (("here", here), ("ray", cluster(ray_process.client).hire)):
        embedded.clear()
        with Library(tmp_path / name, name, Counting, hire=hire) as library:
            assert library.add([papers]).added == 2
            hits = library.passages("How many days of leave?", 50)
            found.append([(h.document, h.page, h.chunk.text, round(h.score, 3)) for h in hits])
    assert found[0] == found[1]
    assert embedded == []


@pytest.mark.slow
def test_each_machine_is_asked_whether_it_reads(ray_process: RayProcess, minilm: Path) -> None:
    ray_process.gather()
    asked = cluster(ray_process.member)
    told = asked.machines(Order(Engines(), recipe=lambda: recipe(load_embedder(minilm))))
    assert {(one.name, one.cores, one.unfit) for one in told} == {
        (name, 1, "") for name in ray_process.machines
    }


def test_workers_that_do_not_listen_are_one_sentence(tmp_path: Path, papers: Path) -> None:
    pytest.importorskip("ray")
    nobody = cluster("ray://127.0.0.1:9")
    with (
        Library(tmp_path / "library", "main", WordEmbedder, hire=nobody.hire) as library,
        pytest.raises(WorkersAway, match=r"The workers at ray://127\.0\.0\.1:9 do not answer\. S"),
    ):
        library.add([papers])
