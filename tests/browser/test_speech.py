"""The microphone and reading aloud in the real app: Chromium's own device plays a spoken question,
and its player plays the answer."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.build import speech
from assistant.models.catalogue import default_model
from assistant.models.fetch import cached, is_whole, user_cache
from assistant.settings import Settings
from benchmarks.tools.speech import distance, words
from tests.browser.conftest import FLAGS, WIDE, ask, pincite
from tests.pdfs import write_pdf

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]

PATIENCE = 120_000  # milliseconds
HANDBOOK = [
    "# Leave",
    "Full-time employees have thirty days of annual leave.",
    "# Passwords",
    "A password must have at least fourteen characters. It is changed every year.",
]
QUESTION = "How many days of annual leave are there?"  # words that are heard as they are

# Notes what plays, and for how long it would.
COUNT_PLAYED = """() => {
  window.played = 0; window.heardSeconds = 0;
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    if (this.src.startsWith("blob:")) {
      window.played += 1;
      this.addEventListener("ended", () => { window.heardSeconds += this.duration; },
        { once: true });
    }
    return play.call(this);
  };
}"""

Picture = Callable[[Any, str], None]


@pytest.fixture(scope="module")
def home(quoting_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a handbook, and with models that hear and speak, but none that writes."""
    home = tmp_path_factory.mktemp("speech")
    shutil.copytree(quoting_home / "models", home / "models", symlinks=True)
    model = default_model("speech")
    if not is_whole(model, cached(model, user_cache())):
        pytest.skip(f"{model.name} is not in {user_cache()}; `make setup` fetches it")
    pincite(home, "models", "pull", model.name)
    pincite(home, "models", "pull", "en_US-joe-medium", accept=(0, 1))
    voices = speech.voices(Settings(home=home))
    if voices.of(QUESTION) is None:
        pytest.skip("no voice: neither Piper can be fetched, nor is espeak-ng installed")
    pincite(home, "add", str(write_pdf(home / "papers" / "Handbook.pdf", HANDBOOK)))
    return home


@pytest.fixture(scope="module")
def question(home: Path) -> Path:
    """Spoken by the product's own voice, with silence around: the device plays it in a loop."""
    pincite(home, "speak", QUESTION, "-o", str(home / "question.wav"))
    return home / "question.wav"


@pytest.fixture(scope="module")
def listening(question: Path) -> Iterator[Any]:
    """A browser whose microphone plays the question, and which plays sound unheard."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if path is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    flags = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    flags.append(f"--use-file-for-fake-audio-capture={question}%noloop")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=[*FLAGS, *flags])
        yield browser
        browser.close()


@pytest.fixture
def page(address: str, listening: Any) -> Iterator[Any]:
    context = listening.new_context(viewport=WIDE, permissions=["microphone"])
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto(address)
    page.get_by_test_id("stChatInputTextArea").wait_for()
    yield page
    context.close()


def test_a_spoken_question_is_written_down_and_answered(page: Any, picture: Picture) -> None:
    page.get_by_test_id("stChatInputMicButton").click()
    page.get_by_test_id("stChatInputWaveform").wait_for()
    page.wait_for_timeout(6_000)  # as long as the question takes, and a little silence
    picture(page, "microphone")
    page.get_by_test_id("stChatInputApproveButton").click()
    page.get_by_text("Stop").first.wait_for()
    picture(page, "listening")

    page.locator(".mark").first.wait_for(timeout=PATIENCE)

    asked = page.locator(".question").last.inner_text()
    assert distance(words(QUESTION), words(asked)) <= 1, asked
    assert "thirty days" in page.locator(".paragraph").first.inner_text()
    picture(page, "spoken-question")


def test_an_answer_is_read_aloud_with_the_lines_that_it_comes_from_and_stops_at_once(
    page: Any, picture: Picture
) -> None:
    page.evaluate(COUNT_PLAYED)
    ask(page, "How long must a password be?")
    page.locator(".mark").first.wait_for(timeout=PATIENCE)
    said = page.locator(".sentence .words").all_inner_texts()

    page.get_by_role("button", name="Read aloud").click()

    page.locator(".sentence.heard").wait_for()
    first = page.locator(".sentence.heard .words").inner_text()
    assert first == said[0]
    line = page.locator(".heard-lines .quote").first.inner_text()
    assert "Handbook.pdf" in line
    picture(page, "read-aloud")
    page.get_by_role("button", name="Read aloud").wait_for()  # it is through
    assert page.locator(".heard, .heard-lines").count() == 0
    assert page.evaluate("window.played") >= len(said)
    heard = page.evaluate("window.heardSeconds")
    assert heard > 1

    page.get_by_role("button", name="Read aloud").click()
    page.locator(".sentence.heard").wait_for()
    page.get_by_role("button", name="Stop reading").click()

    page.get_by_role("button", name="Read aloud").wait_for()
    assert page.locator(".heard, .heard-lines").count() == 0
    assert page.evaluate("window.heardSeconds") == heard, "it stopped before the end"
