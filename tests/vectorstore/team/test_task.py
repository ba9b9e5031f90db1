"""What a worker does with the bytes of a file, in this process."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.document.source import Engines
from ingest.document.wire import LoadedCodec
from vectorstore.team import ray_workers
from vectorstore.team.ray_workers import Sent, Task, gone, readers, work
from vectorstore.worker_address import away, parsed


@pytest.fixture(autouse=True)
def _no_child_stays() -> Iterator[None]:
    yield
    while ray_workers._warm:
        ray_workers._warm.popitem()[1].close()


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def nowhere(path: Path) -> None:
    """No model is on this machine."""


WANTED = Task(Engines(ocr="off"), None, nowhere, readers())
NOTE = Sent("note.txt", hashlib.sha256(b"Six o'clock.\n").hexdigest(), b"Six o'clock.\n")


def test_bytes_become_a_packed_document_and_leave_no_file(temporary: Path) -> None:
    done = work(WANTED, NOTE)
    document, chunks = LoadedCodec().decode(done.packed)
    assert (done.kind, document.name, document.sha256) == ("read", "note.txt", NOTE.sha256)
    assert [chunk.text.strip() for chunk in chunks] == ["Six o'clock."]
    ray_workers._warm.popitem()[1].close()
    assert [*temporary.glob("pincite-*")] == []


def test_bytes_that_changed_on_their_way_are_refused(temporary: Path) -> None:
    done = work(WANTED, replace(NOTE, content=b"Seven o'clock.\n"))
    assert (done.kind, done.error) == ("failed", "UnreadableFile")
    assert done.words == "note.txt changed on its way to a worker. Add it again."
    assert [*temporary.glob("pincite-*")] == []


def test_a_machine_that_would_read_otherwise_reads_nothing() -> None:
    older = work(replace(WANTED, reads="older"), NOTE)
    assert older.kind == "unfit" and "has another version of Pincite" in older.words
    lacks = work(replace(WANTED, engines=Engines(speech=Path("/models/whisper-base"))), NOTE)
    assert lacks.kind == "unfit" and "`pincite models pull whisper-base` there" in lacks.words


def test_libraries_are_kept_quiet_on_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", "0")
    work(replace(WANTED, reads="older", quiet=(("ORT_DISABLE_TELEMETRY", "1"),)), NOTE)
    assert os.environ["ORT_DISABLE_TELEMETRY"] == "1"


def test_a_model_may_be_elsewhere_on_the_worker(tmp_path: Path) -> None:
    wanted = replace(
        WANTED,
        engines=Engines(speech=Path("/models/whisper-base")),
        locate=lambda path: tmp_path / path.name,
    )
    unfit, engines, _ = ray_workers.fitted(wanted)
    assert (unfit, engines.speech) == ("", tmp_path / "whisper-base")


@pytest.mark.parametrize("text", ["ray://host.example:10001", "10.0.0.7:6379", "ray://[::1]:10001"])
def test_addresses_of_ray(text: str) -> None:
    found = parsed(text)
    assert found and found.place == text


@pytest.mark.parametrize(
    "text", ["auto", "http://host:10001", "ray://host", "host:99999", "ray://"]
)
def test_what_is_no_address_of_ray(text: str) -> None:
    assert parsed(text) is None


def test_what_ray_says_of_its_head_becomes_part_of_a_sentence() -> None:
    address = parsed("10.0.0.7:6379")
    assert address
    raylet = RuntimeError("The task's local raylet died. Check raylet.out for more information.")
    assert str(away(address, gone(raylet))).startswith(
        "The workers at 10.0.0.7:6379 have gone (The task's local raylet died). Start Ray there, or"
    )
