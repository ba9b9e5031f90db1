"""What tests of several folders need: samples, larger data and models, and the command line."""

import gc
import multiprocessing
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.cli import main
from assistant.security import network_guard
from assistant.settings import default_home
from assistant.wiring import composition
from ingest.platform.process import wait_calmly
from ingest.sandbox import child
from scripts import messages
from tests.commands import Pincite, Ran
from tests.fakes import WordEmbedder
from tests.pdfs import write_pdf
from tests.servers.postgres_fixtures import catalogue as catalogue
from tests.servers.postgres_fixtures import pgvector as pgvector
from tests.servers.postgres_fixtures import postgres as postgres
from tests.servers.postgres_fixtures import postgres_process as postgres_process
from tests.servers.postgres_fixtures import team_database as team_database
from tests.servers.ray_fixtures import ray_process as ray_process
from tests.servers.s3_fixtures import ceph as ceph
from tests.servers.s3_fixtures import s3 as s3
from vectorstore.library import Library

wait_calmly()  # as the command does: tests share the machine with others, too
os.environ.setdefault("OMP_NUM_THREADS", "1")  # as many tests run as there are cores

PROJECT = Path(__file__).parents[1]
# Fixtures that start what many tests share: an app, or a server.
_APPS = ("real_address", "quoting_address", "fake_address")
_SERVERS = ("ceph", "s3", "postgres_process", "ray_process")
_ALL_SLOW = re.compile(r"^pytestmark = \[?\s*pytest\.mark\.slow", re.MULTILINE)


def pytest_sessionstart(session: pytest.Session) -> None:
    """In a clone that is worked on, texts may have changed since it was set up."""
    if hasattr(session.config, "workerinput"):  # one of several processes: the first one does it
        return
    for path in map(messages.po, messages.LANGUAGES):
        compiled = path.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime < path.stat().st_mtime:
            messages.compile_catalogue(path)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where slow tests are left out, files without others are not imported: torch takes seconds."""
    if collection_path.suffix != ".py" or "not slow" not in config.option.markexpr:
        return None
    return bool(_ALL_SLOW.search(collection_path.read_text(encoding="utf-8"))) or None


@pytest.hookimpl(tryfirst=True)  # before slow ones are left out, and before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What shares an app or a server runs on one core, so that each of these starts once; what
    takes long comes first, so that no core waits for another one at the end."""
    for item in items:
        if _server(item):
            item.add_marker("slow")
        item.add_marker(pytest.mark.xdist_group(_shared_by(item)))
    items.sort(key=_haste)


def pytest_collection_finish() -> None:
    """What thousands of tests and their libraries consist of stays: without this, each collection
    of garbage looks at all of it, and Streamlit collects after each drawing of a page."""
    gc.collect()
    gc.freeze()


def _haste(item: pytest.Item) -> int:
    markers = ("browser", "slow")
    return next((n for n, name in enumerate(markers) if item.get_closest_marker(name)), 2)


def _shared_by(item: pytest.Item) -> str:
    app = next((name for name in _APPS if name in getattr(item, "fixturenames", ())), "")
    return app or _server(item) or item.nodeid.partition("::")[0]


def _server(item: pytest.Item) -> str:
    """What a test needs that is not Python's; empty for none."""
    asked = getattr(item, "fixturenames", ())
    picked = item.callspec.params if hasattr(item, "callspec") else {}
    if picked.get("catalogue") == "postgresql":
        return "postgres_process"
    server = next((name for name in _SERVERS if name in asked), "")
    return "ceph" if server == "s3" else server  # one of the two kinds of s3


@pytest.fixture(autouse=True)
def _usual_rights() -> Iterator[None]:
    """A command changes the rights of new files for the process, which is that of all tests."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)


@pytest.fixture(autouse=True)
def _no_guard_outlives_its_test(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A command guards its process until that ends, and this process runs all tests."""
    removals: list[Callable[[], None]] = []
    install = network_guard.install_guard

    def install_for_the_test(log: Path, listen_on: str = "127.0.0.1") -> Callable[[], None]:
        removals.append(install(log, listen_on))
        return removals[-1]

    monkeypatch.setattr(network_guard, "install_guard", install_for_the_test)
    yield
    for remove in reversed(removals):
        remove()


