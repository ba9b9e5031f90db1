import shutil
from pathlib import Path

import pytest

from tests.fakes import WordEmbedder
from tests.pdfs import write_pdf
from vectorstore.errors import LibraryBusy
from vectorstore.library import Library

PAGES = [
    ["Globex Annual Report", "Of the year 2021"],
    ["Stores of Globex", "The stores of Globex sell leave and expenses."],
    ["People of Globex", "The people of Globex are at work."],
]
ASKED = "How is Globex?"


@pytest.fixture
def library(tmp_path: Path) -> Library:
    write_pdf(tmp_path / "in" / "scan_1.pdf", *PAGES)
    write_pdf(tmp_path / "in" / "scan_2.pdf", *([line.replace("Globex", "it") for line in page]
                                                for page in PAGES))  # fmt: skip
    made = Library(tmp_path / "main", "main", WordEmbedder)
    made.add([tmp_path / "in"])
    return made


def stored(library: Library) -> dict[str, str]:
    return dict(library._catalog.database.all("SELECT name, names FROM document"))


def test_names_are_found_when_a_document_is_added(library: Library) -> None:
    assert '"globex"' in stored(library)["scan_1.pdf"]
    assert library.about(ASKED) == {"scan_1.pdf"}
    assert library.about("How is Initech?") == frozenset()


def test_a_library_of_an_older_version_gets_names_without_reading_a_file(library: Library) -> None:
    before = stored(library)
    library._catalog.database.write("UPDATE document SET names = ''")
    library.close()
    shutil.rmtree(library.folder / "files")
    with Library(library.folder, "main", WordEmbedder) as opened:
        assert opened.about(ASKED) == {"scan_1.pdf"}
        assert stored(opened) == before


def test_a_library_that_cannot_be_written_is_searched_by_names_all_the_same(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    library._catalog.database.write("UPDATE document SET names = ''")

    def busy(*_: object) -> None:
        raise LibraryBusy("Another process writes.")

    monkeypatch.setattr(library._catalog.database, "note", busy)
    assert library.about(ASKED) == {"scan_1.pdf"}
    assert set(stored(library).values()) == {""}


def test_a_file_that_gets_another_name_gets_other_names(library: Library, tmp_path: Path) -> None:
    assert library.about("the report of Initech 7") == frozenset()
    (tmp_path / "in" / "scan_1.pdf").rename(tmp_path / "in" / "Initech_7.pdf")
    library.add([tmp_path / "in"])
    assert library.about("the report of Initech 7") == {"Initech_7.pdf"}
    assert library.about(ASKED) == {"Initech_7.pdf"}
