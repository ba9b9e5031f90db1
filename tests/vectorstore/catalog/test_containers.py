"""What is inside of a file is a document of its own, in every run; and goes with its file."""

import io
import shutil
import threading
import zipfile
from pathlib import Path

import pytest

from ingest.containers import Expanded
from ingest.document.source import Bounds, Engines, Limits
from ingest.errors import UnreadableFile
from ingest.sandbox.pool import Sandbox
from tests.fakes import WordEmbedder
from tests.pdfs import write_pdf
from vectorstore.add_report import AddProgress, AddSummary, Change
from vectorstore.indexing import adding
from vectorstore.library import Library

TEXTS = {"leave.txt": "Thirty days of leave.", "deep/travel.txt": "Travel by train."}


def zipped(parts: dict[str, str | bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content)
    return data.getvalue()


def write(path: Path, parts: dict[str, str | bytes]) -> Path:
    path.write_bytes(zipped(parts))
    return path


def names(library: Library) -> list[str]:
    return [info.document for info in library.documents()]


def told(summary: AddSummary) -> tuple[int, int, int, int]:
    return summary.added, summary.updated, summary.unchanged, summary.removed


def errors(summary: AddSummary) -> dict[str, str]:
    return {failure.path.rpartition("!/")[2]: failure.error for failure in summary.failed}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the files to be added lie; the library is elsewhere."""
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.fixture
def archive(folder: Path) -> Path:
    return write(folder / "all.zip", {**TEXTS})


def test_parts_are_documents_named_after_their_archive(library: Library, archive: Path) -> None:
    summary = library.add([archive])
    assert told(summary) == (3, 0, 0, 0)
    assert names(library) == ["all.zip", "all.zip/deep/travel.txt", "all.zip/leave.txt"]
    assert library.search("leave", k=1)[0].document == "all.zip/leave.txt"
    places = [info.path for info in library.documents()]
    assert places[1:] == [f"{archive}!/deep/travel.txt", f"{archive}!/leave.txt"]


def test_adding_it_again_changes_nothing(
    library: Library, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.add([archive])
    before = library.generation()
    monkeypatch.setattr(adding.Prefetch, "start", None)  # nothing may be read
    assert told(library.add([archive])) == (0, 0, 3, 0)
    assert library.generation() == before


def test_an_archive_inside_of_an_archive(library: Library, folder: Path) -> None:
    inner = zipped({**TEXTS})
    outer = write(folder / "outer.zip", {"inner.zip": inner, "top.md": "# A laptop"})
    assert told(library.add([outer])) == (5, 0, 0, 0)
    assert "outer.zip/inner.zip/leave.txt" in names(library)
    assert told(library.add([outer])) == (0, 0, 5, 0)
    outer.unlink()
    (folder / "a.txt").write_text("A visitor wears a badge.")
    assert told(library.add([folder], prune=True)) == (1, 0, 0, 5)


def test_a_changed_archive_keeps_what_is_the_same_in_it(library: Library, archive: Path) -> None:
    library.add([archive])
    changes: list[Change] = []
    write(archive, {"leave.txt": TEXTS["leave.txt"], "badge.txt": "A visitor wears a badge."})
    summary = library.add([archive], changed=changes.append)
    assert told(summary) == (1, 1, 1, 1)  # the badge, the archive, the leave, the travel
    assert names(library) == ["all.zip", "all.zip/badge.txt", "all.zip/leave.txt"]
    outcomes = {(change.outcome, change.document) for change in changes}
    assert ("removed", "all.zip/deep/travel.txt") in outcomes
    assert "Travel" not in " ".join(hit.text for hit in library.search("travel by train"))


def test_a_part_that_changes_is_updated(library: Library, archive: Path) -> None:
    library.add([archive])
    write(archive, {**TEXTS, "leave.txt": "Forty days of leave."})
    assert told(library.add([archive])) == (0, 2, 1, 0)
    assert library.search("leave", k=1)[0].text == "Forty days of leave."


def test_an_archive_becomes_smaller_layer_by_layer(library: Library, folder: Path) -> None:
    outer = write(folder / "outer.zip", {"inner.zip": zipped({**TEXTS}), "a.txt": "A laptop."})
    library.add([outer])
    write(outer, {"a.txt": "A laptop."})
    assert library.add([outer]).removed == 3
    assert names(library) == ["outer.zip", "outer.zip/a.txt"]


def test_a_part_that_fails_is_named_and_tried_again(library: Library, archive: Path) -> None:
    write(archive, {**TEXTS, "bad.pdf": b"no PDF"})
    summary = library.add([archive])
    assert errors(summary) == {"bad.pdf": "bad.pdf is not a readable PDF: the file is damaged."}
    assert told(summary) == (3, 0, 0, 0)
    again = library.add([archive])
    assert errors(again) == errors(summary)
    assert told(again) == (0, 0, 3, 0)
    assert [job.state for job in library.jobs.all()] == ["failed"]


def test_what_is_left_out_is_named_in_every_run(library: Library, archive: Path) -> None:
    write(archive, {**TEXTS, "tool.exe": "MZ", "../escape.txt": "out"})
    expected = {
        "tool.exe": "all.zip/tool.exe was left out: this kind of file cannot be read.",
        "../escape.txt": "all.zip/../escape.txt was left out: its name leads out of the archive.",
    }
    assert errors(library.add([archive])) == expected
    assert errors(library.add([archive])) == expected


def test_what_did_not_fit_on_the_disk_is_unpacked_when_there_is_room(
    library: Library, archive: Path
) -> None:
    small = Engines(bounds=Bounds(unpacking=Limits(free=1 << 60)))
    with Library(library.folder, "main", WordEmbedder, lambda: small) as cramped:
        full = cramped.add([archive])
    assert set(errors(full)) == {"leave.txt", "deep/travel.txt"}
    assert "the disk is nearly full" in errors(full)["leave.txt"]
    assert told(library.add([archive])) == (2, 0, 1, 0)


def no_room() -> Expanded:
    raise UnreadableFile("There is no room.")


def test_no_room_to_read_an_archive_loses_nothing_of_it(
    library: Library, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.add([archive])
    write(archive, {**TEXTS, "new.txt": "A new canteen."})
    with monkeypatch.context() as cramped:
        cramped.setattr(Sandbox, "start_expand", lambda *_, **__: no_room)
        assert "There is no room." in errors(library.add([archive]))["what is inside"]
    assert len(names(library)) == 3
    assert told(library.add([archive])) == (1, 0, 3, 0)
    assert told(library.add([archive])) == (0, 0, 4, 0)


def test_the_same_file_twice_in_an_archive_is_one_document(library: Library, archive: Path) -> None:
    write(archive, {"a.txt": "A laptop.", "b.txt": "A laptop."})
    assert told(library.add([archive])) == (2, 0, 1, 0)
    assert told(library.add([archive])) == (0, 0, 3, 0)
    write(archive, {"b.txt": "A laptop."})
    assert told(library.add([archive]))[3] == 0
    assert len(names(library)) == 2


def test_a_copy_beside_its_archive_outlives_it(
    library: Library, archive: Path, folder: Path
) -> None:
    (folder / "leave.txt").write_text(TEXTS["leave.txt"])
    library.add([folder])
    archive.unlink()
    assert library.add([folder], prune=True).removed == 2  # the archive and the travel
    assert len(names(library)) == 1


def test_a_moved_archive_takes_its_parts_along(
    library: Library, archive: Path, folder: Path
) -> None:
    library.add([archive])
    moved = archive.rename(folder / "new.zip")
    summary = library.add([moved])
    assert (summary.moved, summary.added, summary.removed) == (3, 0, 0)
    assert names(library) == ["new.zip", "new.zip/deep/travel.txt", "new.zip/leave.txt"]


def test_attachments_of_a_pdf_follow_their_pdf(library: Library, folder: Path) -> None:
    from pypdf import PdfWriter

    path = write_pdf(folder / "Letter.pdf", ["A letter about leave."])
    writer = PdfWriter(clone_from=path)
    writer.add_attachment("notes.txt", b"A visitor wears a badge.")
    with path.open("wb") as file:
        writer.write(file)
    assert told(library.add([path])) == (2, 0, 0, 0)
    assert library.search("visitor", k=1)[0].document == "Letter.pdf/notes.txt"


# -- stopped half way


def test_a_run_that_breaks_off_inside_an_archive_is_taken_up(
    library: Library, folder: Path
) -> None:
    inner = zipped({f"{number}.txt": f"Leave in year {number}." for number in range(4)})
    outer = write(folder / "outer.zip", {"inner.zip": inner, "z.txt": "A laptop."})
    (folder / "other").mkdir()
    (folder / "other" / "a.txt").write_text("A visitor wears a badge.")

    def broken(step: AddProgress) -> None:
        if step.file.endswith("2.txt") and step.stage == "indexing":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        library.add([outer], broken)
    assert "outer.zip/inner.zip/3.txt" not in names(library)
    summary = library.add([folder / "other"])  # not even named
    assert summary.failed == []
    assert len(names(library)) == 8
    assert library.jobs.all() == []
    assert told(library.add([outer])) == (0, 0, 7, 0)


def test_cancelling_inside_an_archive_keeps_what_is_done_and_goes_on_later(
    library: Library, archive: Path
) -> None:
    write(archive, {f"{number}.txt": f"Leave in year {number}." for number in range(5)})
    cancel = threading.Event()

    def stop(step: AddProgress) -> None:
        if step.file.endswith("2.txt") and step.stage == "indexing":
            cancel.set()

    summary = library.add([archive], stop, cancel=cancel)
    assert summary.cancelled > 0
    done = len(names(library))
    assert 1 < done < 6
    assert {job.state for job in library.jobs.all()} == {"cancelled"}
    again = library.add([])  # goes on with what was cancelled
    assert len(names(library)) == 6
    assert again.failed == [] and library.jobs.all() == []


def test_nothing_that_was_unpacked_stays(library: Library, archive: Path) -> None:
    left = library.folder / "scratch" / "unpacked-by-a-killed-run"
    left.mkdir(parents=True)
    (library.folder / "files").mkdir(exist_ok=True)
    (library.folder / "files" / ".copy-of-a-killed-run").write_bytes(b"half")
    library.add([archive])
    assert list((library.folder / "scratch").iterdir()) == []
    assert not list((library.folder / "files").glob(".copy-*"))


def test_an_archive_that_cannot_be_unpacked_is_a_document_all_the_same(
    library: Library, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert adding.Read(None, lambda: Expanded(())).inside.parts == ()
    shutil.copy(archive, archive.with_name("cut.zip"))
    cut = archive.with_name("cut.zip")
    cut.write_bytes(cut.read_bytes()[:-30])
    summary = library.add([cut])
    assert list(errors(summary).values()) == ["cut.zip is not a ZIP archive, or is damaged."]
    assert names(library) == []
