import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.document.model import count
from ingest.errors import NothingFound
from tests.fakes import WordEmbedder
from tests.pdfs import write_pdf, write_picture_pdf
from tests.vectorstore.conftest import LEAVE, TRAVEL, OpenLibrary
from vectorstore.add_report import AddProgress, AddSummary
from vectorstore.catalog.tags import Filter
from vectorstore.errors import LibraryError, UnknownDocument
from vectorstore.library import Library

Elsewhere = Callable[[str], "subprocess.Popen[str]"]


def counts(summary: AddSummary) -> dict[str, int]:
    names = ("added", "updated", "unchanged", "removed", "pages", "chunks")
    found = {name: getattr(summary, name) for name in names}
    return {name: count for name, count in found.items() if count} | (
        {"failed": len(summary.failed)} if summary.failed else {}
    )


def names(library: Library) -> list[str]:
    return [info.document for info in library.documents()]


def copies(library: Library) -> int:
    return sum(1 for _ in (library.folder / "files").glob("*"))


# -- adding


def test_a_mail_is_dated_by_itself_and_found_by_its_day(library: Library, tmp_path: Path) -> None:
    mail = tmp_path / "a.eml"
    mail.write_text(
        "From: ann@example.com\nDate: Tue, 3 Mar 2026 23:30:00 -0500\nSubject: Leave\n\nThirty.\n"
    )
    library.add([mail])
    assert Filter(after="2026-03-03", before="2026-03-04").names(library.documents()) == {"a.eml"}


def test_adding_tells_what_was_done(library: Library, papers: Path) -> None:
    steps: list[AddProgress] = []
    summary = library.add([papers], steps.append)
    assert counts(summary) == {"added": 2, "pages": 3, "chunks": 3}
    assert summary.seconds > 0
    read = dict.fromkeys(step.file for step in steps if step.stage == "reading")
    assert list(read) == ["Handbook.pdf", "Policy.pdf"]
    assert steps[-1] == AddProgress("", 2, 2, "done")


def test_adding_twice_changes_nothing(full: Library, papers: Path) -> None:
    before = full.generation(), full.documents()
    assert counts(full.add([papers])) == {"unchanged": 2}
    assert (full.generation(), full.documents()) == before


def test_a_document_is_listed_with_what_was_read(full: Library, papers: Path) -> None:
    handbook = full.documents()[0]
    assert (handbook.document, handbook.library) == ("Handbook.pdf", "main")
    assert handbook.path == str(papers / "Handbook.pdf")
    assert (handbook.pages, handbook.chunks, handbook.status) == (2, 2, "ready")
    letters = sum(count(line.removeprefix("# ")) for line in LEAVE + TRAVEL)
    assert handbook.coverage.extracted == letters
    assert (handbook.coverage.ocr, handbook.coverage.empty, handbook.coverage.dropped) == (0, 0, 0)


def test_a_changed_file_replaces_its_old_version(full: Library, papers: Path) -> None:
    write_pdf(papers / "Policy.pdf", ["A visitor wears a badge."])
    assert counts(full.add([papers])) == {"updated": 1, "unchanged": 1, "pages": 1, "chunks": 1}
    assert names(full) == ["Handbook.pdf", "Policy.pdf"]
    assert full.pages("Policy.pdf")[0].text == "A visitor wears a badge."
    assert "fourteen" not in " ".join(hit.text for hit in full.search("fourteen letters"))
    assert copies(full) == 2


def test_a_file_that_changes_into_a_known_one_replaces_its_old_version(
    full: Library, papers: Path
) -> None:
    shutil.copy(papers / "Handbook.pdf", papers / "Policy.pdf")
    assert counts(full.add([papers])) == {"unchanged": 2, "removed": 1}
    assert names(full) == ["Handbook.pdf"]
    assert copies(full) == 1


def test_the_same_bytes_at_two_paths_are_one_document(library: Library, papers: Path) -> None:
    shutil.copy(papers / "Policy.pdf", papers / "Copy.pdf")
    assert counts(library.add([papers])) == {"added": 2, "unchanged": 1, "pages": 3, "chunks": 3}
    assert len(names(library)) == 2
    assert counts(library.add([papers])) == {"unchanged": 3}


