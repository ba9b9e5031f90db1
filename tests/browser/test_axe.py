"""Contrast, names and no barrier that axe-core finds (WCAG 2.2), on the pages and in the states
that a person comes to, in both themes."""

from typing import Any

import pytest

from tests.browser.by_keyboard import has_focus
from tests.browser.conftest import PHONE, WIDE, Visit, ask, from_menu, settled

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

GROUND = {"Light": "rgb(253, 252, 249)", "Dark": "rgb(20, 25, 27)"}

# The contrast of an element's text, with all that is translucent laid over each other.
CONTRAST = """element => {
    const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
    const read = colour => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
        return {rgb: [r, g, b], a: a / 255};
    };
    const over = (top, below) => below.map((c, i) => top.rgb[i] * top.a + c * (1 - top.a));
    const chain = [];
    for (let e = element; e; e = e.parentElement) chain.unshift(e);
    let ground = [255, 255, 255];
    let opacity = 1;
    for (const e of chain) {
        const style = getComputedStyle(e);
        ground = over(read(style.backgroundColor), ground);
        opacity *= Number(style.opacity);
    }
    const text = read(getComputedStyle(element).color);
    const shown = over({rgb: text.rgb, a: text.a * opacity}, ground);
    const light = rgb => rgb.map(c => c / 255)
        .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const [high, low] = [light(shown), light(ground)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
}"""


