"""The Library page of the real app, from an empty library on: the files and the queue are real."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import ImageFilter

from assistant.sources.password import variable
from tests.assistant.ui.fakes import HOSTILE
from tests.browser.conftest import PHONE, PROJECT, Visit, ask, harmless, pincite, yellow
from tests.browser.files import (
    write_docx,
    write_film,
    write_mail,
    write_photo,
    write_xlsx,
    write_zip,
)
from tests.pdfs import HEIGHT, WIDTH, write_pdf
from tests.scans import drawn, write_scan
from tests.servers.source_servers import PASSWORD, Dav

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]

PATIENCE = 240_000  # milliseconds: recognising text takes machines without many cores their time
BROKEN = b"no pdf"
CANTEEN = ["The canteen serves lunch from 11:45 to 13:30.", "Guests pay 9.50 euros."]

Picture = Callable[[Any, str], None]


@pytest.fixture(scope="module")
def home(quoting_home: Path) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(variable("127-0-0-1-papers"), PASSWORD)
        yield quoting_home


def drop(page: Any, *files: Path) -> None:
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(files)


def queue(page: Any) -> Any:
    return page.locator(".st-key-queue")


def row(page: Any, document: str) -> Any:
    """The row of a document in the list."""
    name = page.locator(".document-name").get_by_text(document, exact=True)
    return page.locator("[class*=st-key-row-], .document-row", has=name)


def test_the_first_run_is_of_the_home_and_outlasts_the_first_document(
    address: str, home: Path, visit: Visit, picture: Picture
) -> None:
    page = visit(address)
    page.locator(".st-key-step-1 [data-testid=stFileUploaderDropzone]").wait_for()
    picture(page, "empty-chat")
    page.get_by_role("button", name="Or try the sample company").click()
    page.locator(".st-key-suggestions button").first.wait_for(timeout=PATIENCE)  # one is in
    page.get_by_role("radio", name="Usual").wait_for(state="attached")
    page.locator(".st-key-step-1 .step", has_text="done").wait_for(timeout=PATIENCE)
    assert page.locator(".st-key-behind").count() == 0, "done with all of them"
    page.get_by_role("button", name="Go on without a chat model").click()
    page.get_by_text("5 documents, 42 pages").wait_for()

    page.reload()

    page.get_by_text("5 documents, 42 pages").wait_for()
    assert [made.name for made in (home / "libraries").iterdir()] == ["samples"]
    page.get_by_role("button", name="Add documents of your own").click()
    page.locator("[data-testid=stFileUploaderDropzone]").wait_for()
    assert page.url.endswith("?library=main")


def test_an_empty_library_leads_to_the_place_where_files_are_dropped(
    address: str, visit: Visit, picture: Picture
) -> None:
    page = visit(f"{address}/library")

    page.get_by_text("Nothing here yet").wait_for()
    page.get_by_text("Pincite reads PDF, Word, Excel").wait_for()
    picture(page, "empty-library")


def test_files_of_many_kinds_are_dropped_and_asked_about_and_what_fails_costs_only_itself(
    address: str, visit: Visit, picture: Picture, tmp_path: Path
) -> None:
    # A browser sends a quotation mark in a name as %22.
    name = HOSTILE.replace("/", "-").replace('"', "'")[:150]
    hostile = tmp_path / f"{name}.txt"
    hostile.write_text("The code of the safe is 4411.")
    plan = write_pdf(tmp_path / "Plan.pdf", ["The racks go first."])
    files = [
        hostile,
        write_docx(tmp_path / "Canteen.docx", CANTEEN),
        write_photo(tmp_path / "Notice.png", ["The south gate closes at 20:45."]),
        write_xlsx(tmp_path / "Budget.xlsx", [["Department", "Spent"], ["Research", 295_250]]),
        write_mail(tmp_path / "Move.eml", "The server room moves on 12 June.", plan),
        write_zip(
            tmp_path / "Contracts.zip",
            {"Lease.txt": b"The lease ends on 31 December 2029.", "Broken.pdf": BROKEN},
        ),
    ]
    page = visit(f"{address}/library")
    page.get_by_text("Nothing here yet").wait_for()

    drop(page, *files)

    queue(page).get_by_text("Notice.png").wait_for()
    page.get_by_text("8 added, 1 could not be added").wait_for(timeout=PATIENCE)
    picture(page, "many-kinds")
    for document in ("Move.eml/Plan.pdf", "Contracts.zip/Lease.txt", "Budget.xlsx", hostile.name):
        row(page, document).wait_for()
    assert "recognised in pictures" in row(page, "Notice.png").inner_text()
    page.get_by_text("Broken.pdf is not a readable PDF").wait_for()
    page.get_by_role("button", name="Dismiss: Contracts.zip/Broken.pdf").click()
    queue(page).wait_for(state="detached")
    harmless(page)

    for question, words in (
        ("When does the canteen serve lunch?", "11:45"),
        ("When does the south gate close?", "20:45"),
    ):
        page.goto(address)
        ask(page, question)
        page.locator(".mark").first.wait_for(timeout=PATIENCE)
        assert words in page.locator(".paragraph").first.inner_text()
        page.locator(".mark").first.click()
        page.locator(".st-key-page").get_by_text("Page 1 of 1").wait_for()
    page.locator(".st-key-page img").wait_for()
    picture(page, "cited-picture")
    assert yellow(page.locator(".st-key-page img").screenshot()) > 200


def test_a_film_plays_from_the_second_that_is_cited(
    address: str, visit: Visit, picture: Picture, tmp_path: Path
) -> None:
    slides = "The agenda of today is long.", "Travel to Bergen\nis only by train."
    film = write_film(tmp_path / "Review.webm", *slides)
    page = visit(f"{address}/library")
    drop(page, film)
    row(page, "Review.webm").wait_for(timeout=PATIENCE)

    page.goto(address)
    ask(page, "Is travel to Bergen only by train?")
    page.locator(".mark").first.click(timeout=PATIENCE)

    page.locator(".page-number", has_text="At 00:03").wait_for()
    video = page.locator(".st-key-player video")
    video.wait_for()
    page.wait_for_function("() => document.querySelector('.st-key-player video').currentTime >= 3")
    assert video.evaluate("video => video.currentTime") == 3
    assert page.locator("mark.cited").all_inner_texts() == ["Travel to Bergen", "is only by train."]
    first = page.get_by_role("button", name="Play from 00:00")
    first.click()
    page.locator(".text-page .heard", has_text="The agenda of today is long.").wait_for()
    picture(page, "film")


def test_a_watched_folder_is_followed_without_another_click(
    address: str, visit: Visit, picture: Picture, tmp_path: Path
) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    page = visit(f"{address}/library")
    page.locator(".st-key-watched-main summary").click()
    page.get_by_label("Folder", exact=True).fill(str(folder))
    page.get_by_role("button", name="Watch", exact=True).click()
    page.get_by_role("button", name=f"Stop watching: {folder}").wait_for()

    (folder / "Gate.txt").write_text("The south gate closes at 20:45.", encoding="utf-8")

    row(page, "Gate.txt").wait_for(timeout=PATIENCE)
    picture(page, "watched")
    page.get_by_role("button", name=f"Stop watching: {folder}").click()
    page.get_by_role("button", name=f"Stop watching: {folder}").wait_for(state="detached")


def test_a_webdav_folder_is_added_by_a_form_and_fetched(
    address: str, visit: Visit, picture: Picture, tmp_path: Path
) -> None:
    server = Dav(tmp_path)
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "Ferry.txt").write_text("The ferry leaves at 06:15.", encoding="utf-8")
    page = visit(f"{address}/library")
    try:
        page.locator(".st-key-sources-main summary").click()
        form = page.locator(".st-key-sources-main")
        form.get_by_text("Folder (WebDAV)").click()
        form.get_by_label("Mailbox", exact=True).wait_for(state="detached")  # of the other form
        form.get_by_label("Address", exact=True).fill(server.address().replace("ann@", ""))
        form.get_by_label("User", exact=True).fill("ann")
        form.get_by_label("Folder on the server").fill("paper")
        form.get_by_role("button", name="Check and add").click()
        form.get_by_text("There is no password for").wait_for()
        form.get_by_label("Folder on the server").fill("papers")
        form.get_by_role("button", name="Check and add").click()

        row(page, "127-0-0-1-papers").get_by_text("fetched 20").wait_for(timeout=PATIENCE)
        row(page, "Ferry.txt").wait_for(timeout=PATIENCE)
        picture(page, "sources")
        page.get_by_role("button", name="Remove: 127-0-0-1-papers").click()
        row(page, "127-0-0-1-papers").wait_for(state="detached")
    finally:
        server.stop()


def test_adding_is_stopped_and_continued_after_a_reload(
    address: str, visit: Visit, picture: Picture, tmp_path: Path
) -> None:
    scans = [
        write_scan(tmp_path / f"Letter {n:02}.pdf", *[drawn([f"Letter {n}", f"of {n} May"])] * 2)
        for n in range(4)
    ]
    page = visit(f"{address}/library")
    drop(page, *scans)
    # Two may be done between two drawings.
    page.get_by_text(re.compile("[1-3] of 4 files done")).wait_for(timeout=PATIENCE)

    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Continue").wait_for(timeout=PATIENCE)
    told = page.locator(".st-key-upload strong", has_text=re.compile("[1-3] added, [1-3] stopped"))
    told.wait_for()
    added, stopped = map(int, re.findall("[0-9]", told.inner_text()))
    assert added + stopped == 4
    there = page.locator(".st-key-upload .state", has_text="in the library")
    there.nth(added - 1).wait_for()
    assert there.count() == added
    picture(page, "stopped")
    page.reload()
    page.get_by_role("button", name="Continue").click()

    queue(page).get_by_text("Adding").wait_for()
    page.get_by_text(f"{stopped} added").wait_for(timeout=PATIENCE)
    row(page, "Letter 03.pdf").wait_for()  # the list is drawn after the summary


def test_what_the_command_line_adds_is_shown_live_and_its_unreadable_page_is_named(
    address: str, quoting_home: Path, visit: Visit, picture: Picture, tmp_path: Path
) -> None:
    page = visit(f"{address}/library")
    page.get_by_test_id("stFileUploaderDropzoneInput").first.wait_for(state="attached")
    letter = drawn(width=WIDTH, height=HEIGHT)
    blurred = drawn(["The lost words of the report"] * 20, WIDTH, HEIGHT).filter(
        ImageFilter.GaussianBlur(4)
    )
    scan = write_scan(tmp_path / "Inspection.pdf", letter, blurred)

    command = [sys.executable, "-m", "assistant.cli.main", "add", scan, "--home", quoting_home]
    with subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.DEVNULL) as adding:
        queue(page).get_by_text("Inspection.pdf").wait_for()
        assert page.get_by_role("button", name="Stop").count() == 0, "it is not ours to stop"
        assert adding.wait(120) == 0

    inspection = row(page, "Inspection.pdf")
    inspection.wait_for()
    queue(page).wait_for(state="detached")
    inspection.locator(".coverage .unread").wait_for()
    page.get_by_role("button", name="Coverage: Inspection.pdf").click()
    remark = page.get_by_role("button", name="Page 2: unreadable scan, 0 of an estimated")
    remark.wait_for()
    picture(page, "unreadable")
    remark.click()
    page.get_by_text("Page 2 of 2").wait_for()
    assert page.locator(".page-note").inner_text().startswith("Unreadable scan, 0 of an estimated")
    page.get_by_role("region", name="Inspection.pdf, page 2").wait_for()
    picture(page, "unreadable-page")

    page.goto(address)
    ask(page, "What do the lost words of the Inspection report say?")
    page.locator(".notice", has_text="Page 2 of Inspection.pdf").wait_for(timeout=PATIENCE)


def test_a_file_that_was_mended_gets_in_with_retry(
    address: str, quoting_home: Path, visit: Visit, tmp_path: Path
) -> None:
    rules = tmp_path / "A rule.pdf"  # first of the ten that are shown
    rules.write_bytes(BROKEN)
    pincite(quoting_home, "add", str(rules), accept=(1, 3))
    page = visit(f"{address}/library")
    page.get_by_text("A rule.pdf is not a readable PDF").wait_for()
    write_pdf(rules, ["Dogs are welcome on Fridays."])

    page.get_by_role("button", name="Retry: A rule.pdf").click()

    page.get_by_text("1 added").wait_for(timeout=PATIENCE)
    row(page, "A rule.pdf").wait_for()
    queue(page).wait_for(state="detached")


def test_versions_and_a_restore_by_another_process_are_seen_without_a_reload(
    address: str, quoting_home: Path, visit: Visit, picture: Picture, tmp_path: Path
) -> None:
    text = [f"Rule {n}: leave of kind {n * 7} is asked for {n} days before it." for n in range(30)]
    folder, saved = tmp_path / "in", tmp_path / "saved"
    write_pdf(folder / "Leave v1.pdf", text)
    write_pdf(folder / "Leave v2.pdf", [*text, "Rule 31: none."])
    page = visit(f"{address}/library", viewport=PHONE)
    page.get_by_test_id("stFileUploaderDropzoneInput").first.wait_for(state="attached")

    pincite(quoting_home, "add", str(folder))
    row(page, "Leave v1.pdf").get_by_text("older version of Leave v2.pdf").wait_for()
    picture(page, "phone-versions")
    pincite(quoting_home, "backup", str(saved))
    pincite(quoting_home, "remove", "Leave v2.pdf")
    row(page, "Leave v2.pdf").wait_for(state="detached")
    pincite(quoting_home, "restore", str(saved))

    row(page, "Leave v2.pdf").wait_for()
    assert page.get_by_test_id("stAlert").count() == 0
