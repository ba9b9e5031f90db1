"""A generated picture in a library is found when it is looked for, and no answer rests on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.answering.whole.statements import parts
from assistant.contract.evidence import GivenPassages
from assistant.contract.facts import Outcome
from assistant.settings import Settings
from assistant.studio.canvas import DrawingJob, marks, provenance
from assistant.wiring import composition
from ingest.loaders import load
from tests.pdfs import write_pdf
from tests.scans import drawn
from vectorstore.embedding.embedder import load_embedder
from vectorstore.library import Library

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

TEXT = (
    "Parental leave at Harbour Books",
    "Every employee may take 63 days of parental leave.",
    "The request goes to Paula Winter before June.",
)
QUESTION = "How many days of parental leave may an employee take?"


@pytest.fixture(scope="module")
def settings(minilm: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("home")
    (home / "models").mkdir()
    (home / "models" / "all-minilm-l6-v2").symlink_to(minilm)
    return Settings(home=home, embedding_model="all-minilm-l6-v2", reranker="")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The same text as a scan and as a picture that a model has made."""
    made = provenance(DrawingJob(TEXT[1], seed=1), "draw", "shapes", "")
    picture = drawn(TEXT, 420, 130)
    picture.save(tmp_path / "made.png", pnginfo=marks(made))
    picture.save(tmp_path / "scan.png")
    write_pdf(tmp_path / "Handbook.pdf", ["# Cellar", "", "The cellar door is locked at noon."])
    return tmp_path


def opened(settings: Settings, name: str, *paths: Path) -> Iterator[Library]:
    with composition.library(settings, name, make=True) as library:
        summary = library.add(list(paths))
        assert not summary.failed
        yield library


def asked(settings: Settings, library: Library) -> Outcome:
    return composition.assistant_of(settings, library, recorded=False).ask(QUESTION).finish()


def test_the_scan_answers(settings: Settings, folder: Path) -> None:
    """Else the next test would show nothing."""
    for library in opened(settings, "scanned", folder / "scan.png", folder / "Handbook.pdf"):
        done = asked(settings, library)
        assert "63" in done.text
        assert [c.document for c in done.citations] == ["scan.png"]


def test_the_generated_picture_does_not(settings: Settings, folder: Path) -> None:
    for library in opened(settings, "made", folder / "made.png", folder / "Handbook.pdf"):
        assert "63" in library.page("made.png", 1).text  # it was read
        done = asked(settings, library)
        assert "63" not in done.text
        assert not [c for c in done.citations if c.document == "made.png"]
        assert not [p for p in done.passages if p.document == "made.png"]
        assert parts("made.png", library) == []  # nor is it summarised
        assert [h.document for h in library.search("parental leave", hidden=True)][:1] == [
            "made.png"
        ]


def test_beside_a_true_source_only_that_one_is_cited(settings: Settings, folder: Path) -> None:
    scan = folder / "scan.png"
    for library in opened(settings, "both", folder / "made.png", scan, folder / "Handbook.pdf"):
        done = asked(settings, library)
        assert "63" in done.text
        assert {c.document for c in done.citations} == {"scan.png"}


def test_nor_when_it_comes_with_a_question(minilm: Path, folder: Path) -> None:
    embedder = load_embedder(minilm)
    found = {}
    for name in ("made.png", "scan.png"):
        pages = {name: load(folder / name).pages[:1]}
        found[name] = GivenPassages.of(pages, embedder).passages(QUESTION)
    assert "63" in found["scan.png"][0].text
    assert found["made.png"] == []