def test_a_document_stays_while_one_of_its_paths_has_it(library: Library, papers: Path) -> None:
    shutil.copy(papers / "Policy.pdf", papers / "Copy.pdf")
    library.add([papers])
    write_pdf(papers / "Copy.pdf", ["Another text."])
    assert counts(library.add([papers])) == {"added": 1, "unchanged": 2, "pages": 1, "chunks": 1}
    assert len(names(library)) == 3
    assert any("fourteen" in hit.text for hit in library.search("password"))


def test_two_files_of_one_name_both_stay_with_distinct_names(
    library: Library, tmp_path: Path
) -> None:
    for folder, text in (("2023", "Leave in the first year."), ("2024", "Leave in the second.")):
        write_pdf(tmp_path / "years" / folder / "Rules.pdf", [text])
    library.add([tmp_path / "years"])
    assert names(library) == ["2023/Rules.pdf", "2024/Rules.pdf"]


def test_a_name_that_is_taken_gets_its_folder_in_front(full: Library, tmp_path: Path) -> None:
    write_pdf(tmp_path / "new" / "Policy.pdf", ["A visitor wears a badge."])
    full.add([tmp_path / "new" / "Policy.pdf"])
    assert names(full) == ["Handbook.pdf", "Policy.pdf", "new/Policy.pdf"]


def test_a_name_may_hold_spaces_quotes_and_any_letters(library: Library, tmp_path: Path) -> None:
    odd = "Ünser \"bestes\" 'Haus' – 日本語 %s; --x.pdf"
    write_pdf(tmp_path / odd, LEAVE)
    assert counts(library.add([tmp_path / odd]))["added"] == 1
    assert library.page(odd, 1).number == 1
    assert library.search("leave")[0].document == odd
    assert library.remove([odd]) == 1


def test_a_file_that_fails_is_named_and_the_others_go_on(library: Library, papers: Path) -> None:
    (papers / "Broken.pdf").write_bytes(b"not a PDF at all" * 9)
    (papers / "Empty.pdf").touch()
    write_pdf(papers / "Locked.pdf", ["secret"], password="x")
    write_picture_pdf(papers / "Scan.pdf")
    write_picture_pdf(papers / "Scans.pdf", pages=12)
    write_pdf(papers / "White.pdf", [])
    (papers / "Notes.xyz").write_bytes(b"\x00no text")
    summary = library.add([papers])
    assert counts(summary) == {"added": 4, "pages": 16, "chunks": 3, "failed": 4}
    errors = {Path(failure.path).name: failure.error for failure in summary.failed}
    assert errors == {
        "Broken.pdf": "Broken.pdf is not a readable PDF: the file is damaged.",
        "Empty.pdf": "Empty.pdf is empty: 0 bytes.",
        "Locked.pdf": "Locked.pdf is protected by a password. "
        "Save a copy without the password and add that.",
        "White.pdf": "White.pdf: no text could be read, 1 page is a blank page.",
    }
    assert copies(library) == 4
    status = {info.document: info.status for info in library.documents()}
    assert status["Scan.pdf"].startswith("no text could be read: 1 page is a picture")
    assert status["Scans.pdf"].startswith("no text could be read: 12 pages are pictures")
    assert {job.name: job.error for job in library.jobs.all()} == errors
    assert {job.state for job in library.jobs.all()} == {"failed"}


def test_a_name_that_is_no_text_is_named_and_the_others_go_on(
    library: Library, papers: Path
) -> None:
    bad = papers / b"caf\xe9.pdf".decode("utf-8", "surrogateescape")
    shutil.copy(papers / "Policy.pdf", bad)
    summary = library.add([papers])
    assert counts(summary) == {"added": 2, "pages": 3, "chunks": 3, "failed": 1}
    assert "not valid UTF-8" in summary.failed[0].error


def test_a_path_that_is_not_there_changes_nothing(library: Library, papers: Path) -> None:
    with pytest.raises(NothingFound, match=r"There is no file or folder .*missing"):
        library.add([papers, papers / "missing"])
    assert names(library) == []


