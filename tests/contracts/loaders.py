"""What every loader promises, as tests."""

from pathlib import Path

import pytest

from ingest.chunking import chunk, ledger
from ingest.document.model import Document, characters_in
from ingest.document.source import Engines, Source
from ingest.document.wire import LoadedCodec
from ingest.errors import UnreadableFile
from ingest.loaders import Loader, digest


def check_books(document: Document) -> None:
    """Every character that was read stands in a line, or was dropped for a reason."""
    for page in document.pages:
        dropped = sum(one.characters for one in page.dropped)
        kept = characters_in(page.lines)
        assert page.characters in (None, kept + dropped), page.number
    assert all(row.balanced for row in ledger(document, chunk(document)))


class LoaderContract:
    """Fixtures: `loader`, and `file`, a file with some text that it can read."""

    @pytest.fixture
    def engines(self) -> Engines:
        """Overridden by loaders that need other than the usual ones."""
        return Engines()

    @pytest.fixture
    def document(self, loader: Loader, file: Path, engines: Engines) -> Document:
        return loader(Source(file, digest(file), engines))

    def test_a_document_knows_its_file(self, document: Document, file: Path) -> None:
        assert (document.sha256, document.name) == (digest(file), file.name)
        assert document.title

    def test_pages_are_numbered_from_one(self, document: Document) -> None:
        assert [page.number for page in document.pages] == [*range(1, len(document.pages) + 1)]

    def test_there_is_text(self, document: Document) -> None:
        assert any(page.text.strip() for page in document.pages)

    def test_no_character_is_lost_without_a_reason(self, document: Document) -> None:
        check_books(document)

    def test_tables_stand_on_lines_of_their_page(self, document: Document) -> None:
        for page in document.pages:
            for table in page.tables:
                assert 0 <= table.first <= table.last < len(page.lines)
                assert all(table.first <= c.line <= table.last for r in table.rows for c in r)

    def test_the_same_bytes_make_the_same_document(
        self, loader: Loader, document: Document, file: Path, engines: Engines
    ) -> None:
        again = loader(Source(file, digest(file), engines))
        assert list(again.pages) == list(document.pages)

    def test_it_can_be_sent_by_a_child_process(self, document: Document) -> None:
        loaded = document, chunk(document)
        assert LoadedCodec().decode(LoadedCodec().encode(loaded)) == loaded

    def test_other_bytes_are_refused_by_name_or_read(
        self, loader: Loader, file: Path, engines: Engines
    ) -> None:
        file.write_bytes(bytes(range(256)) * 9)
        try:
            assert loader(Source(file, digest(file), engines)).name == file.name
        except UnreadableFile as error:
            assert file.name in str(error)
