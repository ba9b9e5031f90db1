"""A backup that somebody made to do harm, or that is damaged, changes nothing and says why."""

import hashlib
import json
import os
import random
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.vectorstore.conftest import OpenLibrary
from vectorstore.copies import Files
from vectorstore.errors import HomeNotWritable, LibraryError
from vectorstore.library import Library
from vectorstore.maintenance import backup as maintenance_backup

CATALOG, CONTENTS = "catalog.sqlite", "pincite-backup.json"


@pytest.fixture
def backup(full: Library, tmp_path: Path) -> Path:
    full.maintenance.back_up(tmp_path / "library.backup")
    return tmp_path / "library.backup"


def parts(backup: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(backup) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(target: Path, files: dict[str, bytes], **told: object) -> Path:
    """A backup of these parts, which says the hash of its catalogue, and `told`."""
    about = json.loads(files[CONTENTS])
    about |= {"catalog": hashlib.sha256(files[CATALOG]).hexdigest(), **told}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, json.dumps(about) if name == CONTENTS else data)
    return target


def with_catalog(backup: Path, *statements: str, **told: object) -> Path:
    """The backup with a catalogue that these statements have changed."""
    files = parts(backup)
    scratch = backup.with_name("changed.sqlite")
    scratch.write_bytes(files[CATALOG])
    with closing(sqlite3.connect(scratch, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("PRAGMA writable_schema = ON")
        for statement in statements:
            connection.execute(statement)
        connection.execute("PRAGMA journal_mode = DELETE")
    files[CATALOG] = scratch.read_bytes()
    return packed(backup.with_name("hostile.backup"), files, **told)


def state(library: Library) -> tuple[object, ...]:
    copies = sorted((library.folder / "files").iterdir())
    return library.generation(), library.documents(), copies


def refused(library: Library, backup: Path, why: str) -> None:
    before = state(library)
    with pytest.raises(LibraryError, match=why) as caught:
        library.maintenance.restore(backup)
    assert state(library) == before
    assert "\n" not in str(caught.value) and "\x1b" not in str(caught.value)
    assert not list(library.folder.glob(".pincite-*"))


@pytest.mark.parametrize("name", ["../../../victim", "**", "*", "../" * 9 + "etc/passwd", "A" * 64])
def test_a_hash_that_is_none_is_no_way_to_files_elsewhere(
    full: Library, backup: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / "victim.pdf").write_bytes(b"mine")
    hostile = with_catalog(
        backup, f"UPDATE document SET sha256 = '{name}' WHERE id = 1",
        lost=["Handbook.pdf", "Policy.pdf"],
    )  # fmt: skip
    refused(full, hostile, "names a file by something that is no sha256")
    assert (tmp_path / "victim.pdf").read_bytes() == b"mine"


@pytest.mark.parametrize("sha256", ["../../outside", "**", "", "a" * 63, "A" * 64, "a" * 64 + "\n"])
def test_a_copy_is_named_by_a_hash_alone(tmp_path: Path, sha256: str) -> None:
    files = Files(tmp_path)
    (tmp_path / "files").mkdir()
    (tmp_path / "outside.pdf").write_bytes(b"mine")
    for use in (files.path, files.remove, files.intact):
        with pytest.raises(LibraryError, match="no sha256"):
            use(sha256)
    assert (tmp_path / "outside.pdf").exists()


SHAPES = {
    "a trigger": (
        ["CREATE TRIGGER evil AFTER INSERT ON document BEGIN DELETE FROM chunk; END"],
        "has a foreign trigger, evil",
    ),
    "a changed trigger": (
        [
            "DROP TRIGGER document_gone",
            "CREATE TRIGGER document_gone AFTER DELETE ON document BEGIN DELETE FROM meta; END",
        ],
        "has a foreign trigger, document_gone",
    ),
    "a view": (["CREATE VIEW v AS SELECT 1"], "has a foreign view, v"),
    "a view in the place of a table": (
        ["DROP TABLE place", "CREATE VIEW place AS SELECT 'x' AS path, 1 AS document_id"],
        "has a foreign view, place",
    ),
    "a table that is missing": (["DROP TABLE tag"], "has no table tag"),
    "another table": (["CREATE TABLE more (x)"], "has a foreign table, more"),
    "a computed column": (
        [
            "DROP TABLE container",
            "CREATE TABLE container (path TEXT, sha256 TEXT, left_out TEXT AS (hex(path)))",
        ],
        "computes container.left_out",
    ),
    "a table of words in the place of a plain one": (
        ["DROP TABLE meta", "CREATE VIRTUAL TABLE meta USING fts5 (key, value)"],
        "has a foreign table, meta_data|has no table meta",
    ),
    "other columns": (
        ["DROP TABLE container", "CREATE TABLE container (x)"],
        "container has other columns",
    ),
    "text for a number": (["UPDATE document SET pages = 'many'"], "wrong value in document.pages"),
    "nothing for a text": (
        [
            "UPDATE sqlite_schema SET sql = replace(sql, 'title     TEXT NOT NULL', 'title TEXT')"
            " WHERE name = 'document'",
            "PRAGMA schema_version = 99",
            "UPDATE document SET title = NULL",
        ],
        "wrong value in document.title",
    ),
    "a huge number": (["UPDATE document SET chunks = 9e18"], "wrong value in document.chunks"),
    "bytes for a text": (["UPDATE document SET title = x'ff00'"], "wrong value in document.title"),
    "text that is no UTF-8": (
        ["UPDATE document SET title = CAST(x'ff' AS TEXT)"],
        "cannot be read",
    ),
    "names nested deeply": (
        [f"UPDATE document SET names = '{'[' * 100_000}{']' * 100_000}'"],
        "wrong shape",
    ),
    "names of another shape": (["UPDATE document SET names = '[1]'"], "wrong shape"),
    "versions in a circle": (
        ["UPDATE document SET superseded_by = 3 - id"],
        "versions of its documents lead nowhere",
    ),
    "a version that is not there": (["UPDATE document SET superseded_by = 77"], "lead nowhere"),
    "lines that are none": (["UPDATE page SET lines = '[[1,2]]'"], "wrong shape"),
    "lines at no place": (
        ["UPDATE page SET lines = replace(lines, '],[', ',1e999],[')", "UPDATE page SET lines ="
         " '[[\"x\",0,0,1e999,0,9,false]]' WHERE number = 1"],
        "wrong shape|a line at no place",
    ),
    "reasons that are no counts": (["UPDATE page SET dropped = '{\"a\": \"b\"}'"], "wrong shape"),
    "a page of no document": (["UPDATE page SET document_id = 99 WHERE document_id = 1"],
        "contradict each other|lines that no page has"),
    "a passage beyond its page": (["UPDATE chunk SET last = 5000"], "lines that no page has"),
    "a passage of another document": (["UPDATE chunk SET id = 'x:' || rowid"], "another document"),
    "a short vector": (["UPDATE chunk SET vector = x'0000' WHERE rowid = 2"],
        "wrong shape|vector of its catalogue is damaged"),
    "a vector that is no number": (
        [
            "UPDATE chunk SET vector = CAST(x'0000c07f' || substr(vector, 5) AS BLOB)"
            " WHERE rowid = 2"
        ],
        "vector of its catalogue is damaged",
    ),
    "a table that is none": (["UPDATE page SET tables = '[[1,2]]'"], "wrong shape"),
    "a cell on no line": (
        ["UPDATE page SET tables = '[[0,0,[[[\"x\",-1]]],0,\"\"]]'"], "a table beyond its lines"
    ),
    "a maker that is none": (["UPDATE meta SET value = char(27) || '[2J' WHERE key = 'made_by'"],
        "something strange as made_by"),
    "a tag that moves the cursor": (
        ["INSERT INTO tag VALUES (1, char(27) || '[2J')"],
        "a strange tag|wrong shape",
    ),
    "a recording without an end": (
        ["UPDATE document SET seconds = 9e999"], "a strange length|wrong value"
    ),
    "a length in words": (["UPDATE document SET seconds = 'long'"], "strange length|wrong value"),
    "a tag of no document": (["INSERT INTO tag VALUES (99, 'x')"], "contradict each other"),
    "a newer schema": (["PRAGMA user_version = 99"], "another version of Pincite"),
    "left out of another shape": (
        ["INSERT INTO container VALUES ('/a.zip', 'x', '[[1]]')"],
        "wrong shape",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("statements", "why"), SHAPES.values(), ids=list(SHAPES))
def test_a_catalogue_of_another_shape_is_refused(
    full: Library, backup: Path, statements: list[str], why: str
) -> None:
    refused(full, with_catalog(backup, *statements), why)


def test_what_a_catalogue_would_have_done_later_does_not_come_along(
    full: Library, backup: Path, tmp_path: Path, opened: OpenLibrary
) -> None:
    """Its queue, and archives at work, would be read by the next `add` without being named."""
    secret = tmp_path / "secret.txt"
    secret.write_text("The code of the safe is 4711.\n" * 20)
    hostile = with_catalog(
        backup,
        f"INSERT INTO job VALUES ('{secret}', 'secret.txt', 'waiting', '')",
        f"INSERT INTO container VALUES ('{secret}', '', '[]')",
        "UPDATE meta SET value = '7' WHERE key LIKE 'chroma%'",
        "UPDATE meta SET value = '999999999999999999999' WHERE key = 'generation'",
    )
    full.maintenance.restore(hostile)
    assert full.generation() < 100
    assert full.jobs.all() == []
    assert full.add([]).added == 0
    assert [info.document for info in full.documents()] == ["Handbook.pdf", "Policy.pdf"]


def test_names_that_move_the_cursor_are_shown_with_a_mark(full: Library, backup: Path) -> None:
    hostile = with_catalog(
        backup, "UPDATE document SET name = 'a' || char(27) || '[2J.pdf' WHERE id = 1",
        "UPDATE document SET title = 'b' || char(8238), status = char(7) WHERE id = 1",
    )  # fmt: skip
    full.maintenance.restore(hostile)
    names = [f"{info.document}{info.status}" for info in full.documents()]
    assert "a\ufffd[2J.pdf\ufffd" in names
    nothing = {name: data for name, data in parts(hostile).items() if "files/" not in name}
    refused(full, packed(backup.with_name("b"), nothing, lost=["Policy.pdf"]), "file of a\ufffd")


def test_the_words_of_a_restored_library_are_those_of_its_passages(
    full: Library, backup: Path
) -> None:
    hostile = with_catalog(backup, "UPDATE chunk_words SET text = 'zebra'")
    before = [(hit.document, hit.score) for hit in full.search("password")]
    full.maintenance.restore(hostile)
    assert [(hit.document, hit.score) for hit in full.search("password")] == before
    assert full._catalog.passages.stating("zebra") == 0


def test_what_belongs_to_no_document_is_left_in_the_backup(full: Library, backup: Path) -> None:
    stray = hashlib.sha256(b"stray").hexdigest()
    files = parts(backup) | {f"files/{stray}.pdf": b"stray", "files/../../x.pdf": b"x"}
    full.maintenance.restore(packed(backup.with_name("more"), files))
    assert not list((full.folder / "files").glob(f"{stray}*"))
    assert len(list((full.folder / "files").iterdir())) == 2


@pytest.mark.parametrize(
    "told",
    [
        {"library": 7}, {"documents": "two"}, {"lost": [1]}, {"format": "1"}, {"lost": None},
        {"made": {"a": 1}}, {"catalog": None, "format": 1}, {"more": 1},
    ],
    ids=str,
)  # fmt: skip
def test_a_description_of_another_shape_is_refused(
    full: Library, backup: Path, told: dict[str, object]
) -> None:
    refused(full, packed(backup.with_name("told"), parts(backup), **told), "is damaged")


def test_a_description_nested_deeply_is_refused(full: Library, backup: Path) -> None:
    files = parts(backup)
    with zipfile.ZipFile(backup.with_name("deep"), "w") as archive:
        for name, data in files.items():
            archive.writestr(name, "[" * 200_000 if name == CONTENTS else data)
    refused(full, backup.with_name("deep"), "is damaged")


def directory(data: bytes) -> int:
    """Where the list of the archive's files begins, of which the first is the catalogue or a
    copy."""
    return data.index(b"PK\x01\x02")


def encrypted(data: bytearray) -> None:
    at = -1
    while (at := data.find(b"PK\x01\x02", at + 1)) >= 0:
        data[at + 8] |= 1


def unknown_method(data: bytearray) -> None:
    at = directory(bytes(data))
    data[at + 10 : at + 12] = (99).to_bytes(2, "little")


def bad_deflate(data: bytearray) -> None:
    for at in range(60, min(directory(bytes(data)), 400)):
        data[at] = 0xFF


def huge(data: bytearray) -> None:
    at = directory(bytes(data))
    data[at + 24 : at + 28] = (0xFFFFFFF0).to_bytes(4, "little")


@pytest.mark.parametrize("damage", [encrypted, unknown_method, bad_deflate, huge])
def test_every_damage_of_the_archive_is_one_sentence(
    full: Library, backup: Path, damage: Callable[[bytearray], None]
) -> None:
    data = bytearray(backup.read_bytes())
    damage(data)
    backup.write_bytes(data)
    refused(full, backup, "is damaged|needs .* MB")


@pytest.mark.parametrize("seed", range(30))
def test_a_byte_flipped_anywhere_is_one_sentence_or_does_no_harm(
    full: Library, backup: Path, seed: int
) -> None:
    data = bytearray(backup.read_bytes())
    random_ = random.Random(seed)
    for _ in range(random_.choice([1, 1, 8])):
        data[random_.randrange(len(data))] ^= 1 << random_.randrange(8)
    backup.write_bytes(data)
    before = state(full)
    try:
        full.maintenance.restore(backup)
    except LibraryError:
        assert state(full) == before
    else:  # it was a byte that nobody reads
        assert full.maintenance.verify().lost_files == ()
        assert [info.document for info in full.documents()] == ["Handbook.pdf", "Policy.pdf"]


def test_a_backup_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(
    full: Library, backup: Path
) -> None:
    files = parts(backup) | {f"files/{'0' * 64}.txt": bytes(80 << 20)}
    refused(full, packed(backup.with_name("bomb"), files), "unpacks to more than 200 times")


def test_a_backup_that_would_fill_the_disk_is_refused_before_it_is_unpacked(
    full: Library, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = type("Usage", (), {"free": (1 << 30) + 1000})
    monkeypatch.setattr(maintenance_backup.shutil, "disk_usage", lambda _: free)
    before = state(full)
    with pytest.raises(HomeNotWritable, match="should stay free: free some space there"):
        full.maintenance.restore(backup)
    assert state(full) == before


def test_a_library_of_repetitions_can_be_restored_from_its_own_backup(
    full: Library, tmp_path: Path
) -> None:
    log = tmp_path / "blank.txt"
    log.write_text("One line of this log.\n" + " " * (70 << 20))
    full.add([log])
    full.maintenance.back_up(tmp_path / "b")
    full.remove(["blank.txt"])
    assert full.maintenance.restore(tmp_path / "b").documents == 3
    assert full.file("blank.txt").stat().st_size == log.stat().st_size


def test_a_lost_copy_is_not_made_again_from_something_that_never_ends(
    full: Library, backup: Path
) -> None:
    os.mkfifo(backup.with_name("fifo"))
    for endless in ("/dev/zero", str(backup.with_name("fifo"))):
        hostile = with_catalog(
            backup, f"UPDATE place SET path = '{endless}' WHERE document_id = 1",
            lost=["Handbook.pdf"],
        )  # fmt: skip
        without = {
            n: d for n, d in parts(hostile).items() if full.file("Handbook.pdf").name not in n
        }
        full.maintenance.restore(packed(backup.with_name("zero"), without, lost=["Handbook.pdf"]))
        full.file("Handbook.pdf").unlink(missing_ok=True)
        assert full.maintenance.verify().lost_files == ("Handbook.pdf",)