def test_a_folder_without_documents_is_refused(library: Library, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    with pytest.raises(NothingFound, match=r"nothing holds no file of a known kind \(\.pdf,"):
        library.add([tmp_path / "nothing"])


def test_hidden_files_are_left_alone(library: Library, papers: Path) -> None:
    shutil.copy(papers / "Policy.pdf", papers / ".Policy.pdf")
    shutil.copytree(papers, papers / ".trash")
    assert counts(library.add([papers]))["added"] == 2


# -- removing, verifying, making anew


def test_what_was_removed_is_gone_from_everywhere(full: Library) -> None:
    before = full.generation()
    assert full.remove(["Policy.pdf"]) == 1
    assert names(full) == ["Handbook.pdf"]
    assert {hit.document for hit in full.search("password letters")} <= {"Handbook.pdf"}
    assert copies(full) == 1
    assert full.generation() > before


def test_a_document_that_is_named_twice_is_removed_once(full: Library) -> None:
    assert full.remove(["Policy.pdf", "Policy.pdf"]) == 1
    assert names(full) == ["Handbook.pdf"]


def test_removing_an_unknown_document_changes_nothing(full: Library) -> None:
    with pytest.raises(UnknownDocument, match=r"library 'main' has no document 'Nothing\.pdf'"):
        full.remove(["Policy.pdf", "Nothing.pdf"])
    assert names(full) == ["Handbook.pdf", "Policy.pdf"]


def test_a_removed_document_can_be_added_again(full: Library, papers: Path) -> None:
    full.remove(["Policy.pdf"])
    assert counts(full.add([papers])) == {"added": 1, "unchanged": 1, "pages": 1, "chunks": 1}


def test_a_sound_library_is_called_complete(full: Library) -> None:
    health = full.maintenance.verify()
    assert (health.documents, health.chunks, health.chroma) == (2, 3, "complete")
    assert health.lost_files == ()


def test_a_lost_index_is_mended(full: Library, opened: OpenLibrary) -> None:
    full.close()
    shutil.rmtree(full.folder / "chroma")
    again = opened()
    assert [hit.document for hit in again.search("password", k=1)] == ["Policy.pdf"]
    assert again.maintenance.verify().chroma in ("complete", "rebuilt")
    assert again.maintenance.verify().chroma == "complete"


@pytest.mark.parametrize("damage", ["lost", "changed"])
def test_a_copy_that_is_lost_or_damaged_is_named_and_put_back_by_adding(
    full: Library, papers: Path, damage: str
) -> None:
    copy = full.file("Policy.pdf")
    copy.unlink() if damage == "lost" else copy.write_bytes(b"x" * copy.stat().st_size)
    original = (papers / "Policy.pdf").rename(papers / "elsewhere")
    assert full.maintenance.verify().lost_files == ("Policy.pdf",)
    original.rename(papers / "Policy.pdf")
    assert counts(full.add([papers])) == {"unchanged": 2}
    assert full.maintenance.verify().lost_files == ()
    assert full.file("Policy.pdf").read_bytes() == (papers / "Policy.pdf").read_bytes()


def test_rebuilding_gives_the_same_index(full: Library) -> None:
    before = [(hit.document, hit.page, hit.score) for hit in full.search("leave")]
    assert full.maintenance.rebuild() == 3
    assert [(hit.document, hit.page, hit.score) for hit in full.search("leave")] == before
    assert full.maintenance.verify().chroma == "complete"


# -- several processes


def test_what_another_process_added_is_found_at_once(
    full: Library, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    full.search("leave")
    before = full.generation()
    write_pdf(tmp_path / "new.pdf", ["A visitor wears a badge."])
    other = elsewhere(f"print(library.add([Path({str(tmp_path / 'new.pdf')!r})]).added)")
    assert other.communicate()[0] == "1\n"
    assert full.generation() > before
    assert full.search("visitor", k=1)[0].document == "new.pdf"
    assert full.index.sync()
    assert full.search("visitor", k=1)[0].document == "new.pdf"


@pytest.mark.slow
def test_two_processes_adding_the_same_end_with_one_copy_of_each(
    library: Library, elsewhere: Elsewhere, papers: Path
) -> None:
    statements = f"s = library.add([Path({str(papers)!r})]); print(s.added, s.unchanged)"
    others = [elsewhere(statements) for _ in range(2)]
    told = [tuple(map(int, other.communicate()[0].split())) for other in others]
    assert sum(added for added, _ in told) == 2
    assert sum(unchanged for _, unchanged in told) == 2
    assert names(library) == ["Handbook.pdf", "Policy.pdf"]
    health = library.maintenance.verify()
    assert (health.documents, health.chunks, health.lost_files) == (2, 3, ())


def test_rebuilding_is_refused_while_another_process_has_the_index(
    full: Library, elsewhere: Elsewhere
) -> None:
    full.close()
    other = elsewhere("library.index.sync(); print('mine', flush=True); input()")
    assert other.stdout is not None and other.stdout.readline() == "mine\n"
    with pytest.raises(LibraryError, match="owned by another process"):
        full.maintenance.rebuild()
    assert full.maintenance.verify().chroma == "owned by another process"
    assert full.search("leave", k=1)[0].document == "Handbook.pdf"
    other.communicate("\n")
    assert full.maintenance.rebuild() == 3


def test_a_follower_brings_chroma_up_to_what_was_added_elsewhere(
    tmp_path: Path, samples: Path
) -> None:
    folder = tmp_path / "library"
    with Library(folder, "main", WordEmbedder) as library:
        library.add([samples / "Security Policy v1 (2024).pdf"])
        library.index.follow(0.05)
        other = Library(folder, "main", WordEmbedder)
        other.add([samples / "Security Policy v2 (2026).pdf"])  # cannot write to Chroma
        other.close()
        want = library._catalog.passages.ids()
        waited = 0.0
        while library.index.ids() != want and waited < 10:
            time.sleep(0.05)
            waited += 0.05
        assert library.index.ids() == want


def test_a_follower_tries_ever_more_seldom_and_goes_on_after_any_error(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[float] = []

    def fail(*_: object) -> bool:
        tries.append(time.monotonic())
        raise RuntimeError("anything")

    monkeypatch.setattr(library.index, "sync", fail)
    library.index.follow(0.05)
    waited = time.monotonic() + 60
    while len(tries) < 4 and time.monotonic() < waited:
        time.sleep(0.05)
    library.close()
    assert tries[2] - tries[1] >= 0.2
    assert tries[3] - tries[2] >= 0.4


def test_a_file_without_a_suffix_has_a_copy_that_goes_with_it(
    tmp_path: Path, library: Library
) -> None:
    notes = tmp_path / "README"
    notes.write_text("The number of days is thirty.")
    library.add([notes])
    copy = library.file("README")
    assert copy.read_bytes() == notes.read_bytes()
    notes.unlink()
    assert not library.maintenance.verify().lost_files
    library.remove(["README"])
    assert not copy.exists()


def test_a_file_whose_bytes_are_there_says_under_which_name(
    opened: OpenLibrary, papers: Path, tmp_path: Path
) -> None:
    library = opened()
    library.add([papers])
    copy = tmp_path / "Copy of the policy.pdf"
    copy.write_bytes((papers / "Policy.pdf").read_bytes())
    summary = library.add([copy, papers])
    assert [(same.name, same.document) for same in summary.kept_as] == [
        ("Copy of the policy.pdf", "Policy.pdf")
    ]
    assert (summary.unchanged, summary.added) == (3, 0)


def test_long_and_odd_names_are_added_found_and_restored(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "long"
    folder.mkdir()
    names = ["n" * 252 + ".md", "a." + "b" * 253, "é" * 120 + ".md", 'a.b: "c?"']
    for number, name in enumerate(names):
        (folder / name).write_text(f"The word is zqlong{number}.\n")
    summary = library.add([folder])
    assert (summary.added, summary.failed) == (4, [])
    library.maintenance.rebuild()
    library.maintenance.back_up(tmp_path / "made.backup")
    library.maintenance.restore(tmp_path / "made.backup")
    for number in range(4):
        assert f"zqlong{number}" in library.search(f"zqlong{number}", k=1)[0].text
