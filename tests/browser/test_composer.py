"""The composer in a browser: what arrives and what does not, the line, the keyboard, the end of the
page."""

from pathlib import Path
from typing import Any

import pytest

from tests.browser.by_keyboard import INPUT, has_focus
from tests.browser.conftest import Visit, ask, attach, from_menu

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
LEAVE = "How many days of leave are there?"
# A microphone that hears a tone, and can be looked at.
TONE = """() => {
    navigator.mediaDevices.getUserMedia = async () => {
        const context = new AudioContext();
        const heard = context.createMediaStreamDestination();
        const tone = context.createOscillator();
        tone.connect(heard);
        tone.start();
        return (window.heard = heard.stream);
    };
}"""
AT_END = """() => {
    const main = document.querySelector("[data-testid=stMain]");
    return main.scrollTop > 0 && main.scrollHeight - main.scrollTop - main.clientHeight < 60;
}"""


def test_files_lines_and_the_microphone_of_the_composer(
    fake_address: str, visit: Visit, tmp_path: Path, picture: Any
) -> None:
    page = visit(fake_address)
    page.set_default_timeout(20_000)
    lease, notes = tmp_path / "Lease.txt", tmp_path / "Notes.txt"
    for file in (lease, notes):
        file.write_text("The lease ends in 2029.", "utf-8")

    page.route("**/upload_file/**", lambda route: route.abort())
    field = page.locator(".st-key-composer input[type=file]")
    field.set_input_files(lease)
    page.locator(".file.refused", has_text="It did not arrive.").wait_for()
    picture(page, "did-not-arrive")
    page.unroute("**/upload_file/**")
    attach(page, lease)
    assert page.locator(".file").count() == 1
    attach(page, notes)
    page.get_by_role("button", name="Remove Notes.txt").press("Enter")
    page.locator(".file", has_text="Notes.txt").wait_for(state="detached")
    has_focus(page, INPUT)

    ask(page, "slow leave")
    stop = page.get_by_role("button", name="Stop")
    stop.wait_for()
    send = page.get_by_role("button", name="Send", exact=True)
    assert send.count() == 0
    for words in (LEAVE, "Is notice given?"):
        page.keyboard.type(words)
        send.click()
        page.locator(".line li", has_text=words).wait_for()
    picture(page, "in-line")
    for words in (LEAVE, "Is notice given?"):
        line = page.locator(".line li", has_text=words)
        line.get_by_role("button", name="Do not ask this").press("Enter")
        line.wait_for(state="detached")
    has_focus(page, INPUT)
    stop.click()
    send.wait_for()

    for _ in range(4):
        ask(page, LEAVE)
        send.wait_for()
    page.wait_for_function(AT_END)
    page.reload()
    page.locator(".question").nth(4).wait_for()
    page.wait_for_function(AT_END)

    page.evaluate(TONE)
    from_menu(page, "Record a question")
    page.locator(".clock").wait_for()
    page.get_by_test_id("stSidebarNavLink").nth(1).click()
    page.get_by_test_id("composer").wait_for(state="detached")
    page.wait_for_function("() => heard.getTracks().every(one => one.readyState === 'ended')")