@pytest.fixture(autouse=True)
def _children_start_at_once(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hundreds of tests read a file or two: there, children come from a server that has loaded the
    readers, in 10 ms instead of 200. The tests of the sandbox start them as users' machines do."""
    if sys.platform == "linux" and "ingest/sandbox" not in request.path.as_posix():
        server = multiprocessing.get_context("forkserver")
        server.set_forkserver_preload(["ingest.sandbox.pool"])
        monkeypatch.setattr(child, "CONTEXT", server)


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of the sample company's PDFs."""
    return PROJECT / "samples"


@pytest.fixture(scope="session")
def evaluation() -> Path:
    """The folder of evaluation data, or a skip that says where it was looked for."""
    folder = Path(os.environ.get("PINCITE_TEST_EVAL", PROJECT.parent / "shared" / "eval"))
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent; set PINCITE_TEST_EVAL to a folder of evaluation data")
    return folder


def models_folder() -> Path:
    """Of real models: PINCITE_TEST_MODELS, else where `make setup` puts them."""
    return Path(os.environ.get("PINCITE_TEST_MODELS") or default_home() / "models")


@pytest.fixture(scope="session")
def minilm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of links to the real MiniLM's files, or a skip: what is made there stays there."""
    pooling = sorted(models_folder().rglob("1_Pooling/config.json"))
    found = next((path.parents[1] for path in pooling), None)
    if found is None:
        pytest.skip(f"no MiniLM is below {models_folder()}; set PINCITE_TEST_MODELS to its folder")
    folder = tmp_path_factory.mktemp("models") / "all-minilm-l6-v2"
    folder.mkdir()
    for path in found.iterdir():
        if path.suffix != ".onnx":
            (folder / path.name).symlink_to(path)
    return folder


@pytest.fixture(scope="session")
def e5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same of multilingual-e5-small."""
    found = next(models_folder().rglob("e5-small-q4.bin"), None)
    if found is None:
        pytest.skip(f"multilingual-e5-small is not below {models_folder()}")
    folder = tmp_path_factory.mktemp("models") / "multilingual-e5-small"
    folder.mkdir()
    (folder / found.name).symlink_to(found)
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def pincite(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Pincite:
    """Runs a command in this process on a home of its own."""
    for name in [name for name in os.environ if name.startswith("PINCITE_")]:
        monkeypatch.delenv(name)
    for name, value in network_guard.QUIET.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(composition, "embedder", lambda settings: WordEmbedder())

    def run(*arguments: object) -> Ran:
        try:
            status = main.main(["--home", str(home), *map(str, arguments)])
        except SystemExit as end:  # as argparse ends on wrong usage
            status = int(str(end.code))
        shown = capsys.readouterr()
        return Ran(status, shown.out, shown.err)

    return run


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Papers, and a home with them in its library that was made once."""
    desk = tmp_path_factory.mktemp("desk")
    handbook = ["# Leave", "", "Thirty days of leave."], ["Go."]
    write_pdf(desk / "papers" / "Handbook.pdf", *handbook)
    write_pdf(desk / "papers" / "Policy.pdf", ["A password has fourteen letters."])
    with Library(desk / "home" / "libraries" / "main", "main", WordEmbedder) as library:
        library.add([desk / "papers"])
    shutil.copytree(desk / "papers", desk / "originals")
    return desk


@pytest.fixture
def papers(desk: Path) -> Path:
    shutil.rmtree(desk / "papers")
    shutil.copytree(desk / "originals", desk / "papers")
    return desk / "papers"


@pytest.fixture
def full(pincite: Pincite, desk: Path, papers: Path, home: Path) -> Pincite:
    """With the papers in the library."""
    shutil.copytree(desk / "home", home)
    return pincite
