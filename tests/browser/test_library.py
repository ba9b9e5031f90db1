"""The Library page of the real app: the files, the queue and the other processes are real."""

import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import ImageFilter

from assistant.libraries.libraries import make
from assistant.settings import Settings
from assistant.wiring import composition
from tests.assistant.ui.fakes import HOSTILE
from tests.browser.conftest import (
    DAV_SOURCE,
    PHONE,
    PROJECT,
    Visit,
    acting_while_drawn,
    ask,
    harmless,
    settled,
    yellow,
)
from tests.browser.files import write_docx, write_mail, write_photo, write_xlsx, write_zip
from tests.pdfs import HEIGHT, WIDTH, write_pdf
from tests.scans import drawn, write_scan
from tests.servers.source_servers import Dav

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]

PATIENCE = 240_000  # milliseconds: recognising text takes machines without many cores their time
BROKEN = b"no pdf"
SLIP, PAPER = (330, 180), (WIDTH, HEIGHT)  # of scans
CANTEEN = ["The canteen serves lunch from 11:45 to 13:30.", "Guests pay 9.50 euros."]

Picture = Callable[[Any, str], None]


@pytest.fixture
def opened(quoting_address: str, quoting_home: Path, visit: Visit) -> Callable[..., Any]:
    """Opens the page of a new library, in which no other journey is."""

    def opened(name: str, **options: Any) -> Any:
        make(Settings(home=quoting_home), name)
        page = visit(f"{quoting_address}/library?library={name}", **options)
        page.get_by_text("Nothing here yet").wait_for()
        return page

    return opened


def drop(page: Any, *files: Path) -> None:
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(files)


def queue(page: Any) -> Any:
    return page.locator(".st-key-queue")


def row(page: Any, document: str) -> Any:
    """The row of a document in the list."""
    name = page.locator(".document-name").get_by_text(document, exact=True)
    return page.locator("[class*=st-key-row-], .document-row", has=name)


def of_many_kinds(folder: Path) -> Sequence[Path]:
    """The last one holds one file that is broken; the first has a hostile name."""
    # A browser sends a quotation mark in a name as %22.
    name = HOSTILE.replace("/", "-").replace('"', "'")[:150]
    hostile = folder / f"{name}.txt"
    hostile.write_text("The code of the safe is 4411.")
    plan = write_pdf(folder / "Plan.pdf", ["The racks go first."])
    return [
        hostile,
        write_docx(folder / "Canteen.docx", CANTEEN),
        write_photo(folder / "Notice.png", ["The south gate closes at 20:45."]),
        write_xlsx(folder / "Budget.xlsx", [["Department", "Spent"], ["Research", 295_250]]),
        write_mail(folder / "Move.eml", "The server room moves on 12 June.", plan),
        write_zip(
            folder / "Contracts.zip",
            {"Lease.txt": b"The lease ends on 31 December 2029.", "Broken.pdf": BROKEN},
        ),
    ]


def test_files_of_many_kinds_are_dropped_and_asked_about_and_what_fails_costs_only_itself(
    opened: Callable[..., Any], quoting_address: str, picture: Picture, tmp_path: Path
) -> None:
    page = opened("kinds")
    page.get_by_text("Pincite reads PDF, Word, Excel").wait_for()
    files = of_many_kinds(tmp_path)

    drop(page, *files)

    queue(page).get_by_text("Notice.png").wait_for()
    page.get_by_text("8 added, 1 could not be added").wait_for(timeout=PATIENCE)
    picture(page, "many-kinds")
    for document in ("Move.eml/Plan.pdf", "Contracts.zip/Lease.txt", "Budget.xlsx", files[0].name):
        row(page, document).wait_for()
    assert "recognised in pictures" in row(page, "Notice.png").inner_text()
    page.get_by_text("Broken.pdf is not a readable PDF").wait_for()
    page.get_by_role("button", name="Dismiss: Contracts.zip/Broken.pdf").click()
    queue(page).wait_for(state="detached")
    harmless(page)

    page.goto(f"{quoting_address}/?library=kinds")
    ask(page, "When does the south gate close?")
    page.locator(".mark").first.click(timeout=PATIENCE)
    assert "20:45" in page.locator(".paragraph").first.inner_text()
    page.locator(".st-key-page").get_by_text("Page 1 of 1").wait_for()
    page.locator(".st-key-page img").wait_for()
    picture(page, "cited-picture")
    assert yellow(page.locator(".st-key-page img").screenshot()) > 200


def test_adding_is_stopped_and_continued_after_a_reload(
    opened: Callable[..., Any], picture: Picture, tmp_path: Path
) -> None:
    # The first ones are short and soon done; the others take long enough to be stopped.
    scans = [
        write_scan(
            tmp_path / f"Letter {n:02}.pdf",
            *[drawn([f"Letter {n}", f"of {n} May"])] * pages,
            size=size,
        )
        for n, (pages, size) in enumerate([(1, SLIP), (1, SLIP), (1, PAPER), (2, PAPER)])
    ]
    page = opened("letters")
    drop(page, *scans)
    # Two may be done between two drawings.
    page.get_by_text(re.compile("[1-3] of 4 files done")).wait_for(timeout=PATIENCE)

    with acting_while_drawn(page):
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


