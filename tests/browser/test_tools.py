"""Tools in the real app with real models, as a person uses them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.browser.conftest import PROJECT, Visit, ask, pincite
from tests.browser.files import write_photo

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]

PATIENCE = 120_000  # milliseconds
DRAWS = PROJECT / "tests" / "small_models" / "shapes-drawing"

Picture = Callable[[Any, str], None]


@pytest.fixture(scope="module")
def home(quoting_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Without a chat model, with one that draws shapes."""
    home = tmp_path_factory.mktemp("drawing")
    (home / "models").symlink_to(quoting_home / "models")
    pincite(home, "models", "use", "drawing", str(DRAWS))
    return home


@pytest.fixture
def page(address: str, visit: Visit) -> Any:
    page = visit(address)
    page.get_by_test_id("stChatInputTextArea").wait_for()
    return page


def made(page: Any) -> Any:
    """Pictures that tools have made in the conversation."""
    return page.locator("[class*=st-key-made-] img")


def tool(page: Any, name: str) -> None:
    page.get_by_role("button", name="Tools").click()
    page.get_by_role("dialog").get_by_text(name, exact=True).first.click()


def dropped(page: Any, file: Path) -> None:
    """Into the tool: the empty library behind it takes files, too."""
    box = page.get_by_role("dialog").get_by_test_id("stFileUploaderDropzoneInput")
    box.set_input_files(file)


def at_rest(page: Any, element: Any) -> Any:
    """Its place, when the page has been drawn and it moves no more."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    box = element.bounding_box()
    while True:
        page.wait_for_timeout(500)
        before, box = box, element.bounding_box()
        if before == box:
            return box


def test_words_draw_a_picture_that_is_marked_and_can_be_undone(page: Any, picture: Picture) -> None:
    ask(page, "draw a large red circle on the left")
    made(page).wait_for(timeout=PATIENCE)
    page.locator(".stMarkdownBadge", has_text="Generated").wait_for()
    page.get_by_role("button", name="Ask the documents instead").wait_for()
    picture(page, "drawn")
    page.get_by_role("button", name="Ask the documents instead").click()
    page.locator(".question").nth(1).wait_for(timeout=PATIENCE)
    assert page.outside == []


def test_a_picture_is_seen_while_it_is_drawn_and_can_be_stopped(page: Any) -> None:
    ask(page, "/draw a small blue square, 128x128, 150 steps")
    page.locator(".st-key-in-steps img").wait_for(timeout=PATIENCE)
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("Stopped before it was complete.").wait_for()
    assert made(page).count() == 0


def test_a_picture_of_ones_own_is_varied(page: Any, tmp_path: Path, picture: Picture) -> None:
    Image.new("RGB", (64, 64), "yellow").save(tmp_path / "yellow.png")
    tool(page, "Edit a picture")
    dropped(page, tmp_path / "yellow.png")
    page.get_by_text("A similar picture").click()
    page.get_by_role("dialog").get_by_role("button", name="Vary", exact=True).click()
    made(page).wait_for(timeout=PATIENCE)
    picture(page, "varied")
    assert page.outside == []


def test_what_is_drawn_goes_into_the_library_as_generated(page: Any, picture: Picture) -> None:
    ask(page, "/draw a green triangle")
    made(page).wait_for(timeout=PATIENCE)
    page.get_by_role("button", name="Add to library").click()
    page.get_by_role("link", name="Library").click()
    # The remark of its page says so, not only the toast, which goes after some seconds.
    page.get_by_role("button", name="Coverage: draw-a-green-triangle").click(timeout=PATIENCE)
    page.get_by_role("button", name="made by a generative model").first.wait_for()
    picture(page, "generated-in-the-library")


def test_a_part_that_is_painted_over_is_made_anew(
    page: Any, tmp_path: Path, picture: Picture
) -> None:
    Image.new("RGB", (64, 64), "white").save(tmp_path / "white.png")
    tool(page, "Edit a picture")
    dropped(page, tmp_path / "white.png")
    page.get_by_text("A part of it").click()
    words = page.get_by_label("What should appear there")
    words.fill("a large red circle")
    words.blur()
    paint = page.locator("canvas.paint")
    paint.scroll_into_view_if_needed()
    box = at_rest(page, paint)
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.3)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.7, steps=8)
    page.mouse.up()
    picture(page, "mask")
    page.get_by_role("dialog").get_by_role("button", name="Edit", exact=True).last.click()
    made(page).wait_for(timeout=PATIENCE)
    picture(page, "painted-in")
    assert page.outside == []


def test_a_picture_is_asked_about_and_its_line_is_cited(
    page: Any, tmp_path: Path, picture: Picture
) -> None:
    photo = tmp_path / "notice.png"
    write_photo(photo, ["The north gate closes at 21:15.", "Call 5577 to have it opened later."])
    page.get_by_test_id("stChatInputFileUploadButton").locator("input").set_input_files(photo)
    page.get_by_text("notice.png").first.wait_for()
    page.wait_for_timeout(1_000)  # Streamlit sends nothing as long as the file is on its way
    ask(page, "When does the north gate close?")
    page.locator(".mark").first.wait_for(timeout=PATIENCE)
    assert "21:15" in page.locator(".paragraph").first.inner_text()
    assert "your picture notice.png" in page.locator(".source .name").first.inner_text()
    page.locator(".mark").first.click()
    page.locator(".quote", has_text="21:15").wait_for()
    picture(page, "picture-asked-about")
    assert page.outside == []