def barriers(page: Any, where: str) -> list[str]:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    settled(page)
    if page.evaluate("'axe' in window"):  # since the last look: half a megabyte
        axe.axe_script = ""
    # What is well is not listed: it is a hundred times as much.
    found = axe.run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [f"{where}: {one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]


def part(page: Any, name: str) -> None:
    page.get_by_test_id("stButtonGroup").get_by_text(name, exact=True).click()


@pytest.mark.parametrize(("theme", "size"), [("Light", WIDE), ("Dark", PHONE)])
def test_no_page_and_nothing_that_opens_on_it_has_a_barrier_in_the_theme_that_was_chosen(
    fake_address: str, visit: Visit, picture: Any, theme: str, size: Any
) -> None:
    other = "dark" if theme == "Light" else "light"
    page = visit(f"{fake_address}/settings", viewport=size, color_scheme=other)
    found = _settings(page, theme)
    picture(page, f"settings-{theme}")

    for place, look in (("", _chat), ("library", _library), ("measure", _measure)):
        page.goto(f"{fake_address}/{place}")
        page.locator("h1").first.wait_for()
        found += look(page, theme)
        assert _ground(page) == GROUND[theme], place
        picture(page, f"{place or 'chat'}-{theme}")

    assert found == []


def _ground(page: Any) -> str:
    ground: str = page.evaluate(
        "getComputedStyle(document.querySelector('.stApp')).backgroundColor"
    )
    return ground


def _settings(page: Any, theme: str) -> list[str]:
    if page.viewport_size == PHONE:
        page.get_by_test_id("stExpandSidebarButton").click()
    page.locator(".st-key-foot button").click()
    choice = page.get_by_label(theme)
    choice.wait_for()
    found = barriers(page, "appearance")
    choice.click()
    page.wait_for_function(
        "shade => [...document.querySelectorAll('.stApp')]"
        ".some(app => getComputedStyle(app).backgroundColor === shade)",
        arg=GROUND[theme],
    )
    page.locator(".st-key-role-chat summary").wait_for()
    if page.viewport_size == PHONE and page.get_by_test_id("stSidebarCollapseButton").is_visible():
        page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
    page.locator(".st-key-role-chat summary").click()
    page.get_by_text("qwen3-1.7b").wait_for()
    found += barriers(page, "models")
    part(page, "Storage")
    page.get_by_text("GB in").wait_for()
    return found + barriers(page, "storage")


def _chat(page: Any, theme: str) -> list[str]:
    page.get_by_text("Ask your documents").wait_for()
    found = barriers(page, "welcome")
    found += _tools(page)
    ask(page, "How many days of leave are there?")
    page.locator(".st-key-follow-ups button").first.wait_for()  # what comes last
    source = page.locator(".source").first
    named = " ".join(source.inner_text().split())
    assert page.get_by_role("button", name=named).count() >= 1, "its name has its label"
    found += _cited_page(page)
    if page.viewport_size != PHONE:
        return found + _folders(page, theme)
    page.get_by_test_id("stExpandSidebarButton").click()
    found += _folders(page, theme)
    page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
    page.get_by_test_id("stExpandSidebarButton").wait_for()
    return found


def _tools(page: Any) -> list[str]:
    """The dialog with the main button; and captions, which are paler than other words."""
    caption = page.locator("[data-testid=stCaptionContainer] p").locator("visible=true").first
    caption.wait_for()  # those in folded parts are there, too
    assert caption.evaluate(CONTRAST) >= 4.5
    from_menu(page, "Tools")
    page.get_by_label("What the picture shows").fill("a lighthouse")
    page.locator("[data-testid=stBaseButton-primary]:enabled").first.wait_for()
    found = barriers(page, "tools")
    assert page.locator("[data-testid=stBaseButton-primary] p").first.evaluate(CONTRAST) >= 4.5
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    return found


def _cited_page(page: Any) -> list[str]:
    page.locator(".mark").first.click()
    page.get_by_role("region", name="Employee Handbook.pdf, page 10").wait_for()
    page.get_by_role("button", name="Zoom in (+)").wait_for()  # the tools come after the page
    if page.viewport_size == PHONE:  # where one pans, with the arrow keys, too
        page.locator(".st-key-page-image[tabindex='0']").wait_for()
    found = barriers(page, "page")
    page.locator(".st-key-page-head").get_by_role("button", name="More", exact=True).click()
    found += barriers(page, "menu of the page")
    page.get_by_role("menuitemcheckbox", name="Show small pictures of the pages (M)").click()
    page.locator(".strip img").first.wait_for()
    found += barriers(page, "small pictures")
    page.keyboard.press("Escape")
    page.locator(".st-key-page").wait_for(state="detached")
    has_focus(page, ".mark")  # which it gives back; a menu that is open would lose it
    return found


def _folders(page: Any, theme: str) -> list[str]:
    page.get_by_role("button", name="What to do with “How many").first.press("Enter")
    found = barriers(page, "menu of a conversation")
    page.get_by_role("menuitem", name="Move").press("Enter")
    page.get_by_label("Or a new folder").wait_for()
    found += barriers(page, "move")
    page.get_by_label("Or a new folder").fill(f"Papers {theme}")
    page.keyboard.press("Enter")
    page.get_by_role("button", name=f"Papers {theme} 1").wait_for()
    return found + barriers(page, "folders")


def _library(page: Any, _: str) -> list[str]:
    page.locator("[data-testid=stFileUploaderDropzone][role=group]").first.wait_for()
    page.get_by_role("button", name="Filter").click()
    page.get_by_test_id("stPopoverBody").get_by_label("Type").wait_for()
    found = barriers(page, "filter")
    page.keyboard.press("Escape")
    page.get_by_test_id("stPopoverBody").wait_for(state="detached")
    page.locator(".st-key-sources-main summary").click()
    page.get_by_role("button", name="Check and add").wait_for()
    found += barriers(page, "documents, and the form of a mailbox")
    page.get_by_role("button", name="Remove: Employee Handbook.pdf").click()
    keep = page.get_by_role("dialog").get_by_role("button", name="Keep")
    keep.wait_for()
    found += barriers(page, "dialog")
    keep.click()
    page.get_by_role("dialog").wait_for(state="detached")
    return found + _libraries(page)


def _libraries(page: Any) -> list[str]:
    part(page, "Libraries")
    page.locator("summary", has_text="New library").click()
    page.get_by_label("Description").wait_for()
    return barriers(page, "new library")


def _measure(page: Any, _: str) -> list[str]:
    page.locator("summary", has_text="Learned from your feedback").click()
    page.get_by_role("button", name="Learn from feedback").wait_for()
    return barriers(page, "measure")
