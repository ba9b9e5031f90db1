"""Contrast, names and the keyboard, as the guidelines for accessible pages (WCAG 2.2) ask for."""

from typing import Any

import pytest

from tests.browser.conftest import Visit, ask

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_captions_and_the_main_button_can_be_read(
    fake_address: str, visit: Visit, picture: Any, scheme: str
) -> None:
    page = visit(fake_address, color_scheme=scheme)
    # Those in folded parts are there, too.
    caption = page.locator("[data-testid=stCaptionContainer] p").locator("visible=true").first
    caption.wait_for()
    page.get_by_role("button", name="Tools").click()
    page.get_by_label("What the picture shows").fill("a lighthouse")
    button = page.locator("[data-testid=stBaseButton-primary] p").first
    button.wait_for()
    page.locator("[data-testid=stBaseButton-primary]:enabled").first.wait_for()
    page.wait_for_timeout(1000)
    picture(page, f"access-{scheme}")

    assert caption.evaluate(CONTRAST) >= 4.5
    assert button.evaluate(CONTRAST) >= 4.5


def test_the_keyboard_is_in_the_input_and_a_slash_brings_it_back(
    fake_address: str, visit: Visit
) -> None:
    page = visit(fake_address)
    page.wait_for_function("() => document.activeElement.dataset.testid === 'stChatInputTextArea'")

    link = page.get_by_test_id("stSidebarNavLink").first
    page.keyboard.press("Tab")
    link.focus()
    assert link.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"

    page.keyboard.press("/")
    page.keyboard.type("leave")
    assert page.get_by_test_id("stChatInputTextArea").input_value() == "leave"


def test_the_name_of_a_source_has_its_label(fake_address: str, visit: Visit) -> None:
    page = visit(fake_address)
    ask(page, "How many days of leave are there?")
    source = page.locator(".source").first
    source.wait_for()

    shown = " ".join(source.inner_text().split())
    assert page.get_by_role("button", name=shown).count() >= 1
