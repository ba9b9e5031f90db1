"""Files move, go and get newer versions; runs are cancelled; models change: the library follows."""

import os
import shutil
import threading
from pathlib import Path

import pytest

from tests.pdfs import write_pdf
from tests.vectorstore.conftest import OpenLibrary
from vectorstore.add_report import AddProgress, Change, Superseded
from vectorstore.library import Library

RULES = [f"Rule {number}: a laptop is returned before noon." for number in range(30)]


def names(library: Library) -> list[str]:
    return [info.document for info in library.documents()]


def replaced(library: Library) -> dict[str, str]:
    return {i.document: i.superseded_by for i in library.documents() if i.superseded_by}


# -- moved and gone


def test_a_moved_file_keeps_its_document(full: Library, papers: Path) -> None:
    changes: list[Change] = []
    (papers / "Policy.pdf").rename(papers / "Security.pdf")
    summary = full.add([papers], changed=changes.append)
    assert (summary.moved, summary.unchanged, summary.added) == (1, 1, 0)
    assert changes == [Change("moved", "Security.pdf", "Policy.pdf")]
    assert names(full) == ["Handbook.pdf", "Security.pdf"]
    assert full.search("password", k=1)[0].document == "Security.pdf"
    assert full.search("security", k=1)[0].document == "Security.pdf"  # its card has the new name


def test_a_copy_is_a_second_place_and_no_move(full: Library, papers: Path, tmp_path: Path) -> None:
    shutil.copy(papers / "Policy.pdf", tmp_path / "Copy.pdf")
    summary = full.add([tmp_path / "Copy.pdf"])
    assert (summary.moved, summary.unchanged) == (0, 1)
    (papers / "Policy.pdf").unlink()
    assert full.add([papers], prune=True).removed == 0
    assert names(full) == ["Handbook.pdf", "Policy.pdf"]


def test_what_is_gone_is_named_and_removed_only_when_it_is_wanted(
    full: Library, papers: Path
) -> None:
    (papers / "Policy.pdf").unlink()
    assert full.add([papers]).gone == ["Policy.pdf"]
    assert names(full) == ["Handbook.pdf", "Policy.pdf"]
    summary = full.add([papers], prune=True)
    assert (summary.gone, summary.removed) == ([], 1)
    assert names(full) == ["Handbook.pdf"]
    assert len(list((full.folder / "files").iterdir())) == 1


# -- versions


def test_a_new_version_is_linked_and_preferred(library: Library, tmp_path: Path) -> None:
    write_pdf(tmp_path / "in" / "Laptops v1.pdf", RULES)
    write_pdf(tmp_path / "in" / "Laptops v2.pdf", [*RULES, "Rule 31: no stickers on a laptop."])
    summary = library.add([tmp_path / "in"])
    assert summary.superseded == [Superseded("Laptops v1.pdf", "Laptops v2.pdf")]
    assert replaced(library) == {"Laptops v1.pdf": "Laptops v2.pdf"}
    assert {hit.document for hit in library.search("laptop")} == {"Laptops v2.pdf"}
    named = library.search("laptop", documents=["Laptops v1.pdf"])
    assert {hit.document for hit in named} == {"Laptops v1.pdf"}


def test_a_version_that_comes_late_is_put_in_between(library: Library, tmp_path: Path) -> None:
    for number in (1, 3, 2):
        lines = [*RULES, *(f"Rule 3{n}: a badge." for n in range(number))]
        library.add([write_pdf(tmp_path / f"Laptops v{number}.pdf", lines)])
    chain = {"Laptops v1.pdf": "Laptops v2.pdf", "Laptops v2.pdf": "Laptops v3.pdf"}
    assert replaced(library) == chain
    library.remove(["Laptops v2.pdf"])
    assert replaced(library) == {"Laptops v1.pdf": "Laptops v3.pdf"}
    library.remove(["Laptops v3.pdf"])
    assert replaced(library) == {}
    assert library.search("laptop", k=1)[0].document == "Laptops v1.pdf"


