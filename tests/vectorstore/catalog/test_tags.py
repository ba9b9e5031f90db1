"""Tags in a catalogue of either engine, and on their way between catalogues."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.fakes import WordEmbedder
from tests.vectorstore.catalog.test_catalog import put
from vectorstore.catalog.catalog import Catalog
from vectorstore.catalog.tags import LONGEST, Tags
from vectorstore.errors import UnknownDocument, WrongTag
from vectorstore.library import Library
from vectorstore.opened import drop_catalog
from vectorstore.opened import open_catalog as opened
from vectorstore.team.moving import to_postgres, to_sqlite
from vectorstore.team.postgres import Server


@pytest.fixture(params=["sqlite", "postgresql"])
def catalog(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Catalog]:
    server = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    made = opened(tmp_path, "main", server)
    for name in ("a.pdf", "b.pdf", "c.pdf"):
        put(made, name, f"The text of {name}.")
    yield made
    made.close()
    drop_catalog(tmp_path, server)


def tags_of(catalog: Catalog) -> dict[str, tuple[str, ...]]:
    return {info.document: info.tags for info in catalog.documents() if info.tags}


def test_many_documents_are_tagged_at_once(catalog: Catalog) -> None:
    tags, generation = Tags(catalog), catalog.generation()
    assert tags.change(["a.pdf", "b.pdf"], add=["contract", "Über  100 %?"]) == 2
    assert tags.change(["b.pdf", "c.pdf"], add=["contract"], remove=["über 100 %?"]) == 2
    assert tags_of(catalog) == {
        "a.pdf": ("contract", "Über 100 %?"), "b.pdf": ("contract",), "c.pdf": ("contract",)
    }  # fmt: skip
    assert tags.counts() == {"contract": 3, "Über 100 %?": 1}
    assert tags.change(["a.pdf"], add=["contract"], remove=["nothing"]) == 0
    assert catalog.tagged() == 2 and catalog.generation() == generation


def test_a_tag_keeps_the_letters_in_which_it_was_first_written(catalog: Catalog) -> None:
    tags = Tags(catalog)
    tags.change(["a.pdf"], add=["Contract", "contract"])
    tags.change(["b.pdf"], add=["CONTRACT"])
    assert tags.counts() == {"Contract": 2}
    tags.change(["a.pdf", "b.pdf"], remove=["contract"])
    assert tags.counts() == {}
    tags.change(["b.pdf"], add=["CONTRACT"])
    assert tags.counts() == {"CONTRACT": 1}


@pytest.mark.parametrize("tag", ["", "  ", "a\x1bb", "x" * (LONGEST + 1), "\u202eevil"])
def test_what_cannot_be_a_tag_is_refused(catalog: Catalog, tag: str) -> None:
    with pytest.raises(WrongTag, match=f"1 to {LONGEST} letters"):
        Tags(catalog).change(["a.pdf"], add=["good", tag])
    assert tags_of(catalog) == {}


def test_nothing_is_tagged_when_a_document_is_unknown(catalog: Catalog) -> None:
    with pytest.raises(UnknownDocument, match=r"has no document 'd\.pdf'"):
        Tags(catalog).change(["a.pdf", "d.pdf"], add=["contract"])
    assert tags_of(catalog) == {}


def test_a_document_that_goes_takes_its_tags_along(catalog: Catalog) -> None:
    Tags(catalog).change(["a.pdf", "b.pdf"], add=["secret"])
    with catalog.writing() as connection:
        catalog.delete(connection, "a.pdf")
    assert Tags(catalog).counts() == {"secret": 1}
    assert catalog.database.all("SELECT count(*) FROM tag") == [(1,)]


def test_they_move_between_the_engines(tmp_path: Path, postgres: Server) -> None:
    with closing(Catalog(tmp_path / "catalog.sqlite", "main")) as catalog:
        put(catalog, "a.pdf", "The text.")
        Tags(catalog).change(["a.pdf"], add=["Zürich", "contract"])
        before = catalog.documents()
    assert to_postgres(tmp_path, postgres)
    with closing(opened(tmp_path, "main", postgres)) as catalog:
        assert catalog.documents() == before
        Tags(catalog).change(["a.pdf"], add=["there"], remove=["contract"])
    assert to_sqlite(tmp_path, postgres)
    with closing(Catalog(tmp_path / "catalog.sqlite", "main")) as catalog:
        assert tags_of(catalog) == {"a.pdf": ("there", "Zürich")}


# -- in a library


def tagged(library: Library) -> dict[str, tuple[str, ...]]:
    return {info.document: info.tags for info in library.documents()}


def test_a_changed_file_keeps_its_tags(library: Library, tmp_path: Path) -> None:
    file, other = tmp_path / "in" / "notes.txt", tmp_path / "in" / "other.txt"
    file.parent.mkdir()
    file.write_text("The leave is thirty days a year.")
    other.write_text("Something else is in here.")
    library.add([file, other])
    library.tags.change(["notes.txt"], add=["HR", "2024"])
    file.write_text("The leave is thirty-one days a year.")
    assert library.add([file, other]).updated == 1
    assert tagged(library) == {"notes.txt": ("2024", "HR"), "other.txt": ()}
    library.tags.change(["other.txt"], add=["x"])
    file.write_text("Something else is in here.")  # bytes that the library has under another name
    library.add([file, other])
    assert tagged(library) == {"other.txt": ("2024", "HR", "x")}


def test_a_newer_version_gets_the_tags_of_the_older_one(library: Library, tmp_path: Path) -> None:
    plan = "The plan has two steps for all of us. " * 9
    (tmp_path / "Plan v1.txt").write_text(plan)
    library.add([tmp_path / "Plan v1.txt"])
    library.tags.change(["Plan v1.txt"], add=["plans"])
    (tmp_path / "Plan v2.txt").write_text(f"{plan}Or three.")
    library.add([tmp_path / "Plan v2.txt"])
    assert tagged(library) == {"Plan v1.txt": ("plans",), "Plan v2.txt": ("plans",)}


def test_they_survive_a_move_a_rebuild_and_a_check(
    full: Library, papers: Path, opened: Callable[..., Library]
) -> None:
    first, *_ = names = [info.document for info in full.documents()]
    full.tags.change(names, add=["all"])
    full.close()
    other = opened(identity="other")  # another model: each document is embedded again
    other.maintenance.rebuild()
    (papers / first).rename(papers / f"renamed {first}")
    other.add([papers])
    assert other.maintenance.verify().mended == ()
    assert other.tags.counts() == {"all": len(names)}
    assert f"renamed {first}" in tagged(other)


def test_a_backup_has_them(full: Library, tmp_path: Path) -> None:
    first = full.documents()[0].document
    full.tags.change([first], add=["kept"])
    full.maintenance.back_up(tmp_path / "backup")
    full.tags.change([first], remove=["kept"], add=["later"])
    full.maintenance.restore(tmp_path / "backup")
    assert tagged(full)[first] == ("kept",)
    with Library(tmp_path / "new", "new", WordEmbedder) as library:
        library.maintenance.restore(tmp_path / "backup")
        assert library.tags.counts() == {"kept": 1}


def test_what_is_forgotten_leaves_no_tag_in_the_file(full: Library) -> None:
    first = full.documents()[0].document
    full.tags.change([first], add=["unmistakable"])
    full.forget([first])
    assert full.tags.counts() == {}
    full.close()
    files = list(full.folder.glob("catalog.sqlite*"))
    assert files and not any(b"unmistakable" in file.read_bytes() for file in files)
