"""Tools in the real app: a drawing model of shapes, and a picture that the chat is asked about."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from assistant.libraries.libraries import make
from assistant.settings import Settings
from tests.browser.conftest import Visit, acting_while_drawn, ask, attach, from_menu, settled
from tests.browser.files import write_photo

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]

PATIENCE = 240_000  # milliseconds

Picture = Callable[[Any, str], None]


def made(page: Any) -> Any:
    """Pictures that tools have made in the conversation."""
    return page.locator("[class*=st-key-made-] img")


def edit(page: Any, file: Path, part: str) -> Any:
    """The dialog, with a file of one's own in it: an empty library behind it takes files, too."""
    from_menu(page, "Tools")
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Edit a picture", exact=True).first.click()
    dialog.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(file)
    dialog.get_by_text(part).click()
    return dialog


def test_a_picture_is_asked_about_and_its_line_is_cited(
    real_address: str, visit: Visit, tmp_path: Path, picture: Picture
) -> None:
    page = visit(f"{real_address}/?library=main")
    page.get_by_text("5 documents, 42 pages").wait_for()
    photo = tmp_path / "notice.png"
    write_photo(photo, ["The north gate closes at 21:15.", "Call 5577 to have it opened later."])
    attach(page, photo)
    ask(page, "When does the north gate close?")

    page.locator(".mark").first.wait_for(timeout=PATIENCE)

    assert "21:15" in page.locator(".paragraph").first.inner_text()
    assert "your picture notice" in page.locator(".source .name").first.inner_text()
    page.locator(".mark").first.click()
    page.locator(".quote", has_text="21:15").wait_for()
    picture(page, "picture-asked-about")
    assert page.outside == []


def test_pictures_are_drawn_stopped_varied_and_painted_over_and_added_as_generated(
    real_address: str, real_home: Path, visit: Visit, tmp_path: Path, picture: Picture
) -> None:
    make(Settings(home=real_home), "drawings")
    page = visit(f"{real_address}/?library=drawings")
    ask(page, "/draw a small blue square, 128x128, 150 steps")
    page.locator(".st-key-in-steps").wait_for(timeout=PATIENCE)
    with acting_while_drawn(page):
        page.get_by_role("button", name="Stop").click()
    page.get_by_text("Stopped before it was complete.").wait_for()
    assert made(page).count() == 0

    ask(page, "draw a green triangle")  # words that a tool is chosen for
    made(page).wait_for(timeout=PATIENCE)
    page.locator(".stMarkdownBadge", has_text="Generated").wait_for()
    page.get_by_role("button", name="Ask the documents instead").wait_for()
    picture(page, "drawn")
    page.get_by_role("button", name="Add to library").click()

    Image.new("RGB", (64, 64), "yellow").save(tmp_path / "yellow.png")
    dialog = edit(page, tmp_path / "yellow.png", "A similar picture")
    dialog.get_by_role("button", name="Vary", exact=True).click()
    made(page).nth(1).wait_for(timeout=PATIENCE)

    Image.new("RGB", (64, 64), "white").save(tmp_path / "white.png")
    dialog = edit(page, tmp_path / "white.png", "A part of it")
    _paint(page, "a large red circle")
    picture(page, "mask")
    dialog.get_by_role("button", name="Edit", exact=True).last.click()
    made(page).nth(2).wait_for(timeout=PATIENCE)
    picture(page, "painted-in")
    assert page.outside == []

    # A page that is just drawn anew for the picture forgets a click on a link to another one.
    page.get_by_role("button", name="Stop").wait_for(state="detached")
    settled(page)
    page.get_by_role("link", name="Library").click()
    page.get_by_role("heading", name="Library").wait_for()
    # The remark of its page says so, not only the toast, which goes after some seconds.
    page.get_by_role("button", name="Coverage: draw-a-green-triangle").click(timeout=PATIENCE)
    page.get_by_role("button", name="made by a generative model").first.wait_for()
    picture(page, "generated-in-the-library")


def _paint(page: Any, words: str) -> None:
    """Over the left of the picture."""
    asked = page.get_by_label("What should appear there")
    asked.fill(words)
    asked.blur()
    paint = page.locator("canvas.paint")
    paint.scroll_into_view_if_needed()
    settled(page)
    box = paint.bounding_box()
    left = box["x"] + box["width"] * 0.25
    page.mouse.move(left, box["y"] + box["height"] * 0.3)
    page.mouse.down()
    page.mouse.move(left, box["y"] + box["height"] * 0.7, steps=8)
    page.mouse.up()