def test_what_the_command_line_adds_is_shown_live_and_mended_and_brought_back_without_a_reload(
    opened: Callable[..., Any], quoting_home: Path, picture: Picture, tmp_path: Path
) -> None:
    page = opened("desk", viewport=PHONE)
    blurred = drawn(["The lost words of the report"] * 20, WIDTH, HEIGHT).filter(
        ImageFilter.GaussianBlur(4)
    )
    letter = drawn(width=WIDTH, height=HEIGHT)
    scan = write_scan(tmp_path / "Inspection.pdf", letter, blurred)
    rules = tmp_path / "A rule.pdf"
    rules.write_bytes(BROKEN)
    add = ["add", str(scan), str(rules), "--library", "desk", "--home", str(quoting_home)]

    command = [sys.executable, "-m", "assistant.cli.main", *add]
    with subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.DEVNULL) as adding:
        queue(page).get_by_text("Inspection.pdf").wait_for(timeout=PATIENCE)
        assert page.get_by_role("button", name="Stop").count() == 0, "it is not ours to stop"
        assert adding.wait(240) in (1, 3)

    page.get_by_text("A rule.pdf is not a readable PDF").wait_for()
    write_pdf(rules, ["Dogs are welcome on Fridays."])
    page.get_by_role("button", name="Retry: A rule.pdf").click()
    page.get_by_text("1 added").wait_for(timeout=PATIENCE)
    row(page, "A rule.pdf").wait_for()
    queue(page).wait_for(state="detached")

    with composition.library(Settings(home=quoting_home), "desk") as library:
        library.maintenance.back_up(tmp_path / "saved")
        library.remove(["A rule.pdf"])
        row(page, "A rule.pdf").wait_for(state="detached")
        library.maintenance.restore(tmp_path / "saved")
        row(page, "A rule.pdf").wait_for()
    assert page.get_by_test_id("stAlert").count() == 0

    row(page, "Inspection.pdf").locator(".coverage .unread").wait_for()
    page.get_by_role("button", name="Coverage: Inspection.pdf").click()
    page.get_by_role("button", name="Page 2: unreadable scan, 0 of an estimated").click()
    page.get_by_text("Page 2 of 2").wait_for()
    assert page.locator(".page-note").inner_text().startswith("Unreadable scan, 0 of an estimated")
    page.get_by_role("region", name="Inspection.pdf, page 2").wait_for()
    picture(page, "unreadable-page")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_folders_of_this_machine_and_of_a_server_are_followed_without_another_click(
    opened: Callable[..., Any], picture: Picture, tmp_path: Path
) -> None:
    watched, served = tmp_path / "watched", tmp_path / "papers"
    watched.mkdir()
    served.mkdir()
    (served / "Ferry.txt").write_text("The ferry leaves at 06:15.", encoding="utf-8")
    page = opened("followed")
    page.locator(".st-key-watched-followed summary").click()
    page.get_by_label("Folder", exact=True).fill(str(watched))
    page.get_by_role("button", name="Watch", exact=True).click()
    page.get_by_role("button", name=f"Stop watching: {watched}").wait_for()
    (watched / "Gate.txt").write_text("The south gate closes at 20:45.", encoding="utf-8")
    row(page, "Gate.txt").wait_for(timeout=PATIENCE)
    page.get_by_role("button", name=f"Stop watching: {watched}").click()
    page.get_by_role("button", name=f"Stop watching: {watched}").wait_for(state="detached")

    server = Dav(tmp_path)
    try:
        page.locator(".st-key-sources-followed summary").click()
        form = page.locator(".st-key-sources-followed")
        form.get_by_text("Folder (WebDAV)").click()
        form.get_by_label("Mailbox", exact=True).wait_for(state="detached")
        settled(page)  # both forms have a field "User"
        form.get_by_label("Address", exact=True).fill(server.address().replace("ann@", ""))
        form.get_by_label("User", exact=True).fill("ann")
        form.get_by_label("Folder on the server").fill("paper")
        form.get_by_role("button", name="Check and add").click()
        form.get_by_text("There is no password for").wait_for()
        form.get_by_label("Folder on the server").fill("papers")
        form.get_by_role("button", name="Check and add").click()

        row(page, DAV_SOURCE).get_by_text("fetched 20").wait_for(timeout=PATIENCE)
        row(page, "Ferry.txt").wait_for(timeout=PATIENCE)
        picture(page, "sources")
        page.get_by_role("button", name=f"Remove: {DAV_SOURCE}").click()
        row(page, DAV_SOURCE).wait_for(state="detached")
    finally:
        server.stop()