def test_a_resaved_file_is_a_version_of_it(library: Library, tmp_path: Path) -> None:
    old = write_pdf(tmp_path / "Laptops.pdf", RULES)
    new = write_pdf(tmp_path / "Laptops (1).pdf", RULES, title="saved again")
    os.utime(old, (1_700_000_000, 1_700_000_000))
    library.add([tmp_path])
    assert new.is_file() and len(replaced(library)) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Report 2023 Q1.pdf", "Report 2023 Q2.pdf"),  # two reports of one company
        ("Laptop Policy Report 2023.pdf", "Laptop Policy Report 2024.pdf"),
        ("Marketing Rules v1.pdf", "Decoration Rules v2.pdf"),  # no months
        ("Laptops v1.pdf", "Phones v2.pdf"),
        ("north/Contract.pdf", "south/Contract.pdf"),  # two clients
    ],
)
def test_documents_that_are_only_alike_are_no_versions(
    library: Library, tmp_path: Path, one: str, other: str
) -> None:
    write_pdf(tmp_path / "in" / one, RULES)
    write_pdf(tmp_path / "in" / other, [*RULES[:20], *(f"Rule {n}: a badge." for n in range(10))])
    assert library.add([tmp_path / "in"]).superseded == []
    assert replaced(library) == {}


# -- the queue


def test_cancelling_keeps_what_is_done_and_the_queue(library: Library, tmp_path: Path) -> None:
    for number in range(6):
        write_pdf(tmp_path / "in" / f"{number}.pdf", [f"Leave in year {number}."])
    cancel = threading.Event()

    def stop(step: AddProgress) -> None:
        if (step.file, step.stage) == ("2.pdf", "indexing"):
            cancel.set()

    summary = library.add([tmp_path / "in"], stop, cancel=cancel)
    assert (summary.added, summary.cancelled) == (3, 3)
    assert [(job.name, job.state) for job in library.jobs.all()] == [
        ("3.pdf", "cancelled"), ("4.pdf", "cancelled"), ("5.pdf", "cancelled"),
    ]  # fmt: skip
    (tmp_path / "in" / "5.pdf").unlink()
    assert library.add([]).added == 2
    assert library.jobs.all() == []


def test_what_people_cancelled_is_not_taken_up_by_another_add(
    library: Library, tmp_path: Path
) -> None:
    cancel = threading.Event()
    cancel.set()
    library.add([write_pdf(tmp_path / "one.pdf", ["Leave."])], cancel=cancel)
    library.add([write_pdf(tmp_path / "two.pdf", ["Travel."])])
    assert names(library) == ["two.pdf"]
    assert [job.name for job in library.jobs.all()] == ["one.pdf"]
    library.jobs.drop([library.jobs.all()[0].path])
    assert library.jobs.all() == []


def test_a_file_that_failed_leaves_the_queue_when_it_is_mended(full: Library, papers: Path) -> None:
    (papers / "Bad.pdf").write_bytes(b"no PDF")
    full.add([papers])
    assert [(job.name, job.state) for job in full.jobs.all()] == [("Bad.pdf", "failed")]
    write_pdf(papers / "Bad.pdf", ["A visitor wears a badge."])
    assert full.add([papers]).added == 1
    assert full.jobs.all() == []


def test_the_queue_is_seen_while_files_are_added(
    library: Library, papers: Path, opened: OpenLibrary
) -> None:
    other, seen = opened(), []

    def look(step: AddProgress) -> None:
        if step.stage == "indexing":
            seen.append([(job.name, job.state) for job in other.jobs.all()])

    library.add([papers], look)
    assert seen == [
        [("Handbook.pdf", "indexing"), ("Policy.pdf", "waiting")],
        [("Policy.pdf", "indexing")],
    ]
    assert other.jobs.all() == []


# -- verifying


def test_verify_mends_words_copies_and_strays(full: Library, papers: Path) -> None:
    database = full._catalog.database
    database.write("DELETE FROM chunk_words WHERE rowid = (SELECT min(rowid) FROM chunk)")
    database.write("INSERT INTO chunk_words (rowid, text) VALUES (999, 'stray')")
    full.file("Policy.pdf").write_bytes(b"damaged")
    stray = full.folder / "files" / f"{'0' * 64}.pdf"
    stray.write_bytes(b"of no document")
    mended = full.maintenance.verify().mended
    assert mended == (
        "The copy of Policy.pdf was lost or damaged; it was made again.",
        "2 rows of the word index were wrong.",
    )
    assert stray.exists()  # it may belong to a process at work
    full._files._copies.left_over = 0
    full._files.sweep({info.sha256 for info in full.documents()})
    assert not stray.exists()
    assert full.file("Policy.pdf").read_bytes() == (papers / "Policy.pdf").read_bytes()
    assert full.maintenance.verify().mended == ()
    assert full.search("leave", k=1)[0].document == "Handbook.pdf"


def test_verify_names_pages_whose_characters_do_not_add_up(full: Library) -> None:
    full._catalog.database.write(
        "UPDATE page SET source = source + 1 WHERE number = 2 AND document_id ="
        " (SELECT id FROM document WHERE name = 'Handbook.pdf')"
    )
    assert full.maintenance.verify().unbalanced == ("Handbook.pdf, page 2",)
