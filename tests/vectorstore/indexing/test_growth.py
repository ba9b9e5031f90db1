"""What adding a file asks of the catalogue, while the library and the queue grow."""

from pathlib import Path

from ingest.document.model import Document, Line, Page
from vectorstore.catalog.catalog import Catalog
from vectorstore.indexing.jobs import Jobs
from vectorstore.versions import Versions

_TERMS = " ".join(f"term{number}" for number in range(200))


def _link(catalog: Catalog, versions: Versions, number: int) -> int:
    """Add one more of many alike invoices; how many statements linking it takes."""
    page = Page(1, 0, 0, (Line(f"Invoice {number}: {_TERMS}"),))
    document = Document(f"{number:064}", f"Invoice {number}.txt", "", (page,))
    asked: list[str] = []
    with catalog.writing() as connection:
        catalog.put(connection, document, document.name, "ready", [], [])  # type: ignore[arg-type]
        catalog.places.put(connection, f"/in/{document.name}", document.sha256)
        connection.set_trace_callback(asked.append)
        assert versions.link(connection, document, Path("/in", document.name)) == []
        connection.set_trace_callback(None)
    return len(asked)


def test_a_document_of_a_template_is_not_compared_with_each_of_its_kind(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.sqlite", "main")
    versions = Versions(catalog.database)
    asked = [_link(catalog, versions, number) for number in range(40)]
    catalog.close()
    assert asked[3] == asked[39] < 12


def test_a_file_that_is_done_does_not_read_the_queue(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.sqlite", "main")
    jobs = Jobs(catalog.database, tmp_path / "adding.lock")
    jobs.wait((f"/in/{number}", str(number)) for number in range(100))
    read: list[str] = []
    with catalog.database.transaction() as connection:
        connection.set_trace_callback(read.append)
    jobs.settle({"/in/7"})
    jobs.settle({"/elsewhere"})
    of_the_queue = [text for text in read if "SELECT" in text and "job" in text]
    assert of_the_queue and all("path = '" in text for text in of_the_queue)
    assert len(jobs.all()) == 99
    catalog.close()
