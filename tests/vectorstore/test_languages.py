"""A library chooses its model by the languages of its documents."""

import threading
from pathlib import Path

import pytest

from tests.fakes import WordEmbedder
from vectorstore.catalog.catalog import count_languages
from vectorstore.embedding.embedder import Embedder
from vectorstore.errors import LibraryError
from vectorstore.library import Library

GERMAN = (
    "Die Reisekosten werden innerhalb von vierzehn Tagen erstattet, wenn die Belege {} vorliegen.\n"
    "Für Bahnfahrten gilt die zweite Klasse, und Übernachtungen sind vorher zu beantragen.\n"
)
ENGLISH = (
    "Travel costs are paid back within fourteen days if the receipts {} are in the office.\n"
    "Journeys by train are in the second class, and the nights are to be asked for before.\n"
)
TOLD = "All of the text is in German, so many reads it. `pincite models use embedding NAME` "


class Home:
    """The models of a home, as a library asks for them."""

    def __init__(self) -> None:
        self.multilingual: Embedder | None = WordEmbedder(("reisekosten", "travel"), "many:1")
        self.missing = ""

    def of_many(self) -> Embedder | None:
        if self.missing:
            raise LibraryError(self.missing)
        return self.multilingual


@pytest.fixture
def models() -> Home:
    return Home()


@pytest.fixture
def library(tmp_path: Path, models: Home) -> Library:
    return opened(tmp_path, models)


def opened(folder: Path, models: Home) -> Library:
    english = WordEmbedder(("leave", "travel"), "one:1")

    def find(identity: str) -> Embedder | None:
        return english if identity == "one:1" else models.multilingual

    return Library(folder / "library", "main", lambda: english, find_embedder=find,
                   multilingual=models.of_many)  # fmt: skip


def files(folder: Path, text: str, names: str) -> list[Path]:
    paths = [folder / f"{name}.txt" for name in names.split()]
    for path in paths:
        path.write_text(text.format(path.stem), "utf-8")
    return paths


def made_by(library: Library) -> str:
    return library.embedders.made_by().rpartition("/")[0]


def test_a_german_library_gets_the_model_for_several_languages(
    library: Library, tmp_path: Path
) -> None:
    summary = library.add(files(tmp_path, GERMAN, "a b"))
    assert made_by(library) == library.embedder().identity == "many:1"
    assert summary.languages.startswith(TOLD)
    assert library.add(files(tmp_path, GERMAN, "c")).languages == ""  # it is said once
    assert library.search("Reisekosten")[0].document in {"a.txt", "b.txt", "c.txt"}


def test_an_english_library_keeps_the_english_model(library: Library, tmp_path: Path) -> None:
    summary = library.add(files(tmp_path, ENGLISH, "a b c d"))
    assert made_by(library) == "one:1" and summary.languages == ""
    library.add(files(tmp_path, GERMAN, "e"))
    assert made_by(library) == "one:1"  # mostly English
    assert count_languages(library._catalog) == {"en": 4, "de": 1}


def test_an_english_library_is_embedded_again_once_it_is_mixed(
    library: Library, tmp_path: Path
) -> None:
    library.add(files(tmp_path, ENGLISH, "a b"))
    assert len(library.embedder().query("x")) == 3
    summary = library.add(files(tmp_path, GERMAN, "c d"))
    assert made_by(library) == "many:1"
    assert "50% of the text is in" in summary.languages and "so many reads it" in summary.languages
    assert {hit.document for hit in library.search("travel Belege")} == {
        "a.txt", "b.txt", "c.txt", "d.txt",
    }  # fmt: skip


def test_it_gets_the_english_model_back_once_hardly_anything_else_is_left(
    library: Library, tmp_path: Path
) -> None:
    library.add(files(tmp_path, GERMAN, "a"))
    library.add(files(tmp_path, ENGLISH, "b c d e f g h i"))
    assert made_by(library) == "many:1"  # 8 of 9
    summary = library.add(files(tmp_path, ENGLISH, "j k l"))
    assert made_by(library) == "one:1"
    assert summary.languages == "92% of the text is in English: one reads it."


def test_the_choice_of_a_person_counts_more(library: Library, models: Home, tmp_path: Path) -> None:
    models.multilingual = None
    summary = library.add(files(tmp_path, GERMAN, "a"))
    assert made_by(library) == "one:1" and summary.languages == ""


def test_a_model_that_is_missing_is_named_and_used_once_it_is_there(
    library: Library, models: Home, tmp_path: Path
) -> None:
    models.missing = "Get one with a command."
    summary = library.add(files(tmp_path, GERMAN, "a"))
    assert made_by(library) == "one:1"
    assert summary.languages == "All of the text is in German. Get one with a command."
    models.missing = ""
    assert "many was made" not in library.embedders.notice()
    assert "made with one, and many is chosen" in library.embedders.notice()
    library.maintenance.rebuild()
    assert made_by(library) == "many:1"


def test_embedding_again_goes_on_where_it_was_stopped(
    library: Library, models: Home, tmp_path: Path
) -> None:
    library.add(files(tmp_path, ENGLISH, "a b"))
    cancel = threading.Event()
    files(tmp_path, GERMAN, "c d")

    def stop(step: object) -> None:
        if getattr(step, "is_rebuild", False):
            cancel.set()

    library.add([tmp_path / "c.txt", tmp_path / "d.txt"], stop, cancel=cancel)
    assert made_by(library) == "one:1"  # nothing is lost, and all of it can be found
    assert len(library.search("travel Belege", 9)) == 4
    library.close()
    again = opened(tmp_path, models)
    again.add([])
    assert made_by(again) == "many:1" and len(again.documents()) == 4
