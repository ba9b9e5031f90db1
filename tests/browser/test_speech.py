"""The microphone, a film and reading aloud in the real app: Chromium's own device plays a spoken
question, and its player plays the film and the answer."""

import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.libraries.libraries import make
from assistant.settings import Settings
from assistant.wiring import chosen_models
from benchmarks.tools.speech import distance, words
from tests.browser.conftest import WIDE, add, from_menu, launched, pincite, put_models
from tests.browser.files import write_film

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]

PATIENCE = 240_000  # milliseconds
QUESTION = "How many days of annual leave are there?"  # words that are heard as they are
SLIDES = "The agenda of today is long.", "Full-time employees have\nthirty days of annual leave."

# Notes the sound of the microphone, what plays, and for how long it would.
NOTES = """() => {
  const listen = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
  if (listen) navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = await listen(wanted);
    window.microphone = stream.getAudioTracks()[0];
    return stream;
  };
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
HEARD = "wanted => window.microphone?.stats.deliveredFramesDuration > wanted"

Picture = Callable[[Any, str], None]


@pytest.fixture(scope="module")
def question(real_home: Path) -> Path:
    """Spoken by the product's own voice."""
    put_models(real_home, "speech")
    pincite(real_home, "models", "pull", "en_US-joe-medium", accept=(0, 1))
    if chosen_models.voices(Settings(home=real_home)).of(QUESTION) is None:
        pytest.skip("no voice: neither Piper can be fetched, nor is espeak-ng installed")
    pincite(real_home, "speak", QUESTION, "-o", str(real_home / "question.wav"))
    return real_home / "question.wav"


@pytest.fixture
def page(
    question: Path, real_address: str, real_home: Path, chromium: Any, tmp_path: Path
) -> Iterator[Any]:
    """Of a library with a film, in a browser whose microphone plays the question, and which plays
    sound unheard."""
    make(Settings(home=real_home), "films")
    film = write_film(tmp_path / "Review.webm", *SLIDES)
    add(real_home, film, library="films")
    browser = launched(
        chromium.browser_type, "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={question}%noloop",
    )  # fmt: skip
    context = browser.new_context(
        viewport=WIDE, permissions=["microphone"], reduced_motion="reduce"
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.add_init_script(f"({NOTES})()")
    page.goto(f"{real_address}/?library=films")
    page.get_by_test_id("composer").wait_for()
    yield page
    browser.close()


def test_a_spoken_question_is_answered_from_a_film_at_its_second_and_the_answer_is_read_aloud(
    page: Any, question: Path, picture: Picture
) -> None:
    from_menu(page, "Record a question")
    page.locator(".clock").wait_for()
    page.wait_for_function(HEARD, arg=1000 * (_seconds(question) + 0.5))
    picture(page, "microphone")
    page.get_by_role("button", name="Ask what was recorded").click()
    page.locator(".st-key-listening").wait_for()
    picture(page, "listening")
    page.locator(".mark").first.wait_for()
    asked = page.locator(".question").last.inner_text()
    assert distance(words(QUESTION), words(asked)) <= 1, asked
    assert "thirty" in page.locator(".paragraph").first.inner_text().lower()
    picture(page, "spoken-question")

    page.locator(".mark").first.click()

    page.locator(".page-number", has_text="At 00:03").wait_for()
    page.locator(".st-key-player video").wait_for()
    page.wait_for_function("() => document.querySelector('.st-key-player video').currentTime >= 3")
    cited = page.locator("mark.cited").all_inner_texts()
    assert cited == SLIDES[1].split("\n")
    page.get_by_role("button", name="Play from 00:00").click()
    page.locator(".text-page .heard", has_text=SLIDES[0]).wait_for()
    picture(page, "film")
    page.keyboard.press("Escape")
    # The answer is set anew in the whole width, and a menu of before would go with its old place.
    page.locator(".page-number").wait_for(state="detached")

    _is_read_aloud(page, picture)


def _seconds(recording: Path) -> float:
    with wave.open(str(recording)) as file:
        return file.getnframes() / file.getframerate()


def _start(page: Any) -> None:
    page.locator(".aloud").get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Read aloud").click()


def _is_read_aloud(page: Any, picture: Picture) -> None:
    """With the lines that it comes from; and it stops at once."""
    said = page.locator(".sentence .words").all_inner_texts()
    _start(page)
    page.locator(".sentence.heard").wait_for()
    assert page.locator(".sentence.heard .words").inner_text() == said[0]
    assert "Review.webm" in page.locator(".heard-lines .card").first.inner_text()
    picture(page, "read-aloud")
    page.locator(".aloud").get_by_role("button", name="More").wait_for()  # it is through
    assert page.locator(".heard, .heard-lines").count() == 0
    assert page.evaluate("window.played") >= len(said)
    heard = page.evaluate("window.heardSeconds")
    assert heard > 1

    _start(page)
    page.locator(".sentence.heard").wait_for()
    page.get_by_role("button", name="Stop reading").click()

    page.locator(".aloud").get_by_role("button", name="More").wait_for()
    assert page.locator(".heard, .heard-lines").count() == 0
    assert page.evaluate("window.heardSeconds") == heard, "it stopped before the end"
